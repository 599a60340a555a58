"""The five reports and their tables of numbers: as printed, as saved, as you ran them.

`tables.toml` holds the tables and, for each row, what the report states and which
experiment reproduces it. `table("imperial", 1)` fills a table in with the saved
results and with the runs in `./runs`.
"""

import html
import textwrap
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gankit.backend.arguments import check_choice
from gankit.experiments.running.saved import SavedRun, find_runs

SECONDS = "seconds per 1,000 steps"
NONE = "–"
RUNS = "saved runs"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model of a table; `tables.toml` describes the fields.

    Attributes:
        label: The model, in our words.
        experiment: Name of the experiment that reproduces it.
        report: What the report states; `""` where it states nothing.
        half: Whether the experiment has a half-width variant.
        baseline: The line of baselines to show instead of the model's own scores.
        scores: Names of the scores, if they are not those of the table's columns.
        swap: Words in the names of scores, and those in their place.
    """

    label: str
    experiment: str
    report: str = ""
    half: bool = False
    baseline: str = ""
    scores: Sequence[str] = ()
    swap: Sequence[str] = ("", "")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One of our measures; `tables.toml` describes the fields.

    Attributes:
        heading: What stands above it.
        scores: Names of the scores in a cell, as in `scores.json`.
        style: Format of each value.
        scale: Factor of each value.
        during_training: Whether to show the first and the last value of a training.
        beside: Whether your runs are shown by it as well as by the first column.
    """

    heading: str
    scores: Sequence[str]
    style: str = "{:z.2f}"
    scale: float = 1
    during_training: bool = False
    beside: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a report; `tables.toml` describes the fields.

    Attributes:
        name: Its number, or the place of its numbers in the report.
        caption: What it shows, in our words.
        subject: What its models have in common, in a few words.
        columns: Our measures.
        rows: The models.
        notes: How the report's measure relates to ours.
        reported: Heading of the report's own column.
        repeats: Whether its models are those of an earlier table, on other data.
        agrees: Whether our results agree with the report's, in words.
    """

    name: str
    caption: str
    subject: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str]
    reported: str = "report"
    repeats: bool = False
    agrees: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report; `tables.toml` describes the fields.

    Attributes:
        university: Where it was written.
        subject: What it is about.
        tables: Its tables, in their order.
    """

    university: str
    subject: str
    tables: Sequence[Table]


@dataclass(frozen=True, kw_only=True)
class Model:
    """An experiment of a report's tables.

    Attributes:
        summary: What it is, in a few words.
        half: Whether it has a half-width variant.
        saved: Whether its results are saved.
        repeats: Whether it repeats another on other data.
    """

    summary: str
    half: bool
    saved: bool
    repeats: bool


