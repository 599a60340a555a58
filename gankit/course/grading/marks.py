"""Grades the notebooks that a class handed in.

Only the checks of the course's notebooks count. Checks that a submission changed are
reported and never run. See docs/grading.md.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

from gankit.course.exercises.cells import exercises, is_code, notebooks_in, read, source
from gankit.course.grading.submissions import find_answer, find_submissions


@dataclass(frozen=True)
class Mark:
    """One line of the marks.

    Attributes:
        student: Name of the sub-folder.
        notebook: Name of the course notebook, or of the file if it is not one.
        exercise: The exercise's number; `None` if the file is not graded.
        mark: 1 if the answer is right, else 0.
        reason: The reason, a sentence.
        seconds: How long grading took.
    """

    student: str
    notebook: str
    exercise: int | None
    mark: int
    reason: str
    seconds: float = 0.0


@dataclass(frozen=True)
class ExerciseSummary:
    """The result of a class in one exercise.

    Attributes:
        notebook: Name of the notebook.
        exercise: The exercise's number.
        title: The exercise's title.
        right: Number of students with a right answer.
        students: Number of students who handed the notebook in.
        reason: The commonest reason for a wrong answer, or "".
        count: Number of students with that reason.
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
        notebooks: Folder of the course's notebooks, or of the teachers' edition.
        seconds: Limit of wall-clock time for an answer.
        memory: Limit of bytes for an answer, on top of what the libraries take.

    Returns:
        A list of `Mark`, by student, notebook and exercise.

    Raises:
        ValueError: If one of the folders lacks what it should hold.
    """
    courses = notebooks_in(notebooks)
    marks, latest = [], {}
    for file in find_submissions(folder, courses):
        if file.notebook is not None:
            latest.setdefault((file.notebook, file.student), []).append(file)
            continue
        name, reason = "", "There is no notebook in the folder."
        if file.path.is_file():
            name = file.path.name
            reason = (
                "This is not one of the course's notebooks: keep the name it came "
                f"with, such as {next(iter(courses))}."
            )
        marks.append(Mark(file.student, name, None, 0, reason))
    with GradingProcess(notebooks, seconds, memory) as process:
        for (name, student), files in sorted(latest.items()):
            *older, last = sorted(files, key=lambda file: file.path.stat().st_mtime)
            reason = f"Not graded: {last.path.name} is a later version of it."
            marks += [Mark(student, f.path.name, None, 0, reason) for f in older]
            marks += _grade_file(last, exercises(courses[name]), process)
    return sorted(marks, key=lambda m: (m.student, m.notebook, m.exercise or 0))


def _grade_file(file, exercises, process):
    try:
        cells = read(file.path)["cells"]
    except (ValueError, OSError) as error:
        return [
            Mark(file.student, file.notebook, exercise.number, 0, str(error))
            for exercise in exercises
        ]
    marks = []
    for exercise in exercises:
        answer = find_answer(cells, exercise)
        right, seconds = 0, 0.0
        if answer.code is None:
            reason = "There is no cell for the answer."
        elif answer.unanswered:
            reason = "Not answered."
        else:
            others = [source(cell) for cell in cells if is_code(cell)]
            right, reason, seconds = process.grade(
                file.notebook, exercise, answer, others
            )
        if answer.remarks:
            remarks = ", ".join(answer.remarks)
            reason += f" Tampering: {remarks}; the course's check was used."
        marks.append(
            Mark(
                file.student,
                file.notebook,
                exercise.number,
                right,
                reason,
                round(seconds, 2),
            )
        )
    return marks


class GradingProcess:
    """The process in which answers run, started when it is first needed.

    Args:
        folder: Folder of the course's notebooks.
        seconds: Limit of wall-clock time for an answer.
        memory: Limit of bytes for an answer.
    """

    def __init__(self, folder, seconds, memory):
        self.settings = {"folder": str(folder), "seconds": seconds, "memory": memory}
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._close()

    def grade(self, notebook, exercise, answer, others):
        """Grades one answer.

        Args:
            notebook: Name of the course notebook.
            exercise: The `Exercise`.
            answer: The `Answer`.
            others: Texts of the submission's code cells.

        Returns:
            `(mark, reason, seconds)`.

        Raises:
            RuntimeError: If what the course notebook imports cannot be imported.
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
            return 0, "It stopped the grading process.", time.monotonic() - start
        if "error" in reply:
            raise RuntimeError(
                f"Expected to import what {notebook} imports, received "
                f"{reply['error']}: run the notebook from top to bottom first."
            )
        reason = reply["reason"]
        if reply["replaced"]:
            reason += f" Tampering: it replaced {', '.join(reply['replaced'][:5])}."
        return int(reply["right"]), reason, reply["seconds"]

    def _open(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gankit.course.exercises.worker"],
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
        self._send(self.settings)

    def _send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def _close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            # Closing flushes the buffer, and the process may no longer read it.
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            self.process = None


def summarise(marks, notebooks):
    """Summarises the marks of a class, exercise by exercise.

    Args:
        marks: List of `Mark`.
        notebooks: Folder of the course's notebooks.

    Returns:
        A list of `ExerciseSummary` for the notebooks that somebody handed in.
    """
    by_exercise = {}
    for mark in marks:
        by_exercise.setdefault((mark.notebook, mark.exercise), []).append(mark)
    summaries = []
    for name, notebook in notebooks_in(notebooks).items():
        for exercise in exercises(notebook):
            if found := by_exercise.get((name, exercise.number)):
                reasons = Counter(mark.reason for mark in found if not mark.mark)
                summaries.append(
                    ExerciseSummary(
                        name,
                        exercise.number,
                        exercise.title,
                        sum(mark.mark for mark in found),
                        len(found),
                        *next(iter(reasons.most_common(1)), ("", 0)),
                    )
                )
    return summaries
