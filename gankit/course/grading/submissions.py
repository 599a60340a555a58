"""Finds submitted notebooks and the answers in them."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from gankit.course.exercises.cells import ids, is_code, question_number, source, tags
from gankit.course.exercises.dependencies import SYNTAX_ERRORS, parse, without_commands

# How learning platforms name a file, or a student's folder, in a download.
_PLATFORMS = (
    # Moodle: Ada Lovelace_4711_assignsubmission_file_01_dcgan.ipynb
    re.compile(r"(.+)_(\d+)_assignsubmission_[a-z]+_?(.*)"),
    # Canvas: lovelaceada_LATE_4711_80452_01_dcgan-1.ipynb
    re.compile(r"([^_]+)(?:_LATE)?_(\d+)_\d+_(.+\.ipynb)"),
)


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in.

    Attributes:
        student: Name of the sub-folder; in a download of a learning platform the
            name and the number that the platform put there, such as `ada_4711`.
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
        code: The text of its cells.
        reason: Why there is nothing to execute, a sentence, or "".
        remarks: How the submission changed the check, in words.
    """

    code: str
    reason: str
    remarks: tuple[str, ...]


def find_submissions(folder, names):
    """Finds the files that a class handed in.

    Args:
        folder: A folder with a sub-folder for each student, or with notebooks that
            Moodle or Canvas named.
        names: Names of the course's notebooks. A file belongs to the notebook whose
            name it begins with, such as `01_dcgan (1).ipynb` or `01_dcgan-anna.ipynb`.

    Returns:
        A list of `Submission`, by folder and file.

    Raises:
        ValueError: If there is neither, or a notebook whose name does not say whose it
            is.
    """
    found, unknown = [], []
    for entry in sorted(Path(folder).glob("*")):
        student, name = _of_platform(entry.name)
        if entry.is_dir():
            paths = [
                path
                for path in sorted(entry.rglob("*.ipynb"))
                if ".ipynb_checkpoints" not in path.parts and path.is_file()
            ]
            named = [(path, path.stem) for path in paths] or [(entry, "")]
            student = student or entry.name
        elif entry.suffix == ".ipynb":
            named = [(entry, name)]
            unknown += [] if student else [entry.name]
        else:
            continue
        for path, name in named:
            notebook = max(filter(name.startswith, names), key=len, default=None)
            found.append(Submission(student, path, notebook))
    if unknown or not found:
        raise ValueError(
            f"Expected a folder for each student in {folder}, or notebooks as Moodle "
            f"and Canvas name them, received {[*unknown, 'none'][0]}: put what a "
            "student handed in into a folder named after them."
        )
    return found


def _of_platform(name):
    """The student and the file that a learning platform put into a name, or ""."""
    for pattern in _PLATFORMS:
        if match := pattern.fullmatch(name):
            return f"{match[1]}_{match[2]}", match[3]
    return "", ""


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
    code = "\n".join(without_commands(source(cell)) for cell in answers)
    reason = "" if answers else "There is no cell for the answer."
    if answers and _tree(code) == _tree(exercise.placeholder):
        reason = "Not answered."
    return Answer(code, reason, tuple(remarks))


def _section(cells, exercise):
    """The code cells from the question to the next question or heading."""
    question, answer, *_ = exercise.ids
    starts = [
        *(i for i, c in enumerate(cells) if question_number(c) == exercise.number),
        *(i for i, c in enumerate(cells) if _has_id(c, question)),
        *(i for i, c in enumerate(cells) if _has_id(c, answer)),
        len(cells),
    ]
    section = []
    for i, cell in enumerate(cells[starts[0] :]):
        if is_code(cell):
            section.append(cell)
        elif i and (question_number(cell) or source(cell).startswith("#")):
            break
    return section


def _check(section, exercise):
    _, answer, check, _ = exercise.ids
    checks = [cell for cell in section if _has_id(cell, check)] + [
        cell
        for cell in section
        if _defines(source(cell), exercise.check_name)
        and not ("exercise" in tags(cell) or _has_id(cell, answer))
    ]
    return checks[0] if checks else None


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
