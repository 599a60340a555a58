"""Augmentation against NumPy and Pillow, and inside compiled steps."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

from gankit.backend.gradients import input_gradient
from gankit.datasets import Batches
from gankit.layers import augmentation
from gankit.layers.augmentation import POLICIES, DifferentiableAugmentation
from gankit.networks import dcgan
from gankit.trainers import GAN


def _images(n, height=16, width=16, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (n, height, width, channels)
    return rng.uniform(-0.9, 0.9, shape).astype("float32")


def _augment(function, images, seed=0, **kwargs):
    """Applies the function; the same seed gives the same random numbers."""
    seed_generator = keras.random.SeedGenerator(seed)
    images = ops.convert_to_tensor(images)
    return ops.convert_to_numpy(function(images, seed_generator, **kwargs))


@pytest.mark.parametrize(
    "function, centre_axes, low, high",
    [
        (augmentation.random_saturation, 3, 0.0, 2.0),
        (augmentation.random_contrast, (1, 2, 3), 0.5, 1.5),
    ],
)
def test_saturation_and_contrast_scale_about_a_mean(function, centre_axes, low, high):
    x = _images(400)
    y = _augment(function, x)
    centre = x.mean(axis=centre_axes, keepdims=True)
    # Estimate one factor per image by least squares, then check it exactly.
    factors = np.sum((y - centre) * (x - centre), axis=(1, 2, 3), keepdims=True)
    factors /= np.sum((x - centre) ** 2, axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(y, centre + factors * (x - centre), atol=1e-5)
    assert low <= factors.min() < low + 0.05 * (high - low)
    assert high >= factors.max() > high - 0.05 * (high - low)
    assert factors.mean() == pytest.approx(1, abs=0.1)


def test_brightness_adds_one_number_to_each_image():
    x = _images(400)
    added = _augment(augmentation.random_brightness, x) - x
    np.testing.assert_allclose(np.ptp(added, axis=(1, 2, 3)), 0, atol=1e-6)
    added = added[:, 0, 0, 0]
    assert -0.5 <= added.min() < -0.45 and 0.45 < added.max() <= 0.5
    assert added.mean() == pytest.approx(0, abs=0.05)


def test_translation_shifts_each_image_by_up_to_an_eighth():
    n, height, width = 600, 16, 24
    x = _images(n, height, width)
    y = _augment(augmentation.random_translation, x)
    padded = np.pad(x, ((0, 0), (2, 2), (3, 3), (0, 0)))
    found = np.zeros((5, 7), int)
    matched = np.zeros(n, int)
    for down, right in np.ndindex(found.shape):
        shifted = padded[:, down : down + height, right : right + width]
        same = np.all(y == shifted, axis=(1, 2, 3))
        matched += same
        found[down, right] = same.sum()
    np.testing.assert_array_equal(matched, 1)
    # 35 shifts, about 17 images each.
    assert found.min() > 4 and found.max() < 40


@pytest.mark.parametrize("height, width", [(16, 16), (10, 14)])
def test_cutout_takes_half_of_each_side(height, width):
    x = np.ones((600, height, width, 2), "float32")
    y = _augment(augmentation.random_cutout, x)
    found = set()
    for image in y:
        np.testing.assert_array_equal(image[..., 0], image[..., 1])
        rows, columns = np.nonzero(image[..., 0] == 0)
        top, left = rows.min(), columns.min()
        bottom, right = rows.max() + 1, columns.max() + 1
        expected = np.ones((height, width))
        expected[top:bottom, left:right] = 0
        np.testing.assert_array_equal(image[..., 0], expected)
        found.add((top, bottom))
    # All centres occur, also at the border, where part of the rectangle is outside.
    half = height // 2
    centres = range(height + 1 - half % 2)
    assert found == {
        (max(0, c - half // 2), min(height, c - half // 2 + half)) for c in centres
    }


def test_flip_mirrors_half_of_the_images():
    x = _images(400)
    y = _augment(augmentation.random_flip, x)
    flipped = np.all(y == x[:, :, ::-1], axis=(1, 2, 3))
    np.testing.assert_array_equal(y[~flipped], x[~flipped])
    assert flipped.mean() == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("scale", [1.1, 286 / 256])
def test_resize_crop_flip_equals_pillow(scale):
    height, width = 30, 20
    x = _images(60, height, width, channels=1)
    x[0] = np.sign(x[0])  # interpolation overshoots, so it must be clipped
    y = _augment(augmentation.resize_crop_flip, x, scale=scale)[..., 0]
    larger = round(height * scale), round(width * scale)
    seen = set()
    for image, result in zip(x[..., 0], y, strict=True):
        enlarged = Image.fromarray(image).resize(larger[::-1], Image.Resampling.BICUBIC)
        matches = []
        for top in range(larger[0] - height + 1):
            for left in range(larger[1] - width + 1):
                crop = enlarged.crop((left, top, left + width, top + height))
                mirrored = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
                for flip, picture in enumerate((crop, mirrored)):
                    expected = np.clip(np.asarray(picture), -1, 1)
                    if np.allclose(result, expected, atol=1e-5):
                        matches.append((top, left, flip))
        assert len(matches) == 1
        seen.update(matches)
    tops, lefts, flips = (set(values) for values in zip(*seen, strict=True))
    assert tops == set(range(larger[0] - height + 1))
    assert lefts == set(range(larger[1] - width + 1))
    assert flips == {0, 1}


@pytest.mark.parametrize("policy", POLICIES)
def test_gradients_flow_to_the_images(policy):
    x = 0.5 * _images(4, 8, 8)
    direction, weights = _images(4, 8, 8, seed=1), _images(4, 8, 8, seed=2)
    tensor = ops.convert_to_tensor(weights)

    def augmented(images):
        return DifferentiableAugmentation(policy, seed=3)(images)

    gradient = input_gradient(
        lambda images: augmented(images) * tensor, ops.convert_to_tensor(x)
    )
    gradient = ops.convert_to_numpy(ops.stop_gradient(gradient))
    # All policies are affine, so the difference quotient is exact.
    difference = ops.convert_to_numpy(augmented(x + 0.1 * direction) - augmented(x))
    np.testing.assert_allclose(
        np.sum(gradient * direction, axis=(1, 2, 3)),
        np.sum(difference * weights, axis=(1, 2, 3)) / 0.1,
        atol=1e-3,
    )
    assert np.all(np.any(gradient != 0, axis=(1, 2, 3)))


def test_every_call_draws_new_numbers_for_every_image():
    augment = DifferentiableAugmentation("color,translation,cutout", seed=0)
    same = np.repeat(_images(1), 8, axis=0)
    real, fake = (ops.convert_to_numpy(augment(same)) for _ in range(2))
    assert len({image.tobytes() for image in (*real, *fake)}) == 16
    # A copy with the same configuration draws the same numbers.
    copy = DifferentiableAugmentation.from_config(augment.get_config())
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(same)), real)
    # In a compiled model, Python's random numbers would be drawn only once.
    model = keras.Sequential([keras.Input(same.shape[1:]), copy])
    predicted = model.predict(np.concatenate([same] * 3), batch_size=8, verbose=0)
    assert len({image.tobytes() for image in predicted}) == 24


def test_augmentation_stays_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = _images(2)
    output = DifferentiableAugmentation("translation")(x)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"


class AugmentedGAN(GAN):
    """Augments all images that the discriminator sees."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.augment = DifferentiableAugmentation("resize_crop_flip,color,cutout")

    def discriminator_loss(self, real):
        fake = self.generator(self.sample_latent(8), training=True)
        return self.adversarial_loss.discriminator(
            self.discriminator(self.augment(real), training=True),
            self.discriminator(self.augment(ops.stop_gradient(fake)), training=True),
        )

    def generator_loss(self, real):
        fake = self.generator(self.sample_latent(8), training=True)
        logits = self.discriminator(self.augment(fake), training=True)
        return self.adversarial_loss.generator(logits)


def test_a_gan_trains_on_augmented_images(images):
    gan = AugmentedGAN(
        dcgan.generator((8, 4), (2, 2), image_shape=(8, 8, 1), latent_dim=6),
        keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)]),
        latent_dim=6,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    before = [v.copy() for v in gan.generator.get_weights()]
    state = ops.convert_to_numpy(gan.augment.seed_generator.state)
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=2, verbose=0)
    for b, a in zip(before, gan.generator.get_weights(), strict=True):
        assert np.all(np.isfinite(a)) and not np.array_equal(b, a)
    # Draws: three of resize_crop_flip, three of color and two of cutout; for real and
    # fake images and in the generator's update; in two steps.
    moved = ops.convert_to_numpy(gan.augment.seed_generator.state) - state
    assert moved[1] == (3 + 3 + 2) * 3 * 2


def test_bad_arguments_raise():
    with pytest.raises(ValueError, match="remove 'colour'"):
        DifferentiableAugmentation("colour,cutout")
    with pytest.raises(ValueError, match="at least 1, received 0.9"):
        _augment(augmentation.resize_crop_flip, _images(1), scale=0.9)
