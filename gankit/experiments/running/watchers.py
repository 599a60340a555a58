"""The callbacks of a run: doctor, logs, scores, pictures."""

import math

from gankit import callbacks

# Moments of a training that are drawn.
FRAMES = 48


def doctor(run):
    """The `gankit.TrainingDoctor` of a run."""
    return callbacks.TrainingDoctor(run.task.images)


def logs(run):
    """Callbacks that log losses and weights."""
    every = max(1, run.budget.steps // FRAMES)
    return [
        callbacks.HistoryLog(run.folder / "history.csv"),
        callbacks.WeightLog(run.folder / "weights.csv", every=every),
    ]


def scores(run):
    """Scores samples several times in a budget, into `scores.csv`."""
    if run.scorer is None:
        return []
    every = max(1, run.budget.steps // run.experiment.scorings)
    path = run.folder / "scores.csv"
    return [run.task.score_callback(run.scorer, every=every, path=path)]


def pictures(run):
    """Draws the frames of a film, and grids for TensorBoard if that is installed."""
    at = sorted({*_film_steps(run.budget.steps), *stages(run)})
    return [
        run.task.film_callback(run.folder / "samples", at=at),
        *tensorboard(run.folder, run.task.tensorboard_options(run.budget.steps)),
    ]


def tensorboard(folder, options):
    """Shows the run in TensorBoard, if tensorboardX is installed."""
    try:
        return [callbacks.TensorBoardLog(folder / "tensorboard", **options)]
    except ImportError:
        print("gankit: nothing for TensorBoard, as tensorboardX is not installed.")
        return []


def stages(run):
    """The steps of a budget that correspond to the stages of a full run."""
    full = run.experiment.budgets["full"].steps
    return [math.ceil(s * run.budget.steps / full) for s in run.experiment.stages]


def _film_steps(steps):
    # Dense at the beginning, where samples change fastest.
    return [steps * frame**2 // FRAMES**2 for frame in range(FRAMES + 1)]
