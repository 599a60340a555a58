"""Checks of arguments: a choice, a whole number, a real number, labels."""

import math
import operator

import numpy as np

_LIMITS = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}


def check_choice(what, value, choices):
    """Refuses a value that is none of the choices, which the message lists."""
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise ValueError(
            f"Expected {what} {listed}, received {value!r}: choose one of these."
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


def check_real(name, value, **limits):
    """Returns a finite number within limits (`_LIMITS`) as a float, or refuses it."""
    real = isinstance(value, (int, float, np.integer, np.floating))
    if (
        not real
        or isinstance(value, bool)
        or not abs(value) < math.inf
        or not all(_LIMITS[kind](value, limit) for kind, limit in limits.items())
    ):
        words = [f"{kind.replace('_', ' ')} {limit}" for kind, limit in limits.items()]
        raise ValueError(
            f"Expected {name} to be a finite number {' and '.join(words)}, received "
            f"{value!r}: choose a number within these limits."
        )
    return float(value)


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
