"""The image pool against the CycleGAN authors' list."""

import keras
import numpy as np
import pytest
from keras import ops

from gankit.backend.gradients import input_gradient
from gankit.datasets import Batches
from gankit.layers.image_pool import ImagePool
from gankit.networks import dcgan
from gankit.trainers import GAN


class ListPool:
    """The authors' pool, a Python list, with given random numbers."""

    def __init__(self, size):
        self.size = size
        self.images = []

    def query(self, images, swaps, places):
        returned = []
        for image, swap, place in zip(images, swaps, places, strict=True):
            if len(self.images) < self.size:
                self.images.append(image)
                returned.append(image)
            elif swap:
                returned.append(self.images[place])
                self.images[place] = image
            else:
                returned.append(image)
        return returned


def _numbered(first, n):
    """Returns images (1, 1, 1) whose only value is their number."""
    return np.arange(first, first + n, dtype="float32").reshape(n, 1, 1, 1) + 1


@pytest.mark.parametrize("size, batches", [(5, [1] * 40), (5, [3] * 15), (3, [8] * 6)])
def test_the_pool_equals_the_authors_list(size, batches):
    pool = ImagePool(size, image_shape=(1, 1, 1), seed=0)
    theirs = ListPool(size)
    draws = keras.random.SeedGenerator(0)
    first, repeated = 0, 0
    for n in batches:
        images = _numbered(first, n)
        first += n
        # A generator with the same seed repeats the pool's random numbers.
        swaps = ops.convert_to_numpy(keras.random.uniform((n,), seed=draws) < 0.5)
        places = ops.convert_to_numpy(keras.random.randint((n,), 0, size, seed=draws))
        expected = theirs.query(images, swaps, places)
        returned = ops.convert_to_numpy(pool.query(images))
        np.testing.assert_array_equal(returned, expected)
        stored = ops.convert_to_numpy(pool.images)[: len(theirs.images)]
        np.testing.assert_array_equal(stored, theirs.images)
        assert int(pool.count) == len(theirs.images)
        repeated += np.sum(np.isin(returned, images) & (returned != images))
    # In large batches, images meet others of the same batch.
    assert n < 8 or repeated > 0


def test_half_of_the_images_are_earlier_ones():
    pool = ImagePool(20, image_shape=(1, 1, 1), seed=1)
    old = 0
    for i in range(21):
        images = _numbered(20 * i, 20)
        returned = ops.convert_to_numpy(pool.query(images))
        assert i > 0 or np.array_equal(returned, images)
        old += np.sum(returned != images)
    assert old / 400 == pytest.approx(0.5, abs=0.1)


def test_no_gradient_flows_through():
    pool = ImagePool(2, image_shape=(2, 2, 1))
    gradient = input_gradient(lambda x: pool.query(x) * 0 + x, ops.ones((3, 2, 2, 1)))
    np.testing.assert_array_equal(ops.convert_to_numpy(gradient), 1)
    with pytest.raises(ValueError, match="from 1 up, received 0"):
        ImagePool(0, image_shape=(2, 2, 1))


@keras.saving.register_keras_serializable("gankit-tests")
class PoolingGAN(GAN):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.pool = ImagePool(12, image_shape=self.generator.output_shape[1:], seed=0)

    def discriminator_loss(self, real):
        fake = self.generator(self.sample_latent(8), training=True)
        return self.adversarial_loss.discriminator(
            self.discriminator(real, training=True),
            self.discriminator(self.pool.query(fake), training=True),
        )


def test_the_pool_fills_in_training_and_is_saved_with_the_model(images, tmp_path):
    gan = PoolingGAN(
        dcgan.generator((8, 4), (2, 2), image_shape=(8, 8, 1), latent_dim=6),
        dcgan.discriminator((4, 8), (2, 2), image_shape=(8, 8, 1)),
        latent_dim=6,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    batches = Batches(images, batch_size=8, seed=0)
    gan.fit(batches, steps_per_epoch=1, verbose=0)
    assert int(gan.pool.count) == 8
    stored = ops.convert_to_numpy(gan.pool.images)
    assert np.all(np.any(stored[:8] != 0, axis=(1, 2, 3))) and not np.any(stored[8:])
    gan.fit(batches, steps_per_epoch=2, verbose=0)
    assert int(gan.pool.count) == 12

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert int(loaded.pool.count) == 12
    for ours, theirs in zip(gan.pool.variables, loaded.pool.variables, strict=True):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs)
        )
    # Both return the same images, as the seeds were saved too.
    fakes = ops.ones((8, 8, 8, 1))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(gan.pool.query(fakes)),
        ops.convert_to_numpy(loaded.pool.query(fakes)),
    )
