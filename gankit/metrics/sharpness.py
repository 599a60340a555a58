"""Sharpness of images, measured by the energy of their gradients."""

import numpy as np

from gankit.metrics.features.images import uint8_batches


def gradient_energy(images, *, value_range=None):
    """Computes the mean squared difference between neighbouring pixels of each image.

    The mean of `(x[i+1, j] - x[i, j])^2` plus the mean of `(x[i, j+1] - x[i, j])^2`,
    with grey levels from 0 to 1. Blur lowers the energy and noise raises it, so compare
    with real images.

    Args:
        images: Images of at least 2 x 2 pixels, in any form that
            `features.images.uint8_batches` accepts.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        float64 array `(n,)`, from 0 to 2.

    Reference:
        Subbarao et al. 1993, "Focusing techniques" (https://doi.org/10.1117/12.147706),
        use the energy of the image gradient as a measure of focus.
    """
    energies = []
    for batch in uint8_batches(images, value_range=value_range):
        levels = batch.astype("float64") / 255
        energies.append(
            sum(np.square(np.diff(levels, axis=a)).mean(axis=(1, 2, 3)) for a in (1, 2))
        )
    return np.concatenate(energies)
