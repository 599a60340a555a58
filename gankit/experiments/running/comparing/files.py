"""Keeps a comparison: its numbers and its picture."""

import dataclasses
import json
import math
import textwrap

from gankit.plotting import Picture

PANELS = 6


def plot(comparison):
    """Draws the scores of a comparison: a dot for each run, a line for each seed.

    At most six scores are drawn, those of features first: what a player's own network
    says is less comparable.

    Args:
        comparison: A `Comparison` with at least one row.

    Returns:
        The `gankit.plotting.Picture`.

    Raises:
        ValueError: If the comparison has no rows.
    """
    if not comparison.rows:
        raise ValueError(
            f"Expected a score that {comparison.a.name} and {comparison.b.name} share, "
            "received none: see the comparison's refused for the reasons."
        )
    # Sorting is stable: within both kinds the order stays.
    rows = sorted(comparison.rows, key=lambda row: row.measure.extractor is None)
    rows = rows[:PANELS]
    columns = min(3, len(rows))
    lines = math.ceil(len(rows) / columns)
    width = max(7.0, 3.6 * columns)
    figure = Picture(figsize=(width, 3.3 * lines + 1.9), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flatten()
    for axes, row in zip(panels, rows, strict=False):
        _panel(axes, row)
    for axes in panels[len(rows) :]:
        axes.axis("off")
    count = len(comparison.rows)
    shown = f"{len(rows)} of {count} scores; " if count > len(rows) else ""
    names, how = comparison.title.split(": ")
    figure.suptitle(
        f"{textwrap.fill(names, int(width * 9))}\n{how}\n"
        f"{shown}a line joins the runs of a seed",
        fontsize=12,
    )
    handles = [panels[0].lines[-2], panels[0].lines[-1]]
    labels = [
        f"{letter}: {side.name}\n{side.steps:,} steps, {side.generator_updates:,} "
        f"updates of the generator, {side.discriminator_updates:,} of the "
        f"discriminator, {side.mean_seconds:,.1f} s"
        for letter, side in (("A", comparison.a), ("B", comparison.b))
    ]
    figure.legend(handles, labels, loc="outside lower left", fontsize=10, frameon=False)
    return figure


def save(comparison):
    """Writes a comparison as `comparison-N-seeds.json`, and its picture as `.png`.

    Args:
        comparison: A `Comparison`.

    Returns:
        The paths that were written; without a row there is no picture.
    """
    seeds = f"{comparison.seeds}-seeds" if comparison.seeds > 1 else "one-seed"
    path = comparison.folder / f"comparison-{seeds}.json"
    content = dataclasses.asdict(comparison)
    for row, written in zip(comparison.rows, content["rows"], strict=True):
        written["excludes_zero"] = row.excludes_zero
    write_json(path, {**content, "folder": str(comparison.folder)})
    if not comparison.rows:
        return [path]
    picture = path.with_suffix(".png")
    plot(comparison).savefig(picture, dpi=120)
    return [path, picture]


def _panel(axes, row):
    for of_a, of_b in zip(row.values_a, row.values_b, strict=True):
        axes.plot((0, 1), (of_a, of_b), color="0.6", linewidth=1.2, zorder=1)
    for place, values, colour in (
        (0, row.values_a, "tab:blue"),
        (1, row.values_b, "tab:orange"),
    ):
        axes.plot(
            [place] * len(values), values, "o", color=colour, markersize=8, alpha=0.85
        )
    axes.set_xlim(-0.4, 1.4)
    axes.set_xticks((0, 1), ("A", "B"), fontsize=11)
    unit = " (nats)" if "entropy" in row.measure.name else ""
    axes.set_ylabel(textwrap.fill(f"{row.measure}{unit}", 26), fontsize=10)
    interval = (
        "one seed" if row.low is None else f"95 %: {row.low:+.3g} to {row.high:+.3g}"
    )
    excluded = " (0 is excluded)" if row.excludes_zero else ""
    axes.set_title(f"B − A = {row.mean:+.3g}{excluded}\n{interval}", fontsize=10)
    axes.grid(axis="y", alpha=0.3)


def write_json(path, content):
    """Writes JSON, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
