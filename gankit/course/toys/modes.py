"""The number of modes that each loss covers, over seeds and learning rates.

The standard benchmarks of mode collapse: eight Gaussians on a circle (Metz et al. 2017,
https://arxiv.org/abs/1611.02163), twenty-five on a grid (Lin et al. 2018,
https://arxiv.org/abs/1712.04086).
"""

from pathlib import Path

import numpy as np
from keras.optimizers.schedules import PolynomialDecay

from gankit import files
from gankit.course.toys.codings import least_squares
from gankit.course.toys.coverage import coverage
from gankit.course.toys.games import train
from gankit.course.toys.targets import grid, ring
from gankit.plotting import Picture

TARGETS = {"ring": ring, "grid": grid}
# From name to loss and further arguments of `train`.
LOSSES = {
    "minimax": ("minimax", {}),
    "non-saturating": ("non_saturating", {}),
    "least squares 0, 1, 1": ("least_squares", {}),
    "least squares -1, 1, 0": (least_squares(-1, 1, 0), {}),
    "hinge": ("hinge", {}),
    "Wasserstein, clipping": ("wasserstein", {"bound": "clipping"}),
    "Wasserstein, penalty": ("wasserstein", {"bound": "penalty", "strength": 0.1}),
    "Wasserstein, spectral": ("wasserstein", {"bound": "spectral"}),
    "non-saturating, R1": ("non_saturating", {"bound": "R1", "strength": 0.1}),
    "relativistic, R1, R2": ("relativistic", {"bound": "R1 and R2", "strength": 0.1}),
}
# The grid has three times as many modes and needs longer training.
FULL = {
    "ring": {"steps": 6000, "rates": (2e-3, 4e-3), "seeds": range(5)},
    "grid": {"steps": 10_000, "rates": (4e-3,), "seeds": range(5)},
}
FOLDER = Path("runs/toys/modes")
SAMPLES = 2500
TABLE = "table.csv"
PICTURE = "samples.png"
COLUMNS = ("place", "loss", "rate", "seed", "steps", "modes", "touched", "high_quality")


