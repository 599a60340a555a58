"""Fixtures that several test modules share."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

# Tests that take more than four seconds on two cores (--durations=0), and files whose
# fixtures do; make test leaves them out, make test-slow runs them.
SLOW = frozenset(Path(__file__).with_name("slow.txt").read_text("utf-8").splitlines())


def pytest_configure(config):
    for marker in (
        "tensorflow: runs on TensorFlow alone; left out on other backends",
        "slow: takes long, see slow.txt; left out by make test",
    ):
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(items):
    for item in items:
        if SLOW & {item.path.name, item.nodeid.removeprefix("tests/")}:
            item.add_marker("slow")
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
