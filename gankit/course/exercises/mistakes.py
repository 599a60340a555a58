"""Checks that name the mistake in a wrong answer.

A check compares what an answer computes with what the right answer computes. Where they
differ, it computes each known mistake and prints the sentence of the one that matches.
Whatever else an answer does ends in one sentence, too. See docs/grading.md.
"""

import copy
import sys

import numpy as np

from gankit.course.exercises.guard import Misuse, guarded

# Allows for float32 rounding and for a different order of computation.
RELATIVE, ABSOLUTE = 1e-3, 1e-5
_MOST_NUMBERS = 6


class Check:
    """Compares an answer with the right one, and names its mistake.

    All measured values must agree. Choose inputs for which the right answer and all
    mistakes give different values.

    Args:
        measure: Dict from a description to the tuple of arguments to call the answer
            with. Or a function that calls the answer (one function or several) itself
            and returns a dict from a description to a number or an array; `None` where
            there is no answer yet.
        right: One right answer, a function or a tuple of functions.
        mistakes: Dict of common mistakes, from a sentence (what is wrong, and what to
            do about it) to the answer with this mistake, in the form of `right`.
    """

    def __init__(self, measure, right, mistakes):
        self.measure = measure if callable(measure) else _calls(measure)
        self.right = right
        self.mistakes = mistakes

    def __call__(self, *answer):
        """Prints the mistake, if it is known, and a line for each measured value.

        Args:
            *answer: The functions of the answer.

        Returns:
            Whether the answer is right.
        """
        outcome, reason = guarded(lambda: self.outcome(answer))
        right, lines = (False, [reason]) if reason else self.judge(outcome)
        print(*lines, sep="\n")
        return right

    def outcome(self, answer):
        """Measures an answer.

        Args:
            answer: One function, or a tuple of functions.

        Returns:
            A dict of float64 arrays without axes of length 1; `None` stands for what
            is missing yet.

        Raises:
            Misuse: If a function that has a body returns `None`, or what is measured
                is not a number or an array.
        """
        functions = answer if isinstance(answer, tuple) else (answer,)
        measured = self.measure(*functions)
        outcome = {what: numbers(what, value) for what, value in measured.items()}
        missing = any(value is None for value in outcome.values())
        if missing and all(map(_has_body, functions)):
            raise Misuse("A function returns None: end it with return and the result.")
        return outcome

    def judge(self, outcome):
        """Compares what was measured of an answer with the right answer.

        Args:
            outcome: From `outcome`.

        Returns:
            `(right, lines)`: whether all values agree, and what to print.
        """
        expected = self.outcome(self.right)
        lines = [
            f"{what}: {_comparison(value, outcome.get(what))}"
            for what, value in expected.items()
        ]
        return agree(expected, outcome), [*self._sentences(expected, outcome), *lines]

    def _sentences(self, expected, outcome):
        """The sentence of one mistake, or of several that explain what is wrong."""
        wrong = _differences(expected, outcome)
        found, explained = [], set()
        for sentence, answer in self.mistakes.items() if wrong else ():
            mistaken = self.outcome(answer)
            changed = _differences(expected, mistaken)
            if agree({what: mistaken[what] for what in changed}, outcome):
                if changed == wrong:
                    return [sentence]
                found.append(sentence)
                explained.update(changed)
        if explained == set(wrong):
            return found
        undefined = [what for what in wrong if not np.isfinite(outcome[what]).all()]
        return [
            f"{what} is NaN or infinite: look for a division by 0, or for a logarithm "
            "or a root of a number that has none."
            for what in undefined[:1]
        ]


def copies(*arguments):
    """Copies of arguments, as an answer may change the arrays that it receives."""
    return copy.deepcopy(arguments)


def either_wrong(right, first, second):
    """Mistakes in one of two functions, each with the other one right.

    Args:
        right: The two right functions.
        first: Dict from a sentence to a wrong first function.
        second: Dict from a sentence to a wrong second function.

    Returns:
        A dict from a sentence to a pair of functions.
    """
    one = {sentence: (answer, right[1]) for sentence, answer in first.items()}
    return one | {sentence: (right[0], answer) for sentence, answer in second.items()}


def agree(outcome, other):
    """Whether two outcomes have the same values.

    Args:
        outcome: From `Check.outcome`.
        other: Another outcome.

    Returns:
        A bool; axes of length 1 make no difference.
    """
    return all(_close(value, other.get(what)) for what, value in outcome.items())


def _differences(expected, outcome):
    """What has another value in another outcome, apart from what is missing there."""
    return [
        what
        for what, value in expected.items()
        if outcome.get(what) is not None and not _close(value, outcome[what])
    ]


def _close(value, other):
    if value is None or other is None or value.shape != other.shape:
        return False
    return bool(np.allclose(other, value, rtol=RELATIVE, atol=ABSOLUTE))


def is_missing(value):
    """Whether a value stands for no answer yet: `None` or `...`."""
    return value is None or value is ...


def pair(returned, message):
    """The two results of a function, `None` where it has no answer yet.

    Args:
        returned: What the function returned.
        message: What it should return, a sentence.

    Raises:
        Misuse: If it is not a pair, with the message.
    """
    if is_missing(returned):
        return None, None
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise Misuse(message)
    return returned


def numbers(what, value):
    """Converts a number, an array or a tensor.

    Args:
        what: Description of the value.
        value: What a function of an answer returned.

    Returns:
        A float64 array without axes of length 1; `None` where there is no answer yet.

    Raises:
        Misuse: If the value is something else.
    """
    if is_missing(value):
        return None
    keras = sys.modules.get("keras")
    try:
        if keras and keras.ops.is_tensor(value):
            value = keras.ops.convert_to_numpy(keras.ops.stop_gradient(value))
        array = np.asarray(value)
        # Letters and complex numbers would pass if they happen to be real numbers.
        if array.dtype.kind in "USc":
            raise TypeError
        return np.squeeze(array.astype("float64"))
    except (TypeError, ValueError):
        raise Misuse(
            f"Expected numbers for {what}, received {type(value).__name__}: return a "
            "number or an array."
        ) from None


def _placeholder(): ...


def _has_body(function):
    """Whether a Python function does more than the placeholder of an answer."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_code != _placeholder.__code__.co_code


def _calls(cases):
    """Measures what one function returns for each tuple of arguments."""
    return lambda answer: {
        what: answer(*copies(*arguments)) for what, arguments in cases.items()
    }


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
