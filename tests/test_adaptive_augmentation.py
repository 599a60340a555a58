"""Augmentation whose probability follows the discriminator's signs on real images."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit import GAN
from gankit.datasets import Batches
from gankit.layers import AdaptiveAugmentation, DifferentiableAugmentation
from gankit.networks import dcgan, few_images


def _value(variable):
    return float(ops.convert_to_numpy(variable))


def _images(n, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 8, 8, 3)).astype("float32")


def test_at_0_it_is_the_identity_and_at_1_it_augments_every_image():
    augment = AdaptiveAugmentation("color,cutout", seed=0)
    x = _images(64)
    np.testing.assert_array_equal(ops.convert_to_numpy(augment(x)), x)
    augment.probability.assign(1.0)
    changed = np.any(ops.convert_to_numpy(augment(x)) != x, axis=(1, 2, 3))
    assert changed.all()


def test_each_augmentation_is_applied_with_the_probability_p():
    augment = AdaptiveAugmentation("translation,flip", seed=0)
    augment.probability.assign(0.3)
    x = np.tile(np.arange(64, dtype="float32").reshape(1, 8, 8, 1), (8000, 1, 1, 1))
    y = ops.convert_to_numpy(augment(x))
    # Unchanged are images that were spared, shifted by 0 (1 of 9), or not flipped (1 of
    # 2); a shifted image has a row or column of zeros.
    shifted = np.any(np.all(y == 0, axis=2), axis=(1, 2)) | np.any(
        np.all(y == 0, axis=1), axis=(1, 2)
    )
    assert abs(shifted.mean() - 0.3 * 8 / 9) < 0.02
    unchanged = np.all(y == x, axis=(1, 2, 3)).mean()
    expected = (1 - 0.3 * 8 / 9) * (1 - 0.3 / 2)
    assert abs(unchanged - expected) < 0.02


def test_p_rises_where_the_discriminator_is_sure_and_falls_where_it_is_not():
    augment = AdaptiveAugmentation(images=1000, target=0.6)
    sure, unsure = np.ones((10, 1)), np.array([[1.0], [-1.0]] * 5)
    found = []
    for logits in [sure] * 6 + [unsure] * 6:
        augment.adapt(logits)
        found.append(_value(augment.probability))
    # r is 0.25, 0.44, 0.58, 0.68, 0.76, 0.82; then 0.62, 0.46, ...
    steps = [-1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1, -1]
    expected, p = [], 0.0
    for step in steps:
        p = min(max(p + 0.01 * step, 0.0), 1.0)
        expected.append(p)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_p_stays_between_0_and_1():
    augment = AdaptiveAugmentation(images=10)
    for _ in range(8):
        augment.adapt(np.ones((8, 1)))
    assert _value(augment.probability) == 1.0
    for _ in range(12):
        augment.adapt(-np.ones((8, 1)))
    assert _value(augment.probability) == 0.0


def _gan(loss="non_saturating", bias=0.0, **options):
    """A GAN whose discriminator gives all images one logit, its bias."""
    start = {"kernel_initializer": "zeros"}
    start["bias_initializer"] = keras.initializers.Constant(bias)
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            AdaptiveAugmentation(seed=0, **options),
            layers.Flatten(),
            layers.Dense(1, **start),
        ]
    )
    gan = GAN(
        dcgan.generator((8, 4), (2, 2), image_shape=(8, 8, 3), latent_dim=6),
        discriminator,
        latent_dim=6,
        loss=loss,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(0.0))
    return gan


def _fit(gan, steps=8):
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 3)).astype("uint8")
    batches = Batches(images, batch_size=8, seed=0)
    return gan.fit(batches, steps_per_epoch=1, epochs=steps, verbose=0).history


@pytest.mark.parametrize(
    ("loss", "logit", "rises"),
    [
        ("non_saturating", 0.3, True),
        ("hinge", -0.3, False),
        # Least squares is undecided at 1/2, half way between the labels.
        ("least_squares", 0.3, False),
        ("least_squares", 0.7, True),
    ],
)
def test_a_gan_adapts_and_logs_the_probability(loss, logit, rises):
    gan = _gan(loss, logit, images=80)
    # In the first three steps r has not reached the target.
    expected = [0.0] * 3 + [0.1, 0.2, 0.3, 0.4, 0.5] if rises else [0.0] * 8
    np.testing.assert_allclose(_fit(gan)["augmentation"], expected, atol=1e-6)


def test_a_saved_gan_resumes_with_its_probability(tmp_path):
    gan = _gan(bias=0.3, images=80, target=0.5)
    _fit(gan)
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    (augment,) = copy._augmentations()
    assert (augment.target, augment.images) == (0.5, 80)
    reached = _value(gan._augmentations()[0].probability)
    assert _value(augment.probability) == reached > 0


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic"])
def test_losses_without_a_meaning_of_zero_are_refused(loss):
    with pytest.raises(ValueError, match="whose logits say by their sign"):
        _gan(loss)


def test_the_networks_of_few_images_take_it():
    networks = few_images.networks(
        (32, 32, 3), 8, widths=(8, 8, 8), augmentation=AdaptiveAugmentation()
    )
    gan = GAN(*networks, latent_dim=8)
    assert len(gan._augmentations()) == 1
    assert isinstance(gan._augmentations()[0], DifferentiableAugmentation)


def test_bad_arguments_raise():
    with pytest.raises(ValueError, match="target .* above 0 and below 1, received 1.5"):
        AdaptiveAugmentation(target=1.5)
    with pytest.raises(ValueError, match="images .* number from 1 up, received 0"):
        AdaptiveAugmentation(images=0)
