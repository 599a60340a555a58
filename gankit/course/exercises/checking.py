"""Measures an answer with what it needs of a notebook, and judges what was measured.

`Marker.measure` executes the answer. `Marker.judge` needs only the numbers that it
returns, so that it can run in another process.
"""

import builtins

import numpy as np

from gankit.course.exercises.dependencies import (
    calls_in_check,
    execute,
    free_names,
    notebook_statements,
    parse_statements,
    select,
)

NO_NUMBERS = "It sent something other than the numbers that the check measures."


class Marker:
    """One exercise of a notebook and the checks of its answers.

    Args:
        cells: The notebook's cells.
        exercise: The `Exercise`.
    """

    def __init__(self, cells, exercise):
        check = parse_statements(exercise.check)
        self.calls = calls_in_check(check, exercise.check_name)
        self.above = notebook_statements(cells[: exercise.position])
        # The last statement names the answer, which may be a name of the notebook, too.
        needed, _ = select(self.above, free_names(check[:-1]))
        self.check = [*needed, *check[:-1]]

    def checks(self):
        """The `Check`s that the exercise's check calls."""
        names = {}
        execute(self.check, names)
        return [eval(called, names) for called, _ in self.calls]

    def measure(self, code, others):
        """Executes an answer and measures it.

        Names that the course's notebook does not define, such as a student's own
        import, are looked up in the other cells of the submission.

        Args:
            code: The answer's text.
            others: Texts of the submission's other cells.

        Returns:
            A list with a dict for each check: what `Check.outcome` returns, with lists
            of numbers in place of arrays.

        Raises:
            Exception: Whatever the answer raises.
        """
        answer = parse_statements(code)
        used = {name for _, names in self.calls for name in names}
        used = free_names([*answer, *parse_statements("\n".join(used))])
        needed, missing = select(self.above, used)
        own, _ = select(
            notebook_statements([{"cell_type": "code", "source": s} for s in others]),
            missing - set(dir(builtins)),
        )
        if own:
            needed, _ = select(self.above, used | free_names(own))
        checks, names = self.checks(), {"__name__": "__main__"}
        execute([*needed, *own, *answer], names)
        outcomes = []
        for check, (_, arguments) in zip(checks, self.calls, strict=True):
            functions = tuple(eval(argument, names) for argument in arguments)
            outcome = check.outcome(functions)
            outcomes.append(
                {w: None if v is None else v.tolist() for w, v in outcome.items()}
            )
        return outcomes

    def judge(self, outcomes):
        """Compares what was measured with the right answer.

        Args:
            outcomes: What `measure` should have returned.

        Returns:
            `(mark, reason)`: 1 and "Right.", or 0 and what is wrong, in a sentence.
        """
        try:
            pairs = list(zip(self.checks(), map(_arrays, outcomes), strict=True))
        except (AttributeError, TypeError, ValueError):
            return 0, NO_NUMBERS
        for check, outcome in pairs:
            right, lines = check.judge(outcome)
            if not right:
                reason = next(line for line in lines if not line.endswith(", right"))
                return 0, reason if reason.endswith(".") else f"{reason}."
        return 1, "Right."


def _arrays(outcome):
    return {
        what: None if value is None else np.asarray(value, "float64")
        for what, value in outcome.items()
    }
