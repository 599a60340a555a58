"""What a class predicted before it ran an experiment.

A cell tagged `prediction` holds one line, `prediction = "..."`. It is read and never
executed.
"""

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gankit.course.exercises import slices
from gankit.course.exercises.cells import (
    ids,
    is_code,
    notebooks_in,
    read,
    source,
    tags,
)
from gankit.course.grading.submissions import files
from gankit.course.grading.table import write_rows

ASKED = "**Predict.** "
_LONGEST = 160


@dataclass(frozen=True)
class Prediction:
    """One student's prediction.

    Attributes:
        student: Name of the sub-folder.
        notebook: Name of the notebook.
        number: Which of the notebook's predictions, from 1.
        question: First line of the Markdown cell above it.
        prediction: What the student wrote; "" for none.
    """

    student: str
    notebook: str
    number: int
    question: str
    prediction: str


def predictions(folder, notebooks):
    """Reads the predictions of a class.

    Args:
        folder: As for `gankit.course.grade`.
        notebooks: Folder of our notebooks.

    Returns:
        A list of `Prediction`, empty where our notebooks ask for none.
    """
    ours = notebooks_in(notebooks)
    found = []
    for file in files(folder, ours):
        asked = _asked(ours[file.notebook]["cells"]) if file.notebook else []
        if not asked:
            continue
        try:
            cells = read(file.path)["cells"]
        except (ValueError, OSError):
            continue
        tagged = [cell for cell in cells if _is_prediction(cell)]
        for i, (question, name) in enumerate(asked):
            same = [c for c in tagged if name and name in ids(c)]
            cell = (same or tagged[i : i + 1] or [None])[0]
            words = "" if cell is None else _words(source(cell))
            found.append(
                Prediction(file.student, file.notebook, i + 1, question, words)
            )
    return found


def counts(found):
    """How many predicted what.

    Args:
        found: List of `Prediction`.

    Returns:
        A list of `(notebook, number, question, prediction, count)`, the commonest
        first; predictions are the same if they differ in case and spaces alone.
    """
    counter, written = Counter(), {}
    for one in found:
        key = (one.notebook, one.number, one.question)
        same = " ".join(one.prediction.casefold().split()).rstrip(".")
        written.setdefault((*key, same), one.prediction or "(none)")
        counter[(*key, same)] += 1
    ordered = sorted(counter.items(), key=lambda item: (item[0][:2], -item[1]))
    return [(*key[:3], written[key], count) for key, count in ordered]


def save_predictions(path, found):
    """Writes predictions to a CSV file, a line for each.

    Args:
        path: The file.
        found: List of `Prediction`.
    """
    columns = ("student", "notebook", "number", "question", "prediction")
    rows = ([getattr(one, column) for column in columns] for one in found)
    write_rows(Path(path), columns, rows)


def _asked(cells):
    return [
        (_question(cells[:i]), cell.get("id", ""))
        for i, cell in enumerate(cells)
        if _is_prediction(cell)
    ]


def _question(above):
    texts = [source(cell) for cell in above if not is_code(cell)]
    if not texts:
        return ""
    return texts[-1].strip().splitlines()[0].lstrip("# ").removeprefix(ASKED)


def _is_prediction(cell):
    return is_code(cell) and "prediction" in tags(cell)


def _words(code):
    try:
        nodes = slices.parse(code)
    except slices.NO_PYTHON:
        return ""
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            named = [getattr(target, "id", None) for target in node.targets]
            if "prediction" in named and isinstance(node.value.value, str):
                # The place as it is handed out holds an ellipsis.
                words = " ".join(node.value.value.split())
                return words[:_LONGEST] if words.strip(".") else ""
    return ""
