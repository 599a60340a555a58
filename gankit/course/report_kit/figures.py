"""The figures of a report, drawn at the size at which they are printed."""

import dataclasses
import functools
import math
import textwrap

import numpy as np
from PIL import Image

from gankit import plotting
from gankit.course.report_kit.runs import captions
from gankit.plotting import Picture

# Inches: the width of a line of text on A4, and of a figure beside another.
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
        caption: Text below it.
    """

    name: str
    picture: Picture
    caption: str

    @property
    def is_wide(self):
        """Whether it takes a line of its own."""
        return self.size[0] > HALF + 0.1

    @property
    def size(self):
        """Width and height in inches."""
        return tuple(self.picture.get_size_inches())

    def png(self, dpi, height):
        """The picture as a PNG, drawn anew at another height with type as large.

        Args:
            dpi: Pixels to an inch.
            height: Inches.
        """
        return _png(self.picture, dpi, height)


@functools.lru_cache(maxsize=16)  # HTML and PDF show the same
def _png(picture, dpi, height):
    size = picture.get_size_inches()
    picture.set_size_inches(size[0], height)
    png = picture.png(dpi)
    picture.set_size_inches(size)
    return png


def samples(runs):
    """The first samples of each run, whole rows of its grid; `None` without any."""
    found = [run for run in runs if (run.folder / "samples.png").exists()]
    if not found:
        return None
    shown = _spread(found)
    columns = min(len(shown), 3)
    lines = math.ceil(len(shown) / columns)
    parts = [_upper_rows(run.folder / "samples.png", 0.55) for run in shown]
    width, tallest = WIDE / columns, max(p.shape[0] / p.shape[1] for p in parts)
    figure = Picture(
        figsize=(WIDE, lines * (width * tallest + 0.2)), layout="constrained"
    )
    panels = figure.subplots(lines, columns, squeeze=False).flatten()
    for axes, part, title in zip(panels, parts, captions(shown), strict=False):
        axes.imshow(part, cmap="gray", vmin=0, vmax=255)
        axes.set_title(textwrap.fill(title, int(12 * width + 8)), fontsize=8, pad=3)
    for axes in panels:
        axes.axis("off")
    told = (
        "Latents are those of seed 0: where runs share an experiment, the same place "
        "has the same latent."
    )
    if any("cycle_loss" in run.history for run in shown):
        told = "Of a translator: source, translation and reconstruction in turn."
    return Figure(
        "samples",
        figure,
        "The first samples of each run at the end, in the order drawn, none picked. "
        f"{told}{left_out(found, shown)}",
    )


def losses(runs):
    """The losses of each run with their moving average; `None` without any."""
    found = [run for run in runs if "g_loss" in run.history]
    if not found:
        return None
    shown = _spread(found)
    columns = min(len(shown), 3)
    lines = math.ceil(len(shown) / columns)
    windows = [math.ceil(len(run.history["step"]) / 10) for run in shown]
    titles = [textwrap.fill(t, 96 // columns) for t in captions(shown)]
    smooth = {
        title: {
            "step": run.history["step"],
            **{
                name: plotting.moving_average(run.history[name], window)
                for name in ("d_loss", "g_loss")
            },
        }
        for title, run, window in zip(titles, shown, windows, strict=True)
    }
    figure = plotting.loss_panels(smooth, columns=columns, title="")
    figure.suptitle(None)
    for axes, run in zip(figure.axes, shown, strict=False):
        steps = run.history["step"]
        # A point says more than nothing where there is one row.
        kind = "o" if len(steps) == 1 else "-"
        for name, colour in (("d_loss", "tab:blue"), ("g_loss", "tab:orange")):
            axes.plot(steps, run.history[name], kind, color=colour, alpha=0.3, lw=1)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.set_size_inches(WIDE if len(shown) > 1 else HALF, 1.35 * lines + 0.65)
    print_size(figure)
    return Figure(
        "losses",
        figure,
        "Losses of both players. Pale: each epoch of fit(); full: moving average over "
        "a tenth of the epochs. Losses of different games, and of one game against "
        f"different opponents, are not comparable.{left_out(found, shown)}",
    )


def _spread(runs):
    """At most six runs, every experiment before a second seed of one."""
    counts, ranked = {}, []
    for run in runs:
        counts[run.name] = counts.get(run.name, 0) + 1
        ranked.append((counts[run.name], run))
    chosen = [run for _, run in sorted(ranked, key=lambda pair: pair[0])[:PANELS]]
    return [run for run in runs if run in chosen]


def left_out(found, shown):
    """A sentence on how many runs of those found are shown, if not all."""
    if len(found) == len(shown):
        return ""
    return f" Shown are {len(shown)} of {len(found)} runs."


def _upper_rows(path, share):
    """The upper part of a grid, at most `share` of its width high, in whole rows."""
    with Image.open(path) as picture:
        grid = np.asarray(picture.convert("L" if picture.mode == "L" else "RGB"))
    height = int(share * grid.shape[1])
    if len(grid) <= height:
        return grid
    # Between rows there is nothing but padding.
    flat = grid.reshape(len(grid), -1)
    padding = np.flatnonzero(flat.min(axis=1) >= _WHITE)
    inside = padding[(padding > height // 4) & (padding < height)]
    return grid[: inside[-1] + 1 if len(inside) else height]


def print_size(figure):
    """Sets all texts as large as they are printed, which is as large as drawn."""
    for axes in figure.axes:
        axes.tick_params(labelsize=7)
        axes.title.set_fontsize(8)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_fontsize(7.5)
    for legend in figure.legends:
        for text in legend.get_texts():
            text.set_fontsize(6.5)
