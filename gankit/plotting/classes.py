"""Figures of the predictions of a classifier, class by class."""

import numpy as np

from gankit.plotting.picture import Picture


def class_bars(profiles, *, title):
    """Draws the share of each class and the mean confidence of the classifier.

    Args:
        profiles: Dict from a label, such as `"real digits"`, to a
            `gankit.metrics.ClassProfile`, all with the same classes.
        title: Title of the figure.

    Returns:
        The `gankit.plotting.Picture`: shares with 95 % intervals at the top, mean
        confidence at the bottom.
    """
    figure = Picture(figsize=(8, 5.2), layout="constrained")
    shares, confidence = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    names = next(iter(profiles.values())).class_names
    places = np.arange(len(names))
    width = 0.8 / len(profiles)
    for i, (label, profile) in enumerate(profiles.items()):
        x = places + (i - (len(profiles) - 1) / 2) * width
        ends = np.abs(profile.intervals.T - profile.shares)
        shares.bar(
            x,
            100 * profile.shares,
            width,
            yerr=100 * ends,
            error_kw={"linewidth": 1},
            label=f"{label}, n = {profile.n:,}",
        )
        confidence.plot(x, profile.confidence, "o", markersize=5)
    shares.axhline(100 / len(names), color="black", linestyle=":", linewidth=1)
    shares.set_ylabel("share of samples (%)", fontsize=11)
    confidence.set_ylabel("mean confidence", fontsize=11)
    confidence.set_xlabel("predicted class", fontsize=11)
    confidence.set_xticks(places, names, fontsize=11)
    for axes in (shares, confidence):
        axes.grid(axis="y", alpha=0.3)
    shares.set_title(title, fontsize=12)
    figure.legend(loc="outside lower center", ncols=3, fontsize=10)
    return figure


def class_confusion(profiles, *, title):
    """Draws the mean probabilities of the other classes for each predicted class.

    Args:
        profiles: Dict from a label to a `gankit.metrics.ClassProfile`, one panel each.
        title: Title of the figure.

    Returns:
        The `gankit.plotting.Picture`: mean probabilities in percent, without the
        diagonal.
    """
    figure = Picture(figsize=(4.6 * len(profiles), 4.9), layout="constrained")
    panels = figure.subplots(1, len(profiles), squeeze=False)[0]
    matrices = {
        label: 100 * np.where(np.eye(len(p.counts)), np.nan, p.probabilities)
        for label, p in profiles.items()
    }
    top = max(np.nanmax(matrix) for matrix in matrices.values())
    for axes, (label, matrix) in zip(panels, matrices.items(), strict=True):
        names = profiles[label].class_names
        picture = axes.imshow(matrix, cmap="Reds", vmin=0, vmax=top)
        for (row, column), value in np.ndenumerate(matrix):
            if value >= 0.1:
                colour = "white" if value > 0.6 * top else "black"
                style = {"ha": "center", "va": "center", "fontsize": 8}
                axes.text(column, row, f"{value:.1f}", color=colour, **style)
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("other class", fontsize=11)
        axes.set_title(label, fontsize=11)
    panels[0].set_ylabel("predicted class", fontsize=11)
    figure.colorbar(picture, ax=list(panels), label="mean probability (%)", shrink=0.8)
    figure.suptitle(title, fontsize=12)
    return figure
