"""What the kit can see of the criteria by which a report is marked."""

import dataclasses
import re

from gankit.course.report_kit.summary import comparable
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


@dataclasses.dataclass(frozen=True)
class Check:
    """What the kit sees of one criterion.

    Attributes:
        criterion: A key of `CRITERIA`.
        points: Most points for it.
        good: Whether nothing is missing that the kit can see. That earns no points by
            itself.
        sentence: What it sees.
    """

    criterion: str
    points: int
    good: bool
    sentence: str


def before_handing_in(report):
    """Goes through the criteria.

    Args:
        report: The `Report`.

    Returns:
        List of `Check`, one for each of `CRITERIA`.
    """
    seen = {
        "Question and expectation": _question(report.words),
        "Baseline": _baseline(report.rows),
        "Equal terms": _terms(report),
        "Scores say what they are": _named(report.rows),
        "Seeds and intervals": _seeds(report.rows),
        "Answer": _answer(report.words),
        "Failures": _failures(report),
        "Figures": _figures(report),
        "Threats to validity": _threats(report),
        "Reproducibility": _again(report),
    }
    return [Check(name, CRITERIA[name], *seen[name]) for name in CRITERIA]


def _question(words):
    missing = [name for name in ("question", "expected") if name in words.missing]
    if missing:
        return False, f"Not written: {', '.join(missing)}."
    if "?" not in words.question:
        return False, "The question has no question mark: what is asked?"
    return True, "Both are written."


def _baseline(rows):
    return _of_all_scores(
        rows,
        lambda row: row.baseline is not None,
        "What real images score is in the table for all.",
        "What real images score is not recorded for",
    )


def _of_all_scores(rows, has, good, lacking):
    """Whether every row with a score has something, and the sentence for it."""
    scored = [row for row in rows if row.values]
    if not scored:
        return False, "No run has a score."
    bare = [row.title for row in scored if not has(row)]
    return (False, f"{lacking} {', '.join(bare)}.") if bare else (True, good)


def _terms(report):
    unequal = [text for text in report.cautions if text.startswith("Unequal")]
    if unequal:
        return False, " ".join(unequal)
    if len(comparable(report.rows)) > 1:
        return False, "Not all scores are comparable: see what is to be read with care."
    return True, "Steps and conditions of what is compared are equal."


def _named(rows):
    return _of_all_scores(
        rows,
        lambda row: row.interval is not None or row.std is not None,
        "n, features and interval are in the table.",
        "There is no interval of the score of",
    )


def _seeds(rows):
    fewest = min((len(row.values) for row in rows if row.values), default=0)
    if not fewest:
        return False, "No run has a score."
    told = "one seed" if fewest == 1 else f"{fewest} seeds"
    return fewest >= 3, f"The fewest that an experiment has: {told}; three are good."


def _answer(words):
    if is_unwritten(words.found):
        return False, "Not written."
    if not re.search(r"\d|\b(table|figure)\b", words.found, re.IGNORECASE):
        return False, "It names neither a number nor the table nor a figure."
    return True, "It is written and refers to a number, the table or a figure."


def _failures(report):
    count = len(report.failures)
    if not count:
        return True, "No run failed."
    return True, f"{count} listed; whether you explain them is not checked."


def _figures(report):
    count = len(report.figures)
    named = "figure" in report.words.found.lower()
    told = "your answer refers to them" if named else "your answer names none"
    return bool(count) and named, f"{count} drawn; {told}."


def _threats(report):
    try:
        report.words.check()
    except ValueError as error:
        return False, str(error)
    text = report.words.threats_to_validity.lower()
    subjects = ("seed", "step", "data", "features", "classifier", "interval", "n =")
    named = [subject for subject in subjects if subject in text]
    return len(named) >= 2, f"It speaks of: {', '.join(named) or 'none of the usual'}."


def _again(report):
    missing = [
        name for name in ("authors", "contributions") if name in report.words.missing
    ]
    changed = [run for run in report.runs if "changes" in str(run.scores.get("commit"))]
    if missing:
        return False, f"Not written: {', '.join(missing)}."
    if changed:
        return False, f"{len(changed)} runs are of code that was changed and not kept."
    return True, "Names, sizes, seeds, steps and versions are in the report."
