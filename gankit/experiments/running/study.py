"""Several experiments over several seeds, side by side in one table and picture."""

import csv
import dataclasses
import shutil
import time
from pathlib import Path

import keras
import numpy as np

from gankit import files
from gankit.backend import device
from gankit.backend.arguments import check_choice
from gankit.callbacks.doctor import TrainingStopped
from gankit.datasets import data_folder
from gankit.experiments.running import registry
from gankit.experiments.running.measures import Measure, conditions
from gankit.experiments.running.runner import load, run
from gankit.experiments.running.saved import (
    RESULTS,
    find_runs,
    read_scores,
    run_folder,
    save_files,
    saved_folder,
)
from gankit.experiments.running.task import task_of
from gankit.metrics.resampling import mean_interval
from gankit.plotting import read_rows, save_rows

FOLDER = Path("runs") / "studies"
FILES = ("table.csv", "curves.csv", "samples.png")
# What the runs were trained under and how they were scored, which older studies lack.
DETAILS = "runs.json"
MATCHES = ("steps", "compute")
# Samples of each experiment in the picture.
COLUMNS = 12
# Columns of the table before the scores; texts first.
_TEXTS = ("experiment", "device", "dtype_policy", "commit", "stopped")
_NUMBERS = ("seed", "steps", "budget", "seconds")
# Values of different adversarial losses are in different units.
_LOSSES = ("d_loss", "g_loss", "adversarial_loss")
# A step is timed in so many rounds of about so many seconds.
ROUNDS = 5
ROUND_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class Study:
    """Experiments to compare with each other.

    Attributes:
        name: Name of the study.
        summary: The question it asks, in one line.
        experiments: Names of the experiments, in the order of the table.
        seeds: How many seeds each experiment is trained with, from 0.
    """

    name: str
    summary: str
    experiments: tuple[str, ...]
    seeds: int = 3


_STUDIES = {}


def register_study(study):
    """Adds a study to the list and returns it.

    Args:
        study: The `Study`. It replaces one of the same name.

    Returns:
        The same `Study`.

    Raises:
        ValueError: If one of its experiments is not registered.
    """
    for name in study.experiments:
        registry.find(name)
    _STUDIES[study.name] = study
    return study


def studies():
    """All registered studies by name.

    Returns:
        Dict from name to `Study`.
    """
    registry.load_all()
    return dict(_STUDIES)


def find_study(name):
    """Looks up a registered study.

    Args:
        name: Its name, such as `"stacked"`.

    Returns:
        The `Study`.

    Raises:
        ValueError: If there is no study of that name.
    """
    if name not in studies():
        raise ValueError(
            f"Expected the name of a study, received {name!r}: choose one of "
            f"{', '.join(sorted(_STUDIES))}, or name two or more experiments."
        )
    return _STUDIES[name]


