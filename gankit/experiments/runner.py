"""Runs an experiment by name: trains, resumes, scores, leaves pictures."""

import contextlib
import dataclasses
import importlib.metadata
import json
import math
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from gankit import callbacks, checkpoint, datasets, device, plotting
from gankit import history as gan_history
from gankit.doctor import TrainingDoctor, TrainingStopped
from gankit.experiments import registry, translations
from gankit.experiments.conditional_scoring import class_accuracy, conditional_scores
from gankit.experiments.scoring import class_scores, discriminator_scores
from gankit.experiments.translation_scores import (
    TranslationScoreCallback,
    TranslationScorer,
)
from gankit.metrics import classifier_for
from gankit.score_callback import ScoreCallback
from gankit.tensorboard import TensorBoardLog
from gankit.trainers import AdversarialModel, ConditionalGAN
from gankit.weight_log import WeightLog

FRAMES = 48
# Grids in TensorBoard, which shows ten of a run unless told otherwise.
GRIDS = 10


@dataclasses.dataclass(frozen=True)
class Run:
    """A trained experiment.

    Attributes:
        folder: Where its files are.
        history: Dict of arrays: `step`, `d_loss`, `g_loss`.
        scores: The content of `scores.json`.
        model: The `gankit.AdversarialModel`.
    """

    folder: Path
    history: Mapping
    scores: Mapping
    model: AdversarialModel

    @property
    def finished(self):
        """Whether the steps that were asked for were done."""
        return self.scores["steps"] >= self.scores["steps_asked"]


def run_folder(name, size="class", seed=0):
    """The folder of a run: `runs/NAME` for class and seed 0, else with both named."""
    suffix = "" if (size, seed) == ("class", 0) else f"@{size}-seed{seed}"
    return Path("runs") / f"{name}{suffix}"


def run(name, *, size="class", seed=0, steps=None, data=None, out=None):
    """Trains an experiment, or goes on where it stopped, and scores it.

    Every epoch of `fit()` ends with a checkpoint; the same call after a stop, however
    it came about, goes on from there and ends with the weights of an uninterrupted
    run, bit for bit on the same machine. A finished run is only scored again. Within
    `gankit.device.distribute(n)` it trains on n devices.

    Args:
        name: Name of the experiment.
        size: `"smoke"`, `"class"` or `"full"`.
        seed: Seed of everything, a whole number from 0.
        steps: Total of steps at which to stop; `None` takes the size's budget.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.
        out: Folder of the run; `None` takes `run_folder(name, size, seed)`.

    Returns:
        The `Run`.

    Raises:
        ValueError: If there is no such experiment or size, or the folder holds a run
            of other settings.
        KeyboardInterrupt: After Ctrl-C, once the state is saved.
        gankit.doctor.TrainingStopped: When a loss or weight is NaN or infinite; the
            last good state is kept, and the same call refuses to go on from it.
    """
    experiment = registry.find(name)
    if size not in experiment.budgets:
        raise ValueError(
            f"Expected size to be one of {', '.join(registry.SIZES)}, received "
            f"{size!r}: choose one of these."
        )
    budget = experiment.budgets[size]
    steps = budget.steps if steps is None else steps
    if steps < 1:
        raise ValueError(
            f"Expected at least 1 step, received {steps}: pass the total of steps at "
            "which to stop."
        )
    if experiment.batch_size % device.count():
        raise ValueError(
            f"Expected devices to divide the batch of {experiment.batch_size} evenly, "
            f"received {device.count()} devices: choose another number of them."
        )
    images = experiment.data(size, data)
    folder = Path(out) if out else run_folder(name, size, seed)
    record = _open(folder, _settings(experiment, size, seed, images))

    scorer = experiment.scorer and experiment.scorer(images, data)
    keras.utils.set_random_seed(seed)
    model = experiment.build(images)
    _train(model, experiment, images, scorer, record, folder, steps, budget)
    judge = None
    if isinstance(model, ConditionalGAN):
        judge = (
            experiment.judge(size, images, data)
            if experiment.judge
            else classifier_for(images, folder=data)
        )
    return _conclude(
        model, experiment, images, (scorer, judge), record, folder, steps, budget
    )


