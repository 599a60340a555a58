"""Gradient penalties against closed forms, and inside a training step."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit.backend.gradients import value_and_gradients
from gankit.datasets import Batches
from gankit.losses.penalties import gradient_penalty, r1_penalty, slopes
from gankit.networks import dcgan
from gankit.trainers import GAN

SHAPE = (4, 4, 1)


def _linear_critic(scale):
    """`f(x) = <w, x>` with `||w|| = scale`."""
    critic = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    w = np.random.default_rng(0).normal(size=(16, 1)).astype("float32")
    critic.layers[-1].kernel.assign(scale * w / np.linalg.norm(w))
    return critic


def _images(n, seed):
    return np.random.default_rng(seed).normal(size=(n, *SHAPE)).astype("float32")


@pytest.mark.parametrize("center", [0.0, 1.0])
def test_penalties_of_a_linear_critic_and_their_gradients(center):
    critic = _linear_critic(3.0)
    kernel = critic.layers[-1].kernel
    w = ops.convert_to_numpy(kernel)
    seed_generator = keras.random.SeedGenerator(0)
    value, (gradient,) = value_and_gradients(
        lambda: gradient_penalty(
            critic,
            _images(5, 0),
            _images(5, 1),
            seed_generator=seed_generator,
            weight=7.0,
            center=center,
        ),
        [kernel],
        lambda: [*critic.variables, seed_generator.state],
    )
    assert float(ops.stop_gradient(value)) == pytest.approx(7 * (3 - center) ** 2)
    np.testing.assert_allclose(
        ops.convert_to_numpy(gradient), 14 * (3 - center) * w / 3, rtol=1e-4
    )
    value, (gradient,) = value_and_gradients(
        lambda: r1_penalty(critic, _images(5, 0), weight=7.0),
        [kernel],
        lambda: critic.variables,
    )
    assert float(ops.stop_gradient(value)) == pytest.approx(3.5 * 9)
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), 7 * w, rtol=1e-4)


def test_interpolation_is_uniform_with_one_number_per_pair():
    # With x = 1 and G(z) = 0, the interpolated point equals the share of x, and here
    # the slope does too. Its even moments are 1/3 and 1/5 for U(0, 1); 1 and 3 for
    # N(0, 1).
    n = 20_000
    real, fake = np.ones((n, 1, 1, 1), "float32"), np.zeros((n, 1, 1, 1), "float32")
    for power, moment in ((2, 1 / 3), (3, 1 / 5)):
        penalty = gradient_penalty(
            lambda x, power=power: x**power / power,
            real,
            fake,
            seed_generator=keras.random.SeedGenerator(0),
            weight=1.0,
            center=0.0,
        )
        assert float(ops.stop_gradient(penalty)) == pytest.approx(moment, rel=0.03)
    # Points in the plane serve as images; both coordinates of a pair share one number.
    penalty = gradient_penalty(
        lambda x: ops.square(x[:, 0] - x[:, 1]),
        np.ones((50, 2), "float32"),
        np.zeros((50, 2), "float32"),
        seed_generator=keras.random.SeedGenerator(0),
        center=0.0,
    )
    assert float(ops.stop_gradient(penalty)) == pytest.approx(0, abs=1e-6)


def test_a_flat_critic_has_a_gradient():
    critic = _linear_critic(1.0)
    critic.layers[-1].kernel.assign(np.zeros((16, 1)))
    seed_generator = keras.random.SeedGenerator(0)
    value, (gradient,) = value_and_gradients(
        lambda: gradient_penalty(
            critic, _images(3, 0), _images(3, 1), seed_generator=seed_generator
        ),
        [critic.layers[-1].kernel],
        lambda: [*critic.variables, seed_generator.state],
    )
    assert float(ops.stop_gradient(value)) == pytest.approx(10, rel=1e-4)
    assert np.all(np.isfinite(ops.convert_to_numpy(gradient)))


class PenalisedGAN(GAN):
    def discriminator_loss(self, real):
        fake = ops.stop_gradient(self.generator(self.sample_latent(8), training=True))
        return (
            super().discriminator_loss(real)
            + gradient_penalty(
                self.discriminator, real, fake, seed_generator=self.seed_generator
            )
            + r1_penalty(self.discriminator, real)
        )


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_penalised_critic_trains(images, precision):
    keras.config.set_dtype_policy(precision)
    gan = PenalisedGAN(
        dcgan.generator((8, 4), (2, 2), image_shape=(8, 8, 1), latent_dim=6),
        dcgan.discriminator((4, 8), (2, 2), image_shape=(8, 8, 1)),
        loss="wasserstein",
        latent_dim=6,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    before = [ops.convert_to_numpy(v) for v in gan.discriminator.trainable_variables]
    history = gan.fit(
        Batches(images, batch_size=8, seed=0), steps_per_epoch=2, verbose=0
    )
    assert np.isfinite(history.history["d_loss"][0])
    after = [ops.convert_to_numpy(v) for v in gan.discriminator.trainable_variables]
    assert all(np.all(np.isfinite(a)) for a in after)
    assert sum(np.any(b != a) for b, a in zip(before, after, strict=True)) >= 4


def test_slopes_equal_the_norms_of_the_gradients():
    """Compares with the known gradient of a quadratic function."""
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 1)).astype("float32")
    found = slopes(lambda x: ops.sum(ops.square(x), axis=(1, 2, 3)), images)
    norms = 2 * np.linalg.norm(images.reshape(5, -1), axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(found), norms, rtol=1e-5)
