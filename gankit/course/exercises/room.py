"""The process that grades: `python -m gankit.course.exercises.room`.

It imports once what the exercises need and then forks for every answer, so that a
class of answers does not import Keras as often. Requests come as lines of JSON, and
each is answered by a line.
"""

import json
import os
import sys
import time
from pathlib import Path

from gankit.course.exercises import apart
from gankit.course.exercises.cells import exercises, read
from gankit.course.exercises.checking import Lesson, play_back, try_answer
from gankit.course.exercises.slices import needed, run, statements, uses_of


def main():
    """Reads folder and limits, then requests until there are none."""
    begin = json.loads(sys.stdin.readline())
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    lessons = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["notebook"]
        try:
            if name not in lessons:
                lessons[name] = _open(Path(begin["folder"]) / f"{name}.ipynb")
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        else:
            reply = _grade(lessons[name][request["number"]], request, begin)
        print(json.dumps(reply), file=replies, flush=True)


def _open(path):
    notebook = read(path)
    lessons = {}
    for exercise in exercises(notebook):
        lesson = Lesson(notebook["cells"], exercise)
        solution = statements(exercise.solution)
        # Imports alone: a backend that has computed cannot be forked.
        for some in (lesson.context, needed(lesson.above, uses_of(solution))[0]):
            run([s for s in [*some, *lesson.check] if s.is_import], {})
        lessons[exercise.number] = lesson
    return lessons


def _grade(lesson, request, limits):
    start = time.monotonic()
    limits = limits["seconds"], limits["memory"]
    # What does not end may be the fault of a machine that stalled: once more.
    for _ in range(2):
        begun = time.monotonic()
        tried, why = apart.call_apart(
            lambda: try_answer(lesson, request["code"], request["others"]), *limits
        )
        if tried is not None or time.monotonic() - begun < limits[0]:
            break
    if not isinstance(tried, dict):
        right, reason, replaced = False, why or "It wrote no result.", []
    else:
        right, reason, replaced = tried["right"], tried["reason"], tried["replaced"]
        if right is True:
            right, reason = _again(lesson, tried, limits)
    return {
        "right": right is True,
        "reason": str(reason),
        "replaced": [str(name) for name in replaced],
        "seconds": time.monotonic() - start,
    }


def _again(lesson, tried, limits):
    played = {"right": None}
    if tried["results"] is not None:
        played, why = apart.call_apart(
            lambda: play_back(lesson, tried["results"]), *limits
        )
        if played is None:
            return False, f"The check of its values alone failed. {why}"
    if played["right"] is None:
        if tried["replaced"]:
            return False, "Not to be trusted without what it replaced; look at it."
        return True, tried["reason"]
    if not played["right"]:
        return False, f"Right beside its own code only: {played['reason']}"
    return True, played["reason"]


if __name__ == "__main__":
    main()
