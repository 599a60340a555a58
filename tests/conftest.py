"""Fixtures that several test modules share."""

import os

import keras
import numpy as np
import pytest


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "tensorflow: runs on TensorFlow alone; left out on other backends"
    )


def pytest_collection_modifyitems(items):
    reasons = {
        "data": (
            "GANKIT_DATA" not in os.environ,
            "needs the real data sets: set GANKIT_DATA to their folder",
        ),
        "tensorflow": (
            keras.backend.backend() != "tensorflow",
            "is about TensorFlow alone",
        ),
    }
    for item in items:
        for mark, (absent, reason) in reasons.items():
            if absent and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _fresh_settings():
    """Every test starts from one seed and in float32, whatever ran before."""
    keras.utils.set_random_seed(0)
    policy = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(policy)


@pytest.fixture
def images():
    """64 uint8 images (64, 8, 8, 1) of two kinds: bright left or bright right."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 60, (64, 8, 8, 1), dtype="uint8")
    x[::2, :, :4] += 180
    x[1::2, :, 4:] += 180
    return x


@pytest.fixture
def make_gan():
    """Function that builds a small compiled GAN on images (8, 8, 1)."""
    from gankit.networks import dcgan
    from gankit.trainers import GAN

    def make(optimizer=None, **kwargs):
        optimizer = optimizer or (lambda: keras.optimizers.Adam(1e-3, 0.5))
        shape = (8, 8, 1)
        gan = GAN(
            dcgan.generator((8, 4), (2, 2), image_shape=shape, latent_dim=6),
            dcgan.discriminator((4, 8), (2, 2), image_shape=shape),
            latent_dim=6,
            **kwargs,
        )
        gan.compile(optimizer(), optimizer())
        return gan

    return make
