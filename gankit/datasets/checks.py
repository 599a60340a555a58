"""Checks that the data sets share."""

import math

import numpy as np


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

    Floats from 0 to 1, NaN and all other values are refused.
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
    if 0 <= low and 1 < high <= 255:
        return True
    limits = (0, 1) if 0 <= low <= high <= 1 else (low, high)
    raise ValueError(
        f"Expected {what} as levels from 0 to 255, or as floats from -1 to 1, received "
        f"{images.dtype} from {low:g} to {high:g}: scale them, for example with "
        f"gankit.datasets.to_uint8(images, {limits})."
    )


def check_labels(labels, count, num_classes=None, what="labels"):
    """Returns labels `(count,)` in [0, num_classes) as int32, or refuses them."""
    labels = np.asarray(labels)
    if labels.shape != (count,):
        raise ValueError(
            f"Expected {what} to have the shape ({count},), one per image, received "
            f"{labels.shape}: pass labels.reshape(-1) if only the axes differ, or "
            "labels.argmax(axis=-1) if they are one-hot."
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"Expected {what} to be whole numbers (0, 1, ...), received "
            f"{labels.dtype}: number the classes and pass integers."
        )
    most = (num_classes or 2**31) - 1
    if count and (labels.min() < 0 or labels.max() > most):
        limits = "from 0 up" if num_classes is None else f"from 0 to {most}"
        raise ValueError(
            f"Expected {what} to be whole numbers {limits}, received values from "
            f"{labels.min()} to {labels.max()}: number the classes from 0, and name "
            "or build as many as there are."
        )
    return labels.astype(np.int32)
