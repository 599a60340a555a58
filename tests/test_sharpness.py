"""Gradient energy of images whose energy is known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gankit.metrics import gradient_energy


def test_flat_stripes_and_checkers_have_their_energies():
    flat = np.full((8, 8), 90)
    stripes = np.tile([0, 255], (8, 4))
    checkers = (np.indices((8, 8)).sum(axis=0) % 2) * 255
    ramp = np.tile(51 * np.arange(6), (8, 1))
    images = np.stack([flat, stripes, checkers])[..., None].astype("uint8")
    np.testing.assert_allclose(gradient_energy(images, value_range=(0, 255)), [0, 1, 2])
    energy = gradient_energy(
        ramp[None, ..., None].astype("uint8"), value_range=(0, 255)
    )
    assert energy[0] == pytest.approx(0.2**2)


def test_blur_lowers_it_and_noise_raises_it():
    rng = np.random.default_rng(0)
    image = np.zeros((1, 28, 28, 1))
    image[:, 8:20, 12:16] = 0.8
    blurred = gaussian_filter(image, (0, 1.5, 1.5, 0))
    noisy = np.clip(image + rng.normal(0, 0.1, image.shape), 0, 1)
    energies = [
        gradient_energy(x, value_range=(0, 1))[0] for x in (blurred, image, noisy)
    ]
    assert energies == sorted(energies)