def load(folder):
    """Gives a run back from its folder, with its model as it was last saved.

    Args:
        folder: Folder of a run.

    Returns:
        The `Run`.

    Raises:
        FileNotFoundError: If there is no run with scores in `folder`.
    """
    folder = Path(folder)
    if not (folder / "scores.json").exists():
        raise FileNotFoundError(
            f"Expected a run in {folder}, received a folder without scores.json: train "
            "one with gankit run."
        )
    return Run(
        folder,
        gan_history.read(folder / "history.csv"),
        json.loads((folder / "scores.json").read_text()),
        keras.saving.load_model(folder / "gan.keras"),
    )


def _settings(experiment, size, seed, images):
    """What must not change between the parts of one run."""
    packages = ("keras", keras.backend.backend(), "numpy")
    return {
        "name": experiment.name,
        "size": size,
        "seed": seed,
        "batch_size": experiment.batch_size,
        "backend": keras.backend.backend(),
        "precision": keras.config.dtype_policy().name,
        "threads": device.threads(),
        "devices": device.count(),
        "data": images.name,
        "data_fingerprint": images.fingerprint,
        "versions": {p: importlib.metadata.version(p) for p in packages},
    }


def _open(folder, settings):
    """Makes or opens the folder of a run and returns its record."""
    path = folder / "run.json"
    if not path.exists():
        # A name that begins with a dot is what a kill left of a file being written.
        if folder.exists() and any(p.name[0] != "." for p in folder.iterdir()):
            raise ValueError(
                f"Expected {folder} to be empty or to hold a run, received a folder "
                "with other files: choose another with --out."
            )
        folder.mkdir(parents=True, exist_ok=True)
        record = {**settings, "device": device.name(), "seconds": 0.0}
        _write_json(path, record)
        return record
    record = json.loads(path.read_text())
    differ = [key for key, value in settings.items() if record.get(key) != value]
    if differ:
        key = differ[0]
        raise ValueError(
            f"Expected to go on with the run in {folder}, whose {key} is "
            f"{record.get(key)}, received {settings[key]}: use the same settings or "
            "another folder with --out (in Python, out=)."
        )
    return record


