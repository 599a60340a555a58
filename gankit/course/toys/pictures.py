"""Pictures of small GANs and of the theory about them, for a notebook."""

import numpy as np

from gankit.callbacks import LivePicture
from gankit.course.toys.coverage import coverage
from gankit.course.toys.record import Record
from gankit.plotting import Picture

_DATA, _GENERATED = "tab:blue", "tab:orange"
_POINTS = 2500


def stages(record, *, title="", panels=None, seed=0):
    """Draws generated points at every record, with the modes that they should cover.

    Args:
        record: A `gankit.course.toys.Record` in the plane, of a mixture of Gaussians.
        title: What is trained; it stands to the left of the first panel.
        panels: Number of panels, where more records are to come; `None` for one each.
        seed: Index of the seed to draw.

    Returns:
        A `gankit.plotting.Picture`: one row. Each panel's title is the step and the
        number of modes that have at least 1 % of the points near them.
    """
    target, panels = record.game.target, panels or len(record.steps)
    figure = Picture(figsize=(1.4 * panels + 0.2, 1.8), layout="constrained")
    every = figure.subplots(1, panels, squeeze=False)[0]
    reach = 1.6 * np.abs(target.centres).max()
    for i, axes in enumerate(every):
        axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
        axes.set(xticks=[], yticks=[])
        if i < len(record.steps):
            points = record.samples(i, _POINTS)[seed]
            found = coverage(points, target, least=_POINTS // 100).modes
            axes.plot(*target.centres.T, "o", color=_DATA, alpha=0.5, markersize=6)
            axes.plot(*points[:400].T, ".", color=_GENERATED, markersize=1.5)
            axes.set_title(f"step {record.steps[i]:,}\nmodes: {found}", fontsize=8)
    every[0].set_ylabel(title, fontsize=8)
    return figure


class Watch(LivePicture):
    """Shows `stages` in a notebook during a training, drawn anew at every record.

    Args:
        title: As in `stages`.
    """

    def __init__(self, title=""):
        super().__init__()
        self.title = title

    def on_train_begin(self, logs=None):
        self.record = Record(self.model)
        self.record.append(self.model.steps_done)
        super().on_train_begin(logs)

    def on_epoch_end(self, epoch, logs=None):
        self.record.append(self.model.steps_done)
        super().on_epoch_end(epoch, logs)

    def picture(self):
        """The `stages` so far, with an empty panel for each record to come."""
        panels = 1 + self.params["epochs"]
        return stages(self.record, title=self.title, panels=panels)


def paths(places, *, title, x="x", y="y"):
    """Draws the paths of two players in the plane, each in its own panel.

    Args:
        places: Dict from a label to points `(steps + 1, 2)`.
        title: Title of the picture.
        x, y: Names of the axes.

    Returns:
        The `Picture`; a dot marks the start, a cross the equilibrium (0, 0).
    """
    figure = Picture(figsize=(2.2 * len(places), 2.7), layout="constrained")
    figure.suptitle(title, fontsize=10)
    every = figure.subplots(1, len(places), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (label, points) in zip(every, places.items(), strict=True):
        axes.plot(*points.T, color=_DATA, linewidth=1)
        axes.plot(*points[0], "o", color=_GENERATED)
        axes.plot(0, 0, "k+", markersize=10)
        axes.set(aspect="equal", xlabel=x)
        axes.set_title(label, fontsize=9)
    every[0].set_ylabel(y)
    return figure


def modes_by_seed(rows, count):
    """Draws how many modes each seed found, a row of dots for each loss.

    Args:
        rows: Rows of one place, as from `gankit.course.toys.modes.read`.
        count: Number of modes of the target.

    Returns:
        The `Picture`. Seeds that found the same number stand side by side.
    """
    losses = list(dict.fromkeys(row["loss"] for row in rows))
    figure = Picture(figsize=(6, 0.6 + 0.3 * len(losses)), layout="constrained")
    axes = figure.subplots()
    for i, loss in enumerate(losses):
        found = sorted(row["modes"] for row in rows if row["loss"] == loss)
        shifts = [found[:k].count(n) for k, n in enumerate(found)]
        axes.plot(np.array(found) + 0.12 * np.array(shifts), [i] * len(found), "o")
    axes.set(yticks=range(len(losses)), yticklabels=losses, xlim=(-0.5, count + 0.9))
    axes.set(title="modes found, a dot for each seed", xlabel=f"modes, of {count}")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    return figure
