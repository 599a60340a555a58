"""Counts the classes of generated digits, and says which are taken for one another.

    python benchmarks/digit_classes.py

Of saved runs of the DTU report it reads what the classifier of digits said of 10,000
samples each; real digits are classified here. It writes results/digit-classes/:
table.csv, shares and mean probabilities, and samples.png, the same as a picture.
"""

import numpy as np
import record

from gankit import datasets, metrics, plotting
from gankit.backend import device
from gankit.experiments import load_saved

RUNS = {"fully connected": "dtu/vgan", "DCGAN": "dtu/dcgan-non-saturating"}


def profiles():
    """The `gankit.metrics.ClassProfile` of real digits and of every run."""
    digits = datasets.mnist()
    classifier = metrics.classifier_for(digits)
    logits = classifier.predict_logits(digits.test.images, value_range=(0, 255))
    found = {"real digits": metrics.class_profile(logits, digits.class_names)}
    for what, name in RUNS.items():
        found[what] = metrics.ClassProfile.load(load_saved(name).folder / "classes.csv")
    return found


def row(what, profile):
    """Shares, and the mean probability of class j over what is classified as i."""
    shares = {f"share of {c}": share for c, share in enumerate(profile.shares)}
    means = {
        f"confidence of {i}" if i == j else f"{i} or {j}": mean
        for (i, j), mean in np.ndenumerate(profile.probabilities)
    }
    return {"what": what, "n": profile.n, **shares, **means}


def draw(found):
    """Shares above; below, mean probabilities of every class for each prediction."""
    picture = plotting.Picture(figsize=(8, 5), layout="constrained")
    grid = picture.add_gridspec(2, len(found), height_ratios=(2, 3))
    shares = picture.add_subplot(grid[0, :])
    for place, (what, profile) in enumerate(found.items()):
        x = np.arange(10) + (place - 1) * 0.27
        error = {"yerr": 100 * np.abs(profile.intervals.T - profile.shares)}
        shares.bar(x, 100 * profile.shares, 0.27, label=what, **error)
        axes = picture.add_subplot(grid[1, place])
        # Rounded, for a small file.
        percent = np.round(100 * profile.probabilities)
        others = np.where(np.eye(10), np.nan, percent)
        axes.imshow(others, cmap="Blues", vmin=0, vmax=20)
        for i, j in np.argwhere(percent >= 2):
            axes.text(j, i, f"{percent[i, j]:.0f}", ha="center", va="center")
        axes.set(xlabel="probability of", xticks=range(10), yticks=range(10))
        axes.set_title(f"{what} (%)", fontsize=11)
        if place == 0:
            axes.set_ylabel("classified as")
    shares.set(xlabel="classified as", ylabel="share (%)", xticks=range(10))
    shares.legend(ncols=3)
    shares.margins(y=0.25)
    return picture


def main():
    device.setup(precision="float32")
    found = profiles()
    folder = record.save_table("digit-classes", [row(*each) for each in found.items()])
    (folder / "samples.png").write_bytes(draw(found).png())


if __name__ == "__main__":
    main()
