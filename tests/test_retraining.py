"""Classifiers trained on mixes of real and synthetic digits."""

import numpy as np
import pytest

from gankit.datasets import Split, digits
from gankit.experiments import retraining


def split_of(values, labels):
    shape = (len(values), 1, 1, 1)
    return Split(np.array(values, "uint8").reshape(shape), np.array(labels, "int32"))


@pytest.fixture
def mixes():
    train = split_of(range(100), [0] * 100)
    samples = (
        np.arange(100, 250, dtype="uint8").reshape(-1, 1, 1, 1),
        np.ones(150, "int32"),
    )
    confident = tuple(array[::-1] for array in samples)
    plan = retraining.Plan(8, None, (0.25,), (1.5,), 1)
    return list(retraining._mixes(plan, train, {False: samples, True: confident}))


def test_mixes_hold_what_their_names_say(mixes):
    for mix in mixes:
        values = np.concatenate([images.ravel() for images, _ in mix.phases])
        labels = np.concatenate([labels for _, labels in mix.phases])
        np.testing.assert_array_equal(labels, values >= 100)
        copies = 2 if mix.order == "shifted copies" else 1
        assert (labels == 0).sum() == copies * mix.real
        assert (labels == 1).sum() == mix.synthetic
        if mix.figure == 13:
            assert mix.real + mix.synthetic == 100
        if mix.confident:
            assert values[labels == 1].min() == 250 - mix.synthetic
        if mix.order in ("real first", "synthetic first"):
            first = mix.phases[0][1]
            assert set(first) == {int(mix.order == "synthetic first")}


def test_every_order_has_all_its_mixes(mixes):
    found = {(mix.figure, mix.order, mix.real, mix.confident) for mix in mixes}
    assert len(found) == len(mixes) == 13


def test_shifted_copies_are_shifted():
    images = np.zeros((50, 9, 9, 1), "uint8")
    images[:, 4, 4] = 200
    moved = retraining.shift(images)[..., 0]
    assert (moved.sum(axis=(1, 2)) == 200).all()
    places = np.argwhere(moved)[:, 1:]
    assert places.min() == 2 and places.max() == 6
    assert len(np.unique(places, axis=0)) > 15  # of 25


def test_a_training_depends_on_its_seed_and_images_alone():
    data = digits(size=28)
    trainer = retraining.MixTrainer(data)
    phases = [(data.train.images, data.train.labels)]
    first = trainer.accuracies(phases, 12, seed=1)
    trainer.accuracies(phases[::-1] * 2, 5, seed=2)
    assert trainer.accuracies(phases, 12, seed=1) == first
    assert first["accuracy"] > 0.2  # it learns: chance is 0.1


def test_the_table_is_read_as_it_was_written(tmp_path):
    row = dict.fromkeys(retraining.COLUMNS, 1) | {
        "order": "shuffled",
        "confident": True,
    }
    retraining._append(tmp_path / retraining.FILE, row)
    retraining._append(tmp_path / retraining.FILE, {**row, "seed": 2})
    rows = retraining.read(tmp_path)
    assert [each["seed"] for each in rows] == [1, 2]
    assert rows[0]["order"] == "shuffled" and rows[0]["confident"] == 1
    assert retraining._key(rows[0]) == retraining._key(row)


def test_an_unconditional_experiment_is_refused(monkeypatch):
    class Run:
        model = object()

    monkeypatch.setattr(retraining, "load", lambda folder: Run)
    with pytest.raises(ValueError, match="conditional experiment, received dtu/vgan"):
        retraining.retrain("dtu/vgan", size="smoke")
