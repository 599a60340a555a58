"""Who watches a run while it trains: scores, pictures, TensorBoard."""

import math
from typing import NamedTuple

from gankit import callbacks
from gankit.callbacks.scores import ScoreCallback
from gankit.callbacks.tensorboard import TensorBoardLog
from gankit.experiments.running import translations
from gankit.experiments.scoring.adversarial import discriminator_scores
from gankit.experiments.scoring.conditional import class_accuracy
from gankit.experiments.scoring.translations import TranslationScoreCallback
from gankit.trainers import ConditionalGAN

# Moments of a training that are drawn.
FRAMES = 48
# Grids in TensorBoard, which shows ten of a run unless told otherwise.
GRIDS = 10


def score_callbacks(model, experiment, images, scorer, folder, budget):
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


def film(experiment, images, folder, budget):
    """Draws the frames of a film of the training."""
    at = sorted({*_film_steps(budget.steps), *stages(experiment, budget)})
    if translations.is_unpaired(images):
        return translations.TranslationGrid(folder / "samples", images, at=at)
    side = layout(images).film_side
    return callbacks.SampleGrid(folder / "samples", at=at, count=side**2, columns=side)


def tensorboard(images, folder, budget):
    """Shows the run in TensorBoard, where tensorboardX is installed."""
    grids = {}
    if not translations.is_unpaired(images):
        side = layout(images).film_side
        grids = {"images_every": max(1, budget.steps // GRIDS), "count": side**2}
    try:
        return [TensorBoardLog(folder / "tensorboard", **grids)]
    except ImportError:
        print("gankit: nothing for TensorBoard, as tensorboardX is not installed.")
        return []


def _film_steps(steps):
    # Dense at the beginning, where samples change fastest.
    return [steps * frame**2 // FRAMES**2 for frame in range(FRAMES + 1)]


def stages(experiment, budget):
    """The steps of a budget that stand for an experiment's stages of a full run."""
    full = experiment.budgets["full"].steps
    return [math.ceil(step * budget.steps / full) for step in experiment.stages]


class Layout(NamedTuple):
    """How many samples are shown, how many on a side of the film, how much enlarged."""

    count: int
    film_side: int
    scale: int


def layout(images):
    """The `Layout` for images of their size."""
    small = images.image_shape[0] <= 32
    return Layout(100, 8, 2) if small else Layout(36, 4, 1)
