"""Checks that name the mistake in a wrong answer.

A check of a loss, a step or a layer compares what an answer computes with what the
right answer computes. Where they differ, it computes each known mistake and prints the
sentence of the one that matches. See docs/grading.md.
"""

import copy
import sys

import numpy as np

# Allows for float32 rounding and for a different order of computation.
RELATIVE, ABSOLUTE = 1e-3, 1e-5
_MOST_NUMBERS = 6


class Misuse(ValueError):
    """Raised by an object that a check passes to an answer, when it is misused.

    Its message is a sentence for the student.
    """


class Check:
    """Compares an answer with the right one, and names its mistake.

    All measured values must agree. `measure` has to choose inputs for which the right
    answer and all mistakes give different values.

    Args:
        measure: Function that calls the answer (one function or several) and returns a
            dict from a description to a number or an array; `None` where there is no
            answer yet.
        right: One right answer, a function or a tuple of functions.
        mistakes: Dict of common mistakes, from a sentence (what is wrong, and what to
            do about it) to the answer with this mistake, in the form of `right`.
    """

    def __init__(self, measure, right, mistakes):
        self.measure = measure
        self.right = right
        self.mistakes = mistakes

    def __call__(self, *answer):
        """Prints the mistake, if it is known, and a line for each measured value.

        Args:
            *answer: The functions of the answer.

        Returns:
            Whether the answer is right.
        """
        expected = self.outcome(self.right)
        try:
            yours = self.outcome(answer)
        except Misuse as error:
            print(error)
            return False
        right = agree(expected, yours)
        if not right and (sentence := self.sentence_for(yours)):
            print(sentence)
        for what, value in expected.items():
            print(f"{what}: {_comparison(value, yours.get(what))}")
        return right

    def outcome(self, answer):
        """Measures an answer: a dict of arrays, with `None` for what is missing yet."""
        functions = answer if isinstance(answer, tuple) else (answer,)
        return {what: _array(v) for what, v in self.measure(*functions).items()}

    def sentence_for(self, outcome):
        """The sentence of the mistake that has this outcome, or `None`."""
        for sentence, answer in self.mistakes.items():
            if agree(self.outcome(answer), outcome):
                return sentence
        return None


def copies(*arguments):
    """Copies of arguments, as an answer may change the arrays that it receives."""
    return copy.deepcopy(arguments)


def agree(outcome, other):
    """Whether two outcomes have the same values.

    Args:
        outcome: From `Check.outcome`.
        other: Another outcome.

    Returns:
        A bool; axes of length 1 make no difference.
    """
    return all(_close(value, other.get(what)) for what, value in outcome.items())


def _close(value, other):
    if value is None or other is None or value.shape != other.shape:
        return False
    return bool(np.allclose(other, value, rtol=RELATIVE, atol=ABSOLUTE))


def _array(value):
    """A number, an array or a tensor as float64 array without axes of length 1."""
    if value is None or value is ...:
        return None
    keras = sys.modules.get("keras")
    if keras and keras.ops.is_tensor(value):
        value = keras.ops.convert_to_numpy(keras.ops.stop_gradient(value))
    return np.squeeze(np.asarray(value, "float64"))


def _comparison(expected, yours):
    right = _close(expected, yours)
    if yours is None:
        return "not yet"
    if yours.shape != expected.shape:
        return f"expected {_size(expected)}, yours {_size(yours)}, wrong"
    if expected.size <= _MOST_NUMBERS:
        texts = _text(expected), _text(yours)
    elif right:
        texts = _text(expected), "the same"
    else:
        # The largest difference says more than the first.
        with np.errstate(invalid="ignore"):
            gap = np.nan_to_num(np.abs(yours - expected), nan=np.inf)
        at = np.unravel_index(gap.argmax(), gap.shape)
        place = ", ".join(map(str, at))
        texts = f"{expected[at]:.4g} at [{place}]", f"{yours[at]:.4g}"
    return f"expected {texts[0]}, yours {texts[1]}, {'right' if right else 'wrong'}"


def _text(array):
    if array.size > _MOST_NUMBERS:
        return _size(array)
    # Adding 0 turns -0 into 0.
    return " ".join(f"{float(f'{number:.4g}') + 0:g}" for number in np.ravel(array))


def _size(array):
    sides = " x ".join(map(str, array.shape))
    return f"{sides} numbers" if sides else "one number"
