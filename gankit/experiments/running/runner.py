"""Runs an experiment by name: trains, resumes, scores, leaves pictures."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import keras

from gankit import callbacks, datasets, files
from gankit.backend import device
from gankit.callbacks import checkpoint
from gankit.callbacks.doctor import TrainingDoctor
from gankit.callbacks.weight_log import WeightLog
from gankit.experiments.running import record as run_record
from gankit.experiments.running import registry, translations
from gankit.experiments.running import watchers as run_watchers
from gankit.experiments.running.results import conclude
from gankit.metrics import classifier_for
from gankit.trainers import AdversarialModel, ConditionalGAN


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
    `gankit.backend.device.distribute(n)` it trains on n devices.

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
        gankit.callbacks.doctor.TrainingStopped: When a loss or weight is NaN or infinite; the
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
    record = run_record.open_record(
        folder, run_record.settings_of(experiment, size, seed, images)
    )

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
    history, scores = conclude(
        model, experiment, images, (scorer, judge), record, folder, steps, budget
    )
    return Run(folder, history, scores, model)


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
        files.read_history(folder / "history.csv"),
        json.loads((folder / "scores.json").read_text()),
        keras.saving.load_model(folder / "gan.keras"),
    )


def _train(model, experiment, images, scorer, record, folder, steps, budget):
    """Plays from the last checkpoint to `steps`."""
    state = folder / "checkpoint.npz"
    done = checkpoint.restore(model, state) if state.exists() else 0
    for log in ("history.csv", "scores.csv"):
        files.cut_history(folder / log, done)
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
        WeightLog(
            folder / "weights.csv", every=max(1, budget.steps // run_watchers.FRAMES)
        ),
        # Before the checkpoint: a run that is killed while it scores does so again.
        *run_watchers.score_callbacks(
            model, experiment, images, scorer, folder, budget
        ),
        run_watchers.film(experiment, images, folder, budget),
        *run_watchers.tensorboard(images, folder, budget),
        callbacks.Checkpoint(state),
        run_record.Stopwatch(record, folder),
        progress,
        interrupt,
    ]
    labels = images.train.labels if isinstance(model, ConditionalGAN) else None
    with interrupt, progress, run_record.remembering(doctor, record, folder):
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