def run_study(study, *, size="class", seeds=None, match="steps", steps=None, data=None):
    """Trains the runs that a study still lacks, seed by seed, and gathers all.

    A run in the table counts as done if it ended at the right step. The results of a
    full study that was published are taken over, and so are runs found in `results/`
    or `runs/` that ended at the right step. After a stop the same call resumes. Table
    and curves are written after every run, the picture at the end. A run that ends in
    NaN leaves a row without scores, which is a result too.

    A run that must not end at the budget of its size has its own folder, so that it
    never collides with other runs of the experiment.

    Args:
        study: Name of a registered study, or the names of two or more experiments.
        size: `"smoke"`, `"class"` or `"full"`.
        seeds: How many seeds, from 0; `None` takes the study's, or 3.
        match: What all experiments get the same amount of: `"steps"` of training, as
            many as in the smallest budget; or `"compute"`, seconds of training on this
            machine. For the latter, steps of all experiments are timed alternately.
            The times are saved in the study's folder, so that a repeated call finds its
            runs.
        steps: Steps to train instead of the budgets of the size; with `"compute"` the
            most that an experiment may get.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.

    Returns:
        The folder with `table.csv` (a row per run: scores, steps, seconds),
        `curves.csv` (the losses of all) and `samples.png` (a row of samples per
        experiment, from seed 0; a translator shows sources, translations and
        reconstructions alternately).

    Raises:
        ValueError: If there is no such study, an argument is not one of those above,
            or a run is past the step at which it should end; and as
            `gankit.experiments.run`.
    """
    study = find_study(study) if isinstance(study, str) else _unregistered(study)
    check_choice("one of", size, registry.SIZES)
    check_choice("one of", match, MATCHES)
    experiments = [registry.find(name) for name in study.experiments]
    data_folder(data)  # which must exist
    suffix = "-compute" * (match == "compute") + (f"-to{steps}" if steps else "")
    folder = FOLDER / f"{study.name}@{size}{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    with files.only_process(folder):
        if (size, suffix) == ("full", "") and not (folder / "table.csv").exists():
            _take_over(study.name, folder)
        limits = [steps or experiment.budgets[size].steps for experiment in experiments]
        if match == "steps":
            planned = [min(limits)] * len(limits)
        else:
            seconds = _step_seconds(experiments, limits, folder, size, data)
            planned = equal_compute(limits, seconds)
        players = {}
        for seed in range(seeds or study.seeds):
            for experiment, last in zip(experiments, planned, strict=True):
                name = experiment.name
                if _is_done(folder, name, seed, last):
                    continue
                print(f"{name}, seed {seed}, {last:,} steps")
                if name not in players:
                    players[name] = _players(experiment, size, data)
                _gather(
                    folder, *_run(experiment, size, seed, last, data), players[name]
                )
                _clear()
        _draw(folder, experiments, planned, size, data)
    return folder


def equal_compute(limits, seconds):
    """Steps with which all experiments train equally long.

    Args:
        limits: The most steps of each experiment.
        seconds: Seconds that a step of each takes.

    Returns:
        List of steps. The experiment that reaches its limit first gets all its steps.
        Each gets one step at least, even if that takes longer.
    """
    budget = min(np.multiply(limits, seconds))
    return [max(1, round(budget / each)) for each in seconds]


def publish_study(name):
    """Copies the results of a full study to `results/NAME/`.

    Args:
        name: Name of a registered study.

    Returns:
        The folder under `results/`.

    Raises:
        ValueError: If there is no such study or it was not run, or its picture is too
            large to save.
    """
    find_study(name)
    source = FOLDER / f"{name}@full"
    missing = [file for file in FILES if not (source / file).exists()]
    if missing:
        raise ValueError(
            f"Expected a full study in {source}, received a folder without "
            f"{missing[0]}: run gankit study {name} --size full first."
        )
    present = [file for file in (*FILES, DETAILS) if (source / file).exists()]
    return save_files(source, RESULTS / name, present)


