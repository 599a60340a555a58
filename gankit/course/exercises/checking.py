"""Runs the course's check on an answer, first with the student's code, then without.

The first run executes the answer and calls the check on it, and records what the
answer's functions return. If the check passes, it runs again in another process that
has only these values. Whatever the answer did to NumPy or to the check in the first
process has no effect there. An answer that is not data (a layer, or a step on networks
that the check passes in) cannot be replayed. Then the first run counts, provided that
the answer replaced no library function.
"""

import ast
import builtins
import contextlib
import io
import sys

from gankit.course.exercises import packing
from gankit.course.exercises.dependencies import (
    SYNTAX_ERRORS,
    execute,
    free_names,
    notebook_statements,
    parse_statements,
    select,
    split_check,
)

_LIBRARIES = ("builtins", "math", "numpy", "scipy", "sklearn", "keras", "gankit")
_LONGEST_REASON = 160


class ExerciseContext:
    """The statements of a course notebook that one exercise needs.

    Args:
        cells: The notebook's cells.
        exercise: The `Exercise`.
    """

    def __init__(self, cells, exercise):
        self.check_name = exercise.check_name
        self.check, self.arguments = split_check(
            parse_statements(exercise.check), exercise.check_name
        )
        self.above = notebook_statements(cells[: exercise.position])
        self.needs, _ = select(self.above, free_names(self.check))

    def namespace(self, more=()):
        """Executes the check's definitions and what they need.

        Args:
            more: Further `Statement`s of the notebook to execute.

        Returns:
            The dict of global names.
        """
        packing.seed(0)
        names = {"__name__": "__main__"}
        chosen = {*self.needs, *more}
        execute([*(s for s in self.above if s in chosen), *self.check], names)
        return names

    def dependencies(self, answer, others):
        """Finds what an answer needs besides the check's own dependencies.

        Names that the course's notebook does not define, such as a student's own
        import, are looked up in the other cells of the submission.

        Args:
            answer: The answer's `Statement`s.
            others: The `Statement`s of the submission's other cells.

        Returns:
            `(ours, own)`: statements of the course's notebook, and statements of the
            student to execute before the answer.
        """
        arguments = parse_statements(ast.unparse(self.arguments))
        names = free_names([*answer, *arguments])
        ours, missing = select(self.above, names)
        own, _ = select(others, missing - set(dir(builtins)))
        more, _ = select(self.above, free_names(own))
        return [*ours, *more], own


def try_answer(context, code, others):
    """Executes an answer and the course's check of it.

    Args:
        context: The `ExerciseContext`.
        code: The answer's text.
        others: Texts of the submission's other cells.

    Returns:
        A dict: `right`, `reason` (a sentence), `replaced` (names of library functions
        that the answer replaced), and `results` to replay, or `None`.
    """
    try:
        answer = parse_statements(code)
    except SYNTAX_ERRORS as error:
        return _failure(error, "The answer is not valid Python")
    ours, own = context.dependencies(
        answer,
        notebook_statements([{"cell_type": "code", "source": text} for text in others]),
    )
    names = context.namespace(ours)
    student_names = dict(names)
    libraries = LibrarySnapshot()
    try:
        execute([*own, *answer], student_names)
        arguments = eval(compile(context.arguments, "<check>", "eval"), student_names)
    except BaseException as error:
        return _failure(error, "The answer raised an error", libraries.restore())
    replaced = libraries.restore()
    recorders = [_recorder(argument) for argument in arguments]
    try:
        right, reason = _run_check(names[context.check_name], recorders)
    except BaseException as error:
        return _failure(error, "The check raised an error", libraries.restore())
    return {
        "right": right,
        "reason": reason,
        "replaced": sorted({*replaced, *libraries.restore()}),
        "results": _results(recorders, arguments),
    }


def replay(context, results):
    """Runs the course's check on the values that an answer returned.

    Args:
        context: The `ExerciseContext`.
        results: From `try_answer`.

    Returns:
        A dict: `right` and `reason`; `right` is `None` if the values cannot be read.
    """
    names = context.namespace()
    try:
        arguments = [
            packing.Replay(result["calls"])
            if "calls" in result
            else packing.unpack(result["value"])
            for result in results
        ]
    except ValueError:
        return {"right": None, "reason": ""}
    try:
        right, reason = _run_check(names[context.check_name], arguments)
    except Exception as error:
        return _failure(error, "The check of its values raised an error")
    return {"right": right, "reason": reason}


def _recorder(argument):
    keras = sys.modules.get("keras")
    if callable(argument) and not (keras and isinstance(argument, keras.Model)):
        return packing.Recorder(argument)
    return argument


def _results(recorders, arguments):
    results = []
    for recorder, argument in zip(recorders, arguments, strict=True):
        if recorder is argument:
            try:
                results.append({"value": packing.pack(argument)})
            except packing.Unpackable:
                return None
        elif recorder.results is None:
            return None
        else:
            results.append({"calls": recorder.results})
    return results


def _run_check(check, arguments):
    output = io.StringIO()
    packing.seed(0)
    with contextlib.redirect_stdout(output):
        right = bool(check(*arguments))
    if right:
        return right, "Right."
    lines = [line.strip() for line in output.getvalue().splitlines() if line.strip()]
    wrong = [line for line in lines if not line.endswith(", right")]
    return right, _sentence((wrong or lines or ["The check failed"])[0])


def _failure(error, what, replaced=()):
    if isinstance(error, MemoryError):
        why = "it needs more memory than allowed"
    else:
        why = f"{type(error).__name__}: {error}"
    return {
        "right": False,
        "reason": _sentence(f"{what}: {why}"),
        "replaced": sorted(replaced),
        "results": None,
    }


def _sentence(text):
    text = " ".join(text.split())
    if len(text) > _LONGEST_REASON:
        text = text[: _LONGEST_REASON - 3].rstrip() + "..."
    return text if text.endswith((".", "!", "?")) else text + "."


class LibrarySnapshot:
    """The functions and classes of the libraries at one moment."""

    def __init__(self):
        self._modules = {
            name: module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in _LIBRARIES and module is not None
        }
        self._originals = [
            (name, attribute, value)
            for name, module in self._modules.items()
            for attribute, value in list(vars(module).items())
            if callable(value)
        ]

    def restore(self):
        """Undoes replacements; returns what was replaced, such as `numpy.isclose`."""
        replaced = []
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                replaced.append(name)
        for name, attribute, value in self._originals:
            if vars(self._modules[name]).get(attribute) is not value:
                setattr(self._modules[name], attribute, value)
                replaced.append(f"{name}.{attribute}")
        return replaced
