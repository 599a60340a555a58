"""Recognises pictures that are nearly the same, and blurred pictures."""

import numpy as np
from PIL import Image
from scipy import ndimage

# Bits on a side of the hash.
SIDE = 16
# Near duplicates differ in at most so many bits, a tenth (our choice). Of 204 aligned
# photographs of one cat, three pairs are that similar.
NEAR = 24


def difference_hash(picture):
    """A perceptual hash: is each part of the picture brighter than the one left of it?

    The picture is first scaled to 17 x 16 grey levels, so a copy with another size,
    compression or exposure has nearly the same bits.

    Args:
        picture: uint8 array `(height, width, 3)`.

    Returns:
        Boolean array of 256 bits.

    Reference:
        Krawetz 2013, "Kind of like that" (The Hacker Factor blog), with 8 x 8 bits,
        which are too few for aligned faces (our reading).
    """
    grey = Image.fromarray(picture).convert("L")
    small = grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    return (np.diff(np.asarray(small, "int16"), axis=1) > 0).ravel()


def near_duplicate(bits, hashes):
    """Name of the first picture that is nearly the same.

    Args:
        bits: A hash, as `difference_hash` returns it.
        hashes: Dict from the names of other pictures to their hashes.

    Returns:
        The name, or None.
    """
    names = (name for name in hashes if np.sum(bits != hashes[name]) <= NEAR)
    return next(names, None)


def laplacian_variance(picture):
    """Variance of the Laplacian of the grey levels: low values mean blur.

    Args:
        picture: uint8 array `(height, width, 3)`. Only pictures of one size compare.

    Returns:
        A non-negative float, in squared grey levels of 0 to 255.

    Reference:
        Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy: a
        comparative study".
    """
    grey = np.asarray(Image.fromarray(picture).convert("L"), "float64")
    return float(ndimage.laplace(grey).var())
