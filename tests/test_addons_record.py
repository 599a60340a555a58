"""Layers and augmentation against what TensorFlow Addons computed.

TensorFlow Addons and Keras 3 cannot be in one environment. `addons/record.py` wrote
the record in Addons' own (`make addons`).
"""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from gankit.layers import SpectralNormalization, augmentation, instance_norm

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def record():
    with np.load(Path(__file__).with_name("addons") / "record.npz") as file:
        return dict(file)


def _close(ours, addons):
    np.testing.assert_allclose(ops.convert_to_numpy(ours), addons, rtol=1e-5, atol=1e-5)


def test_record_comes_from_the_pinned_versions(record):
    pins = (ROOT / "environment-addons.yml").read_text().split()
    assert "tensorflow-addons==0.23.0" in record["versions"]
    assert set(record["versions"]) <= set(pins)


def test_instance_norm(record):
    images = record["instance_normalization/images"]
    _close(instance_norm()(images), record["instance_normalization/plain"])


def test_instance_norm_differs_from_the_default_in_epsilon_gain_and_bias(record):
    images, gain, bias, default = (
        record[f"instance_normalization/{name}"]
        for name in ("images", "gain", "bias", "default")
    )
    variance = images.var(axis=(1, 2), keepdims=True)
    ours = ops.convert_to_numpy(instance_norm()(images))
    other_epsilon = ours * np.sqrt((variance + 1e-5) / (variance + 1e-3))
    _close(other_epsilon * gain + bias, default)
    assert np.abs(other_epsilon - ours).max() > 0.1


SPECTRAL = {
    "dense": lambda: keras.layers.Dense(4, use_bias=False),
    "conv2d": lambda: keras.layers.Conv2D(5, 3, 2, padding="same", use_bias=False),
}


@pytest.fixture(params=SPECTRAL)
def spectral(request, record):
    """Our layer with Addons' kernel, bias and u; and the record of Addons' layer."""
    prefix = f"spectral_normalization/{request.param}/"
    theirs = {
        key.removeprefix(prefix): value
        for key, value in record.items()
        if key.startswith(prefix)
    }
    layer = SpectralNormalization(SPECTRAL[request.param]())
    layer.build(theirs["inputs"].shape)
    layer.layer.kernel.assign(theirs["kernel"])
    layer.bias.assign(theirs["bias"])
    layer.vector_u.assign(theirs["vector_u"][0])
    return layer, theirs


def _sigmas(theirs):
    """What Addons has divided the first kernel by, after each recorded step."""
    after = theirs["kernel_after"].reshape(len(theirs["steps"]), -1)
    return np.linalg.norm(theirs["kernel"]) / np.linalg.norm(after, axis=1)


def test_spectral_normalization_takes_the_same_steps(spectral):
    # Addons divides the kernel anew at every step. As u does not depend on the kernel's
    # scale, the product of its divisors so far is our sigma.
    layer, theirs = spectral
    steps, sigmas = list(theirs["steps"]), _sigmas(theirs)
    for step in range(1, steps[-1] + 1):
        sigma = layer.sigma
        outputs = layer(theirs["inputs"], training=True)
        if step in steps:
            i = steps.index(step)
            _close(sigma, sigmas[i])
            _close(outputs, theirs["outputs"][i])
            _close(layer.vector_u, theirs["vector_u_after"][i, 0])
    largest = np.linalg.norm(
        theirs["kernel"].reshape(-1, theirs["kernel"].shape[-1]), ord=2
    )
    assert sigmas[0] < 0.95 * largest
    assert sigmas[-1] == pytest.approx(largest, rel=1e-5)
    _close(layer(theirs["inputs"], training=False), theirs["inference_after"])


def test_spectral_normalization_leaves_the_kernel_that_addons_overwrites(spectral):
    layer, theirs = spectral
    for _ in range(3):
        layer(theirs["inputs"], training=True)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(layer.layer.kernel), theirs["kernel"]
    )
    sigmas = _sigmas(theirs)
    assert sigmas.min() > 2
    for sigma, kernel_after in zip(sigmas, theirs["kernel_after"], strict=True):
        _close(theirs["kernel"] / sigma, kernel_after)


def test_inference_divides_by_sigma_even_before_training(spectral):
    # Addons' inference takes the kernel as it stands, at first the raw one.
    layer, theirs = spectral
    _close(layer(theirs["inputs"], training=False), theirs["outputs"][0])
    _close(layer.layer(theirs["inputs"]) + layer.bias, theirs["inference_before"])


def _draw(augment, image, n):
    """n draws on one image (1, height, width, channels)."""
    images = ops.convert_to_tensor(np.repeat(image, n, axis=0))
    return ops.convert_to_numpy(augment(images, keras.random.SeedGenerator(0)))


def _matches(images, others):
    """Which of `images` (n, ...) is which of `others` (m, ...): booleans (n, m)."""
    # A GPU may multiply images with only three decimal digits.
    differences = np.abs(images[:, None] - others[None])
    return differences.max(axis=(2, 3, 4)) < 5e-3


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_random_translation_draws_each_translate(record, interpolation):
    drawn = _draw(augmentation.random_translation, record["translate/images"], 500)
    matches = _matches(drawn, record[f"translate/{interpolation}"])
    assert (matches.sum(axis=1) == 1).all()
    assert matches.any(axis=0).all()


def test_random_cutout_draws_each_cutout(record):
    drawn = _draw(augmentation.random_cutout, record["cutout/images"], 1000)
    matches = _matches(drawn, record["cutout/cut"])
    assert (matches.sum(axis=1) == 1).all()
    assert matches.any(axis=0).all()


def test_addons_random_cutout_keeps_the_rectangle_inside(record):
    # Ours reaches beyond the border, as that of Zhao et al. 2020.
    matches = _matches(record["cutout/random"], record["cutout/cut"])
    rows, columns = record["cutout/centres"][matches.any(axis=0)].T
    assert (matches.sum(axis=1) == 1).all()
    assert (set(rows), set(columns)) == ({1, 2}, {2, 3, 4, 5})
