"""Notebooks as files, and the exercises in them.

An exercise is four cells that follow each other: a Markdown cell that begins with its
number and title, `**1. Sizes.** ...`; a code cell tagged `exercise`, where the answer
goes; a code cell that defines `check_1` and calls it; and a cell tagged `solution`.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

_QUESTION = re.compile(r"\*\*(\d+)\.\s*(.+?)\.?\*\*\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook of ours.

    Attributes:
        number: As in the question; the check is called `check_<number>`.
        title: The question's bold words.
        question: The rest of the question, Markdown.
        place: The code that stands where the answer goes.
        check: The code that checks it.
        solution: One right answer: code that asserts the check.
        expected: What the check prints for the solution.
        ids: Ids of the cells of question, place, check and solution.
        position: Index of the cell with `place` in the notebook.
    """

    number: int
    title: str
    question: str
    place: str
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
        The notebook as JSON gives it: a dict with a list `cells`.

    Raises:
        ValueError: If the file is no such notebook.
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            source(cell), set(tags(cell)), cell["cell_type"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError(
            f"Expected a notebook, received {path.name}, which is none: download the "
            "file again from where it was written, as .ipynb."
        ) from None
    return notebook


def notebooks_in(folder):
    """The notebooks of a folder that have cells of ours, by name.

    Args:
        folder: A folder of `.ipynb` files: `notebooks/`, or the teachers' edition.

    Returns:
        A dict from the name without its ending to the notebook, in order of the names.

    Raises:
        ValueError: If there is none.
    """
    found = {path.stem: read(path) for path in sorted(Path(folder).glob("*.ipynb"))}
    if not found:
        raise ValueError(
            f"Expected the course's notebooks in {folder}, received none: call this "
            "in the folder of gankit, or say with --notebooks where the notebooks or "
            "the teachers' edition are."
        )
    return found


def source(cell):
    """A cell's text, which the format keeps as one string or as lines."""
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


def number_of_question(cell):
    """The number of the exercise that a Markdown cell asks, else `None`."""
    match = None if is_code(cell) else _QUESTION.match(source(cell))
    return int(match[1]) if match else None


def printed(cell):
    """What a code cell printed when it was last run."""
    outputs = cell.get("outputs", [])
    return "".join("".join(output.get("text", "")) for output in outputs)


def exercises(notebook):
    """The exercises of a notebook of ours.

    Args:
        notebook: What `read` returned.

    Returns:
        A list of `Exercise`, in the notebook's order.

    Raises:
        ValueError: If the cells around one tagged `exercise` are not as they should.
    """
    return [
        _exercise(notebook["cells"], i)
        for i, cell in enumerate(notebook["cells"])
        if "exercise" in tags(cell)
    ]


def _exercise(cells, i):
    question, place, check, solution = (cells[i - 1 : i + 3] + [None] * 4)[:4]
    number = number_of_question(question)
    if (
        number is None
        or solution is None
        or f"def check_{number}(" not in source(check)
        or "solution" not in tags(solution)
    ):
        raise ValueError(
            "Expected a question such as '**1. Sizes.**', the cell tagged exercise, "
            "its check_1 and a cell tagged solution, one after the other, received "
            f"{source(place)!r} among others: put these four cells in order."
        )
    _, title, asked = _QUESTION.match(source(question)).groups()
    four = (question, place, check, solution)
    return Exercise(
        number=number,
        title=title,
        question=asked.strip(),
        place=source(place),
        check=source(check),
        solution=source(solution),
        expected=printed(solution),
        ids=tuple(cell.get("id", "") for cell in four),
        position=i,
    )
