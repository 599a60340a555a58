"""The figures of the five reports, drawn again from saved results.

`figures.toml` lists what each report shows, in the order of its pages.
`figure("dtu", 6)` draws one of these from `results/` or from the networks. `verdicts`,
`readings` and `not_run` are tables for the end of a report's notebook, and `page` puts
all of it on one page of HTML. Nothing here trains a model or reads a data set.
"""

import base64
import html
import io
import operator
import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import spearmanr

from gankit import files, networks
from gankit.experiments import claims, retraining, tables
from gankit.experiments.claims.ledger import NOT_RUN
from gankit.experiments.running import registry
from gankit.experiments.running.saved import load_saved, saved_folder
from gankit.experiments.tables import NONE, FilledTable
from gankit.inspection import diagrams
from gankit.plotting import Picture, lines, loss_panels, moving_average

LATER = "In the list at the end, with the command that it waits for."
# Pixels of a label above a saved picture, and between pictures.
LABEL = 20


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A figure of a report, or the place of a table; `figures.toml` has the fields.

    Attributes:
        name: Its number, or its section where the report has no numbers.
        draw: How it is drawn; `"table"` is the place of a table, `""` cannot be drawn
            yet.
        title: What it shows.
        section: A heading above it.
        words: A paragraph below that heading.
        report: The report's own picture, in words.
        ours: What ours shows, where the runs do not say it.
        notice: Whether ours agrees, and what to notice; a format of the runs' scores.
        runs: Names of saved runs, by their labels in the picture.
        folder: Name of other saved results.
        options: Arguments of the drawing.
        command: What would give it, where that is not the run of an experiment.
    """

    name: str
    draw: str = ""
    title: str = ""
    section: str = ""
    words: str = ""
    report: str = ""
    ours: str = ""
    notice: str = ""
    runs: Mapping = field(default_factory=dict)
    folder: str = ""
    options: Mapping = field(default_factory=dict)
    command: str = ""

    @property
    def is_table(self):
        """Whether `gankit.experiments.table` fills it in."""
        return self.draw == "table"


@dataclass(frozen=True)
class Page:
    """What a report shows.

    Attributes:
        about: What the report is, and the question it asks.
        entries: Its figures and tables, in the order of its pages.
    """

    about: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class DrawnFigure:
    """A figure of a report, drawn again; notebooks show it with its caption.

    Attributes:
        title: Its number and what it shows.
        pictures: `gankit.plotting.Picture` and `PIL.Image.Image` objects, none where a
            run is missing.
        caption: Dict from `"The report"`, `"Ours"` and `"What to notice"` to sentences.
    """

    title: str
    pictures: Sequence
    caption: Mapping

    def __str__(self):
        lines = (f"{heading}: {text}" for heading, text in self.caption.items())
        return "\n".join((self.title, *lines))

    def _ipython_display_(self):
        from IPython.display import Image as NotebookImage
        from IPython.display import Markdown, display

        display(Markdown(f"**{self.title}**"))
        for picture in self.pictures:
            display(NotebookImage(_encode(picture), alt=self.title))
        text = (f"*{heading}.* {text}" for heading, text in self.caption.items())
        display(Markdown("\n\n".join(text)))

    def to_html(self):
        """The figure as HTML, with its pictures inside."""
        parts = [f"<figure>\n<h3>{_escape(self.title)}</h3>"]
        for picture in self.pictures:
            data = base64.b64encode(_encode(picture, lossless=True)).decode()
            alt = html.escape(self.title)
            parts.append(f'<img src="data:image/png;base64,{data}" alt="{alt}">')
        for heading, text in self.caption.items():
            parts.append(f"<p><b>{heading}.</b> {_escape(text)}</p>")
        return "\n".join((*parts, "</figure>\n"))


def _read():
    pages = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {
        name: Page(page["about"], [Entry(**entry) for entry in page["entries"]])
        for name, page in pages.items()
    }


PAGES = _read()


def figure(report, which):
    """Draws a figure of a report from saved results.

    Args:
        report: Name of the report, such as `"imperial"`.
        which: Its number, such as 2, or its name, such as `"2.6 losses"` where the
            report has no numbers.

    Returns:
        A `DrawnFigure`, without pictures where a run is missing.

    Raises:
        ValueError: If there is no such report or figure.
    """
    tables.find_report(report)
    figures = [entry for entry in PAGES[report].entries if not entry.is_table]
    entry = tables.pick(figures, "figure", which)
    title = f"{entry.name}: {entry.title}"
    if _commands(report, entry):
        return DrawnFigure(title, (), {"The report": entry.report, "Ours": LATER})
    runs = {label: load_saved(name) for label, name in entry.runs.items()}
    known = {"runs": runs} if runs else {}
    known |= {"folder": saved_folder(entry.folder)} if entry.folder else {}
    drawn = _DRAWINGS[entry.draw](**known, **entry.options)
    rows = {}
    if entry.draw == "saved":
        table = files.read_table(known["folder"] / "table.csv", words=("what",))
        rows = {row["what"]: row for row in table}
    # A percentage as the other texts have it.
    notice = entry.notice.format(*runs.values(), rows=rows)
    notice = re.sub(r"(\d)%", r"\1 %", notice)
    caption = {
        "The report": entry.report,
        "Ours": " ".join(filter(None, (entry.ours, _trained(runs)))),
        "What to notice": notice,
    }
    pictures = drawn if isinstance(drawn, list) else [drawn]
    return DrawnFigure(title, pictures, caption)


def verdicts(report):
    """How the claims of a report fared, over seeds.

    Args:
        report: Name of the report.

    Returns:
        A `FilledTable` with a row for each claim. What has no run has no verdict; the
        list of `not_run` has its command.

    Raises:
        ValueError: If there is no such report.
    """
    tables.find_report(report)
    rows = []
    for claim in claims.ledger(report):
        outcome = claims.check(claim)
        verdict = NONE if outcome.verdict == NOT_RUN else outcome.verdict
        found = [part for part in outcome.found.split("; ") if NOT_RUN not in part]
        place = claim.place.removeprefix(f"{report} ")
        seeds = str(outcome.seeds or NONE)
        rows.append((place, claim.claim, verdict, seeds, "; ".join(found) or NONE))
    notes = (
        "Models are compared over at least three seeds a side: two differ if the 95 % "
        "intervals of their means do not overlap. One run: fewer seeds, which is no "
        "verdict. Undecided: intervals overlap. Mixed: parts contradict each other.",
    )
    headings = ("section", "claim", "verdict", "seeds", "found")
    return FilledTable("What the report claims", headings, tuple(rows), notes)


def readings(report):
    """What a report leaves open, and what we chose.

    Args:
        report: Name of the report.

    Returns:
        A `FilledTable` with a row for each choice.

    Raises:
        ValueError: If there is no such report.
    """
    found = {}
    for name in tables.models(report):
        for line in registry.find(name).our_reading:
            found.setdefault(line, []).append(name.removeprefix(f"{report}/"))
    rows = []
    for line, names in found.items():
        others = f" and {len(names) - 2} others" if len(names) > 3 else ""
        rows.append((line, ", ".join(names[:2] if others else names) + others))
    return FilledTable("What we chose", ("our reading", "experiments"), tuple(rows))


def not_run(report):
    """What has no saved results yet.

    Args:
        report: Name of the report.

    Returns:
        A `FilledTable`: commands, and the figures, tables and claims that wait for
        each of them.

    Raises:
        ValueError: If there is no such report.
    """
    tables.find_report(report)
    waiting = {}
    for entry in PAGES[report].entries:
        for command in _commands(report, entry):
            waiting.setdefault(command, []).append(entry.name)
    for claim in claims.ledger(report):
        tested = claim.tested_by * (claims.check(claim).verdict == NOT_RUN)
        for name in tested:
            if f"{name}-half" not in tested and not _is_saved(name):
                place = f"claim of {claim.place.removeprefix(report).strip()}"
                waiting.setdefault(_run_command(name), []).append(place)
    rows = [(command, ", ".join(names)) for command, names in waiting.items()]
    rows = tuple(rows or [(NONE, "everything here has been run")])
    notes = ("gankit publish NAME saves what a run has found; this list then shrinks.",)
    return FilledTable("Not run", ("command", "what it gives"), rows, notes)


def page(report):
    """All of a report on one page: figures, tables, claims, readings, what is not run.

    Args:
        report: Name of the report.

    Returns:
        HTML that needs no other file.

    Raises:
        ValueError: If there is no such report.
    """
    found = tables.find_report(report)
    title = _escape(f"{found.university}: {found.subject}")
    parts = [f"<h1>{title}</h1>\n<p>{_escape(PAGES[report].about)}</p>"]
    for entry in PAGES[report].entries:
        if entry.section:
            parts.append(f"<h2>{_escape(entry.section)}</h2>")
            parts.append(f"<p>{_escape(entry.words)}</p>")
        draw = tables.table if entry.is_table else figure
        parts.append(draw(report, entry.name).to_html())
    parts.append("<h2>Claims, choices, and what is left</h2>")
    parts += [fill(report).to_html() for fill in (verdicts, readings, not_run)]
    frame = Path(__file__).with_name("page.html").read_text("utf-8")
    return string.Template(frame).substitute(title=title, body="\n".join(parts))


def _escape(text):
    return html.escape(text, quote=False)


def _is_saved(name):
    try:
        return bool(saved_folder(name))
    except FileNotFoundError:
        return False


def _commands(report, entry):
    """Commands that give what a figure or table lacks."""
    if entry.is_table:
        return [_run_command(name) for name in tables.missing(report, entry.name)]
    if not entry.draw or (entry.folder and not _is_saved(entry.folder)):
        return [entry.command]
    return [_run_command(n) for n in entry.runs.values() if not _is_saved(n)]


def _run_command(name):
    name, _, seed = name.partition("@full-seed")
    width = " --width half" * name.endswith("-half")
    seed = f" --seed {seed.partition('-')[0]}" if seed else ""
    return f"gankit run {name.removesuffix('-half')}{width} --size full{seed}"


def _trained(runs):
    """Which runs a figure is drawn from, in words."""
    groups = {}
    for label, run in runs.items():
        groups.setdefault(tables.describe(run), []).append(label)
    if len(groups) == 1:
        return f"Saved: {next(iter(groups))}{' each' * (len(runs) > 1)}."
    said = (f"{words} ({', '.join(labels)})" for words, labels in groups.items())
    return f"Saved: {'; '.join(said)}." if groups else ""


def _encode(picture, lossless=False):
    """A picture as the bytes of a file: true colour, or grey with few levels."""
    if isinstance(picture, Picture):
        return picture.png()
    file = io.BytesIO()
    if picture.mode == "L":
        picture.quantize(8).save(file, "png", optimize=True)
    elif lossless or picture.mode == "P":
        picture.save(file, "png", optimize=True)
    else:
        picture.save(file, "jpeg", quality=70)
    return file.getvalue()


def _diagram(kind, names=()):
    draw = getattr(diagrams, kind)
    return draw(names) if names else draw()


def _networks(of):
    pair = operator.attrgetter(of)(networks)()
    return [diagrams.architecture(network) for network in pair]


def _losses(runs):
    histories = {label: run.history for label, run in runs.items()}
    return loss_panels(histories, columns=len(runs), title="")


def _panels(count, width, height=3.0):
    """A figure with one or two panels a row, each of that size in inches."""
    columns = min(count, 2)
    rows = -(-count // columns)
    size = (width * columns, height * rows)
    figure = Picture(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    return figure, panels


def _legend(figure, columns=3):
    handles, labels = figure.axes[0].get_legend_handles_labels()
    place = {"loc": "outside lower center", "fontsize": 10}
    figure.legend(handles, labels, ncols=min(columns, len(labels)), **place)
    return figure


def _curves(runs, panels, ylabel="loss", scored=False, logarithmic=()):
    """Moving averages of what was logged or scored, a panel for each column of it."""
    figure, grid = _panels(len(panels), 5 - 0.8 * (len(panels) > 1))
    for axes, (title, column) in zip(grid.flat, panels.items(), strict=True):
        for label, run in runs.items():
            history = run.on_the_way if scored else run.history
            steps, values = history["step"], history[column]
            window = max(1, len(values) // 20)
            (line,) = axes.plot(steps, moving_average(values, window), label=label)
            axes.plot(steps, values, color=line.get_color(), alpha=0.25, linewidth=0.8)
        axes.set_title(title, fontsize=11)
        axes.set_xlabel("step")
        axes.set_yscale("log" if title in logarithmic else "linear")
        axes.locator_params("x", nbins=6)
    for axes in grid[:, 0]:
        axes.set_ylabel(ylabel)
    return _legend(figure)


def _scatter(runs, score, ylabel, scale="linear"):
    """A score over the losses: at the ends of all seeds, or at the steps of one run."""
    figure, grid = _panels(2, 4.2)
    for axes, loss in zip(grid.flat, ("d_loss", "g_loss"), strict=True):
        points = {label: _points(run, loss, score) for label, run in runs.items()}
        for label, each in points.items():
            axes.plot(*each, "o", label=label)
        found = spearmanr(*np.concatenate([*points.values()], axis=1))
        axes.set_title(f"rank correlation: {found.statistic:+.2f}", fontsize=10)
        axes.set(xlabel=loss, ylabel=ylabel, yscale=scale)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:g}")
    return _legend(figure)


def _points(run, loss, score):
    """A loss and a score, `(2, points)`."""
    seeds = claims.seed_runs(run.scores["name"])
    ends = [seed.values for seed in seeds if seed.steps == run.scores["steps"]]
    if len(ends) > 1:
        return np.array([[end[loss], end[score]] for end in ends]).T
    smooth = moving_average(run.history[loss], 10)
    steps = run.on_the_way["step"]
    return np.array(
        [np.interp(steps, run.history["step"], smooth), run.on_the_way[score]]
    )


def _course(runs, score, ylabel):
    """A score during training; a dotted line is what real images score."""
    curves = {
        label: (run.on_the_way["step"], run.on_the_way[score])
        for label, run in runs.items()
    }
    real = max(run.baseline[score] for run in runs.values())
    title = f"dotted: real images, {real:.2g}"
    return lines(curves, title=title, x="step", y=ylabel, level=real)


def _bars(runs, bars, ylabel):
    """A bar with its interval for each score of a run or of its baselines."""
    figure, ((axes,),) = _panels(1, 7.5)
    for i, bar in enumerate(bars.values()):
        scores = runs[bar["run"]].scores
        line = bar.get("line")
        found = scores["baselines"][line] if line else scores["scores"]
        score = next(each for each in found if each["name"] == bar["score"])
        value, (low, high) = score["value"], score["interval"]
        ends, colour = [[value - low], [high - value]], f"C{7 if line else 0}"
        axes.bar(i, value, yerr=ends, color=colour, capsize=3)
        axes.text(i, high, f"{value:.2f}", ha="center", va="bottom", fontsize=10)
    axes.set_xticks(range(len(bars)), bars)
    axes.set_ylabel(ylabel)
    axes.margins(y=0.12)
    return figure


def _classes(runs, score, ylabel):
    """A share with its interval for each class, a colour for each run."""
    figure, ((axes,),) = _panels(1, 8.5, 3.8)
    for i, (label, run) in enumerate(runs.items()):
        names = [score.format(label=c) for c in range(10)]
        values = 100 * np.array([run.values[name] for name in names])
        ends = 100 * np.array([run.intervals[name] for name in names])
        x = np.arange(10) + 0.8 * (i + 0.5) / len(runs) - 0.4
        error = {"yerr": np.abs(ends.T - values), "error_kw": {"linewidth": 0.8}}
        axes.bar(x, values, 0.8 / len(runs), label=label, **error)
    axes.set(xlabel="requested class", ylabel=ylabel, xticks=range(10))
    return _legend(figure)


def _pictures(runs, file="samples.png", crop=None, column=None):
    """Parts of saved pictures below each other, each under its label."""
    parts = []
    for run in runs.values():
        with Image.open(run.folder / file) as picture:
            picture = picture.convert("L" if picture.mode == "L" else "RGB")
        if column is not None:
            pitch = picture.width // 10
            strip = np.asarray(picture)[:, 2 + pitch * column :][2:, :pitch]
            row = np.hstack(np.split(strip[: 10 * pitch], 10))
            picture = Image.fromarray(row)
        left, top, right, bottom = crop or (0, 0, *picture.size)
        box = (left, top, min(right, picture.width), min(bottom, picture.height))
        parts.append(picture.crop(box))
    width = max(part.width for part in parts)
    height = sum(part.height + LABEL for part in parts)
    sheet = Image.new(parts[0].mode, (width, height), "white")
    draw, y = ImageDraw.Draw(sheet), 0
    for label, part in zip(runs, parts, strict=True):
        draw.text((2, y + 1), label, fill="black", font=ImageFont.load_default(14))
        sheet.paste(part, (0, y + LABEL))
        y += part.height + LABEL
    return sheet


def _saved(folder):
    """The picture beside a table, as it is."""
    with Image.open(folder / "samples.png") as picture:
        return picture.copy()


def _retraining(folder, number):
    """Accuracy of classifiers by what they were trained on: mean and range of seeds."""
    rows = retraining.read(folder)
    total = max(row["real"] for row in rows)
    varied, unit, xlabel = {
        13: ("real", 100 / total, "share of real digits (%)"),
        14: ("synthetic", 1, f"synthetic digits added to {total:,.0f} real ones"),
    }[number]
    figure, ((axes,),) = _panels(1, 7.5, 4)
    for confident in range(2 if number == 13 else 1):
        for order, marker in (("real first", "o"), ("synthetic first", "s")):
            found = {}
            for row in rows:
                if _is_part(row, number, order, confident):
                    found.setdefault(row[varied], []).append(100 * row["accuracy"])
            x, seeds = np.array(sorted(found)), [found[key] for key in sorted(found)]
            means = np.mean(seeds, axis=1)
            ends = np.abs(
                [np.min(seeds, axis=1) - means, np.max(seeds, axis=1) - means]
            )
            label = order + ", most confident" * confident
            form = marker + ("--" if confident else "-")
            axes.errorbar(unit * x, means, ends, fmt=form, capsize=3, label=label)
    for i, control in enumerate(("trained twice as long", "shifted copies")):
        values = [100 * row["accuracy"] for row in rows if row["order"] == control]
        if number == 14:
            style = {"linestyle": ":", "color": f"C{i + 2}"}
            axes.axhline(np.mean(values), label=f"real alone, {control}", **style)
    axes.margins(y=0.08)
    axes.autoscale()
    axes.set(xlabel=xlabel, ylabel="accuracy on real test digits (%)")
    return _legend(figure, 2)


def _is_part(row, number, order, confident):
    """Whether a row belongs to a curve; its ends have one kind of digits, unordered."""
    if row["order"] == "shuffled" and not row["synthetic"]:
        return True
    if row["order"] == "shuffled" and not row["real"]:
        return number == 13 and row["confident"] == confident
    mine = (row["figure"], row["order"], row["confident"])
    return mine == (number, order, confident)


def _histograms(folder, number, modes=False):
    """Densities in one dimension: the data, and the samples of every seed."""
    rows = files.read_table(folder / "table.csv", words=("panel",))
    rows = [row for row in rows if row["figure"] == number]
    bins = [key for key in rows[0] if key not in ("figure", "panel", "seed", "steps")]
    x, found = np.array(bins, "float64"), {}
    for row in rows:
        found.setdefault(row["panel"], []).append([row[key] for key in bins])
    (data,), width = np.array(found.pop("data")), x[1] - x[0]
    figure, grid = _panels(len(found), 3.6, 2.2)
    for axes, (panel, shares) in zip(grid.flat, found.items(), strict=True):
        axes.fill_between(x, data / width, alpha=0.35, label="data")
        style = {"color": "tab:orange", "linewidth": 0.8, "alpha": 0.7}
        lines = axes.plot(x, np.transpose(shares) / width, **style)
        lines[0].set_label("generated, a line for each seed")
        sides = [
            np.sum(shares, axis=1, where=(data > 0) & (x * s > 0)) for s in (-1, 1)
        ]
        lost = f"{np.sum(np.min(sides, axis=0) < 0.05)} of {len(shares)} seeds"
        axes.set_title(f"{panel}: {lost} lost a mode" if modes else panel, fontsize=10)
    for axes in grid[:, 0]:
        axes.set_ylabel("density")
    for axes in grid[-1]:
        axes.set_xlabel("x")
    return _legend(figure)


_DRAWINGS = {
    "diagram": _diagram,
    "networks": _networks,
    "losses": _losses,
    "curves": _curves,
    "course": _course,
    "scatter": _scatter,
    "saved": _saved,
    "bars": _bars,
    "classes": _classes,
    "pictures": _pictures,
    "retraining": _retraining,
    "histograms": _histograms,
}
