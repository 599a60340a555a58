"""The Fréchet distance as a Keras metric, on features made by hand."""

import math

import keras
import numpy as np
import pytest
from keras import ops
from scipy import linalg

from gankit.metrics import frechet_metric
from gankit.metrics.features.extractor import Extractor
from gankit.metrics.frechet_metric import FrechetDistance


@pytest.fixture
def extractor():
    """A fixed random projection of the pixels of images (n, 8, 8, 1)."""
    projection = np.random.default_rng(3).normal(size=(64, 5)) / 100

    def compute(images):
        assert images.dtype == np.uint8
        return images.reshape(len(images), -1).astype("float32") @ projection

    return Extractor("projection", "FID-5/none", "KID-5/none", 5, 1, None, compute)


def _by_scipy(extractor, real, fake):
    sides = [np.float64(extractor(x, value_range=(0, 255))) for x in (real, fake)]
    (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in sides)
    root = linalg.sqrtm(s1 @ s2)
    return np.sum((m1 - m2) ** 2) + np.trace(s1 + s2 - 2 * root.real)


def _noise(seed, n=40):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 8, 8, 1), dtype="uint8")


def test_batches_give_the_distance_of_the_whole(extractor, images):
    metric = FrechetDistance(extractor, value_range=(-1, 1))
    assert metric.name == "FID-5/none"
    fake = _noise(0)
    for start in range(0, 64, 10):  # the last batch is smaller
        # As a generator gives them: tensors in [-1, 1].
        batch = ops.convert_to_tensor(images[start : start + 10] / 127.5 - 1, "float32")
        metric.update_state(batch, real=True)
    metric.update_state(fake[:15], real=False)
    metric.update_state(fake[15:], real=False)
    assert (metric.n_real, metric.n_fake) == (64, 40)
    expected = _by_scipy(extractor, images, fake)
    assert isinstance(metric.result(), float) and expected > 1
    assert metric.result() == pytest.approx(expected, rel=1e-9)
    # More may follow.
    more = _noise(1)
    assert metric(more, real=False) == pytest.approx(
        _by_scipy(extractor, images, np.concatenate([fake, more])), rel=1e-9
    )


def test_reset_keeps_the_real_images(extractor, images):
    metric = FrechetDistance(extractor, value_range=(0, 255), name="fid")
    metric.update_state(images, real=True)
    metric.update_state(_noise(0), real=False)
    metric.reset_state()  # as Keras calls it
    assert (metric.n_real, metric.n_fake) == (64, 0)
    metric.update_state(_noise(1), real=False)
    expected = _by_scipy(extractor, images, _noise(1))
    assert metric.result() == pytest.approx(expected, rel=1e-9)
    metric.reset_state(keep_real=False)
    assert (metric.name, metric.n_real, metric.n_fake) == ("fid", 0, 0)


def test_two_images_on_each_side_are_the_least(extractor, images):
    metric = FrechetDistance(extractor, value_range=(0, 255))
    assert math.isnan(metric.result())
    metric.update_state(images, real=True)
    metric.update_state(images[:1], real=False)
    assert math.isnan(metric.result())
    metric.update_state(images[1:2], real=False)
    assert metric.result() > 0


def test_equal_sides_have_no_negative_distance(extractor, images, monkeypatch):
    metric = FrechetDistance(extractor, value_range=(0, 255))
    metric.update_state(images, real=True)
    metric.update_state(images[::-1], real=False)
    assert 0 <= metric.result() < 1e-9
    # What rounding may give depends on the machine.
    monkeypatch.setattr(frechet_metric, "frechet_distance", lambda a, b: -1e-10)
    assert metric.result() == 0.0


def test_misuse_gets_a_sentence(extractor, images):
    metric = FrechetDistance(extractor, value_range=(0, 255))
    # As metrics of two arguments are called.
    with pytest.raises(ValueError, match="True or False, received .*ndarray: update"):
        metric.update_state(images, images)
    with pytest.raises(ValueError, match="received the shape"):
        metric.update_state(images[0], True)
    with pytest.raises(ValueError, match="grey images"):
        metric.update_state(np.zeros((4, 8, 8, 3), "uint8"), True)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="compiles no functions")
def test_inside_a_compiled_function_it_says_so(extractor, images):
    metric = FrechetDistance(extractor, value_range=(0, 255))
    if keras.backend.backend() == "tensorflow":
        from tensorflow import function as compiled
    else:
        from jax import jit as compiled

    @compiled
    def step(batch):
        metric.update_state(batch, real=True)
        return batch

    with pytest.raises(RuntimeError, match="update FID-5/none between steps"):
        step(ops.convert_to_tensor(images))
    assert metric.n_real == 0
