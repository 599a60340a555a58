"""Scores of a classifier's answers against closed forms and SciPy."""

import numpy as np
import pytest
from scipy import special, stats

from gankit.datasets import ImageData, Split
from gankit.metrics.classifiers import training as classifier_training
from gankit.metrics.classifiers.scores import (
    classifier_score,
    conditional_accuracy,
    gan_train,
    inception_score,
    score_from_logits,
    wilson_interval,
)
from gankit.metrics.classifiers.training import train_classifier
from gankit.metrics.features.extractor import Extractor


def _halves(n, random):
    """Labelled uint8 images (n, 8, 8, 1), bright on the left or on the right."""
    labels = np.arange(n) % 2
    x = random.integers(0, 60, (n, 8, 8, 1), dtype="uint8")
    x[labels == 0, :, :4] += 180
    x[labels == 1, :, 4:] += 180
    return Split(x, labels)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    return ImageData(
        _halves(128, random),
        test=_halves(60, random),
        class_names=("left", "right"),
        name="halves",
    )


@pytest.fixture(scope="module")
def short():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier_training, "MINIMUM_STEPS", 30)
        yield


@pytest.fixture(scope="module")
def classifier(data, short):
    return train_classifier(data)


def test_score_has_its_closed_forms():
    certain = 2000.0 * np.eye(10)[np.arange(1000) % 10]
    assert score_from_logits(certain, splits=1) == (pytest.approx(10), 0)
    assert score_from_logits(np.full((50, 4), 3.0)) == (1, 0)
    # Two thirds for the right one of two classes: ln 2 less the entropy of a third.
    logits = np.log(np.array([[2, 1], [1, 2]] * 30))
    entropy = stats.entropy([1 / 3, 2 / 3])
    mean, _ = score_from_logits(logits, splits=1)
    assert mean == pytest.approx(2 / np.exp(entropy))
    # Sorted by class every split would hold one class alone, but they are shuffled.
    mean, std = score_from_logits(certain[np.argsort(np.arange(1000) % 10)])
    assert mean > 9.3 and 0 < std < 0.3


def test_score_is_that_of_scipys_divergence():
    logits = np.random.default_rng(0).normal(0, 3, (997, 20)).astype("float32")
    p = special.softmax(logits.astype("float64"), axis=1)
    p = p[np.random.default_rng(5).permutation(997)]
    scores = []
    for first, last in zip([0, 332, 664], [332, 664, 997], strict=True):
        part = p[first:last]
        divergences = stats.entropy(part, part.mean(axis=0, keepdims=True), axis=1)
        scores.append(np.exp(divergences.mean()))
    assert score_from_logits(logits, splits=3, seed=5) == pytest.approx(
        (np.mean(scores), np.std(scores)), rel=1e-12
    )


def test_logits_that_do_not_fit_get_a_sentence():
    with pytest.raises(
        ValueError, match="splits to be a whole number from 1 to 9, received 10"
    ):
        score_from_logits(np.zeros((9, 3)))
    with pytest.raises(ValueError, match=r"\(2, 2\) with NaN or infinity: pass"):
        score_from_logits([[0, 1], [0, np.nan]])


def test_classifier_score_sees_collapse_and_noise(data, classifier):
    images, labels = data.test.images, data.test.labels
    good = classifier_score(images, classifier, value_range=(0, 255), splits=2)
    assert good.name == "classifier score (halves)"
    assert good.value > 1.8
    assert (good.n_fake, good.spread) == (60, "2 splits")
    assert good.extractor == classifier.name and good.warnings == ()
    few = classifier_score(images, classifier, value_range=(0, 255))
    assert few.warnings == (
        "6 images in a split: fewer than 20 bias it down, compare at equal n alone",
    )
    one_class = images[labels == 0]
    collapsed = classifier_score(one_class, classifier, value_range=(0, 255), splits=1)
    assert collapsed.value < 1.1


