"""The grading process: `python -m gankit.course.exercises.worker`.

It imports what the exercises need once and then forks for every answer, so that a
whole class needs a single import of Keras. Requests arrive as lines of JSON; the
process answers each with one line.
"""

import json
import os
import sys
import time
from pathlib import Path

from gankit.course.exercises.cells import exercises, read
from gankit.course.exercises.checking import ExerciseContext, replay, try_answer
from gankit.course.exercises.dependencies import (
    execute,
    free_names,
    parse_statements,
    select,
)
from gankit.course.exercises.sandbox import call_in_sandbox


def main():
    """Reads the folder and the limits, then answers requests until there are none."""
    settings = json.loads(sys.stdin.readline())
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    limits = settings["seconds"], settings["memory"]
    contexts = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["notebook"]
        try:
            if name not in contexts:
                contexts[name] = _open(Path(settings["folder"]) / f"{name}.ipynb")
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        else:
            reply = _grade(contexts[name][request["number"]], request, limits)
        print(json.dumps(reply), file=replies, flush=True)


def _open(path):
    notebook = read(path)
    contexts = {}
    for exercise in exercises(notebook):
        context = ExerciseContext(notebook["cells"], exercise)
        solution = free_names(parse_statements(exercise.solution))
        # Imports alone: a backend that has computed cannot be forked.
        for needs in (context.needs, select(context.above, solution)[0]):
            execute([s for s in [*needs, *context.check] if s.is_import], {})
        contexts[exercise.number] = context
    return contexts


def _grade(context, request, limits):
    start = time.monotonic()
    # A timeout may be the fault of a stalled machine, so the answer gets two attempts.
    for _ in range(2):
        attempt = time.monotonic()
        result, reason = call_in_sandbox(
            lambda: try_answer(context, request["code"], request["others"]), *limits
        )
        if result is not None or time.monotonic() - attempt < limits[0]:
            break
    replaced = []
    if isinstance(result, dict):
        right, reason, replaced = result["right"], result["reason"], result["replaced"]
        if right is True:
            right, reason = _confirm(context, result, limits)
    else:
        right, reason = False, reason or "It wrote no result."
    return {
        "right": right is True,
        "reason": str(reason),
        "replaced": [str(name) for name in replaced],
        "seconds": time.monotonic() - start,
    }


def _confirm(context, result, limits):
    """Checks the values of a right answer without its code: `(right, reason)`."""
    replayed = {"right": None}
    if result["results"] is not None:
        replayed, reason = call_in_sandbox(
            lambda: replay(context, result["results"]), *limits
        )
        if replayed is None:
            return False, f"The check of its values alone failed. {reason}"
    if replayed["right"] is None:
        if result["replaced"]:
            return False, "It passes only with what it replaced: read the answer."
        return True, result["reason"]
    if not replayed["right"]:
        reason = replayed["reason"]
        return False, f"It passes only together with its own code: {reason}"
    return True, replayed["reason"]


if __name__ == "__main__":
    main()
