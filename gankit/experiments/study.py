"""Many experiments over several seeds, and one table and picture of them all."""

import csv
import dataclasses
import shutil
from pathlib import Path

import keras
import numpy as np

from gankit.experiments import registry
from gankit.experiments.publishing import LARGEST_PICTURE, RESULTS
from gankit.experiments.runner import load, run, run_folder
from gankit.metrics.resampling import mean_interval
from gankit.plotting import save_grid

FOLDER = Path("runs") / "studies"
FILES = ("table.csv", "curves.csv", "samples.png")
# Samples of each experiment in the picture.
COLUMNS = 12
_RUN = ("experiment", "seed", "steps", "budget", "seconds", "device", "commit")


@dataclasses.dataclass(frozen=True)
class Study:
    """Experiments that are to be seen side by side.

    Attributes:
        name: Name of the study.
        summary: One line that says what it asks.
        experiments: Names of the experiments, in the order of the table.
        seeds: How many seeds each gets, from 0.
    """

    name: str
    summary: str
    experiments: tuple[str, ...]
    seeds: int = 3


_STUDIES = {}


def register_study(study):
    """Adds a study to the list and returns it."""
    for name in study.experiments:
        registry.find(name)
    _STUDIES[study.name] = study
    return study


def studies():
    """All studies by name."""
    return dict(_STUDIES)


def find_study(name):
    """Looks a study up.

    Raises:
        ValueError: If there is none of that name.
    """
    if name not in _STUDIES:
        raise ValueError(
            f"Expected the name of a study, received {name!r}: choose one of "
            f"{', '.join(sorted(_STUDIES))}."
        )
    return _STUDIES[name]


def run_study(name, *, size="class", seeds=None, data=None):
    """Trains what a study lacks, seed by seed, and gathers it.

    Runs that are there are read, published rows of the same size are kept; a call
    after a stop goes on from there. Table, curves and picture are written after every
    run.

    Args:
        name: Name of the study.
        size: `"smoke"`, `"class"` or `"full"`.
        seeds: How many seeds, from 0; `None` takes the study's.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.

    Returns:
        The folder with `table.csv` (a row per run: scores, steps, seconds),
        `curves.csv` (the losses of all) and `samples.png` (a row of samples per
        experiment, from seed 0).

    Raises:
        ValueError: If there is no such study, and as `gankit.experiments.run`.
    """
    study = find_study(name)
    folder = FOLDER / f"{name}@{size}"
    folder.mkdir(parents=True, exist_ok=True)
    # Published rows of a full study count as done: their runs need not be here.
    if size == "full" and not (folder / "table.csv").exists():
        for file in FILES:
            if (RESULTS / name / file).exists():
                shutil.copyfile(RESULTS / name / file, folder / file)
    done = {(row["experiment"], int(row["seed"])) for row in _rows(folder, "table.csv")}
    for seed in range(seeds or study.seeds):
        for experiment in study.experiments:
            if (experiment, seed) in done:
                continue
            print(f"{experiment}, seed {seed}")
            trained = run(experiment, size=size, seed=seed, data=data)
            _gather(folder, trained)
            del trained
            # Or the compiled steps of all runs would add up in memory.
            keras.utils.clear_session()
    _draw(folder, study, size)
    return folder


def publish_study(name):
    """Copies what a full study gave to `results/NAME/`.

    Returns:
        The folder under `results/`.

    Raises:
        ValueError: If there is no such study or it was not run, or its picture is too
            large to keep.
    """
    find_study(name)
    source = FOLDER / f"{name}@full"
    missing = [file for file in FILES if not (source / file).exists()]
    if missing:
        raise ValueError(
            f"Expected a full study in {source}, received a folder without "
            f"{missing[0]}: run gankit study {name} --size full first."
        )
    weight = (source / "samples.png").stat().st_size
    if weight > LARGEST_PICTURE:
        raise ValueError(
            f"Expected {source / 'samples.png'} to be under {LARGEST_PICTURE:,} bytes, "
            f"received {weight:,}: draw fewer samples."
        )
    target = RESULTS / name
    target.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        shutil.copyfile(source / file, target / file)
    return target