def test_inception_score_takes_logits_without_bias(monkeypatch):
    """The network is replaced by one that looks at the mean levels of an image."""
    from gankit.metrics.inception import extractor as inception
    from gankit.metrics.inception import weights as inception_weights

    def extractor(logits):
        return lambda features, resize, weights: Extractor(
            *("tiny, weights 0", "FID-2048/tf1", "KID-2048/tf1", features, 3, resize),
            compute=None,
            logits=logits,
        )

    bias = np.array([5.0, 0.0, -5.0])
    images = np.random.default_rng(0).integers(0, 256, (90, 2, 2, 3)).astype("uint8")
    unbiased = images.mean(axis=(1, 2)) / 9
    monkeypatch.setattr(
        inception,
        "inception_extractor",
        extractor(lambda x: x.mean(axis=(1, 2)) / 9 + bias),
    )
    monkeypatch.setattr(
        inception_weights,
        "load_weights",
        lambda weights, features: ({"softmax/bias": bias}, "tiny"),
    )
    score = inception_score(images, value_range=(0, 255), splits=3)
    assert (score.value, score.std) == pytest.approx(
        score_from_logits(unbiased, splits=3)
    )
    assert (score.name, score.resize) == ("inception score/tf1", "tf1")
    assert "30 images in a split: fewer than 5,000" in score.warnings[0]
    monkeypatch.setattr(inception, "inception_extractor", extractor(None))
    with pytest.raises(ValueError, match="with its last layer, received tiny"):
        inception_score(images, value_range=(0, 255))


def test_conditional_accuracy_overall_and_by_class(data, classifier):
    images, labels = data.test.images, data.test.labels.copy()
    # A quarter of the images of the left class are asked to be of the right one.
    labels[np.flatnonzero(labels == 0)[:10]] = 1
    scores = conditional_accuracy(
        images / 127.5 - 1, labels, classifier, value_range=(-1, 1)
    )
    assert classifier.test_accuracy == 1
    assert [(s.name, s.value, s.n_fake) for s in scores] == [
        ("conditional accuracy", pytest.approx(50 / 60), 60),
        ("conditional accuracy, class left", 1, 20),
        ("conditional accuracy, class right", 0.75, 40),
    ]
    assert scores[0].interval == wilson_interval(50, 60)
    assert {s.extractor for s in scores} == {classifier.name}
    # Classes that were not asked for have no line.
    only = conditional_accuracy(
        images[1:2], labels[1:2], classifier, value_range=(0, 255)
    )
    assert [s.name for s in only][1:] == ["conditional accuracy, class right"]
    with pytest.raises(
        ValueError, match="numbers from 0 to 1, received values from 1 to 2"
    ):
        conditional_accuracy(images, labels + 1, classifier, value_range=(0, 255))


@pytest.mark.parametrize("count, n", [(0, 10), (10, 10), (3, 7), (991, 1000)])
def test_interval_is_that_of_scipy(count, n):
    expected = stats.binomtest(count, n).proportion_ci(method="wilson")
    assert wilson_interval(count, n) == pytest.approx(tuple(expected), abs=1e-12)


def test_gan_train_sees_wrong_labels(data, short):
    fake = _halves(64, np.random.default_rng(1))
    good, real = gan_train(fake.images, fake.labels, data, value_range=(0, 255))
    assert (good.name, real.name) == ("GAN-train", "GAN-train of real images")
    assert (good.n_real, good.n_fake) == (60, 64)
    assert good.warnings == ("trained on 64 generated images",)
    assert (real.n_real, real.n_fake) == (60, None)
    assert real.warnings == ("trained on 64 real images",)
    assert good.value > 0.9 and real.value > 0.9
    wrong, _ = gan_train(fake.images / 255, 1 - fake.labels, data, value_range=(0, 1))
    assert wrong.value < 0.1
    assert wrong.interval == wilson_interval(round(60 * wrong.value), 60)


def test_gan_train_needs_labels(data):
    unlabelled = ImageData(Split(data.train.images), name="folder")
    with pytest.raises(ValueError, match="received folder without"):
        gan_train(
            data.train.images, data.train.labels, unlabelled, value_range=(0, 255)
        )
