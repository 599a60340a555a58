"""An answer under our check: once beside the student's code, once without it.

First the answer is executed and our check called on it, while what its functions
return is kept. If the check says right, it is called again in another process, which
has only those values: whatever the answer did to NumPy or to the check in the first
process is not there. An answer that is no data (a layer, a step on networks that the
check hands over) cannot be played back; then the first call counts, if no function of
the libraries was replaced.
"""

import ast
import builtins
import contextlib
import io
import sys

from gankit.course.exercises import packing, slices

_WATCHED = ("builtins", "math", "numpy", "scipy", "sklearn", "keras", "gankit")
_LONGEST = 160


class Lesson:
    """What is executed of our notebook for one exercise.

    Args:
        cells: The notebook's cells.
        exercise: The `Exercise`.
    """

    def __init__(self, cells, exercise):
        self.name = exercise.check_name
        check = slices.statements(exercise.check)
        self.check, self.arguments = slices.call_of(check, self.name)
        self.above = slices.statements_of(cells[: exercise.position])
        self.context, _ = slices.needed(self.above, slices.uses_of(self.check))

    def prepare(self):
        """Executes the check's definitions and what they need; returns the names."""
        packing.seed(0)
        names = {"__name__": "__main__"}
        slices.run([*self.context, *self.check], names)
        return names

    def prepare_for(self, answer, others):
        """Executes what an answer needs as well.

        What our notebook does not define is looked for in the submission's other
        cells, such as an import of one's own.

        Args:
            answer: Its `Statement`s.
            others: The `Statement`s of the submission's other cells.

        Returns:
            `(names, own)`: the check's names, and a list of the student's statements
            to execute in a copy of them.
        """
        wanted = slices.uses_of(
            [*answer, *slices.statements(ast.unparse(self.arguments))]
        )
        wanted -= frozenset().union(*(s.defines for s in answer))
        ours, missing = slices.needed(self.above, wanted)
        own, _ = slices.needed(others, missing - set(dir(builtins)))
        more, _ = slices.needed(self.above, slices.uses_of(own))
        packing.seed(0)
        names = {"__name__": "__main__"}
        context = {id(s): s for s in [*self.context, *ours, *more]}
        order = [s for s in self.above if id(s) in context]
        slices.run([*order, *self.check], names)
        return names, own


def try_answer(lesson, code, others):
    """Executes an answer and our check of it.

    Args:
        lesson: A `Lesson`.
        code: The answer's text.
        others: Texts of the submission's other cells.

    Returns:
        A dict: `right`, `reason` (a sentence), `replaced` (names of functions of the
        libraries that the answer replaced), and `results` to play back, or `None`.
    """
    try:
        answer = slices.statements(code)
    except slices.NO_PYTHON as error:
        return _failed(error, "The answer is no Python")
    known = slices.statements_of(
        [{"cell_type": "code", "source": other} for other in others]
    )
    names, own = lesson.prepare_for(answer, known)
    theirs = dict(names)
    watch = Watch()
    try:
        slices.run([*own, *answer], theirs)
        arguments = eval(compile(lesson.arguments, "<check>", "eval"), theirs)
    except BaseException as error:
        return _failed(error, "The answer stopped", watch.put_back())
    replaced = watch.put_back()
    recorded = [_recorder(argument) for argument in arguments]
    try:
        right, reason = _check(names[lesson.name], recorded)
    except BaseException as error:
        return _failed(error, "The check of the answer stopped", watch.put_back())
    return {
        "right": right,
        "reason": reason,
        "replaced": sorted({*replaced, *watch.put_back()}),
        "results": _results(recorded, arguments),
    }


def play_back(lesson, results):
    """Calls our check on what an answer returned.

    Args:
        lesson: A `Lesson`.
        results: From `try_answer`.

    Returns:
        A dict: `right` and `reason`; `right` is `None` if nothing can be played back.
    """
    names = lesson.prepare()
    try:
        arguments = [
            packing.Player(kept["calls"])
            if "calls" in kept
            else packing.unpack(kept["value"])
            for kept in results
        ]
    except ValueError:
        return {"right": None, "reason": ""}
    try:
        right, reason = _check(names[lesson.name], arguments)
    except Exception as error:
        return _failed(error, "The check of its values stopped")
    return {"right": right, "reason": reason}


def _recorder(argument):
    keras = sys.modules.get("keras")
    if callable(argument) and not (keras and isinstance(argument, keras.Model)):
        return packing.Recorder(argument)
    return argument


def _results(recorded, arguments):
    kept = []
    for recorder, argument in zip(recorded, arguments, strict=True):
        if recorder is argument:
            try:
                kept.append({"value": packing.pack(argument)})
            except packing.Unpackable:
                return None
        elif recorder.results is None:
            return None
        else:
            kept.append({"calls": recorder.results})
    return kept


def _check(check, arguments):
    said = io.StringIO()
    packing.seed(0)
    with contextlib.redirect_stdout(said):
        right = bool(check(*arguments))
    return right, _reason(right, said.getvalue())


def _reason(right, said):
    if right:
        return "Right."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if not line.endswith(", right")]
    return _sentence((wrong or lines or ["The check says no"])[0])


def _failed(error, what, replaced=()):
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
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 3].rstrip() + "..."
    return text if text.endswith((".", "!", "?")) else text + "."


class Watch:
    """Functions and classes of the libraries as they are now."""

    def __init__(self):
        self._modules = {
            name: module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in _WATCHED and module is not None
        }
        self._known = [
            (name, attribute, value)
            for name, module in self._modules.items()
            for attribute, value in list(vars(module).items())
            if callable(value)
        ]

    def put_back(self):
        """Puts back what was replaced since; returns names such as `numpy.isclose`."""
        replaced = []
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                replaced.append(name)
        for name, attribute, value in self._known:
            if vars(self._modules[name]).get(attribute) is not value:
                setattr(self._modules[name], attribute, value)
                replaced.append(f"{name}.{attribute}")
        return replaced
