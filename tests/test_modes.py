"""Modes of stacked digits: the data set, and the modes that a classifier counts."""

import math

import numpy as np
import pytest
from scipy import stats

from gankit import datasets, metrics
from gankit.datasets import ImageData, Split, stacked_mnist
from gankit.metrics.modes import mode_statistics

RANGE = {"value_range": (0, 255)}


@pytest.fixture(scope="module")
def digits():
    return datasets.digits()


@pytest.fixture(scope="module")
def classifier(digits):
    """The one that comes with gankit."""
    return metrics.classifier_for(digits)


@pytest.fixture(scope="module")
def stacked(digits):
    return stacked_mnist(3000, held_out=400, source=digits)


def _bytes(images):
    return {image.tobytes() for image in images}


def test_every_channel_is_a_digit_of_its_own_split(digits, stacked):
    assert stacked.image_shape == (28, 28, 3) and stacked.num_classes == 1000
    assert (len(stacked.train), len(stacked.test)) == (3000, 400)
    assert stacked.class_names[407] == "407" and stacked.name == "stacked-digits-28"
    for split, source in (
        (stacked.train, digits.train),
        (stacked.test, digits.test),
    ):
        labels = {
            image.tobytes(): label
            for image, label in zip(source.images, source.labels, strict=True)
        }
        for image, label in zip(split.images, split.labels, strict=True):
            a, b, c = (labels[image[..., channel].tobytes()] for channel in range(3))
            assert label == 100 * a + 10 * b + c
    held_out = _bytes(np.moveaxis(stacked.test.images, 3, 1).reshape(-1, 28, 28))
    trained_on = _bytes(np.moveaxis(stacked.train.images, 3, 1).reshape(-1, 28, 28))
    assert len(trained_on) > 1300 and not held_out & trained_on


def test_digits_are_drawn_evenly_and_apart_from_each_other(digits):
    data = stacked_mnist(20_000, held_out=1, source=digits, seed=3)
    shares = np.bincount(digits.train.labels) / len(digits.train)
    expected = np.einsum("a,b,c->abc", *[shares] * 3).ravel()
    observed = np.bincount(data.train.labels, minlength=1000)
    assert stats.chisquare(observed, expected * 20_000).pvalue > 0.001


def test_the_seed_determines_the_images(digits):
    def fingerprint(count=50, **options):
        data = stacked_mnist(count, held_out=20, source=digits, **options)
        return data.fingerprint

    assert fingerprint() == fingerprint(seed=0) != fingerprint(seed=1)
    # More training images leave the held-out ones as they are.
    one, two = (
        stacked_mnist(count, held_out=20, source=digits).test for count in (50, 60)
    )
    np.testing.assert_array_equal(one.images, two.images)


def test_scikit_learns_digits_stand_in_for_mnist(tmp_path, digits, monkeypatch):
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path))
    data = stacked_mnist(30, held_out=10)
    assert data.name == "stacked-digits-28"
    known = _bytes(digits.train.images)
    assert _bytes(data.train.images[..., 0]) <= known


@pytest.mark.data
def test_mnist_is_taken_where_it_is():
    data = stacked_mnist(30, held_out=10)
    assert data.name == "stacked-mnist"
    known = _bytes(datasets.mnist().test.images)
    assert _bytes(data.test.images[..., 2]) <= known


def test_what_cannot_be_stacked_gets_a_sentence(digits):
    with pytest.raises(ValueError, match="count .* from 1 up, received 0"):
        stacked_mnist(0, source=digits)
    with pytest.raises(ValueError, match="held_out .* from 1 up, received 0"):
        stacked_mnist(5, held_out=0, source=digits)
    colour = datasets.shapes(10, size=8)
    unlabelled = Split(digits.train.images)
    for source in (
        colour,
        ImageData(digits.train, class_names=digits.class_names),
        ImageData(unlabelled, test=unlabelled, class_names=digits.class_names),
        ImageData(digits.train, test=digits.test),
    ):
        with pytest.raises(ValueError, match=r"stack, received .*: pass mnist\(\)"):
            stacked_mnist(5, source=source)