@dataclasses.dataclass(frozen=True)
class StudyResult:
    """The results of a study.

    Attributes:
        rows: A dict for each run: `experiment`, `seed`, `steps`, `budget`, `seconds`,
            `device`, `dtype_policy`, `commit`, why it `stopped` if it did, and the
            value of every score, `""` where it has none.
        curves: Dict from `(experiment, seed)` to a history, as
            `gankit.files.read_history` gives it.
        samples: Path of the picture.
        details: Dict from `(experiment, seed)` to a dict: the `conditions` of the run,
            and under `measures` how each score was measured. Older studies have none.
    """

    rows: list
    curves: dict
    samples: Path
    details: dict = dataclasses.field(default_factory=dict)

    @property
    def experiments(self):
        """Names of the experiments."""
        return list(dict.fromkeys(row["experiment"] for row in self.rows))

    @property
    def scores(self):
        """Names of all scores."""
        return [key for key in self.rows[0] if key not in (*_TEXTS, *_NUMBERS)]

    def values(self, experiment, score):
        """Values of a score by seed, float array `(seeds,)`."""
        rows = [row for row in self.rows if row["experiment"] == experiment]
        values = [row[score] for row in rows if row.get(score, "") != ""]
        return np.array(values, "float64")

    def summary(self, score):
        """Mean of a score over the seeds.

        Returns:
            Dict from the name of an experiment to `(mean, low, high, n)`: the 95 %
            interval of Student's t over the n seeds, `None` for both ends with one.
        """
        found = {name: self.values(name, score) for name in self.experiments}
        return {
            name: (*mean_interval(values), len(values))
            for name, values in found.items()
            if len(values)
        }

    def differences(self, score, a, b):
        """Differences of a score between two experiments, paired by seed.

        Args:
            score: Name of the score.
            a: Name of an experiment.
            b: Name of another.

        Returns:
            `(mean, low, high, n)`: the mean of b - a over the n seeds that both were
            trained with, and its 95 % interval, that of Student's t test for paired
            samples. Both ends are `None` with one seed.

        Raises:
            ValueError: If the score cannot be compared: a run has no finite value, or
                the values differ in extractor, resizing or numbers of images. Losses
                of different adversarial losses cannot be compared either.
        """
        rows = {(row["experiment"], int(row["seed"])): row for row in self.rows}
        seeds = [seed for name, seed in rows if name == a and (b, seed) in rows]
        sides = [[(name, seed) for seed in seeds] for name in (a, b)]
        # A row without the score holds "", which a score of 0 must not be taken for.
        values = [[rows[key].get(score, "") for key in side] for side in sides]
        values = [[float("nan" if v == "" else v) for v in side] for side in values]
        if not seeds or not np.isfinite(values).all():
            raise ValueError(
                f"Expected a finite {score} in all runs of {a} and {b}, received runs "
                "without it: choose another score."
            )
        kinds = {
            self.details[key]["measures"][score]
            for side in sides
            for key in side
            if key in self.details
        }
        if len(kinds) > 1:
            raise ValueError(
                f"Expected {score} to be measured alike, received "
                f"{' against '.join(sorted(kinds))}: choose another score."
            )
        return (*mean_interval(np.subtract(values[1], values[0])), len(seeds))

    def unequal(self, *names):
        """Conditions that were not the same for all runs of experiments.

        Args:
            *names: Names of experiments; none takes all.

        Returns:
            Dict from a condition, such as `"device"`, to the sorted list of its values.
        """
        found = {}
        for row in self.rows:
            if not names or row["experiment"] in names:
                texts = {"device": row["device"], "commit": row["commit"]}
                texts["precision"] = row["dtype_policy"]
                key = (row["experiment"], int(row["seed"]))
                texts |= self.details.get(key, {}).get("conditions", {})
                for condition in filter(texts.get, texts):  # an old row may lack some
                    found.setdefault(condition, set()).add(texts[condition])
        return {key: sorted(each) for key, each in found.items() if len(each) > 1}


