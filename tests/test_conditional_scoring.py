"""Scores of class-conditional models."""

from types import SimpleNamespace

import numpy as np
import pytest

from gankit import experiments
from gankit.datasets import ImageData, Split
from gankit.experiments.scoring import conditional as conditional_scoring
from gankit.metrics import Extractor

CLASSES = 4


def shades(labels, seed):
    """Images (n, 4, 4, 1) whose brightness is their class, each a little different."""
    random = np.random.default_rng(seed)
    level = 20 + 60 * np.asarray(labels)[:, None, None, None]
    noise = random.integers(-8, 9, (len(labels), 4, 4, 1))
    return (level + noise).astype("uint8")


class Model:
    """`good` obeys the label, `constant` has one image a class, `deaf` ignores it."""

    num_classes = CLASSES

    def __init__(self, kind="good"):
        self.kind = kind

    def sample(self, n, *, labels, seed):
        if self.kind == "deaf":
            labels = np.random.default_rng(seed).integers(0, CLASSES, n)
        if self.kind == "constant":
            return shades(np.arange(CLASSES), seed)[labels]
        return shades(labels, seed)


def logits(images):
    levels = images.astype("float32").mean(axis=(1, 2, 3))
    return -np.abs(levels[:, None] - (20 + 60 * np.arange(CLASSES)))


EXTRACTOR = Extractor(
    name="classifier-shades",
    frechet_name="FCD-shades",
    kernel_name="KCD-shades",
    dimension=16,
    channels=1,
    resize=None,
    compute=lambda images: images.reshape(len(images), -1).astype("float32"),
    logits=logits,
)


class Classifier:
    name = "classifier"
    class_names = tuple("abcd")
    test_accuracy, test_n = 0.99, 1000

    def predict(self, images, *, value_range):
        return logits(images).argmax(axis=1), None


@pytest.fixture(scope="module")
def data():
    labels = np.arange(400) % CLASSES
    split = [Split(shades(labels, seed), labels.astype("int32")) for seed in (1, 2)]
    return ImageData(split[0], test=split[1], class_names=tuple("abcd"), name="shades")


def scores_of(kind, data):
    scorer = SimpleNamespace(n=40, extractor=EXTRACTOR)
    scores, counts = conditional_scoring.conditional_scores(
        Model(kind), data, scorer, Classifier()
    )
    return {score.name: score.value for score in scores}, counts


def test_a_model_that_obeys_labels_differs_from_one_that_ignores_them(data):
    good, counts = scores_of("good", data)
    assert good["conditional accuracy"] == 1.0
    assert good["conditional accuracy, class c"] == 1.0
    assert abs(good["conditional accuracy, shuffled labels"] - 1 / CLASSES) < 0.07
    assert good["accuracy on real images"] == 0.99
    np.testing.assert_array_equal(counts, 100 * np.eye(CLASSES))
    deaf, counts = scores_of("deaf", data)
    assert abs(deaf["conditional accuracy"] - 1 / CLASSES) < 0.07
    assert counts.sum() == 400 and (counts.sum(axis=1) == 100).all()


def test_one_image_for_each_class_has_all_accuracy_and_no_recall(data):
    good, _ = scores_of("good", data)
    constant, _ = scores_of("constant", data)
    assert constant["conditional accuracy"] == 1.0
    for what in ("recall", "coverage"):
        line = good[f"{what} within classes, mean, training images"]
        assert abs(good[f"{what} within classes, mean"] - line) < 0.1
        assert constant[f"{what} within classes, mean"] < 0.1 * line
        assert good[f"{what} within classes, lowest"] <= line + 0.1


def test_the_classifier_counts_the_requested_classes_during_training():
    scorer = SimpleNamespace(n=40, extractor=EXTRACTOR)
    (score,) = conditional_scoring.class_accuracy(Model(), scorer)
    assert score.value == 1.0 and score.n_fake == 80
    other = SimpleNamespace(name="FID", logits=logits)
    assert (
        conditional_scoring.class_accuracy(
            Model(), SimpleNamespace(n=40, extractor=other)
        )
        == []
    )


def test_a_conditional_experiment_leaves_its_confusion_and_scores(tmp_path):
    done = experiments.run("imperial/cgan-shallow", size="smoke", out=tmp_path / "run")
    names = [score["name"] for score in done.scores["scores"]]
    assert "conditional accuracy, class 7" in names
    assert "accuracy on real images" in names
    counts = np.loadtxt(
        tmp_path / "run" / "confusion.csv", int, delimiter=",", skiprows=1
    )
    assert counts.shape == (10, 10) and len(set(counts.sum(axis=1))) == 1
    way = experiments.SavedRun(tmp_path / "run", done.scores).on_the_way
    assert "conditional accuracy" in way and way["step"][-1] == 2
