"""The figures of a report that show its score."""

import dataclasses
import math

from gankit import plotting
from gankit.course.report_kit.figures import (
    HALF,
    PANELS,
    Figure,
    omissions,
    set_print_fonts,
)
from gankit.course.report_kit.runs import captions
from gankit.course.report_kit.summary import comparable_rows, image_counts, measure_of
from gankit.plotting import Picture

# Beginnings of the names of scores that are better where they are lower, or higher.
_BETTER = {
    "lower": ("FID", "KID", "FCD", "KCD", "class imbalance", "reconstruction error"),
    "higher": ("precision", "recall", "density", "coverage", "conditional accuracy"),
}


def scores(rows):
    """The score during training, of all comparable runs; `None` without any."""
    group, measure, baseline = _largest_group(rows)
    runs = [run for row in group for run in row.runs]
    curves, finals = {}, {}
    for title, run in zip(captions(runs), runs, strict=True):
        values = run.on_the_way.get(measure.name, ())
        final = run.final_scores[measure.name]
        score = dataclasses.replace(final, interval=None, std=None)
        if len(values):
            finals[title] = (run.steps, final)
            curves[title] = [
                (int(step), dataclasses.replace(score, value=value))
                for step, value in zip(run.on_the_way["step"], values, strict=False)
            ]
    if not curves:
        return None
    selection = dict(list(curves.items())[:PANELS])
    figure = plotting.score_curves(
        selection,
        baselines={"real images": baseline} if baseline else None,
        title="",
        better="lower",  # its label is replaced
    )
    axes = figure.axes[0]
    axes.set_title("")
    axes.set_ylabel(measure.name)
    for line, title in zip(axes.lines, selection, strict=False):
        step, final = finals[title]
        if final.interval is not None:
            _bar(axes, step, final.value, final.interval, color=line.get_color())
    figure.legends[0].remove()
    handles, labels = axes.get_legend_handles_labels()
    columns = 2 if max(len(label) for label in labels) < 27 else 1
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        labelspacing=0.3,
        handlelength=1.5,
        columnspacing=1.0,
    )
    figure.set_size_inches(HALF, 2.2 + 0.13 * math.ceil(len(labels) / columns))
    set_print_fonts(figure)
    spreads = {run.final_scores[measure.name].spread for run in runs} - {None}
    spread = f" ({', '.join(sorted(spreads))})" if spreads else ""
    band = " Band: real images against other real images." if baseline else ""
    return Figure(
        "scores",
        figure,
        f"{measure.name} during training{_image_counts(measure)}{_better(measure)}. "
        f"Whisker: 95 % at the end{spread}.{band}{omissions(curves, selection)}",
    )


def seeds(rows):
    """The final score of each run, a dot, in a line for each experiment."""
    group, measure, baseline = _largest_group(rows)
    if not group:
        return None
    height = max(1.8, 0.7 + 0.36 * len(group))
    figure = Picture(figsize=(HALF, height), layout="constrained")
    axes = figure.subplots()
    single = [row for row in group if len(row.values) == 1]
    several = [row for row in group if len(row.values) > 1]
    lows, labels = [row.interval[0] for row in several], []
    unequal = len({row.steps for row in group}) > 1
    for place, row in enumerate(group):
        places = [place] * len(row.values)
        axes.plot(row.values, places, "o", color="tab:blue", alpha=0.6, markersize=5)
        if row in several:
            _bar(axes, row.value, place + 0.2, row.interval, "x", "|", color="black")
        count = "one seed" if row in single else f"{len(row.values)} seeds"
        steps = f", {row.steps:,} steps" if unequal else ""
        labels.append(f"{row.name}\n{count}{steps}")
    if baseline:
        axes.axvline(baseline.value, color="tab:green", linestyle="--", linewidth=1)
    values = [value for row in group for value in row.values]
    if min(values + lows) > 0 and max(values) >= 100 * min(values):
        axes.set_xscale("log")
    axes.set_yticks(range(len(group)), labels)
    axes.set_ylim(len(group) - 0.4, -0.6)
    axes.set_xlabel(f"{measure.name}{_better(measure)}")
    axes.grid(axis="x", alpha=0.3)
    set_print_fonts(figure)
    notes = [
        (several, " Bar and whisker: mean and its 95 % interval (Student's t)."),
        (single, " One seed has no interval here."),
        (baseline, " Dashed: real images against other real images."),
    ]
    return Figure(
        "seeds",
        figure,
        f"Final {measure.name}{_image_counts(measure)}; each dot is a run."
        + "".join(text for condition, text in notes if condition),
    )


def _largest_group(rows):
    """The largest group of comparable rows, its measure and what real images score."""
    groups = comparable_rows(rows)
    if not groups:
        return [], None, None
    measure = groups[0][0].measure
    baselines = [row.baseline for row in groups[0]]
    # Only one of as many images.
    baseline = next((b for b in baselines if measure_of(b) == measure), None)
    return groups[0], measure, baseline


def _bar(axes, x, y, interval, along="y", marker="none", *, color):
    value = x if along == "x" else y
    low, high = interval
    error = {f"{along}err": [[value - low], [high - value]]}
    axes.errorbar(x, y, **error, fmt=marker, color=color, capsize=3)


def _better(measure):
    """Which values are better, in words; empty if that is not so simple."""
    for direction, names in _BETTER.items():
        if measure.name.startswith(names):
            return f"; {direction} is better"
    return ""


def _image_counts(measure):
    counts = image_counts(measure)
    return f", n = {counts} images" if counts else ""
