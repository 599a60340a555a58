"""Reads notebooks and finds the exercises in them.

An exercise is four consecutive cells: a Markdown cell that begins with its number and
title, `**1. Sizes.** ...`; a code cell tagged `exercise`, where the answer goes; a
code cell that defines `check_1` and calls it; and a cell tagged `solution`.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

_QUESTION = re.compile(r"\*\*(\d+)\.\s*(.+?)\.?\*\*\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a course notebook.

    Attributes:
        number: The number in the question; the check is called `check_<number>`.
        title: The words in bold at the start of the question.
        question: The rest of the question, Markdown.
        placeholder: The code in the cell where the answer goes.
        check: The code that checks the answer.
        solution: One right answer: code that asserts the check.
        expected: What the check prints for the solution.
        ids: Ids of the four cells: question, placeholder, check and solution.
        position: Index of the placeholder's cell in the notebook.
    """

    number: int
    title: str
    question: str
    placeholder: str
    check: str
    solution: str
    expected: str
    ids: tuple[str, ...]
    position: int

    @property
    def check_name(self):
        """The name of the function that checks the answer."""
        return f"check_{self.number}"


def read(path):
    """Reads a notebook.

    Args:
        path: A file in version 4 of the notebook format.

    Returns:
        The notebook's JSON: a dict with a list `cells`.

    Raises:
        ValueError: If the file is not such a notebook.
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            source(cell), set(tags(cell)), cell["cell_type"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError(
            f"Expected a notebook, received {path.name}, which is not one: download "
            "it again as .ipynb from where it was written."
        ) from None
    return notebook


def notebooks_in(folder):
    """Reads the course's notebooks in a folder.

    Args:
        folder: A folder of `.ipynb` files: `notebooks/`, or the teachers' edition.

    Returns:
        A dict from file name without ending to notebook, sorted by name.

    Raises:
        ValueError: If the folder has no notebook.
    """
    notebooks = {path.stem: read(path) for path in sorted(Path(folder).glob("*.ipynb"))}
    if not notebooks:
        raise ValueError(
            f"Expected the course's notebooks in {folder}, received none: run this in "
            "gankit's folder, or pass the folder of the notebooks or of the teachers' "
            "edition with --notebooks."
        )
    return notebooks


def source(cell):
    """A cell's text, which the format stores as one string or as lines."""
    return "".join(cell["source"])


def tags(cell):
    """A cell's tags."""
    return cell.get("metadata", {}).get("tags", [])


def ids(cell):
    """A cell's id, and the one that Colab moves into the metadata."""
    return cell.get("id"), cell.get("metadata", {}).get("id")


def is_code(cell):
    """Whether a cell holds code."""
    return cell["cell_type"] == "code"


def question_number(cell):
    """The number of the exercise if a Markdown cell poses one, else `None`."""
    match = None if is_code(cell) else _QUESTION.match(source(cell))
    return int(match[1]) if match else None


def exercises(notebook):
    """Finds the exercises of a course notebook.

    Args:
        notebook: What `read` returned.

    Returns:
        A list of `Exercise`, in the notebook's order.

    Raises:
        ValueError: If the cells around one tagged `exercise` are not in order.
    """
    return [
        _exercise(notebook["cells"], i)
        for i, cell in enumerate(notebook["cells"])
        if "exercise" in tags(cell)
    ]


def _exercise(cells, i):
    quartet = cells[max(i - 1, 0) : i + 3]
    number = question_number(quartet[0])
    if (
        number is None
        or len(quartet) < 4
        or f"def check_{number}(" not in source(quartet[2])
        or "solution" not in tags(quartet[3])
    ):
        raise ValueError(
            "Expected a question such as '**1. Sizes.**', the cell tagged exercise, "
            "its check_1 and a cell tagged solution, one after the other, received "
            f"{source(cells[i])!r} among others: put these four cells in order."
        )
    question, placeholder, check, solution = map(source, quartet)
    _, title, text = _QUESTION.match(question).groups()
    outputs = quartet[3].get("outputs", [])
    return Exercise(
        number=number,
        title=title,
        question=text.strip(),
        placeholder=placeholder,
        check=check,
        solution=solution,
        expected="".join("".join(output.get("text", "")) for output in outputs),
        ids=tuple(cell.get("id", "") for cell in quartet),
        position=i,
    )
