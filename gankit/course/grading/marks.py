"""Grades the notebooks that a class handed in.

Only the checks of the course's notebooks count. Checks that a submission changed are
reported and never run. See docs/grading.md.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gankit.course.exercises.cells import exercises, is_code, notebooks_in, read, source
from gankit.course.exercises.checking import Marker
from gankit.course.exercises.runner import measure
from gankit.course.grading.submissions import find_answer, find_submissions


@dataclass(frozen=True)
class Mark:
    """One line of the marks.

    Attributes:
        student: The student's name, as it stands in the download.
        notebook: Name of the course notebook, or of the file if it is not one.
        exercise: The exercise's number; `None` if the file is not graded.
        mark: 1 if the answer is right, else 0.
        reason: The reason, a sentence.
    """

    student: str
    notebook: str
    exercise: int | None
    mark: int
    reason: str


@dataclass(frozen=True)
class Total:
    """One student's marks together.

    Attributes:
        student: The student's name, as it stands in the download.
        points: The number of right answers.
        possible: The number of exercises in all notebooks that anybody handed in.
    """

    student: str
    points: int
    possible: int


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
        folder: What the class handed in; see `find_submissions`.
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
    for (name, _), files in sorted(latest.items()):
        *older, last = sorted(files, key=lambda file: file.path.stat().st_mtime)
        reason = f"Not graded: {last.path.name} is a later version of it."
        marks += [Mark(f.student, f.path.name, None, 0, reason) for f in older]
        path = Path(notebooks) / f"{name}.ipynb"
        marks += _grade_file(last, path, courses[name], (seconds, memory))
    return sorted(marks, key=lambda m: (m.student, m.notebook, m.exercise or 0))


def _grade_file(file, path, course, limits):
    """Grades a submission of the course's notebook at `path`."""
    found = exercises(course)
    try:
        cells = read(file.path)["cells"]
    except (ValueError, OSError) as error:
        return [
            Mark(file.student, file.notebook, exercise.number, 0, str(error))
            for exercise in found
        ]
    answers = {exercise.number: find_answer(cells, exercise) for exercise in found}
    codes = {n: answer.code for n, answer in answers.items() if not answer.reason}
    others = [source(cell) for cell in cells if is_code(cell)]
    measured = measure(path, codes, others, *limits)
    marks = []
    for exercise in found:
        answer = answers[exercise.number]
        mark, reason = 0, answer.reason
        if not reason:
            outcomes, reason = measured[exercise.number]
        if not reason:
            mark, reason = Marker(course["cells"], exercise).judge(outcomes)
        if answer.remarks:
            remarks = ", ".join(answer.remarks)
            reason += f" Note: {remarks}; the course's check was used."
        marks.append(Mark(file.student, file.notebook, exercise.number, mark, reason))
    return marks


def totals(marks):
    """Adds up the marks of each student.

    Args:
        marks: List of `Mark`.

    Returns:
        A list of `Total`, by student.
    """
    graded = {(m.notebook, m.exercise) for m in marks if m.exercise is not None}
    points = Counter()
    for mark in marks:
        points[mark.student] += mark.mark
    return [Total(name, points[name], len(graded)) for name in sorted(points)]


def summarise(marks, notebooks):
    """Summarises the marks of a class, exercise by exercise.

    Args:
        marks: List of `Mark`.
        notebooks: Folder of the course's notebooks.

    Returns:
        A list of `ExerciseSummary` for the notebooks that somebody handed in.
    """
    summaries = []
    for name, notebook in notebooks_in(notebooks).items():
        for exercise in exercises(notebook):
            key = name, exercise.number
            found = [mark for mark in marks if (mark.notebook, mark.exercise) == key]
            right = sum(mark.mark for mark in found)
            reasons = Counter(mark.reason for mark in found if not mark.mark)
            ((reason, count),) = reasons.most_common(1) or [("", 0)]
            if found:
                summaries.append(
                    ExerciseSummary(
                        *key, exercise.title, right, len(found), reason, count
                    )
                )
    return summaries
