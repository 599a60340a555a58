"""Many experiments over several seeds, and one table and picture of them all."""

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np

from gankit import files
from gankit.callbacks.doctor import TrainingStopped
from gankit.experiments.running import registry, translations
from gankit.experiments.running.saved import RESULTS, save_files, saved_folder
from gankit.experiments.running.runner import load, run, run_folder
from gankit.metrics.resampling import mean_interval
from gankit.plotting import save_rows
from gankit.trainers import CycleGAN

FOLDER = Path("runs") / "studies"
FILES = ("table.csv", "curves.csv", "samples.png")
# Samples of each experiment in the picture.
COLUMNS = 12
# What a row of the table says of its run, before the scores; texts first.
_TEXTS = ("experiment", "device", "dtype_policy", "commit", "stopped")
_NUMBERS = ("seed", "steps", "budget", "seconds")


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

    A row in the table counts as done if it reached the present budget; those of a full
    study that was published are taken over. A call after a stop goes on from there.
    Table and curves are written after every run, the picture at the end. A run that
    ends in NaN leaves a row without scores: that too is a result.

    Args:
        name: Name of the study.
        size: `"smoke"`, `"class"` or `"full"`.
        seeds: How many seeds, from 0; `None` takes the study's.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.

    Returns:
        The folder with `table.csv` (a row per run: scores, steps, seconds),
        `curves.csv` (the losses of all) and `samples.png` (a row of samples per
        experiment, from seed 0; of translators every third is the way back).

    Raises:
        ValueError: If there is no such study, and as `gankit.experiments.run`.
    """
    study = find_study(name)
    folder = FOLDER / f"{name}@{size}"
    folder.mkdir(parents=True, exist_ok=True)
    if size == "full" and not (folder / "table.csv").exists():
        _take_over(name, folder)
    policy = keras.config.dtype_policy()
    for seed in range(seeds or study.seeds):
        for experiment in study.experiments:
            if _is_done(folder, experiment, seed, size):
                continue
            print(f"{experiment}, seed {seed}")
            try:
                trained = run(experiment, size=size, seed=seed, data=data)
                _gather(folder, trained.scores, trained.history)
                del trained
            except (TrainingStopped, ValueError) as error:
                stopped = _stopped(experiment, seed, size)
                if stopped is None:
                    raise error
                _gather(folder, *stopped)
            # Or the compiled steps of all runs would add up in memory. It forgets
            # the precision too.
            keras.utils.clear_session()
            keras.config.set_dtype_policy(policy)
    _draw(folder, study, size, data)
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
    return save_files(source, RESULTS / name, FILES)


@dataclasses.dataclass(frozen=True)
class StudyResult:
    """What a study gave.

    Attributes:
        rows: A dict for each run: `experiment`, `seed`, `steps`, `budget`, `seconds`,
            `device`, `dtype_policy`, `commit`, why it `stopped` if it did, and the
            value of every score, `""` where it has none.
        curves: Dict from `(experiment, seed)` to a history, as `gankit.files.read_history`
            gives it.
        samples: Path of the picture.
    """

    rows: list
    curves: dict
    samples: Path

    def values(self, experiment, score):
        """Values of a score by seed, float array `(seeds,)`."""
        found = [
            row.get(score, "") for row in self.rows if row["experiment"] == experiment
        ]
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
        {
            key: value if key in _TEXTS or not value else float(value)
            for key, value in row.items()
        }
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


def _take_over(name, folder):
    """Copies a published study, whose runs need not be here."""
    try:
        saved = saved_folder(name)
    except FileNotFoundError:
        return
    for file in FILES:
        shutil.copyfile(saved / file, folder / file)


def _is_done(folder, experiment, seed, size):
    budget = str(registry.find(experiment).budgets[size].steps)
    return any(
        (row["experiment"], row["seed"]) == (experiment, str(seed))
        and (row["steps"] == budget or row["stopped"])
        for row in _rows(folder, "table.csv")
    )


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


def _gather(folder, scores, losses):
    """Adds a run to the table and to the curves."""
    row = {"experiment": scores["name"]}
    # "precision" is the name of a score too.
    known = {**scores, "dtype_policy": scores["precision"]}
    row |= {key: known.get(key, "") for key in (*_TEXTS[1:], *_NUMBERS)}
    row |= {
        score["name"]: f"{score['value']:.6g}" for score in scores.get("scores", ())
    }
    run_key = {"experiment": row["experiment"], "seed": row["seed"]}
    curve = [
        run_key
        | {name: f"{value:.5g}" for name, value in zip(losses, values, strict=True)}
        for values in zip(*losses.values(), strict=True)
    ]
    # Curves first: a run is done when its row is in the table.
    for file, new in (("curves.csv", curve), ("table.csv", [row])):
        others = [
            other
            for other in _rows(folder, file)
            if (other["experiment"], other["seed"])
            != (row["experiment"], str(row["seed"]))
        ]
        _write(folder / file, [*others, *new])


def _stopped(experiment, seed, size):
    """Record and losses of a run that ended in NaN; `None` if it ended otherwise."""
    place = run_folder(experiment, size, seed)
    if not (place / "run.json").exists():
        return None
    record = json.loads((place / "run.json").read_text())
    if "stopped" not in record:
        return None
    losses = files.read_history(place / "history.csv")
    record |= {
        "steps": int(losses["step"][-1]) if losses else 0,
        "budget": registry.find(experiment).budgets[size].steps,
    }
    return record, losses


def _draw(folder, study, size, data):
    """A row of samples for each experiment whose run with seed 0 is here."""
    rows = {}
    for experiment in study.experiments:
        place = run_folder(experiment, size, 0)
        if (place / "gan.keras").exists():
            rows[experiment] = _samples(load(place).model, experiment, size, data)
    # With none here the study was published before, and its picture stays.
    if rows:
        save_rows(folder / "samples.png", rows, colours=256)


def _samples(model, experiment, size, data):
    """A row of samples; of a translator source, translation and back in turn."""
    if isinstance(model, CycleGAN):
        images = registry.find(experiment).data(size, data)
        pictures = translations.shown(images, COLUMNS // 3)["ab"]
        return translations.translation_triples(model, pictures, "ab")
    return model.sample(COLUMNS, seed=1)
