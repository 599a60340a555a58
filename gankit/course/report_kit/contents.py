"""Puts a report together: which block comes where, and the cells of its table."""

import string

from gankit.course.report_kit.document import (
    Document,
    FigureRow,
    Heading,
    Paragraph,
    Span,
    Table,
    markdown,
)
from gankit.course.report_kit.words import is_unwritten


def document(report):
    """The document of a `gankit.course.report_kit.Report`."""
    words = report.words
    drawn = list(enumerate(report.figures, 1))
    wide = [[pair] for pair in drawn if pair[1].is_wide]
    half = [pair for pair in drawn if not pair[1].is_wide]
    rows = wide + [half[i : i + 2] for i in range(0, len(half), 2)]
    blocks = [
        *_section("Question", words.question),
        *_section("What was expected", words.expected),
        Heading("Runs"),
        report.table,
        *_listed("To be read with care", report.cautions),
        *[
            FigureRow(
                tuple(figure for _, figure in row),
                tuple(f"Figure {i}. {figure.caption}" for i, figure in row),
            )
            for row in rows
        ],
        *_section("What was found", words.found),
        *_listed("Failures", report.failures or ["No run failed."]),
        *_section("Threats to validity", words.threats_to_validity),
        *_section("Contributions", words.contributions),
        *_listed("To run it again", report.commands),
    ]
    return Document(_or_not(words.title), _or_not(words.authors), tuple(blocks))


def table(rows):
    """The table of a report.

    Args:
        rows: List of `gankit.course.report_kit.Row`.

    Returns:
        The `Table`.
    """
    marks = {}
    for row in rows:
        if row.measure is not None:
            letter = string.ascii_lowercase[len(marks) % 26]
            marks.setdefault(row.measure.extractor, letter)
    return Table(
        caption=(
            "Table 1. Runs; those that differ in nothing but their seed share a line. "
            "Seconds are those of training alone, mean of a run."
        ),
        columns=(
            *("experiment (size)", "seeds", "steps of budget", "n real / generated"),
            *("score", "value", "95 %", "real images", "device", "s"),
        ),
        rows=tuple(_cells(row, marks) for row in rows),
        widths=(20, 8, 10, 11, 13, 8, 18, 10, 15, 5),
        notes=tuple(f"{letter}: {extractor}." for extractor, letter in marks.items()),
    )


def _cells(row, marks):
    seeds = ", ".join(str(seed) for seed in row.seeds)
    if len(row.seeds) == 1:
        seeds += " (one seed)"
    score = sides = value = interval = real = "–"
    if row.measure is not None:
        counts = (row.measure.n_real, row.measure.n_fake)
        sides = " / ".join("–" if n is None else f"{n:,}" for n in counts)
        mark = f" ({marks[row.measure.extractor]})" if row.measure.extractor else ""
        score = f"{row.measure.name}{mark}"
        value = f"{row.value:.3g}"
        if row.interval is not None:
            low, high = row.interval
            interval = f"{low:.3g} to {high:.3g} ({row.over})"
        elif row.std is not None:
            interval = f"± {row.std:.2g}, standard deviation ({row.over})"
        if row.baseline is not None:
            real = f"{row.baseline.value:.3g}"
    return (
        *(row.title, seeds, row.runs[0].of_budget, sides, score, value, interval, real),
        *(", ".join(row.devices), f"{row.seconds:,.0f}"),
    )


def _section(title, text):
    return [Heading(title), *markdown(_or_not(text))]


def _listed(title, sentences):
    items = [Paragraph((Span(text),), "•", small=True) for text in sentences]
    return [Heading(title), *items] if items else []


def _or_not(text):
    return "(not written)" if is_unwritten(text) else text
