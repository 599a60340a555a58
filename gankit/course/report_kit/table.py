"""The table of a report."""

import dataclasses
import html
import string

# The columns and their shares of the width.
COLUMNS = {
    "experiment (size)": 20,
    "seeds": 8,
    "steps of budget": 10,
    "n real / generated": 11,
    "score": 13,
    "value": 8,
    "95 %": 18,
    "real images": 10,
    "device": 15,
    "s": 5,
}
CAPTION = (
    "Table 1. Runs that differ only in their seed share a row. s: seconds of training, "
    "mean over the runs."
)


@dataclasses.dataclass(frozen=True)
class Table:
    """The table of a report, which a notebook shows.

    Attributes:
        rows: Tuples with a text for each of `COLUMNS`.
        notes: The notes below the table.
    """

    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def _repr_html_(self):
        total = sum(COLUMNS.values())
        return "\n".join(
            [
                f"<table><caption>{CAPTION}</caption>",
                *(f'<col style="width:{w / total:.1%}">' for w in COLUMNS.values()),
                _line("th", COLUMNS),
                *(_line("td", row) for row in self.rows),
                "</table>",
                *(f'<p class="small">{html.escape(note)}</p>' for note in self.notes),
            ]
        )


def table(rows):
    """Builds the table of a report.

    Args:
        rows: List of `gankit.course.report_kit.Row`.

    Returns:
        The `Table`.
    """
    measures = [row.measure for row in rows if row.measure is not None]
    extractors = dict.fromkeys(m.extractor for m in measures if m.extractor)
    marks = dict(zip(extractors, string.ascii_lowercase, strict=False))
    return Table(
        tuple(_cells(row, marks) for row in rows),
        tuple(f"{mark}: {extractor}." for extractor, mark in marks.items()),
    )


def _line(tag, texts):
    return f"<tr>{''.join(f'<{tag}>{html.escape(t)}</{tag}>' for t in texts)}</tr>"


def _cells(row, marks):
    seeds = ", ".join(str(seed) for seed in row.seeds)
    if len(row.seeds) == 1:
        seeds += " (one seed)"
    counts = score = value = interval = baseline = "–"
    measure = row.measure
    if measure is not None:
        both = (measure.n_real, measure.n_fake)
        counts = " / ".join("–" if n is None else f"{n:,}" for n in both)
        mark = f" ({marks[measure.extractor]})" if measure.extractor else ""
        score = f"{measure.name}{mark}"
        value = f"{row.value:.3g}"
        if row.interval is not None:
            low, high = row.interval
            interval = f"{low:.3g} to {high:.3g} ({row.spread})"
        elif row.std is not None:
            interval = f"± {row.std:.2g}, standard deviation ({row.spread})"
        if row.baseline is not None:
            baseline = f"{row.baseline.value:.3g}"
    return (
        *(row.title, seeds, row.runs[0].progress, counts, score, value, interval),
        *(baseline, ", ".join(row.devices), f"{row.seconds:,.0f}"),
    )
