"""Submitted notebooks: whose they are, and which of their cells are answers."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from gankit.course.exercises import slices
from gankit.course.exercises.cells import ids, is_code, number_of_question, source, tags


@dataclass(frozen=True)
class File:
    """A file that a student handed in.

    Attributes:
        student: Name of the sub-folder.
        path: The file; the sub-folder if there is no notebook in it.
        notebook: Name of the notebook of ours that it is, else `None`.
    """

    student: str
    path: Path
    notebook: str | None


@dataclass(frozen=True)
class Answer:
    """What a submission answers to one exercise.

    Attributes:
        code: The text of its cells; `None` if there is no cell for it.
        unanswered: Whether it is as it was handed out.
        remarks: What was done to the check, in words.
    """

    code: str | None
    unanswered: bool
    remarks: tuple[str, ...]


def files(folder, names):
    """The files that a class handed in.

    Args:
        folder: A folder with a sub-folder for each student.
        names: Names of our notebooks; a file is the one that its name begins with,
            so that `01_dcgan (1).ipynb` and `01_dcgan-anna.ipynb` are found.

    Returns:
        A list of `File`, by student and name.

    Raises:
        ValueError: If there is no such sub-folder, or a notebook beside them.
    """
    folder = Path(folder)
    students = sorted(path for path in folder.glob("*") if path.is_dir())
    loose = sorted(folder.glob("*.ipynb"))
    if loose or not students:
        raise ValueError(
            f"Expected a folder for each student in {folder}, received "
            f"{loose[0].name if loose else 'none'}: put what a student handed in into "
            "a folder named after them."
        )
    found = []
    for student in students:
        of_one = [
            File(student.name, path, _notebook(path, names))
            for path in sorted(student.rglob("*.ipynb"))
            if ".ipynb_checkpoints" not in path.parts and path.is_file()
        ]
        found += of_one or [File(student.name, student, None)]
    return found


def _notebook(path, names):
    fitting = [name for name in names if path.stem.startswith(name)]
    return max(fitting, key=len, default=None)


def find_answer(cells, exercise):
    """Finds what stands between a question and its check.

    Cells are known by their ids, and where a tool gave them others, by the question's
    number, the tag `exercise` and the name of the check.

    Args:
        cells: The submission's cells.
        exercise: The `Exercise` of our notebook.

    Returns:
        An `Answer`.
    """
    part = _part(cells, exercise)
    check = _check(part, exercise)
    solution = [c for c in part if _is(c, exercise.ids[3]) or "solution" in tags(c)]
    answers = [c for c in part if c is not check and c not in solution]
    remarks = []
    if check is None:
        remarks.append("its check cell is gone")
    elif _tree(source(check)) != _tree(exercise.check):
        remarks.append("its check cell was changed")
    code = "\n".join(slices.without_commands(source(cell)) for cell in answers)
    if any(_defines(source(cell), exercise.check_name) for cell in answers):
        remarks.append(f"the answer defines {exercise.check_name}")
    if not answers:
        return Answer(None, False, tuple(remarks))
    unanswered = _tree(code) == _tree(exercise.place)
    return Answer(code, unanswered, tuple(remarks))


def _part(cells, exercise):
    # The code cells from the question to the next question or heading.
    begin = _first(cells, lambda c: number_of_question(c) == exercise.number)
    if begin is None:
        begin = _first(cells, lambda c: _is(c, exercise.ids[0]))
    place = _first(cells, lambda c: _is(c, exercise.ids[1]))
    if begin is None and place is None:
        return []
    start = place if begin is None else begin + 1
    part = []
    for cell in cells[start:]:
        if is_code(cell):
            part.append(cell)
        elif number_of_question(cell) is not None or source(cell).startswith("#"):
            break
    return part


def _check(part, exercise):
    for cell in part:
        if _is(cell, exercise.ids[2]):
            return cell
    for cell in part:
        placed = "exercise" in tags(cell) or _is(cell, exercise.ids[1])
        if not placed and _defines(source(cell), exercise.check_name):
            return cell
    return None


def _first(cells, wanted):
    return next((i for i, cell in enumerate(cells) if wanted(cell)), None)


def _is(cell, name):
    return bool(name) and name in ids(cell)


def _defines(code, name):
    return re.search(rf"^\s*(def {name}\b|{name}\s*=[^=])", code, re.MULTILINE)


def _tree(code):
    """What a cell says without comments and layout; its text if it is no Python."""
    try:
        return "\n".join(map(ast.dump, slices.parse(code)))
    except slices.NO_PYTHON:
        return code