def load_study(folder):
    """Reads what `run_study` or `publish_study` left in a folder.

    Args:
        folder: The folder that either of them returned, or that `saved_folder` finds.

    Returns:
        The `StudyResult`.

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
        key = (row.pop("experiment"), int(row.pop("seed")))
        # A model has no value of what another logs, such as its penalty.
        for name, value in ((name, value) for name, value in row.items() if value):
            curves.setdefault(key, {}).setdefault(name, []).append(float(value))
    curves = {
        key: {name: np.array(values) for name, values in curve.items()}
        for key, curve in curves.items()
    }
    details = {(each["experiment"], each["seed"]): each for each in _details(folder)}
    return StudyResult(rows, curves, folder / "samples.png", details)


def _unregistered(names):
    if len(names) < 2 or len({*names}) < len(names):
        raise ValueError(
            f"Expected two or more experiments, received {', '.join(names)}: name each "
            "of them once."
        )
    return Study("-vs-".join(names).replace("/", "-"), "", tuple(names))


def _take_over(name, folder):
    """Copies the files of a published study, whose runs need not be here."""
    try:
        saved = saved_folder(name)
    except FileNotFoundError:
        return
    for file in (*FILES, DETAILS):
        if (saved / file).exists():
            shutil.copyfile(saved / file, folder / file)


def _step_seconds(experiments, limits, folder, size, data):
    """Seconds of a step of each, as timed now or saved in the study's folder."""
    path = folder / "timing.json"
    # Times of another machine or precision are of no use.
    here = f"{device.name()}, {device.count()} x {device.threads()} threads, "
    here += f"{keras.backend.backend()}, {keras.config.dtype_policy().name}"
    form = {"on": str, "seconds_of_a_step": list}
    advice = "delete it, and the steps are timed again"
    saved = files.read_json(path, form, advice) if path.exists() else {}
    if saved.get("on") != here:
        print("Timing steps of all experiments ...")
        images = [experiment.data(size, data) for experiment in experiments]
        models = [e.build(i) for e, i in zip(experiments, images, strict=True)]
        tasks = [task_of(*each) for each in zip(models, images, strict=True)]
        seconds = _timed(tasks, [e.batch_size for e in experiments], limits)
        saved = {"on": here, "seconds_of_a_step": seconds}
        files.write_json(path, saved)
        del models, tasks  # or they would share the memory with those that are trained
        _clear()
    seconds = saved["seconds_of_a_step"]
    for experiment, each in zip(experiments, seconds, strict=True):
        print(f"{experiment.name}: {1000 * each:.3g} ms a step ({path})")
    return seconds


def _timed(tasks, batch_sizes, limits):
    def fit(i, steps):
        batches = tasks[i].batches(batch_sizes[i], seed=0, start_step=0)
        begin = time.perf_counter()
        tasks[i].model.fit(batches, steps_per_epoch=steps, verbose=0)
        return time.perf_counter() - begin

    lengths = [1] * len(tasks)
    for i, limit in enumerate(limits):
        fit(i, 1)  # compiles
        while lengths[i] < limit and fit(i, lengths[i]) < ROUND_SECONDS:
            lengths[i] *= 2
    # Alternately, so that all meet the same load of the machine.
    rounds = [[fit(i, n) for i, n in enumerate(lengths)] for _ in range(ROUNDS)]
    return (np.median(rounds, axis=0) / lengths).tolist()


def _players(experiment, size, data):
    """The loss and the updates of a model, which its scores do not tell."""
    model = experiment.build(experiment.data(size, data))
    loss = model.adversarial_loss.generator.__name__
    label = getattr(model, "real_label", 1.0)
    found = {
        "adversarial loss": loss.removesuffix("_generator_loss")
        + ("" if label == 1.0 else f" with real labels {label}"),
        "generator updates per step": str(model.generator_steps),
        "discriminator updates per step": str(model.discriminator_steps),
    }
    del model
    _clear()
    return found


def _clear():
    """Forgets compiled steps, which would add up in memory, but not the precision."""
    policy = keras.config.dtype_policy()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)


def _run(experiment, size, seed, steps, data):
    """The scores and losses of a run, which is read if it is there, else trained."""
    for folder, scores in _finished(experiment.name, size, seed, steps):
        return scores, files.read_history(folder / "history.csv")
    name = experiment.name
    folder = run_folder(name, size, seed)
    reached = files.read_history(folder / "history.csv").get("step", [0])[-1]
    if steps != experiment.budgets[size].steps or reached > steps:
        folder = _own_folder(name, size, seed, steps)
    try:
        done = run(name, size=size, seed=seed, steps=steps, data=data, out=folder)
    except (TrainingStopped, ValueError):
        record = folder / "run.json"
        advice = "move its folder away"
        stopped = files.read_json(record, dict, advice) if record.exists() else {}
        if "stopped" not in stopped:
            raise
        losses = files.read_history(folder / "history.csv")
        reached = int(losses["step"][-1]) if losses else 0
        budget = experiment.budgets[size].steps
        return {**stopped, "steps": reached, "budget": budget}, losses
    if done.scores["steps"] != steps:
        raise ValueError(
            f"Expected a run of {steps:,} steps in {folder}, received one of "
            f"{done.scores['steps']:,}: move that folder away."
        )
    return done.scores, done.history


