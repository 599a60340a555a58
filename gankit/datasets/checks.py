"""Checks that the data sets share."""

import numpy as np


def check_images(images, what="images"):
    """Refuses anything but uint8 `(n, height, width, 1 or 3)` with n > 0."""
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        received = getattr(images, "dtype", type(images).__name__)
        raise ValueError(
            f"Expected {what} to be a NumPy array of type uint8 (0 to 255), received "
            f"{received}: convert with gankit.datasets.to_uint8(images, (low, high))."
        )
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected {what} to have the shape (n, height, width, channels) with 1 or "
            f"3 channels, received {images.shape}: add or move an axis, for example "
            "with images[..., None] for grey images."
        )
    if 0 in images.shape:
        raise ValueError(
            f"Expected {what} to hold at least one image, received the shape "
            f"{images.shape}: check the source, or leave out an empty split."
        )


def check_labels(labels, count):
    """Returns the labels as int32, or refuses them."""
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(
            "Expected labels to be whole numbers (0, 1, ...), received "
            f"{labels.dtype}: number the classes and pass integers."
        )
    if labels.shape != (count,):
        raise ValueError(
            f"Expected labels to have the shape ({count},), one per image, received "
            f"{labels.shape}: pass labels.reshape(-1) if only the axes differ."
        )
    if labels.min() < 0 or labels.max() > np.iinfo(np.int32).max:
        raise ValueError(
            "Expected labels to be whole numbers from 0 up, received values from "
            f"{labels.min()} to {labels.max()}: number the classes from 0."
        )
    return labels.astype(np.int32)


def check_choice(what, value, choices):
    """Refuses a value that is none of the choices, which the message lists."""
    if value not in choices:
        raise ValueError(
            f"Expected {what} {', '.join(choices)}, received {value!r}: choose one of "
            "these."
        )


def check_number(name, value, at_least, at_most=None):
    """Returns a whole number within limits as an int, or refuses the value."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    high = value if at_most is None else at_most
    if not whole or not at_least <= value <= high:
        limits = f"from {at_least} " + ("up" if at_most is None else f"to {at_most}")
        raise ValueError(
            f"Expected {name} to be a whole number {limits}, received {value!r}: "
            "choose a number within these limits."
        )
    return int(value)
