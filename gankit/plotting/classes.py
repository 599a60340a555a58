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