def test_the_divergence_of_known_distributions():
    # p = 1/2, 1/4, 1/4 of 8 modes: ln 8 less the entropy of 1.5 ln 2.
    numbers = np.repeat([0, 5, 7], [4, 2, 2])
    found, divergence = mode_statistics(numbers, 8)
    assert found == 3 and divergence == pytest.approx(1.5 * math.log(2), rel=1e-12)
    assert mode_statistics(np.arange(3000) % 1000, 1000) == (1000, pytest.approx(0))
    assert mode_statistics(np.full(50, 999), 1000) == (1, pytest.approx(math.log(1000)))
    random = np.random.default_rng(0)
    numbers = random.choice(1000, 26_000, p=random.dirichlet(np.ones(1000)))
    counts = np.bincount(numbers, minlength=1000)
    found, divergence = mode_statistics(numbers, 1000)
    expected = stats.entropy(counts, np.ones(1000))
    assert divergence == pytest.approx(expected, rel=1e-12)
    assert found == len(set(numbers.tolist())) < 1000


def test_uniform_samples_have_the_divergence_that_is_stated():
    random = np.random.default_rng(1)
    values = [
        mode_statistics(random.integers(1000, size=26_000), 1000)[1] for _ in range(50)
    ]
    assert np.mean(values) == pytest.approx(999 / (2 * 26_000), rel=0.03)


def test_real_images_have_the_modes_of_their_labels(digits, classifier, stacked):
    images, labels = stacked.test.images, stacked.test.labels
    found, divergence = metrics.modes(images, classifier, **RANGE)
    # Only digits that the classifier reads rightly, so that labels are what it sees.
    read, _ = classifier.predict(digits.test.images, **RANGE)
    right = Split(*(a[read == digits.test.labels] for a in vars(digits.test).values()))
    clean = ImageData(right, test=right, class_names=digits.class_names)
    data = stacked_mnist(1, held_out=300, source=clean).test
    found, divergence = metrics.modes(data.images, classifier, **RANGE)
    assert found.value == len(set(data.labels.tolist()))
    counts = np.bincount(data.labels, minlength=1000)
    expected = stats.entropy(counts, np.ones(1000))
    assert divergence.value == pytest.approx(expected, rel=1e-12)
    assert (found.name, found.n_fake, found.n_real) == ("modes", 300, None)
    assert (divergence.name, divergence.extractor) == (
        "divergence of modes",
        classifier.name,
    )
    assert "in nats, from 1,000 equally frequent modes" in str(divergence)
    # Over all images, mistakes change few modes.
    found, _ = metrics.modes(images, classifier, **RANGE)
    assert abs(found.value - len(set(labels.tolist()))) < 0.1 * found.value


def test_one_digit_is_one_mode(digits, classifier, stacked):
    image = np.repeat(digits.train.images[:1], 3, axis=-1)
    fakes = np.repeat(image, 20, axis=0)
    scores = metrics.modes(
        fakes / 127.5 - 1.0, classifier, value_range=(-1, 1), real=stacked.test.images
    )
    assert [score.name for score in scores] == [
        *("modes", "divergence of modes"),
        *("modes of real images", "divergence of modes of real images"),
    ]
    assert scores[0].value == 1
    assert scores[1].value == pytest.approx(math.log(1000), rel=1e-12)
    # As many real images: each of 20 has its own mode, or nearly.
    assert (scores[2].n_real, scores[2].n_fake) == (20, None)
    alone = metrics.modes(stacked.test.images[:20], classifier, **RANGE)
    assert [s.value for s in scores[2:]] == [s.value for s in alone]
    assert scores[2].value >= 18 and scores[3].value < math.log(1000 / 18) + 0.1


def test_images_that_do_not_fit_get_a_sentence(digits, classifier, stacked):
    with pytest.raises(ValueError, match="each of 3 channels, received 1: generate"):
        metrics.modes(digits.test.images, classifier, **RANGE)
    images = stacked.test.images
    with pytest.raises(ValueError, match="at least 9 real images, .* received 8: give"):
        metrics.modes(images[:9], classifier, real=images[:8], **RANGE)
