"""What is wrong with an answer, in words.

A check of a loss, a step or a layer compares what an answer gives with what the right
one gives. Where they differ it tries what each known mistake gives, and says in a
sentence which one was made. See docs/grading.md.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Apart from the rounding of float32, and of one way to compute from another.
RELATIVE, ABSOLUTE = 1e-3, 1e-5
_MOST_SHOWN = 6


class Misuse(ValueError):
    """Raised by what a check hands over, where an answer cannot use it like that.

    Its words are a sentence for the student.
    """


@dataclass(frozen=True)
class Mistake:
    """A mistake that is often made.

    Attributes:
        sentence: What is wrong, and what to do about it.
        answer: The answer of somebody who makes it: what the exercise asks for, a
            function or a tuple of functions.
    """

    sentence: str
    answer: Callable | tuple


class Check:
    """Compares an answer with the right one, and names its mistake.

    Everything that is measured must agree. The inputs are the measure's: it has to
    choose them so that the right answer and the mistakes all differ.

    Args:
        measure: Function of the answer, or of the several functions that it consists
            of, that calls it and gives a dict from what was measured to a number or an
            array; `None` where there is no answer yet.
        right: One right answer, a function or a tuple of functions.
        *mistakes: Each a `Mistake`.
    """

    def __init__(self, measure, right, *mistakes):
        self.measure = measure
        self.right = right
        self.mistakes = mistakes

    def __call__(self, *answer):
        """Prints the mistake, if it is known, and a line for all that was measured.

        Args:
            *answer: The functions of the answer.

        Returns:
            Whether it is right.
        """
        expected = self.outcome(self.right)
        try:
            yours = self.outcome(answer)
        except Misuse as error:
            print(error)
            return False
        right = alike(expected, yours)
        if not right and (sentence := self.sentence_for(yours)):
            print(sentence)
        for what, value in expected.items():
            print(f"{what}: {_compared(value, yours.get(what))}")
        return right

    def outcome(self, answer):
        """What an answer gives: a dict to arrays; `None` for what is not there yet."""
        functions = answer if isinstance(answer, tuple) else (answer,)
        return {what: _array(v) for what, v in self.measure(*functions).items()}

    def sentence_for(self, outcome):
        """The sentence of the mistake that gives such an outcome, or `None`."""
        for mistake in self.mistakes:
            if alike(self.outcome(mistake.answer), outcome):
                return mistake.sentence
        return None


def copies(*arrays):
    """Copies of arrays: an answer may change what it is given."""
    return [array.copy() for array in arrays]


def alike(outcome, other):
    """Whether two outcomes have the same values.

    Args:
        outcome: From `Check.outcome`.
        other: Another.

    Returns:
        A bool; axes of length 1 make no difference.
    """
    return all(_close(value, other.get(what)) for what, value in outcome.items())


def _close(value, other):
    if value is None or other is None or value.shape != other.shape:
        return False
    return bool(np.allclose(other, value, rtol=RELATIVE, atol=ABSOLUTE))


def _array(value):
    """A number, an array or a tensor as a float64 array, axes of length 1 left out."""
    if value is None or value is ...:
        return None
    keras = sys.modules.get("keras")
    if keras and keras.ops.is_tensor(value):
        value = keras.ops.convert_to_numpy(keras.ops.stop_gradient(value))
    return np.squeeze(np.asarray(value, "float64"))


def _compared(expected, yours):
    right = _close(expected, yours)
    if yours is None:
        return f"expected {_shown(expected)}, yours not yet"
    if yours.shape != expected.shape:
        return f"expected {_size(expected)}, yours {_size(yours)}, not so"
    if expected.size <= _MOST_SHOWN:
        told = _shown(expected), _shown(yours)
    elif right:
        told = _shown(expected), "the same"
    else:
        # Where they differ most says more than the first of them.
        with np.errstate(invalid="ignore"):
            gap = np.nan_to_num(np.abs(yours - expected), nan=np.inf)
        at = np.unravel_index(gap.argmax(), gap.shape)
        place = ", ".join(map(str, at))
        told = f"{expected[at]:.4g} at [{place}]", f"{yours[at]:.4g}"
    return f"expected {told[0]}, yours {told[1]}, {'right' if right else 'not so'}"


def _shown(array):
    if array.size > _MOST_SHOWN:
        return _size(array)
    # Adding 0 turns -0 into 0.
    return " ".join(f"{float(f'{number:.4g}') + 0:g}" for number in np.ravel(array))


def _size(array):
    sides = " x ".join(map(str, array.shape))
    return f"{sides} numbers" if sides else "one number"
