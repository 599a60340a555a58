"""Runs an experiment by name: trains, resumes, scores, leaves pictures."""

import dataclasses
import zipfile
from collections.abc import Mapping
from pathlib import Path

import keras

from gankit import callbacks, files
from gankit.backend import device
from gankit.backend.arguments import check_choice, check_number
from gankit.callbacks import checkpoint
from gankit.datasets import data_folder
from gankit.experiments.running import record, registry, results, watchers, workers
from gankit.experiments.running.saved import read_scores, run_folder
from gankit.experiments.running.task import ImageTask, task_of
from gankit.trainers import AdversarialModel

# What a checkpoint holds beside the model's state, so that it survives with it.
LOGS = ("history.csv", "scores.csv", "weights.csv", "samples/step-*.png")


@dataclasses.dataclass(frozen=True)
class Run:
    """A trained experiment.

    Attributes:
        folder: The folder with its files.
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
        """Whether all requested steps were done."""
        return self.scores["steps"] >= self.scores["steps_asked"]


@dataclasses.dataclass(frozen=True)
class RunInProgress:
    """A run while it trains, is scored and saved.

    Attributes:
        experiment: The `Experiment`.
        size: `"smoke"`, `"class"` or `"full"`.
        steps: Total of training steps at which to stop.
        folder: The folder with its files.
        record: The content of `run.json`, which grows during the run.
        task: The task, with the model and its data.
        scorer: What scores samples during training and at the end, or `None`.
    """

    experiment: registry.Experiment
    size: str
    steps: int
    folder: Path
    record: dict
    task: ImageTask
    scorer: object

    @property
    def budget(self):
        """The `Budget` of the experiment at this size."""
        return self.experiment.budgets[self.size]

    @property
    def model(self):
        """The `gankit.AdversarialModel`."""
        return self.task.model


def run(
    name,
    *,
    size="class",
    seed=0,
    steps=None,
    width=None,
    data=None,
    out=None,
    other_machine=False,
):
    """Trains an experiment, or resumes it where it stopped, and scores it.

    Every epoch of `fit()` ends with a checkpoint. After a stop of any kind, also a
    power cut, the same call resumes from the last one and ends with the weights, losses
    and scores of an uninterrupted run, bit for bit on the same machine. A finished run
    is only scored again. Within `gankit.backend.device.distribute(n)` it trains on n
    devices, and within `gankit.experiments.running.workers.joined()` on several
    machines, of which only the first keeps the folder.

    Args:
        name: Name of the experiment.
        size: `"smoke"`, `"class"` or `"full"`.
        seed: Seed of everything, a whole number from 0 to 2**32 - 1.
        steps: Total of training steps at which to stop; `None` takes the budget of
            the size.
        width: `"half"` for the half-width variant, which has a budget of its own.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.
        out: Folder of the run; `None` takes `run_folder(name, size, seed)`.
        other_machine: Whether to resume a run of a machine with other cores, precision
            or versions. Its bits then differ from those of an uninterrupted run, and
            `run.json` says so.

    Returns:
        The `Run`.

    Raises:
        ValueError: If there is no such experiment, size, width or seed, or the folder
            holds a run with other settings or of a model that was built otherwise.
        FileNotFoundError: If there is no folder `data`.
        RuntimeError: If another process trains in the folder of the run.
        KeyboardInterrupt: After Ctrl-C, once the state is saved.
        gankit.callbacks.TrainingStopped: If a loss or weight is NaN or infinite. The
            last good state stays saved, and the same call refuses to resume from it.
    """
    experiment = registry.find(name, width=width)
    check_choice("size to be one of", size, registry.SIZES)
    check_number("the seed", seed, 0, registry.LARGEST_SEED)
    data_folder(data)  # which must exist
    steps = experiment.budgets[size].steps if steps is None else steps
    check_number("steps", steps, 1)
    if experiment.batch_size % device.count():
        raise ValueError(
            f"Expected devices to divide the batch of {experiment.batch_size} evenly, "
            f"received {device.count()} devices: choose another number of them."
        )
    images = experiment.data(size, data)
    folder = Path(out) if out else run_folder(experiment.name, size, seed)
    settings = record.settings_of(experiment, size, seed, images)
    with (
        workers.own_folder(folder, settings, steps) as (folder, settings),
        record.opened(folder, settings, other_machine=other_machine) as opened,
    ):
        with workers.alone():
            scorer = experiment.scorer and experiment.scorer(images, data)
        keras.utils.set_random_seed(seed)
        task = task_of(experiment.build(images), images)
        this = RunInProgress(experiment, size, steps, folder, opened, task, scorer)
        _train(this)
        with workers.alone():
            classifier = task.classifier(experiment, size, data)
        history, scores = results.conclude(this, classifier)
    return Run(folder, history, scores, task.model)


def load(folder):
    """Reads a run from its folder, with its model as it was last saved.

    Args:
        folder: Folder of a run.

    Returns:
        The `Run`.

    Raises:
        FileNotFoundError: If there is no scored run in `folder`.
        ValueError: If one of its files is damaged.
    """
    folder = Path(folder)
    if not (folder / "scores.json").exists():
        raise FileNotFoundError(
            f"Expected a run in {folder}, received a folder without scores.json: train "
            "one with gankit run."
        )
    # Registers every class that a saved model may hold.
    registry.load_all()
    scores = read_scores(folder)
    try:
        model = keras.saving.load_model(folder / "gan.keras")
    # Keras, h5py and zipfile have one each for what a cut file lacks.
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"Expected a whole model in {folder / 'gan.keras'}, received a missing or "
            f"damaged one ({type(error).__name__}): repeat the gankit run that trained "
            "it, which saves it again."
        ) from error
    return Run(folder, files.read_history(folder / "history.csv"), scores, model)


def _train(run):
    """Trains from the last checkpoint to the requested step."""
    model, state = run.model, run.folder / record.CHECKPOINT
    done, built = 0, record.describe(model)
    record.compare(run.folder, run.record.get("built", {}), built, "undo the change")
    run.record["built"] = built
    if state.exists():
        record.check_checkpoint(state, run.record)
        done = checkpoint.restore(model, state, LOGS)
    for machine in run.record.get("earlier_machines", ()):
        machine.setdefault("until_step", done)
    files.write_json(run.folder / record.RECORD, run.record)
    if done >= run.steps:
        return
    if "stopped" in run.record:
        rest = "No state was saved before: m"
        if done:
            rest = f"Its last good state is saved: --steps {done} scores it, or m"
        raise ValueError(
            f"Expected a run in {run.folder} that can be resumed, received one that "
            f"ended: {run.record['stopped']} {rest}end the experiment and start anew "
            "with --out."
        )
    progress = callbacks.Progress(run.steps, start=done)
    interrupt = callbacks.StopOnInterrupt()
    doctor = watchers.doctor(run)
    watching = [
        doctor,  # first, as it keeps a spoilt state from being saved
        *watchers.logs(run),
        # Before the checkpoint: a run that is killed while it scores does so again.
        *watchers.scores(run),
        *watchers.pictures(run),
        record.Stopwatch(run.record, doctor, run.folder),
        callbacks.Checkpoint(state, (record.RECORD, *LOGS)),
        progress,
        interrupt,
    ]
    with interrupt, progress, record.remembering(doctor, run.record, run.folder):
        for epoch_steps, epochs in _epochs(done, run.steps, run.budget.epoch_steps):
            batches = run.task.batches(
                run.experiment.batch_size,
                seed=run.record["seed"],
                start_step=model.steps_done,
            )
            model.fit(
                batches,
                steps_per_epoch=epoch_steps,
                epochs=epochs,
                verbose=0,
                callbacks=watching,
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
