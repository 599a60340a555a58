"""Events for TensorBoard, read back by TensorBoard itself."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from gankit import experiments, files, plotting
from gankit.callbacks import checkpoint
from gankit.callbacks.scores import ScoreCallback
from gankit.callbacks.tensorboard import TensorBoardLog
from gankit.datasets import Batches
from gankit.experiments.running import watchers as run_watchers
from gankit.metrics.score import Score

pytest.importorskip("tensorboardX")


@pytest.fixture
def read():
    """Returns a function that reads a folder as TensorBoard does."""
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )

    def read(folder):
        events = accumulator.EventAccumulator(str(folder), size_guidance={"images": 0})
        return events.Reload()

    return read


def _points(events, tag):
    return [(event.step, event.value) for event in events.Scalars(tag)]


def _train(gan, images, callbacks, *, steps):
    batches = Batches(images, batch_size=8, seed=0, start_step=gan.steps_done)
    epochs = (steps - gan.steps_done) // 2
    kept = gan.fit(
        batches, steps_per_epoch=2, epochs=epochs, verbose=0, callbacks=callbacks
    )
    return kept.history


def test_losses_scores_and_samples_are_shown(make_gan, images, tmp_path, read):
    gan = make_gan()
    score = ScoreCallback(
        lambda x, value_range: Score("FID-64/tf1", x.mean()), every=3, count=4
    )
    log = TensorBoardLog(tmp_path / "log", images_every=5, count=5, seed=2)
    kept = _train(gan, images, [score, log], steps=10)
    events = read(tmp_path / "log")
    assert sorted(events.Tags()["scalars"]) == ["FID-64/tf1", "d_loss", "g_loss"]
    for tag in ("d_loss", "g_loss"):
        steps, values = zip(*_points(events, tag), strict=True)
        assert steps == (2, 4, 6, 8, 10)
        np.testing.assert_array_equal(np.float32(values), np.float32(kept[tag]))
    steps, values = zip(*_points(events, "FID-64/tf1"), strict=True)
    assert steps == (4, 6, 10)
    np.testing.assert_array_equal(np.float32(values), np.float32(kept["FID-64/tf1"]))
    drawn = events.Images("samples")
    assert [image.step for image in drawn] == [6, 10]
    with Image.open(io.BytesIO(drawn[-1].encoded_image_string)) as picture:
        pixels = np.asarray(picture.convert("L"))
    np.testing.assert_array_equal(pixels, plotting.image_grid(gan.sample(5, seed=2)))


class _Sampler:
    """A model with only steps and samples, in colour."""

    steps_done = 0

    def sample(self, count, *, seed):
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (count, 6, 5, 3), dtype="uint8")

    def fit(self, log, losses):
        """Runs epochs of 2 steps with these losses; `None` raises an exception."""
        log.set_model(self)
        log.on_train_begin()
        for epoch, loss in enumerate(losses):
            if loss is None:
                return
            self.steps_done += 2
            log.on_epoch_end(epoch, {"d_loss": loss})
        log.on_train_end()


def test_colours_of_samples_are_preserved(tmp_path, read):
    model = _Sampler()
    model.fit(TensorBoardLog(tmp_path, images_every=1, count=4), [1.0])
    (drawn,) = read(tmp_path).Images("samples")
    with Image.open(io.BytesIO(drawn.encoded_image_string)) as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels, plotting.image_grid(model.sample(4, seed=0)))


def _age(folder):
    """Renames the files in `folder` as if they were from another time."""
    for file in folder.iterdir():
        file.rename(file.with_name(file.name.replace("tfevents.", "tfevents.0")))


def test_a_new_training_in_the_folder_replaces_the_old(tmp_path, read):
    _Sampler().fit(TensorBoardLog(tmp_path), [1.0, 2.0, 3.0])
    _age(tmp_path)
    assert _points(read(tmp_path), "d_loss") == [(2, 1.0), (4, 2.0), (6, 3.0)]
    _Sampler().fit(TensorBoardLog(tmp_path), [4.0, 5.0])
    assert len(list(tmp_path.iterdir())) == 2
    assert _points(read(tmp_path), "d_loss") == [(2, 4.0), (4, 5.0)]


def test_several_fits_within_a_second_are_all_logged(tmp_path, read):
    model, log = _Sampler(), TensorBoardLog(tmp_path)
    for losses in ([1.0], [2.0, None], [3.0, 4.0]):  # the second ends with Ctrl-C
        model.fit(log, losses)
    points = _points(read(tmp_path), "d_loss")
    assert points == [(2, 1.0), (4, 2.0), (6, 3.0), (8, 4.0)]


def test_a_resumed_run_shows_one_curve(make_gan, images, tmp_path, read):
    """Killed at 8 with a checkpoint at 4, it repeats the steps in between."""
    folder, state = tmp_path / "log", tmp_path / "state.npz"
    gan = make_gan()
    log = TensorBoardLog(folder, images_every=2, count=1)
    _train(gan, images, [log], steps=4)
    before = _points(read(folder), "d_loss")
    checkpoint.save(gan, state)
    _train(gan, images, [log], steps=8)
    lost = _points(read(folder), "d_loss")
    assert [step for step, _ in lost] == [2, 4, 6, 8]
    (killed,) = folder.glob("*.000000004")
    killed.write_bytes(killed.read_bytes()[:-7])  # a kill may tear the last event
    _age(folder)

    checkpoint.restore(gan, state)
    log = TensorBoardLog(folder, images_every=2, count=1)
    # Different images distinguish the curves.
    kept = _train(gan, 255 - images, [log], steps=6)
    events = read(folder)
    points = _points(events, "d_loss")
    assert [step for step, _ in points] == [2, 4, 6] and points[:2] == before
    assert points[2][1] == np.float32(kept["d_loss"][0]) != lost[2][1]
    assert [image.step for image in events.Images("samples")] == [2, 4, 6]


@pytest.mark.tensorflow
def test_a_resumed_run_continues_in_its_folder_of_events(tmp_path, monkeypatch, read):
    monkeypatch.chdir(tmp_path)
    experiments.run("demo", size="smoke", steps=2, out="run")
    _age(tmp_path / "run" / "tensorboard")
    run = experiments.run("demo", size="smoke", out="run")
    events = read(run.folder / "tensorboard")
    for tag in ("d_loss", "g_loss"):
        steps, values = zip(*_points(events, tag), strict=True)
        assert steps == (2, 4)
        np.testing.assert_array_equal(np.float32(values), np.float32(run.history[tag]))
    on_the_way = files.read_history(run.folder / "scores.csv")
    fcd = [value for _, value in _points(events, "FCD-digits-28")]
    np.testing.assert_array_equal(fcd, np.float32(on_the_way["FCD-digits-28"]))
    assert [image.step for image in events.Images("samples")] == [2, 4]


def test_a_run_works_without_the_package(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    assert run_watchers.tensorboard(tmp_path, {}) == []
    assert "tensorboardX is not installed" in capsys.readouterr().out


def test_bad_arguments_raise(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="images_every to be .* 1 up, received 0"):
        TensorBoardLog(tmp_path, images_every=0)
    with pytest.raises(ValueError, match="count to be .* 1 up, received 0"):
        TensorBoardLog(tmp_path, count=0)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="received none: pip install tensorboardX"):
        TensorBoardLog(tmp_path)
