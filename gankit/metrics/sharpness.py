"""How sharp are images: the energy of their gradients."""

import numpy as np

from gankit.metrics.features.images import uint8_batches


def gradient_energy(images, *, value_range):
    """Mean squared difference of neighbouring pixels, image by image.

    `(x[i+1, j] - x[i, j])^2 + (x[i, j+1] - x[i, j])^2`, the two means over all pairs
    of neighbours added, with grey levels from 0 to 1. Blur lowers it, noise raises it:
    compare with what real images have rather than with 0.

    Args:
        images: As `gankit.metrics.features.images.uint8_batches` takes them, of at least 2 x 2
            pixels.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        float64 array `(n,)`, from 0 to 2.

    Reference:
        The energy of the image gradient is an old measure of focus; see Subbarao et
        al. 1993, "Focusing techniques", Optical Engineering 32(11).
    """
    energies = []
    for batch in uint8_batches(images, value_range=value_range):
        levels = batch.astype("float64") / 255
        energies.append(
            sum(np.square(np.diff(levels, axis=a)).mean(axis=(1, 2, 3)) for a in (1, 2))
        )
    return np.concatenate(energies)