@dataclasses.dataclass(frozen=True)
class StudyResult:
    """What a study gave.

    Attributes:
        rows: A dict for each run: `experiment`, `seed`, `steps`, `budget`, `seconds`,
            `device`, `commit` and the value of every score.
        curves: Dict from `(experiment, seed)` to a history, as `gankit.history.read`
            gives it.
        samples: Path of the picture.
    """

    rows: list
    curves: dict
    samples: Path

    def values(self, experiment, score):
        """Values of a score by seed, float array `(seeds,)`."""
        found = [row[score] for row in self.rows if row["experiment"] == experiment]
        return np.array([value for value in found if value != ""], "float64")

    def summary(self, score):
        """Mean of a score over the seeds.

        Returns:
            Dict from the name of an experiment to `(mean, low, high, n)`: the 95 %
            interval of Student's t over the n seeds, `None` for both ends with one.
        """
        names = dict.fromkeys(row["experiment"] for row in self.rows)
        found = {name: self.values(name, score) for name in names}
        return {
            name: (*mean_interval(values), len(values))
            for name, values in found.items()
            if len(values)
        }


def load_study(folder):
    """Reads what `run_study` or `publish_study` left in a folder.

    Raises:
        FileNotFoundError: If there is no study in `folder`.
    """
    folder = Path(folder)
    if not (folder / "table.csv").exists():
        raise FileNotFoundError(
            f"Expected a study in {folder}, received a folder without table.csv: run "
            "one with gankit study."
        )
    rows = [
        {key: _number(value) for key, value in row.items()}
        for row in _rows(folder, "table.csv")
    ]
    curves = {}
    for row in _rows(folder, "curves.csv"):
        run_key = (row.pop("experiment"), int(row.pop("seed")))
        curve = curves.setdefault(run_key, {key: [] for key in row})
        for key, value in row.items():
            curve[key].append(float(value))
    curves = {
        key: {name: np.array(values) for name, values in curve.items()}
        for key, curve in curves.items()
    }
    return StudyResult(rows, curves, folder / "samples.png")


def _number(text):
    try:
        return float(text)
    except ValueError:
        return text


def _rows(folder, file):
    path = folder / file
    if not path.exists():
        return []
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def _write(path, rows):
    """Writes rows of one or several sets of columns."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    temporary = path.with_name(f".partial-{path.name}")
    with temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(path)


def _gather(folder, trained):
    """Adds a run to the table and to the curves."""
    scores = trained.scores
    key = {"experiment": scores["name"], "seed": scores["seed"]}
    row = {name: scores[name] for name in _RUN[2:]}
    row |= {score["name"]: f"{score['value']:.6g}" for score in scores["scores"]}
    curve = [
        {
            name: f"{value:.5g}"
            for name, value in zip(trained.history, values, strict=True)
        }
        for values in zip(*trained.history.values(), strict=True)
    ]
    # Curves first: a run is done when its row is in the table.
    known = [
        row
        for row in _rows(folder, "curves.csv")
        if (row["experiment"], row["seed"]) != (key["experiment"], str(key["seed"]))
    ]
    _write(folder / "curves.csv", [*known, *({**key, **line} for line in curve)])
    _write(folder / "table.csv", [*_rows(folder, "table.csv"), {**key, **row}])


def _draw(folder, study, size):
    """A row of samples for each experiment whose run with seed 0 is here."""
    samples = []
    for experiment in study.experiments:
        place = run_folder(experiment, size, 0)
        if not (place / "generator.keras").exists():
            return  # published before: its picture stays
        samples.append(load(place).model.sample(COLUMNS, seed=1))
    save_grid(folder / "samples.png", np.concatenate(samples), columns=COLUMNS)
