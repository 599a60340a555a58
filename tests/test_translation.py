"""Scores of translators: a good one, one that cheats, one that does nothing."""

import numpy as np
import PIL.Image
import pytest

from gankit.datasets import UnpairedImageData, digits, stripes
from gankit.metrics.classifiers import training as classifier_training
from gankit.metrics.classifiers.scores import wilson_interval
from gankit.metrics.translation import (
    domain_classifier_for,
    domain_score,
    inverted_colours,
    luminance_correlation,
    reconstruction_error,
)


@pytest.fixture(scope="module")
def data():
    return stripes(count=200, size=64)


@pytest.fixture(scope="module")
def classifier(data, tmp_path_factory):
    return domain_classifier_for(data, folder=tmp_path_factory.mktemp("data"))


def test_real_pictures_are_told_apart(classifier):
    assert classifier.test_accuracy > 0.9
    assert (classifier.test_n, classifier.tested_on) == (80, "test images")
    assert classifier.class_names == ("plain", "striped")
    assert classifier.name.startswith("classifier-stripes-64-domains, ")


def test_the_two_scores_together_tell_translators_apart(data, classifier):
    a, b = data.test_a, data.test_b
    ignores = domain_score(b, classifier, value_range=(0, 255))
    nothing = domain_score(a / 127.5 - 1, classifier, value_range=(-1, 1))
    assert ignores.value > 0.85 and nothing.value < 0.15
    assert ignores.name == "domain score (striped)"
    assert (ignores.n_fake, ignores.extractor) == (40, classifier.name)
    assert ignores.interval == wilson_interval(round(40 * ignores.value), 40)
    # Towards A the same pictures score the other way round.
    back = domain_score(b, classifier, "a", value_range=(0, 255))
    assert back.name == "domain score (plain)"
    assert back.value == pytest.approx(1 - ignores.value)

    # What ignores its input returns any picture of A; what does nothing, the same.
    shuffled = reconstruction_error(a, a[::-1], value_range=(0, 255))
    assert shuffled.value > 20
    assert float(reconstruction_error(a, a, value_range=(0, 255))) == 0


def test_reconstruction_error_is_in_grey_levels():
    # More images than one batch; differences of either sign, and none to wrap around.
    x = np.zeros((150, 2, 2, 1), "uint8")
    y = x.copy()
    y[:50] = 255
    y[50:, 0] = 3
    score = reconstruction_error(x, y, value_range=(0, 255))
    assert score.value == pytest.approx((50 * 255 + 100 * 1.5) / 150)
    assert float(reconstruction_error(y, x, value_range=(0, 255))) == score.value
    floats = reconstruction_error(x / 127.5 - 1, y / 127.5 - 1, value_range=(-1, 1))
    assert floats.value == score.value
    assert (floats.n_real, floats.name) == (150, "reconstruction error")
    with pytest.raises(ValueError, match=r"one shape, received .*\(149, 2, 2, 1\)"):
        reconstruction_error(x, y[1:], value_range=(0, 255))


def test_inverted_colours_are_those_whose_luminance_correlates_negatively(data):
    a, b = data.test_a, data.test_b
    found = luminance_correlation(a, b, value_range=(0, 255))
    # Luminance as Pillow computes it, rounded to whole levels.
    grey_a, grey_b = (
        [np.asarray(PIL.Image.fromarray(x).convert("L"), float).ravel() for x in images]
        for images in (a, b)
    )
    expected = [np.corrcoef(x, y)[0, 1] for x, y in zip(grey_a, grey_b, strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-3)

    turned = b.copy()
    turned[:3], turned[3:] = 255 - a[:3], a[3:]
    score = inverted_colours(a, turned, value_range=(0, 255))
    assert (score.value, score.n_fake) == (pytest.approx(3 / 40), 40)
    assert score.interval == wilson_interval(3, 40)
    assert score.name == "inverted colours"
    # One grey level all over has nothing to turn over.
    flat = np.full_like(a, 7)
    assert np.all(luminance_correlation(a, flat, value_range=(0, 255)) == 0)
    with pytest.raises(ValueError, match="3 channels, received 1: pass"):
        inverted_colours(a[..., :1], b[..., :1], value_range=(0, 255))


def test_domains_of_unequal_size_weigh_alike(monkeypatch, tmp_path):
    monkeypatch.setattr(classifier_training, "MINIMUM_STEPS", 30)
    random = np.random.default_rng(0)
    dark, bright = (
        random.integers(low, low + 100, (n, 8, 8, 3)).astype("uint8")
        for low, n in ((0, 90), (150, 20))
    )
    # The last of many counts as much as the first: none of the larger set is cut off.
    seen = {}
    fit = classifier_training._fit
    monkeypatch.setattr(
        classifier_training,
        "_fit",
        lambda model, recipe, train, *rest: (
            seen.update(train=train),
            fit(model, recipe, train, *rest),
        ),
    )
    data = UnpairedImageData(dark, bright, test_a=dark[:5])
    classifier = domain_classifier_for(data, folder=tmp_path)
    # Only one domain has test pictures: a tenth of 2 x 20 is held back.
    assert (classifier.test_n, classifier.test_accuracy) == (4, 1)
    assert classifier.tested_on == "training images held back"
    assert len(seen["train"]) == 36
    taken = [
        np.flatnonzero((dark == x).all(axis=(1, 2, 3))) for x in seen["train"].images
    ]
    assert max(np.concatenate(taken)) > 80


def test_other_data_get_a_sentence(classifier):
    with pytest.raises(ValueError, match="two domains, received ImageData: pass"):
        domain_classifier_for(digits(size=8))
    with pytest.raises(ValueError, match='"a" or "b" .* received \'c\''):
        domain_score(
            np.zeros((1, 64, 64, 3), "uint8"), classifier, "c", value_range=(0, 255)
        )
