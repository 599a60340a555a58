"""Pictures that are nearly the same, and pictures that are blurred."""

import numpy as np
from PIL import Image
from scipy import ndimage

# Bits on a side of the hash.
SIDE = 16
# The most bits in which near duplicates differ: a tenth, our choice. Of 204 photographs
# of one cat, cut alike, three pairs lie so near to each other.
NEAR = 24


def difference_hash(picture):
    """A perceptual hash: is each part of the picture brighter than the one left of it?

    The picture is shrunk to 17 x 16 greys first, so that another size, compression or
    exposure of the same picture changes few bits.

    Args:
        picture: uint8 array `(height, width, 3)`.

    Returns:
        Boolean array of 256 bits.

    Reference:
        Krawetz 2013, "Kind of like that" (The Hacker Factor blog), with 8 x 8 bits;
        aligned faces are too alike for so few, our reading.
    """
    grey = Image.fromarray(picture).convert("L")
    small = grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    return (np.diff(np.asarray(small, "int16"), axis=1) > 0).ravel()


def first_near(bits, others):
    """The place of the first of other hashes that is nearly the same.

    Args:
        bits: A hash, as `difference_hash` gives it.
        others: List of such hashes.

    Returns:
        Its index, or None.
    """
    for i, other in enumerate(others):
        if np.count_nonzero(bits != other) <= NEAR:
            return i
    return None


def laplacian_variance(picture):
    """Variance of the Laplacian of the greys: the less, the more blurred.

    Args:
        picture: uint8 array `(height, width, 3)`; compare pictures of one size alone.

    Returns:
        A float from 0, in squared grey levels of 0 to 255.

    Reference:
        Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy: a
        comparative study".
    """
    grey = np.asarray(Image.fromarray(picture).convert("L"), "float64")
    return float(ndimage.laplace(grey).var())
