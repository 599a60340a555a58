"""Marks for the notebooks that a class handed in.

The checks are those of our notebooks; what a submission makes of its own is reported
and not executed. See docs/grading.md.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gankit.course.exercises.cells import exercises, is_code, notebooks_in, read, source
from gankit.course.grading.submissions import files, find_answer
from gankit.course.grading.table import write_rows


@dataclass(frozen=True)
class Mark:
    """One line of the marks.

    Attributes:
        student: Name of the sub-folder.
        notebook: Name of the notebook, or of the file where it is none of ours.
        exercise: Its number; `None` where the file is none of ours.
        mark: 1 for right, else 0.
        reason: Why, in a sentence.
        seconds: How long grading it took.
    """

    student: str
    notebook: str
    exercise: int | None
    mark: int
    reason: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Shares:
    """How a class did in one exercise.

    Attributes:
        notebook: Name of the notebook.
        exercise: Its number.
        title: Its title.
        right: How many have it right.
        students: How many handed the notebook in.
        reason: The commonest reason of those who have it wrong, or "".
        count: How many have that reason.
    """

    notebook: str
    exercise: int
    title: str
    right: int
    students: int
    reason: str
    count: int


def grade(folder, notebooks, *, seconds=60.0, memory=4 * 2**30):
    """Grades the notebooks that a class handed in.

    Args:
        folder: A folder with a sub-folder for each student.
        notebooks: Folder of our notebooks, or of the teachers' edition.
        seconds: Most seconds for an answer, by the clock.
        memory: Most bytes for an answer, beside what the libraries take.

    Returns:
        A list of `Mark`, by student, notebook and exercise.

    Raises:
        ValueError: If one of the folders does not hold what it should.
    """
    ours = notebooks_in(notebooks)
    submitted = files(folder, ours)
    marks = [_unknown(file, ours) for file in submitted if file.notebook is None]
    with Room(notebooks, seconds, memory) as room:
        for name, notebook in ours.items():
            found = exercises(notebook)
            for *older, file in _by_student(submitted, name):
                marks += [_second(old, file) for old in older]
                marks += _grade_file(file, found, room)
    return sorted(marks, key=lambda m: (m.student, m.notebook, m.exercise or 0))


def _by_student(submitted, name):
    of_students = {}
    for file in submitted:
        if file.notebook == name:
            of_students.setdefault(file.student, []).append(file)
    for several in of_students.values():
        yield sorted(several, key=lambda file: file.path.stat().st_mtime)


def _unknown(file, ours):
    if file.path.is_dir():
        return Mark(file.student, "", None, 0, "There is no notebook in the folder.")
    reason = f"None of the course's notebooks: name it as it was, {next(iter(ours))}."
    return Mark(file.student, file.path.name, None, 0, reason)


def _second(file, last):
    reason = f"Not graded: {last.path.name} is the same notebook, written later."
    return Mark(file.student, file.path.name, None, 0, reason)


def _grade_file(file, found, room):
    def mark(exercise, right, reason, took=0.0):
        return Mark(
            file.student, file.notebook, exercise.number, right, reason, round(took, 2)
        )

    try:
        cells = read(file.path)["cells"]
    except (ValueError, OSError) as error:
        return [mark(exercise, 0, str(error)) for exercise in found]
    marks = []
    for exercise in found:
        answer = find_answer(cells, exercise)
        if answer.code is None:
            right, reason, took = 0, "There is no cell for the answer.", 0.0
        elif answer.unanswered:
            right, reason, took = 0, "Not answered.", 0.0
        else:
            others = [source(cell) for cell in cells if is_code(cell)]
            right, reason, took = room.grade(file.notebook, exercise, answer, others)
        if answer.remarks:
            reason += f" Tampered with: {', '.join(answer.remarks)}; ours was used."
        marks.append(mark(exercise, right, reason, took))
    return marks


class Room:
    """The process that grades, begun when it is first needed.

    Args:
        folder: Folder of our notebooks.
        seconds: Most seconds for an answer.
        memory: Most bytes for an answer.
    """

    def __init__(self, folder, seconds, memory):
        self.begin = {"folder": str(folder), "seconds": seconds, "memory": memory}
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._close()

    def grade(self, notebook, exercise, answer, others):
        """Grades one answer.

        Args:
            notebook: Name of our notebook.
            exercise: The `Exercise`.
            answer: The `Answer`.
            others: Texts of the submission's cells.

        Returns:
            `(mark, reason, seconds)`.

        Raises:
            RuntimeError: If our own notebook cannot be graded with.
        """
        start = time.monotonic()
        request = {
            "notebook": notebook,
            "number": exercise.number,
            "code": answer.code,
            "others": others,
        }
        try:
            if self.process is None:
                self._open()
            self._send(request)
            reply = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            self._close()
            reason = "It ended the process that watches over it."
            return 0, reason, time.monotonic() - start
        if "error" in reply:
            raise RuntimeError(
                f"Expected to import what {notebook} imports, received "
                f"{reply['error']}: run the notebook from top to bottom first."
            )
        reason = reply["reason"]
        if reply["replaced"]:
            reason += f" Tampered with: it replaced {', '.join(reply['replaced'][:5])}."
        return int(reply["right"]), reason, reply["seconds"]

    def _open(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gankit.course.exercises.room"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                **os.environ,
                "GANKIT_SIZE": "smoke",
                "MPLBACKEND": "agg",
                "CUDA_VISIBLE_DEVICES": "-1",
            },
        )
        self._send(self.begin)

    def _send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def _close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            # Closing sends what is left, and nobody may be there to take it.
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            self.process = None


def shares(marks, notebooks):
    """How the class did, exercise by exercise.

    Args:
        marks: List of `Mark`.
        notebooks: Folder of our notebooks.

    Returns:
        A list of `Shares` for the notebooks that anybody handed in.
    """
    found = []
    for name, notebook in notebooks_in(notebooks).items():
        for exercise in exercises(notebook):
            of_it = [
                mark
                for mark in marks
                if (mark.notebook, mark.exercise) == (name, exercise.number)
            ]
            if not of_it:
                continue
            wrong = Counter(mark.reason for mark in of_it if not mark.mark)
            (reason, count), *_ = [*wrong.most_common(1), ("", 0)]
            right = sum(mark.mark for mark in of_it)
            found.append(
                Shares(
                    name,
                    exercise.number,
                    exercise.title,
                    right,
                    len(of_it),
                    reason,
                    count,
                )
            )
    return found


def save_marks(path, marks):
    """Writes marks to a CSV file, a line for each.

    Args:
        path: The file.
        marks: List of `Mark`.
    """
    columns = ("student", "notebook", "exercise", "mark", "reason", "seconds")
    rows = ([getattr(mark, column) for column in columns] for mark in marks)
    write_rows(Path(path), columns, rows)