def _train(model, experiment, images, scorer, record, folder, steps, budget):
    """Plays from the last checkpoint to `steps`."""
    state = folder / "checkpoint.npz"
    done = checkpoint.restore(model, state) if state.exists() else 0
    for log in ("history.csv", "scores.csv"):
        gan_history.cut(folder / log, done)
    if done >= steps:
        return
    if "stopped" in record:
        raise ValueError(
            f"Expected to go on with the run in {folder}, which ended there: "
            f"{record['stopped']} Its last good state is kept: --steps {done} scores "
            "it, or mend the experiment and start anew with --out."
        )
    progress = callbacks.Progress(steps, start=done)
    real = translations.training_images(images)
    doctor = TrainingDoctor(real[0] if translations.is_unpaired(images) else real)
    interrupt = callbacks.StopOnInterrupt()
    watchers = [
        doctor,  # first, as it keeps a spoilt state from being saved
        callbacks.HistoryLog(folder / "history.csv"),
        WeightLog(folder / "weights.csv", every=max(1, budget.steps // FRAMES)),
        # Before the checkpoint: a run that is killed while it scores does so again.
        *_score_callbacks(model, experiment, images, scorer, folder, budget),
        _film(experiment, images, folder, budget),
        *_tensorboard(images, folder, budget),
        callbacks.Checkpoint(state),
        _Stopwatch(record, folder),
        progress,
        interrupt,
    ]
    labels = images.train.labels if isinstance(model, ConditionalGAN) else None
    with interrupt, progress, _remembering(doctor, record, folder):
        for epoch_steps, epochs in _epochs(done, steps, budget.epoch_steps):
            batches = datasets.Batches(
                real,
                labels,
                batch_size=experiment.batch_size * model.discriminator_steps,
                seed=record["seed"],
                start_step=model.steps_done,
            )
            model.fit(
                batches,
                steps_per_epoch=epoch_steps,
                epochs=epochs,
                verbose=0,
                callbacks=watchers,
            )
            if interrupt.requested:
                raise KeyboardInterrupt


@contextlib.contextmanager
def _remembering(doctor, record, folder):
    """Keeps in the record of the run what the doctor found, and why it stopped."""
    try:
        yield
    except TrainingStopped as stop:
        record["stopped"] = str(stop)
        raise
    finally:
        noted = record.setdefault("findings", [])
        known = {finding["kind"] for finding in noted}  # before the run was resumed
        noted += [dataclasses.asdict(f) for f in doctor.findings if f.kind not in known]
        _write_json(folder / "run.json", record)


def _score_callbacks(model, experiment, images, scorer, folder, budget):
    """Scores samples several times in a budget, into `scores.csv`."""
    if scorer is None:
        return []
    every = max(1, budget.steps // experiment.scorings)
    path = folder / "scores.csv"
    if translations.is_unpaired(images):
        return [TranslationScoreCallback(scorer, every=every, path=path)]

    def judged(fake, *, value_range):
        scores = list(scorer(fake, value_range=value_range))
        if hasattr(model, "discriminator"):
            scores += discriminator_scores(model, images, fake)
        if isinstance(model, ConditionalGAN):
            scores += class_accuracy(model, scorer)
        return scores

    return [ScoreCallback(judged, every=every, count=scorer.n, path=path)]


def _film(experiment, images, folder, budget):
    """Draws the frames of a film of the training."""
    at = sorted({*_film_steps(budget.steps), *_stages(experiment, budget)})
    if translations.is_unpaired(images):
        return translations.TranslationGrid(folder / "samples", images, at=at)
    side = _layout(images).film_side
    return callbacks.SampleGrid(folder / "samples", at=at, count=side**2, columns=side)


def _tensorboard(images, folder, budget):
    """Shows the run in TensorBoard, where tensorboardX is installed."""
    grids = {}
    if not translations.is_unpaired(images):
        side = _layout(images).film_side
        grids = {"images_every": max(1, budget.steps // GRIDS), "count": side**2}
    try:
        return [TensorBoardLog(folder / "tensorboard", **grids)]
    except ImportError:
        print("gankit: nothing for TensorBoard, as tensorboardX is not installed.")
        return []


def _epochs(done, steps, epoch_steps):
    """Pairs (steps of an epoch, epochs) from `done` to `steps`.

    All but the first and the last epoch end at multiples of `epoch_steps`, wherever
    a run was stopped.
    """
    while done < steps:
        length = min(epoch_steps - done % epoch_steps, steps - done)
        count = (steps - done) // length if length == epoch_steps else 1
        yield length, count
        done += length * count


def _film_steps(steps):
    # Dense at the beginning, where samples change fastest.
    return [steps * frame**2 // FRAMES**2 for frame in range(FRAMES + 1)]


def _stages(experiment, budget):
    full = experiment.budgets["full"].steps
    return [math.ceil(step * budget.steps / full) for step in experiment.stages]


class _Layout(NamedTuple):
    """How many samples are shown, how many on a side of the film, how much enlarged."""

    count: int
    film_side: int
    scale: int


def _layout(images):
    small = images.image_shape[0] <= 32
    return _Layout(100, 8, 2) if small else _Layout(36, 4, 1)


class _Stopwatch(keras.callbacks.Callback):
    """Adds the time of the steps of every saved epoch to the record of the run."""

    def __init__(self, record, folder):
        super().__init__()
        self.record = record
        self.path = folder / "run.json"

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.done = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        # Scoring and saving come after the last step and do not count.
        self.record["seconds"] += self.done - self.begun
        _write_json(self.path, self.record)


def _conclude(model, experiment, images, judges, record, folder, steps, budget):
    """Scores the model and leaves its files."""
    scorer, judge = judges
    history = gan_history.read(folder / "history.csv")
    done = model.steps_done
    sample_scores = _sample_scores(model, scorer)
    unpaired = translations.is_unpaired(images)
    profile, profile_scores = (
        (None, []) if unpaired else class_scores(model, images, scorer)
    )
    label_scores = ()
    if judge:
        label_scores, counts = conditional_scores(model, images, scorer, judge)
        names = ",".join(judge.class_names)
        np.savetxt(
            folder / "confusion.csv", counts, "%d", ",", header=names, comments=""
        )
    scores = {
        **record,
        "steps": done,
        "steps_asked": steps,
        "budget": budget.steps,
        "seconds": round(record["seconds"], 1),
        "commit": _commit(),
        "scores": [
            dataclasses.asdict(
                dataclasses.replace(s, report=experiment.reported.get(s.name))
            )
            for s in [
                *experiment.score(model, images, history),
                *sample_scores,
                *profile_scores,
                *label_scores,
            ]
        ],
        "baselines": _baselines(scorer),
    }
    model.save(folder / "gan.keras")
    layout = _layout(images)
    title = f"{experiment.name}: losses to step {done:,}"
    if unpaired:
        translations.save(model, images, folder)
        curves = translations.loss_curves(history, model, title)
    else:
        generator = model.averaged_generator or model.generator
        generator.save(folder / "generator.keras")
        plotting.save_grid(
            folder / "samples.png",
            model.sample(layout.count),
            scale=layout.scale,
            colours=256,
        )
        curves = plotting.loss_curves(history, loss=model.adversarial_loss, title=title)
    curves.savefig(folder / "losses.png", dpi=120)
    if sample_scores:
        _plot_scores(folder, experiment.name, scorer, sample_scores[0])
    if profile is not None:
        profile.save(folder / "classes.csv")
    plotting.save_film(folder / "training.gif", folder / "samples", scale=layout.scale)
    plotting.save_stages(
        folder / "stages.png", folder / "samples", _stages(experiment, budget)
    )
    _write_json(folder / "scores.json", scores)
    return Run(folder, history, scores, model)


def _sample_scores(model, scorer):
    if scorer is None:
        return []
    if isinstance(scorer, TranslationScorer):
        return scorer(model)
    return scorer(model.sample(scorer.n, seed=1), value_range=(0, 255))


def _baselines(scorer):
    lines = scorer.baselines if scorer else {}
    return {
        line: [dataclasses.asdict(score) for score in scores]
        for line, scores in lines.items()
    }


def _plot_scores(folder, name, scorer, last):
    """Draws how the leading score went; a resumed run has the first part in a file."""
    rows = gan_history.read(folder / "scores.csv")
    if not rows:
        return
    on_the_way = [
        (int(step), dataclasses.replace(last, value=value, interval=None, std=None))
        for step, value in zip(rows["step"], rows[last.name], strict=True)
    ]
    lines = {
        line: next(score for score in scores if score.name == last.name)
        for line, scores in scorer.baselines.items()
    }
    plotting.score_curves(
        {name: on_the_way},
        baselines=lines,
        title=f"{name}: {last.name}",
        better="lower",
    ).savefig(folder / "scores.png", dpi=120)


def _commit():
    """The commit of the checkout that this code runs from; `None` elsewhere."""
    place = Path(__file__).parent
    try:
        commit = _git(place, "rev-parse", "--short=12", "HEAD")
        changed = _git(place, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + (" with changes" if changed else "")


def _git(place, *arguments):
    return subprocess.run(
        ["git", "-C", place, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def _write_json(path, content):
    temporary = path.with_name(f".partial-{path.name}")
    temporary.write_text(json.dumps(content, indent=2) + "\n")
    os.replace(temporary, path)