@dataclass(frozen=True)
class FilledTable:
    """A table with the results that were found; notebooks render it.

    Attributes:
        title: Name and caption.
        headings: One for each column.
        rows: Tuples of cells, all of them strings.
        notes: Sentences to read below it.
        runs: For each row which runs its saved results are from, in words: a last
            column of the text, of notebooks and of pages.
        agrees: Whether our results agree with the report's, a last note there.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    agrees: str = ""

    def _lines(self):
        """Headings and rows, with the column of runs if there is one."""
        if not self.runs:
            return [self.headings, *self.rows]
        pairs = zip(self.rows, self.runs, strict=True)
        return [(*self.headings, RUNS), *((*row, runs) for row, runs in pairs)]

    def _texts(self):
        return [self.title, *self.notes, *filter(None, [self.agrees])]

    def __str__(self):
        lines = self._lines()
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        body = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        title, *notes = (textwrap.fill(text, 80) for text in self._texts())
        return "\n".join((title, *body, *notes))

    def _repr_markdown_(self):
        headings, *rows = self._lines()
        lines = (headings, ("---",) * len(headings), *rows)
        safe = ([cell.replace("|", "\\|") for cell in line] for line in lines)
        body = "\n".join("| " + " | ".join(line) + " |" for line in safe)
        title, *notes = self._texts()
        return "\n\n".join((f"**{title}**", body, *notes))

    def to_html(self):
        """The table as HTML, with its title as the caption."""
        cells = [[html.escape(cell, quote=False) for cell in r] for r in self._lines()]
        head, *body = (f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
        title, *notes = (html.escape(text, quote=False) for text in self._texts())
        return "\n".join(
            (
                f"<table><caption>{title}</caption>",
                f"<thead>{head.replace('td>', 'th>')}</thead>",
                *("<tbody>", *body, "</tbody></table>"),
                *(f"<p>{note}</p>" for note in notes),
            )
        )


def _read():
    """The reports by name, from `tables.toml`."""
    reports = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    for report in reports.values():
        notes = report.pop("notes", [])
        for table in report["tables"]:
            table["columns"] = [Column(**column) for column in table["columns"]]
            table["rows"] = [Row(**row) for row in table["rows"]]
            table["notes"] = table.get("notes", []) + notes
        report["tables"] = [Table(**table) for table in report["tables"]]
    return {name: Report(**report) for name, report in reports.items()}


REPORTS = _read()


def find_report(name):
    """Looks up a report.

    Args:
        name: Its name, such as `"imperial"`.

    Returns:
        The `Report`.

    Raises:
        ValueError: If there is no such report.
    """
    check_choice("one of the reports", name, REPORTS)
    return REPORTS[name]


def models(report):
    """The experiments in the tables of a report.

    Args:
        report: Name of the report.

    Returns:
        Dict from the name of each experiment to its `Model`.
    """
    found = {}
    for table in find_report(report).tables:
        for row in table.rows:
            if row.experiment not in found:
                found[row.experiment] = Model(
                    summary=f"{table.subject}: {row.label}",
                    half=row.half,
                    saved=_runs(row.experiment, row.half)[0] is not None,
                    repeats=table.repeats,
                )
    return found


def tables(report):
    """Fills in all tables of a report.

    Args:
        report: Name of the report, such as `"imperial"`.

    Returns:
        List of `FilledTable`.

    Raises:
        ValueError: If there is no such report.
    """
    return [_fill(table) for table in find_report(report).tables]


def table(report, which):
    """Fills in one table of a report, as `gankit report` prints it.

    Args:
        report: Name of the report, such as `"imperial"`.
        which: Its number, such as 1, or its name, such as `"Figure 12"`. CMU's tables
            have no numbers; we number them in their order.

    Returns:
        A `FilledTable`.

    Raises:
        ValueError: If there is no such report or table.
    """
    return _fill(pick(find_report(report).tables, "table", which))


def pick(entries, kind, which):
    """Looks up one of the tables or figures of a report.

    Args:
        entries: All of them, with a `name`.
        kind: `"table"` or `"figure"`, the word before a number.
        which: A number or a name.

    Returns:
        The entry.

    Raises:
        ValueError: If there is none of that name.
    """
    found = {entry.name.lower(): entry for entry in entries}
    name = f"{kind} {which}" if isinstance(which, int) else str(which).lower()
    if name not in found:
        names = ", ".join(entry.name for entry in found.values())
        raise ValueError(
            f"Expected one of {names}, received {which!r}: choose one of these."
        )
    return found[name]


def missing(report, which):
    """Finds the rows of a table without saved results.

    Args:
        report: Name of the report.
        which: As in `table`.

    Returns:
        Names of their experiments, with `-half` where half the width would do.
    """
    rows = pick(find_report(report).tables, "table", which).rows
    names = {row.experiment: f"{row.experiment}{'-half' * row.half}" for row in rows}
    halves = {row.experiment: row.half for row in rows}
    return [names[name] for name in names if _runs(name, halves[name])[0] is None]


def describe(run, n=None):
    """Describes a saved run: its seed of so many, steps, width, number of images.

    Args:
        run: A `gankit.experiments.SavedRun`.
        n: Number of images that were scored, `None` for none.

    Returns:
        Text such as `"seed 0, 8,593 steps, n = 10,000"`.
    """
    scores = run.scores
    same = {"size": scores["size"], "steps": scores["steps"]}
    found = [each for _, each in find_runs(scores["name"], local=False)]
    seeds = {r["seed"] for r in found if {key: r[key] for key in same} == same}
    words = [f"seed {scores['seed']}" + f" (of {len(seeds)})" * (len(seeds) > 1)]
    budget = f" of {scores['budget']:,}" * (scores["steps"] < scores["budget"])
    words.append(f"{scores['steps']:,}{budget} steps")
    words += ["half width"] * scores["name"].endswith("-half")
    words += [f"n = {n:,}"] if n else []
    return ", ".join(words)


def _fill(table):
    rows, runs, extents = [], [], {}
    for row in table.rows:
        saved, yours = _runs(row.experiment, row.half)
        runs.append(_run_of_a_row(table, row, saved) if saved else NONE)
        cells = [_cell(row, column, saved) for column in table.columns]
        if saved and not row.baseline and _extent(saved):
            extents.setdefault(_extent(saved), []).append(row.label)
        first, *others = table.columns
        mine = _cell(row, first, yours)
        mine += "".join(
            f", {c.heading.removeprefix('saved ')} {_cell(row, c, yours)}"
            for c in others
            if yours and c.beside
        )
        if yours and (extent := _extent(yours, saved)):
            mine += f" ({extent})"
        rows.append((row.label, row.report or NONE, *cells, mine))
    notes = list(table.notes)
    if extents:
        said = [f"{extent} ({', '.join(of)})" for extent, of in extents.items()]
        everywhere = len(extents) == 1 and len(*extents.values()) > 1
        notes.append(f"Saved runs: {'; '.join(extents if everywhere else said)}.")
    return FilledTable(
        f"{table.name}: {table.caption}",
        ("model", table.reported, *(c.heading for c in table.columns), "yours"),
        tuple(rows),
        tuple(notes),
        tuple(runs),
        table.agrees,
    )


def _run_of_a_row(table, row, run):
    """Which run a row is from; real images, which no run has made, have n alone."""
    wanted = {name for column in table.columns for name in row.scores or column.scores}
    wanted = {name.replace(*row.swap) for name in wanted}
    lines = [*run.scores["scores"], *run.scores["baselines"].get(row.baseline, [])]
    counts = [s["n_fake"] or s["n_real"] for s in lines if s["name"] in wanted]
    n = max(filter(None, counts), default=None)
    real = row.baseline or row.scores
    return f"n = {n:,}" if real else describe(run, n)


def _runs(name, half):
    """The saved run and the best local run of an experiment; `None` for none."""
    found = find_runs(name) + (find_runs(f"{name}-half") if half else [])
    saved = [run for run in found if not _is_local(run) and run[1]["size"] == "full"]
    local = sorted(
        (run for run in found if _is_local(run)),
        key=lambda run: (run[1]["size"] == "full", run[1]["steps"]),
    )
    return (
        SavedRun(*saved[0]) if saved else None,
        SavedRun(*local[-1]) if local else None,
    )


def _is_local(run):
    return run[0].parts[0] == "runs"


def _extent(run, saved=None):
    """How a run differs from a full one at full width, or from the saved one's data."""
    scores = run.scores
    words = ["half width"] if scores["name"].endswith("-half") else []
    if scores["size"] != "full":
        words.append(scores["size"])
    if saved and scores.get("data") != saved.scores.get("data"):
        words.append(scores["data"])
    if scores["steps"] < scores["budget"]:
        words.append(f"{scores['steps']:,} of {scores['budget']:,} steps")
    elif scores["size"] != "full":
        words.append(f"{scores['steps']:,} steps")
    if scores["seed"]:
        words.append(f"seed {scores['seed']}")
    return ", ".join(words)


def _cell(row, column, run):
    if run is None:
        return NONE
    if row.baseline:
        lines = run.scores.get("baselines", {}).get(row.baseline, [])
        values = dict(run.values) if any(row.swap) else {}
        values |= {score["name"]: score["value"] for score in lines}
    else:
        seconds = 1000 * run.scores["seconds"] / run.scores["steps"]
        values = {**run.values, SECONDS: seconds}
    names = [name.replace(*row.swap) for name in row.scores or column.scores]
    if column.during_training and not row.baseline:
        course = run.on_the_way if (run.folder / "scores.csv").exists() else {}
        parts = [[course[n][0], course[n][-1]] for n in names if n in course]
        return _join(" → ", column, *parts) if parts else NONE
    parts = [values[name] for name in names if name in values]
    return _join(" / ", column, parts) if parts else NONE


def _join(mark, column, values):
    return mark.join(column.style.format(column.scale * value) for value in values)
