"""Finds submitted notebooks and the answers in them."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from gankit.course.exercises.cells import ids, is_code, question_number, source, tags
from gankit.course.exercises.dependencies import SYNTAX_ERRORS, parse, without_commands


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in.

    Attributes:
        student: Name of the sub-folder.
        path: The file; the sub-folder if there is no notebook in it.
        notebook: Name of the course notebook that it answers, else `None`.
    """

    student: str
    path: Path
    notebook: str | None


@dataclass(frozen=True)
class Answer:
    """A submission's answer to one exercise.

    Attributes:
        code: The text of its cells; `None` if there is no cell for it.
        unanswered: Whether it is still the placeholder.
        remarks: How the submission changed the check, in words.
    """

    code: str | None
    unanswered: bool
    remarks: tuple[str, ...]


def find_submissions(folder, names):
    """Finds the files that a class handed in.

    Args:
        folder: A folder with a sub-folder for each student.
        names: Names of the course's notebooks. A file belongs to the notebook whose
            name it begins with, such as `01_dcgan (1).ipynb` or `01_dcgan-anna.ipynb`.

    Returns:
        A list of `Submission`, by student and name.

    Raises:
        ValueError: If there is no sub-folder, or a notebook outside a sub-folder.
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
        paths = [
            path
            for path in sorted(student.rglob("*.ipynb"))
            if ".ipynb_checkpoints" not in path.parts and path.is_file()
        ]
        for path in paths or [student]:
            matches = [name for name in names if path.stem.startswith(name)]
            notebook = max(matches, key=len, default=None) if paths else None
            found.append(Submission(student.name, path, notebook))
    return found


def find_answer(cells, exercise):
    """Finds what stands between a question and its check.

    Cells are recognised by their ids; where a tool changed the ids, by the question's
    number, the tag `exercise` and the name of the check.

    Args:
        cells: The submission's cells.
        exercise: The `Exercise` of the course notebook.

    Returns:
        An `Answer`.
    """
    section = _section(cells, exercise)
    check = _check(section, exercise)
    answers = [
        cell
        for cell in section
        if cell is not check
        and not _has_id(cell, exercise.ids[3])
        and "solution" not in tags(cell)
    ]
    remarks = []
    if check is None:
        remarks.append("its check cell is missing")
    elif _tree(source(check)) != _tree(exercise.check):
        remarks.append("its check cell was changed")
    if any(_defines(source(cell), exercise.check_name) for cell in answers):
        remarks.append(f"the answer defines {exercise.check_name}")
    if not answers:
        return Answer(None, False, tuple(remarks))
    code = "\n".join(without_commands(source(cell)) for cell in answers)
    return Answer(code, _tree(code) == _tree(exercise.placeholder), tuple(remarks))


def _section(cells, exercise):
    """The code cells from the question to the next question or heading."""
    question = _first(cells, lambda c: question_number(c) == exercise.number)
    if question is None:
        question = _first(cells, lambda c: _has_id(c, exercise.ids[0]))
    if question is None:
        start = _first(cells, lambda c: _has_id(c, exercise.ids[1]))
    else:
        start = question + 1
    section = []
    for cell in cells[start:] if start is not None else []:
        if is_code(cell):
            section.append(cell)
        elif question_number(cell) is not None or source(cell).startswith("#"):
            break
    return section


def _check(section, exercise):
    for cell in section:
        if _has_id(cell, exercise.ids[2]):
            return cell
    for cell in section:
        is_answer = "exercise" in tags(cell) or _has_id(cell, exercise.ids[1])
        if not is_answer and _defines(source(cell), exercise.check_name):
            return cell
    return None


def _first(cells, condition):
    return next((i for i, cell in enumerate(cells) if condition(cell)), None)


def _has_id(cell, name):
    return bool(name) and name in ids(cell)


def _defines(code, name):
    return re.search(rf"^\s*(def {name}\b|{name}\s*=[^=])", code, re.MULTILINE)


def _tree(code):
    """A cell's code without comments and layout; its text if it is not Python."""
    try:
        return "\n".join(map(ast.dump, parse(code)))
    except SYNTAX_ERRORS:
        return code
