"""Runs answers in a process of their own, with limits of time and memory.

This protects the grader against mistakes: endless loops, crashes, calls of `exit`, too
large arrays. It does not protect against malice. An answer has all rights of the user
who grades: it can read and write their files and use the network, and somebody who
knows Python well can compute the right numbers from gankit itself. For an exam, grade
in a container.

Only numbers come back, as JSON: what the checks measured. The grader's process compares
them with those of the right answer, and believes nothing else.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from gankit.course.exercises.cells import exercises, read
from gankit.course.exercises.checking import NO_NUMBERS, Marker
from gankit.course.exercises.dependencies import execute, notebook_statements
from gankit.course.exercises.guard import guarded

# What the guard cannot interrupt is killed so many seconds later.
_GRACE = 2.0
_SETTINGS = {"GANKIT_SIZE": "smoke", "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": "-1"}


def measure(path, answers, others, seconds, memory):
    """Executes the answers of one submission and measures them.

    Args:
        path: The course's notebook, a file.
        answers: Dict from the number of an exercise to the answer's text.
        others: Texts of the submission's cells.
        seconds: Limit of wall-clock time for an answer.
        memory: Limit of bytes, on top of what the libraries take. Only Linux has it.

    Returns:
        A dict from number to `(outcomes, "")`, of which `Marker.judge` says whether
        they are any, or `(None, reason)` with the reason as a sentence.

    Raises:
        RuntimeError: If what the course's notebook imports cannot be imported.
    """
    results = {}
    # An answer that ends the process needs another one for those after it.
    while waiting := {n: answers[n] for n in answers if n not in results}:
        with tempfile.TemporaryDirectory() as folder:
            replies = Path(folder)
            request = str(path), list(waiting.items()), others, seconds, memory
            (replies / "request").write_text(json.dumps(request), "utf-8")
            ending = _run(replies, seconds)
            _, error = _read(replies / "imports", ending)
            if error:
                raise RuntimeError(
                    f"Expected to import what {path} imports, received {error}: run "
                    "the notebook from top to bottom first."
                )
            for number in waiting:
                results[number] = _read(replies / str(number), ending)
                if not (replies / str(number)).exists():
                    break
    return results


def _run(replies, seconds):
    """Runs the process; returns how it ended, in a sentence."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gankit.course.exercises.runner", str(replies)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | _SETTINGS,
    )
    files, since = 0, 0.0
    try:
        while process.poll() is None:
            time.sleep(0.02)
            if len(os.listdir(replies)) > files:
                files, since = len(os.listdir(replies)), time.monotonic()
            # The first are the request, and a reply once all is imported.
            if files > 1 and time.monotonic() - since > seconds + _GRACE:
                return f"It did not finish within {seconds:g} seconds."
    finally:
        # An answer may have started other processes.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    what = f"It was stopped by {signal.Signals(-code).name}" if code < 0 else ""
    return f"{what or f'Python exited with code {code}'} before the check finished."


def _read(file, ending):
    """The pair in a reply; how the process ended if there is none."""
    try:
        outcomes, reason = json.loads(file.read_text("utf-8"))
        return outcomes, str(reason)
    except FileNotFoundError:
        return None, ending
    except (ValueError, TypeError, RecursionError):
        return None, NO_NUMBERS


def main(folder):
    """Answers the request in a folder, with a file for each answer."""
    request = json.loads((folder / "request").read_text("utf-8"))
    path, answers, others, seconds, memory = request
    notebook, error = read(path), ""
    try:
        statements = notebook_statements(notebook["cells"])
        execute([statement for statement in statements if statement.is_import], {})
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    (folder / "imports").write_text(json.dumps((None, error)), "utf-8")
    markers = {e.number: Marker(notebook["cells"], e) for e in exercises(notebook)}
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for number, code in answers:
        measured = guarded(partial(markers[number].measure, code, others), seconds)
        (folder / str(number)).write_text(json.dumps(measured), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