def _own_folder(name, size, seed, steps):
    return FOLDER / f"{name}@{size}-seed{seed}-steps{steps}"


def _finished(name, size, seed, steps):
    """Folders and scores of runs that ended at `steps`, the local ones first."""
    found = find_runs(name)[::-1]
    own = _own_folder(name, size, seed, steps)
    if (own / "scores.json").exists():
        found.insert(0, (own, read_scores(own)))
    wanted = {"name": name, "size": size, "seed": seed, "steps": steps}
    return [
        (folder, scores)
        for folder, scores in found
        if {key: scores.get(key) for key in wanted} == wanted
    ]


def _is_done(folder, experiment, seed, steps):
    return any(
        (row["experiment"], row["seed"]) == (experiment, str(seed))
        and (row["steps"] == str(steps) or row["stopped"])
        for row in _rows(folder, "table.csv")
    )


def _rows(folder, file):
    path = folder / file
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def _details(folder):
    path = folder / DETAILS
    form = [{"experiment": str, "seed": int}]
    advice = "delete it, though the study then says less"
    return files.read_json(path, form, advice) if path.exists() else []


def _write(path, rows):
    """Writes rows of one or several sets of columns."""
    columns = dict.fromkeys(key for row in rows for key in row)
    with files.atomic(path) as temporary:
        files.append_table(temporary, columns, rows)


def _gather(folder, scores, losses, players):
    """Adds a run to the table, to the curves and to the details."""
    row = {"experiment": scores["name"]}
    # "precision" is the name of a score too.
    known = {**scores, "dtype_policy": scores["precision"]}
    row |= {key: known.get(key, "") for key in (*_TEXTS[1:], *_NUMBERS)}
    row |= {
        score["name"]: f"{score['value']:.6g}" for score in scores.get("scores", ())
    }
    key = {"experiment": row["experiment"], "seed": row["seed"]}
    curve = [
        key | {name: f"{value:.5g}" for name, value in zip(losses, values, strict=True)}
        for values in zip(*losses.values(), strict=True)
    ]

    def others(rows):
        return [row for row in rows if any(str(row[k]) != str(key[k]) for k in key)]

    if "scores" in scores:
        found = conditions([(folder, scores)])
        details = {
            **key,
            "conditions": {name: values[0] for name, values in found.items()} | players,
            "measures": {s["name"]: _measured(s, players) for s in scores["scores"]},
        }
        files.write_json(folder / DETAILS, [*others(_details(folder)), details])
    # The table comes last: a run is done when its row is there.
    for file, new in (("curves.csv", curve), ("table.csv", [row])):
        _write(folder / file, [*others(_rows(folder, file)), *new])


def _measured(score, players):
    """How a score was measured, in words."""
    measure, loss = Measure.of(score), f"loss {players['adversarial loss']}"
    return ", ".join(filter(None, (measure.how, loss * (measure.name in _LOSSES))))


def _draw(folder, experiments, planned, size, data):
    """A row of samples for each experiment, of the model of seed 0.

    Where that model is not here, the row that the picture already has stays.
    """
    path = folder / "samples.png"
    saved = read_rows(path) if path.exists() else {}
    rows = {}
    for experiment, steps in zip(experiments, planned, strict=True):
        name = experiment.name
        finished = _finished(name, size, 0, steps)
        here = [place for place, _ in finished if (place / "gan.keras").exists()]
        if here:
            task = task_of(load(here[0]).model, experiment.data(size, data))
            rows[name] = task.examples(COLUMNS)
        elif name in saved:
            rows[name] = saved[name]
    # Pictures of other sizes do not fit into the same grid.
    rows = {k: v for k, v in rows.items() if v.shape == next(iter(rows.values())).shape}
    if rows:
        save_rows(path, rows)
