"""The figures of samples and losses, drawn at the size at which they are printed."""

import dataclasses
import math
import textwrap

import numpy as np
from PIL import Image

from gankit import plotting
from gankit.course.report_kit.runs import captions
from gankit.plotting import Picture

# Inches: the width of a line on A4, and of a figure next to another.
WIDE = 7.1
HALF = 3.5
PANELS = 6
_WHITE = 250


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture with its caption.

    Attributes:
        name: Such as `"samples"`.
        picture: The `gankit.plotting.Picture`, at its printed size.
        caption: The text below it.
    """

    name: str
    picture: Picture
    caption: str

    @property
    def is_wide(self):
        """Whether it takes the whole width of the page."""
        return self.size[0] > HALF + 0.1

    @property
    def size(self):
        """Width and height in inches."""
        return tuple(self.picture.get_size_inches())


def samples(runs):
    """The first samples of each run, whole rows of its grid; `None` without any."""
    runs = [run for run in runs if (run.folder / "samples.png").exists()]
    if not runs:
        return None
    selection, columns, lines = _panels(runs)
    grids = [_upper_rows(run.folder / "samples.png", 0.55) for run in selection]
    width, ratio = WIDE / columns, max(g.shape[0] / g.shape[1] for g in grids)
    figure = Picture(
        figsize=(WIDE, lines * (width * ratio + 0.2)), layout="constrained"
    )
    panels = figure.subplots(lines, columns, squeeze=False).flatten()
    for axes, grid, title in zip(panels, grids, captions(selection), strict=False):
        axes.imshow(grid, cmap="gray", vmin=0, vmax=255)
        axes.set_title(textwrap.fill(title, int(12 * width + 8)), fontsize=8, pad=3)
    for axes in panels:
        axes.axis("off")
    note = (
        "All grids show the latents of seed 0, so runs of one experiment have the same "
        "latent at the same place."
    )
    if any("cycle_loss" in run.history for run in selection):
        note = "For a translator: source, translation and reconstruction, alternately."
    return Figure(
        "samples",
        figure,
        "The first samples of each run at the end, in the order drawn, none selected. "
        f"{note}{omissions(runs, selection)}",
    )


def losses(runs):
    """The losses of each run with their moving average; `None` without any."""
    runs = [run for run in runs if "g_loss" in run.history]
    if not runs:
        return None
    selection, columns, lines = _panels(runs)
    titles = [textwrap.fill(t, 96 // columns) for t in captions(selection)]
    averages = {}
    for title, run in zip(titles, selection, strict=True):
        steps = run.history["step"]
        window = math.ceil(len(steps) / 10)
        averages[title] = {"step": steps} | {
            name: plotting.moving_average(run.history[name], window)
            for name in ("d_loss", "g_loss")
        }
    figure = plotting.loss_panels(averages, columns=columns, title="")
    figure.suptitle(None)
    for axes, run in zip(figure.axes, selection, strict=False):
        steps = run.history["step"]
        marker = "o" if len(steps) == 1 else "-"  # one point makes no line
        for name, colour in (("d_loss", "tab:blue"), ("g_loss", "tab:orange")):
            axes.plot(steps, run.history[name], marker, color=colour, alpha=0.3, lw=1)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.set_size_inches(WIDE if len(selection) > 1 else HALF, 1.35 * lines + 0.65)
    set_print_fonts(figure)
    return Figure(
        "losses",
        figure,
        "Losses of both players. Pale: each epoch of fit(); full: moving average over "
        "a tenth of the epochs. Losses are not comparable between different loss "
        "functions, nor between different opponents with one loss function."
        f"{omissions(runs, selection)}",
    )


def _panels(runs):
    """At most six runs, and the columns and lines of their panels.

    Every experiment has a panel before one has a second.
    """
    counts, ranks = {}, []
    for run in runs:
        counts[run.name] = counts.get(run.name, 0) + 1
        ranks.append(counts[run.name])
    first = sorted(range(len(runs)), key=lambda i: ranks[i])[:PANELS]
    selection = [runs[i] for i in sorted(first)]
    columns = min(len(selection), 3)
    return selection, columns, math.ceil(len(selection) / columns)


def omissions(runs, selection):
    """A sentence on how many of all runs are shown; empty if all are."""
    if len(runs) == len(selection):
        return ""
    return f" This figure shows {len(selection)} of {len(runs)} runs."


def _upper_rows(path, share):
    """The upper part of a grid, at most `share` of its width high, in whole rows."""
    with Image.open(path) as picture:
        grid = np.asarray(picture.convert("L" if picture.mode == "L" else "RGB"))
    height = int(share * grid.shape[1])
    if len(grid) <= height:
        return grid
    # White lines separate the rows.
    padding = np.flatnonzero(grid.reshape(len(grid), -1).min(axis=1) >= _WHITE)
    inside = padding[(padding > height // 4) & (padding < height)]
    return grid[: inside[-1] + 1 if len(inside) else height]


def set_print_fonts(figure):
    """Sets all texts to their printed size."""
    for axes in figure.axes:
        axes.tick_params(labelsize=7)
        axes.title.set_fontsize(8)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_fontsize(7.5)
    for legend in figure.legends:
        for text in legend.get_texts():
            text.set_fontsize(6.5)
