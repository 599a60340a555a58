"""What a program can check of the criteria by which a report is marked."""

import dataclasses
import re

from gankit.course.report_kit.summary import comparable_rows
from gankit.course.report_kit.words import is_unwritten

# The criteria of docs/report_rubric.md and their points.
CRITERIA = {
    "Question and expectation": 2,
    "Baseline": 2,
    "Equal terms": 2,
    "Scores say what they are": 2,
    "Seeds and intervals": 3,
    "Answer": 2,
    "Failures": 2,
    "Figures": 1,
    "Threats to validity": 3,
    "Reproducibility": 1,
}
SUBJECTS = ("seed", "step", "data", "features", "classifier", "interval", "n =")


@dataclasses.dataclass(frozen=True)
class Check:
    """The check of one criterion.

    Attributes:
        criterion: A key of `CRITERIA`.
        points: The most points for it.
        good: Whether the program finds nothing missing. That earns no points by
            itself.
        sentence: What the program finds.
    """

    criterion: str
    points: int
    good: bool
    sentence: str


def check_report(report):
    """Goes through the criteria.

    Args:
        report: The `Report`.

    Returns:
        List of `Check`, one for each of `CRITERIA`.
    """
    rows = [row for row in report.rows if row.values]
    results = {
        "Question and expectation": _question(report.words),
        "Baseline": _every_score(
            rows,
            lambda row: row.baseline is not None,
            "The table says what real images score in every row.",
            "The score of real images is not recorded for",
        ),
        "Equal terms": _equal_terms(report),
        "Scores say what they are": _every_score(
            rows,
            lambda row: row.interval is not None or row.std is not None,
            "The table has n, features and intervals.",
            "The score has no interval for",
        ),
        "Seeds and intervals": _seeds(rows),
        "Answer": _answer(report.words),
        "Failures": _failures(report),
        "Figures": _figures(report),
        "Threats to validity": _threats(report.words),
        "Reproducibility": _reproducibility(report),
    }
    return [Check(name, CRITERIA[name], *results[name]) for name in CRITERIA]


def _missing(words, *names):
    missing = [name for name in names if name in words.missing]
    return f"Not written: {', '.join(missing)}." if missing else ""


def _question(words):
    missing = _missing(words, "question", "expectation")
    if missing:
        return False, missing
    if "?" not in words.question:
        return False, "The question has no question mark: what do you ask?"
    return True, "Both are written."


def _every_score(rows, condition, good, bad):
    """Whether all rows with a score meet a condition, and a sentence about it."""
    if not rows:
        return False, "No run has a score."
    titles = [row.title for row in rows if not condition(row)]
    return (False, f"{bad} {', '.join(titles)}.") if titles else (True, good)


def _equal_terms(report):
    unequal = [text for text in report.cautions if text.startswith("Unequal")]
    if unequal:
        return False, " ".join(unequal)
    if len(comparable_rows(report.rows)) > 1:
        return False, "Some scores are not comparable: see the cautions."
    return True, "All runs that are compared have equal steps and conditions."


def _seeds(rows):
    if not rows:
        return False, "No run has a score."
    fewest = min(len(row.values) for row in rows)
    count = "one seed" if fewest == 1 else f"{fewest} seeds"
    return fewest >= 3, f"The fewest of any experiment: {count}; use at least three."


def _answer(words):
    if is_unwritten(words.answer):
        return False, "Not written."
    if not re.search(r"\d|\b(table|figure)\b", words.answer, re.IGNORECASE):
        return False, "It mentions no number, table or figure."
    return True, "It is written and refers to a number, the table or a figure."


def _failures(report):
    if not report.failures:
        return True, "No run failed."
    count = len(report.failures)
    return True, f"{count} listed. Whether you explain them is not checked."


def _figures(report):
    count = len(report.figures)
    mentioned = "figure" in report.words.answer.lower()
    text = "your answer refers to them" if mentioned else "your answer mentions none"
    return bool(count) and mentioned, f"{count} drawn; {text}."


def _threats(words):
    try:
        words.check()
    except ValueError as error:
        return False, str(error)
    text = words.threats_to_validity.lower()
    named = [subject for subject in SUBJECTS if subject in text]
    subjects = ", ".join(named) or "none of the usual subjects"
    return len(named) >= 2, f"It discusses: {subjects}."


def _reproducibility(report):
    missing = _missing(report.words, "authors", "contributions")
    if missing:
        return False, missing
    changed = [run for run in report.runs if "changes" in str(run.scores.get("commit"))]
    if changed:
        return False, f"{len(changed)} runs used code with uncommitted changes."
    return True, "The report has names, sizes, seeds, steps and versions."