def search(place, loss, *, steps, rate, seeds):
    """Trains with one loss and counts the modes that it covers.

    Both networks have two hidden layers of 128 units. Latents have 16 numbers, batches
    128 points, and each player gets one update a step. The learning rate falls linearly
    to 0, so that the last samples do not depend on the moment.

    Args:
        place: `"ring"` or `"grid"`.
        loss: A key of `LOSSES`.
        steps: Updates of each player.
        rate: Adam's learning rate at the start.
        seeds: The seeds, whole numbers from 0.

    Returns:
        Rows, a dictionary of `COLUMNS` for each seed, and the points of the first
        seed, float32 `(2500, 2)`. Near means within three standard deviations.
        `modes` counts the modes with at least 1 % of the samples near them. `touched`
        counts those with any sample near them, as Lin et al. do; random points touch
        most. `high_quality` is the share of samples near a mode.
    """
    target = TARGETS[place]()
    adversarial_loss, options = LOSSES[loss]
    record = train(
        target,
        adversarial_loss,
        steps=steps,
        records=1,
        seeds=seeds,
        hidden=(128, 128),
        latent_dim=16,
        learning_rate=PolynomialDecay(rate, steps, 0.0),
        **options,
    )
    samples = record.samples(n=SAMPLES)
    found = coverage(samples, target, least=SAMPLES // 100)
    touched = coverage(samples, target).modes
    rows = [
        dict(zip(COLUMNS, (place, loss, rate, seed, steps, *counts), strict=True))
        for seed, *counts in zip(
            seeds, found.modes, touched, found.high_quality, strict=True
        )
    ]
    return rows, samples[0]


def best_rates(rows):
    """Selects, for each place and loss, the rows of the rate that covers most modes.

    Args:
        rows: As from `search` or `read`.

    Returns:
        Dictionary from `(place, loss)` to the rows of one rate, in order. The median
        of `modes` over seeds decides, then that of `high_quality`.
    """

    def quality(rows):
        middle = medians(rows)
        return middle["modes"], middle["high_quality"]

    groups = {}
    for row in rows:
        key = row["place"], row["loss"]
        groups.setdefault(key, {}).setdefault(row["rate"], []).append(row)
    return {key: max(by_rate.values(), key=quality) for key, by_rate in groups.items()}


def medians(rows):
    """Medians of `modes`, `touched` and `high_quality` over rows.

    Args:
        rows: As from `search` or `read`, at least one.

    Returns:
        Dictionary from these three names to a float.
    """
    return {key: float(np.median([row[key] for row in rows])) for key in COLUMNS[-3:]}


def search_all(folder, progress=iter):
    """Runs those trainings of `FULL` that `folder` does not hold yet, and draws all.

    Args:
        folder: Folder for `TABLE`, `PICTURE` and the points. After a stop the same call
            resumes.
        progress: Function that wraps the list of trainings, such as a progress bar.

    Returns:
        All rows.

    Raises:
        RuntimeError: If another process works in the folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    trainings = [
        (place, loss, rate)
        for place, setting in FULL.items()
        for loss in LOSSES
        for rate in setting["rates"]
    ]
    with files.only_process(folder):
        files.cut_history(folder / TABLE)
        # By seed, as only some rows of a training may have reached the disk.
        done = {_key(row) for row in read(folder)}
        for place, loss, rate in progress(trainings):
            steps, seeds = FULL[place]["steps"], FULL[place]["seeds"]
            if done >= {(place, loss, rate, seed) for seed in seeds}:
                continue
            rows, samples = search(place, loss, steps=steps, rate=rate, seeds=seeds)
            with files.atomic(_points(folder, place, loss, rate)) as temporary:
                np.save(temporary, samples)
            missing = [row for row in rows if _key(row) not in done]
            files.append_table(folder / TABLE, COLUMNS, missing)
        rows = read(folder)
        samples = {
            key: np.load(_points(folder, *key, best[0]["rate"]))
            for key, best in best_rates(rows).items()
        }
        (folder / PICTURE).write_bytes(draw(samples).png(dpi=80))
    return rows


def read(folder):
    """Reads the rows that `search_all` wrote; an empty list if there are none.

    Args:
        folder: The folder given to `search_all`.

    Returns:
        List of dictionaries of `COLUMNS`.
    """
    return files.read_table(Path(folder) / TABLE, words=COLUMNS[:2])


def draw(samples):
    """Draws points together with the modes that they should cover.

    Args:
        samples: Dictionary from `(place, loss)` to points `(n, 2)`.

    Returns:
        A `gankit.plotting.Picture`: a row for each place, a column for each loss.
    """
    places, losses = (list(dict.fromkeys(part)) for part in zip(*samples, strict=True))
    figure = Picture(
        figsize=(1.7 * len(losses), 2.0 * len(places)), layout="constrained"
    )
    panels = figure.subplots(len(places), len(losses), squeeze=False)
    for (place, loss), points in samples.items():
        axes = panels[places.index(place), losses.index(loss)]
        centres = TARGETS[place]().centres
        axes.plot(*centres.T, "o", color="tab:blue", alpha=0.5, markersize=7)
        axes.plot(*points[:600].T, ".", color="tab:orange", markersize=1.5)
        reach = 1.3 * np.abs(centres).max()
        axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach), xticks=[])
        axes.set(yticks=[], ylabel=place if loss == losses[0] else "")
        axes.set_title(loss.replace(", ", ",\n", 1), fontsize=9)
    return figure


def _key(row):
    return tuple(row[key] for key in COLUMNS[:4])


def _points(folder, place, loss, rate):
    words = loss.replace(",", "").replace(" ", "-")
    return folder / f"{place}-{words}-{rate:g}.npy"
