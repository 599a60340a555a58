"""Checks of arguments: one of several choices, a whole number, a real number."""

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
    """Returns a finite number within limits as a float, or refuses the value.

    Args:
        name: Name of the argument, for the message.
        value: Its value.
        **limits: Any of `at_least`, `above`, `at_most` and `below`.

    Raises:
        ValueError: If the value is no number, NaN, infinite or outside the limits.
    """
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
