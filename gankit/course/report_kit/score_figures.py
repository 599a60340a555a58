"""The figures of a report that show its score."""

import dataclasses
import math

from gankit import plotting
from gankit.course.report_kit.figures import HALF, PANELS, Figure, left_out, print_size
from gankit.course.report_kit.runs import captions
from gankit.course.report_kit.summary import comparable, measure_of, sides
from gankit.plotting import Picture

# Beginnings of the names of scores that are better where they are lower, or higher.
_BETTER = {
    "lower": ("FID", "KID", "FCD", "KCD", "class imbalance", "reconstruction error"),
    "higher": ("precision", "recall", "density", "coverage", "conditional accuracy"),
}


def on_the_way(rows):
    """A score over the training, of all rows that may be compared; `None` without."""
    group, kind = _largest(rows)
    runs = [run for row in group for run in row.runs]
    curves = {}
    for title, run in zip(captions(runs), runs, strict=True):
        values = run.on_the_way.get(kind.name, ())
        end = dataclasses.replace(run.final[kind.name], interval=None, std=None)
        curve = [
            (int(step), dataclasses.replace(end, value=value))
            for step, value in zip(run.on_the_way.get("step", ()), values, strict=False)
        ]
        if curve:
            curves[title] = (curve, run)
    if not curves:
        return None
    shown = dict(list(curves.items())[:PANELS])
    baseline = _baseline(group)
    figure = plotting.score_curves(
        {title: curve for title, (curve, _) in shown.items()},
        baselines={"real images": baseline} if baseline else None,
        title="",
        better="lower",  # its label is replaced
    )
    axes = figure.axes[0]
    axes.set_title("")
    axes.set_ylabel(kind.name)
    for line, (_, run) in zip(axes.lines, shown.values(), strict=False):
        _whisker(axes, run.steps, run.final[kind.name], line.get_color())
    figure.legends[0].remove()
    handles, labels = axes.get_legend_handles_labels()
    longest = max(len(label) for label in labels)
    columns = 2 if longest < 27 else 1
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
    print_size(figure)
    told = " Band: the same for real images against others." if baseline else ""
    return Figure(
        "scores",
        figure,
        f"{kind.name} during the training{_sides(kind)}{_better(kind)}. "
        "Whisker: 95 % at the end"
        f"{_spread_of(runs, kind)}.{told}{left_out(list(curves), list(shown))}",
    )


def over_seeds(rows):
    """The score of each run, a dot, beside the others of its experiment."""
    group, kind = _largest(rows)
    if not group:
        return None
    height = max(1.8, 0.7 + 0.36 * len(group))
    figure = Picture(figsize=(HALF, height), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(group):
        places = [place] * len(row.values)
        axes.plot(row.values, places, "o", color="tab:blue", alpha=0.6, markersize=5)
        if len(row.values) > 1:
            low, high = row.interval
            axes.errorbar(
                row.value,
                place + 0.2,
                xerr=[[row.value - low], [high - row.value]],
                fmt="|",
                color="black",
                capsize=3,
            )
    baseline = _baseline(group)
    if baseline:
        axes.axvline(baseline.value, color="tab:green", linestyle="--", linewidth=1)
    drawn = [value for row in group for value in row.values]
    ends = [row.interval[0] for row in group if len(row.values) > 1]
    if min(drawn + ends) > 0 and max(drawn) >= 100 * min(drawn):
        axes.set_xscale("log")
    several = len({row.runs[0].steps for row in group}) > 1
    names = [
        f"{row.name}\n{_seeds(len(row.values))}"
        + (f", {row.runs[0].steps:,} steps" if several else "")
        for row in group
    ]
    axes.set_yticks(range(len(group)), names)
    axes.set_ylim(len(group) - 0.4, -0.6)
    axes.set_xlabel(f"{kind.name}{_better(kind)}")
    axes.grid(axis="x", alpha=0.3)
    print_size(figure)
    told = []
    if any(len(row.values) > 1 for row in group):
        told.append("Bar and whisker: mean and its 95 % interval (Student's t).")
    if any(len(row.values) == 1 for row in group):
        told.append("One seed has no interval here.")
    if baseline:
        told.append("Dashed: real images against other real ones.")
    return Figure(
        "seeds",
        figure,
        f"{kind.name} at the end{_sides(kind)}; a dot is a run. {' '.join(told)}",
    )


def _largest(rows):
    """The largest set of comparable rows and what was measured; `[], None` without."""
    sets = comparable(rows)
    return (sets[0], sets[0][0].measure) if sets else ([], None)


def _baseline(group):
    """What real images score, where that is of as many images; else `None`."""
    found = [row.baseline for row in group]
    return next((b for b in found if measure_of(b) == group[0].measure), None)


def _whisker(axes, step, score, colour):
    if score.interval is None:
        return
    low, high = score.interval
    margins = [[score.value - low], [high - score.value]]
    axes.errorbar(step, score.value, margins, fmt="none", color=colour, capsize=3)


def _better(kind):
    """Which values are better, in words; nothing where that is not so simple."""
    for which, names in _BETTER.items():
        if kind.name.startswith(names):
            return f"; {which} is better"
    return ""


def _sides(kind):
    counted = sides(kind)
    return f", n = {counted} images" if counted else ""


def _spread_of(runs, kind):
    over = {run.final[kind.name].spread for run in runs} - {None}
    return f" ({', '.join(sorted(over))})" if over else ""


def _seeds(count):
    return "one seed" if count == 1 else f"{count} seeds"
