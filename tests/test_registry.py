"""Experiments as decorated functions, half-width variants, and the tasks of models."""

import json

import numpy as np
import pytest

import gankit
from gankit import datasets, experiments
from gankit.experiments.running import registry
from gankit.experiments.running.record import opened, settings_of
from gankit.experiments.running.task import (
    ClassTask,
    ImageTask,
    TranslationTask,
    task_of,
)
from gankit.networks import cgan, dcgan

BUDGETS = dict.fromkeys(registry.SIZES, registry.Budget(2, 1))
FIELDS = {"data": None, "score": None, "batch_size": 8, "budgets": BUDGETS}


@pytest.fixture
def empty(monkeypatch):
    monkeypatch.setattr(registry, "_EXPERIMENTS", {})
    monkeypatch.setattr(registry, "load_all", lambda: None)


def test_the_docstring_gives_summary_and_reading(empty):
    @registry.experiment("a/b", our_reading=("second",), **FIELDS)
    def build(images):
        """Shallow DCGAN
        on MNIST.

        First, in
        two lines.
        """
        return images

    found = registry.find("a/b")
    assert found.summary == "Shallow DCGAN on MNIST"
    assert found.our_reading == ("First, in two lines.", "second")
    # The function itself stays as it is.
    assert found.build is build and build("data") == "data"


def test_a_half_width_variant_has_its_own_budget_and_the_old_name(empty):
    half = {"budgets": dict.fromkeys(registry.SIZES, registry.Budget(4, 2))}

    @registry.experiment("a/b", half=half, **FIELDS)
    def build(images, width):
        """A GAN."""
        return int(128 * width)

    full, variant = registry.find("a/b"), registry.find("a/b", width="half")
    assert (full.build(None), variant.build(None)) == (128, 64)
    assert (
        variant is registry.find("a/b-half") is registry.find("a/b-half", width="half")
    )
    assert (variant.name, variant.base, variant.width) == ("a/b-half", "a/b", "half")
    assert (full.base, full.width) == ("", "full")
    assert full.budgets["full"].steps == 2 and variant.budgets["full"].steps == 4


def test_an_unknown_width_gets_a_sentence(empty):
    registry.experiment("a/b", **FIELDS)(lambda images: None)
    with pytest.raises(ValueError, match="'a/b', which has none"):
        registry.find("a/b", width="half")
    with pytest.raises(ValueError, match="to be full or half, received 'third'"):
        registry.find("a/b", width="third")


def test_results_saved_under_the_old_names_are_found():
    for name in experiments.names():
        if (variant := experiments.find(name)).width == "half":
            assert experiments.find(variant.base, width="half") is variant
    saved = experiments.load_saved("buffalo/dcgan-half")
    assert saved.scores["name"] == experiments.find("buffalo/dcgan", width="half").name
    ((folder, scores), *_) = experiments.find_runs("buffalo/dcgan-half")
    assert scores == saved.scores and folder.name == "dcgan-half"


def test_a_run_of_before_there_were_widths_is_resumed(tmp_path):
    images = datasets.digits(size=28)
    settings = settings_of(experiments.find("buffalo/dcgan-half"), "smoke", 0, images)
    assert settings["width"] == "half" and settings["name"] == "buffalo/dcgan-half"
    earlier = {key: value for key, value in settings.items() if key != "width"}
    (tmp_path / "run.json").write_text(json.dumps({**earlier, "seconds": 7.0}))
    with opened(tmp_path, settings) as record:
        assert record["seconds"] == 7.0
    with (
        pytest.raises(ValueError, match="whose seed is 0, received 1"),
        opened(tmp_path, {**settings, "seed": 1}),
    ):
        pass


def test_each_kind_of_model_has_its_task():
    digits = datasets.digits(size=28)
    animals = datasets.stripes(count=8, size=32)
    plain = gankit.GAN(*dcgan.shallow(latent_dim=4), latent_dim=4)
    networks = cgan.shallow(digits.image_shape, 10, latent_dim=4)
    by_class = gankit.ConditionalGAN(*networks, num_classes=10, latent_dim=4)
    tasks = [task_of(plain, digits), task_of(by_class, digits), task_of(None, animals)]
    assert [type(task) for task in tasks] == [ImageTask, ClassTask, TranslationTask]
    assert tasks[0].labels is None and tasks[0].images is digits.train.images
    np.testing.assert_array_equal(tasks[1].labels, digits.train.labels)
    a, b = tasks[2].images
    assert a is animals.train_a and b is animals.train_b
    images, labels = tasks[1].batches(4, seed=0, start_step=3)[0]
    assert images.shape == (4, 28, 28, 1) and labels.shape == (4,)
    assert tasks[0].examples(2).shape == (2, 28, 28, 1)
