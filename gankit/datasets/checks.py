"""Checks that the data sets share."""

import math

import numpy as np

# Images whose largest value is below may have another range than 0 to 255.
DARKEST = 64


def check_images(images, what="images"):
    """Refuses anything but uint8 `(n, height, width, 1 or 3)` with n > 0."""
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        received = getattr(images, "dtype", type(images).__name__)
        raise ValueError(
            f"Expected {what} to be a NumPy array of type uint8 (0 to 255), received "
            f"{received}: convert with gankit.datasets.to_uint8(images, (low, high))."
        )
    check_shape(images, what)
    if 0 in images.shape:
        raise ValueError(
            f"Expected {what} to hold at least one image, received the shape "
            f"{images.shape}: check the source, or leave out an empty split."
        )


def check_shape(images, what="images"):
    """Refuses all shapes but `(n, height, width, 1 or 3)`."""
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected {what} to have the shape (n, height, width, channels) with 1 or "
            f"3 channels, received {images.shape}: add or move an axis, for example "
            "with images[..., None] for grey images."
        )


def check_range(value_range):
    """Returns the two ends of a range of values, or refuses it."""
    try:
        low, high = value_range
        right = 0 < high - low < math.inf
    except (TypeError, ValueError):
        right = False
    if not right:
        raise ValueError(
            "Expected value_range, of images that are not uint8, to be two finite "
            f"numbers, low below high, received {value_range!r}: pass (-1, 1) or "
            "(0, 255), for example."
        )
    return low, high


def are_levels(images, what="images"):
    """Tells levels from 0 to 255 (True) from floats in [-1, 1] (False), or refuses.

    Other types than uint8 are levels if the largest is 64 or more. Floats from 0 to 1,
    levels from 0 to 16 or 0 to 9, NaN and all other values are refused.
    """
    if images.dtype == np.uint8:
        return True
    integers = images.dtype.kind in "iu"
    low = high = math.nan
    if integers or images.dtype.kind in "fV":  # V is bfloat16
        low, high = float(images.min()), float(images.max())
    if not high - low < math.inf:
        raise ValueError(
            f"Expected {what} to hold finite integers or floats, received others in "
            f"{images.dtype}: find out where NaN comes from, or convert the type."
        )
    if -1 <= low <= high <= 1 and not integers and (low < 0 or low == high):
        return False
    if 0 <= low and DARKEST <= high <= 255:
        return True
    limits = (min(0, low), max(1, high))
    dark = " or, if they are dark, (0, 255)" if 0 <= low and 1 < high < DARKEST else ""
    raise ValueError(
        f"Expected {what} as levels from 0 to 255, or as floats from -1 to 1, received "
        f"{images.dtype} from {low:g} to {high:g}: scale them, for example with "
        f"gankit.datasets.to_uint8(images, {limits}){dark}."
    )
