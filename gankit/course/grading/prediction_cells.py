"""Collects what a class predicted before it ran an experiment.

A cell tagged `prediction` holds one line, `prediction = "..."`. It is read and never
executed.
"""

import ast
from collections import Counter
from dataclasses import dataclass

from gankit.course.exercises.cells import ids, is_code, notebooks_in, read, source, tags
from gankit.course.exercises.dependencies import SYNTAX_ERRORS, parse
from gankit.course.grading.submissions import find_submissions

QUESTION = "**Predict.** "
_LONGEST = 160


@dataclass(frozen=True)
class Prediction:
    """One student's prediction.

    Attributes:
        student: Name of the sub-folder.
        notebook: Name of the notebook.
        number: The prediction's number in the notebook, from 1.
        question: What stands after `**Predict.**` in the Markdown cell above it, to
            the end of the line.
        prediction: What the student wrote; "" for nothing.
    """

    student: str
    notebook: str
    number: int
    question: str
    prediction: str


def read_predictions(folder, notebooks):
    """Reads the predictions of a class.

    Args:
        folder: A folder with a sub-folder for each student.
        notebooks: Folder of the course's notebooks.

    Returns:
        A list of `Prediction`, empty if the course's notebooks ask for none.
    """
    courses = notebooks_in(notebooks)
    predictions = []
    for file in find_submissions(folder, courses):
        questions = _questions(courses[file.notebook]["cells"]) if file.notebook else []
        try:
            cells = [c for c in read(file.path)["cells"] if _is_prediction(c)]
        except (ValueError, OSError):
            continue
        for i, (question, name) in enumerate(questions):
            same = [c for c in cells if name and name in ids(c)] or cells[i : i + 1]
            words = _words(source(same[0])) if same else ""
            predictions.append(
                Prediction(file.student, file.notebook, i + 1, question, words)
            )
    return predictions


def count_predictions(predictions):
    """Counts equal predictions.

    Args:
        predictions: List of `Prediction`.

    Returns:
        A list of `(notebook, number, question, prediction, count)`, the commonest
        first. Predictions that differ only in case and spaces are equal.
    """
    counter, texts = Counter(), {}
    for one in predictions:
        normalized = " ".join(one.prediction.casefold().split()).rstrip(".")
        key = (one.notebook, one.number, one.question, normalized)
        texts.setdefault(key, one.prediction or "(none)")
        counter[key] += 1
    ordered = sorted(counter.items(), key=lambda item: (item[0][:2], -item[1]))
    return [(*key[:3], texts[key], count) for key, count in ordered]


def _questions(cells):
    """The question and the cell's id for each prediction of a course notebook."""
    return [
        (_question(cells[:i]), cell.get("id", ""))
        for i, cell in enumerate(cells)
        if _is_prediction(cell)
    ]


def _question(above):
    text = next((source(cell) for cell in reversed(above) if not is_code(cell)), "")
    return text.strip().rpartition(QUESTION)[-1].partition("\n")[0].lstrip("# ")


def _is_prediction(cell):
    return is_code(cell) and "prediction" in tags(cell)


def _words(code):
    try:
        nodes = parse(code)
    except SYNTAX_ERRORS:
        return ""
    for node in nodes:
        match node:
            case ast.Assign([ast.Name("prediction")], ast.Constant(str(text))):
                # The placeholder in the students' edition is an ellipsis.
                words = " ".join(text.split())
                return words[:_LONGEST] if words.strip(".") else ""
    return ""
