"""Scores of small photographs in classes: the network of FID beside a classifier."""

import dataclasses
import warnings

from gankit.backend import device
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.metrics import (
    FIDWeightsUnavailable,
    Scorer,
    classifier_for,
    inception_extractor,
)
from gankit.metrics.features.cache import feature_set
from gankit.metrics.scorer import REAL

# Samples that are scored on the way by the network of FID, and at the end.
COUNT_ON_THE_WAY = 2000
COUNT = 10_000
FEATURES = 768
RANGE = {"value_range": (0, 255)}


class PhotographScorer:
    """Scores samples by a classifier of the data set and by the network of FID.

    That takes a GPU: on a CPU the network of FID would need minutes each time, and
    the classifier scores alone.

    Args:
        data: `gankit.datasets.ImageData` with labels and test images.
        folder: The data folder.

    Attributes:
        n: Samples to score.
        extractor: The `gankit.metrics.Extractor` of the classifier.
        baselines: As in `gankit.metrics.Scorer`, of all scores.
    """

    def __init__(self, data, folder=None):
        classifier = classifier_scorer(data, folder)
        self.n = classifier.n
        self.extractor = classifier.extractor
        self._scorers = [classifier]
        test = data.test.images
        enough = device.has_gpu() and len(test) >= 2 * COUNT_ON_THE_WAY
        if enough and (inception := _inception()):
            self.n = COUNT_ON_THE_WAY
            self._scorers.insert(
                0, _inception_scorer(inception, data.name, test, folder)
            )
        self.baselines = {
            REAL: [s for scorer in self._scorers for s in scorer.baselines[REAL]]
        }

    def __call__(self, fake, *, value_range):
        """Scores images; see `gankit.metrics.Scorer`.

        The classifier scores the first of them, as many as it has real ones.
        """
        return [
            score
            for scorer in self._scorers
            for score in scorer(fake[: scorer.n], value_range=value_range)
        ]


def _inception():
    """The network of FID; `None`, with a warning, where its weights are not at hand."""
    try:
        return inception_extractor(FEATURES)
    except FIDWeightsUnavailable as error:
        warnings.warn(f"{error} FID is left out for now.", stacklevel=2)
        return None


def _inception_scorer(extractor, name, test, folder):
    """FID and KID against the first test images; the next are the baseline."""
    n = COUNT_ON_THE_WAY
    parts = {"first": test[:n], "next": test[n : 2 * n]}
    first, others = (
        feature_set(
            images,
            extractor,
            cache_name=f"{name}-test-{part}-{n}",
            folder=folder,
            **RANGE,
        )
        for part, images in parts.items()
    )
    return Scorer(
        first, extractor, kinds=("frechet", "kernel"), other_real=others, **RANGE
    )


def photograph_scores(after):
    """Makes a function that scores a trained GAN on photographs.

    Args:
        after: Steps from which on a training is worth the 10,000 samples, which take
            a GPU a minute and a CPU half an hour.

    Returns:
        Function `(model, data, history) -> list of gankit.metrics.Score`. To
        `adversarial_scores` it adds the scores of 10,000 samples against as many test
        images: by the network of FID the two distances, precision, recall, density
        and coverage, and by the classifier its two distances; and beside them those of
        as many training images, which no model can be expected to beat. Data sets with
        fewer test images go without.
    """

    def score(model, data, history):
        scores = adversarial_scores(model, data, history)
        if model.steps_done < after or len(data.test) < COUNT:
            return scores
        return [*scores, *_scores_of_many(model.sample(COUNT, seed=3), data)]

    return score


def _scores_of_many(fake, data):
    classifier = classifier_for(data).extractor
    kinds = [(classifier, ("frechet", "kernel"))]
    if inception := _inception():
        kinds.insert(0, (inception, ("frechet", "kernel", "precision_recall")))
    found = []
    for extractor, which in kinds:
        test, train = (
            feature_set(
                split.images[:COUNT],
                extractor,
                cache_name=f"{data.name}-{part}-first-{COUNT}",
                **RANGE,
            )
            for part, split in (("test", data.test), ("train", data.train))
        )
        scorer = Scorer(test, extractor, kinds=which, other_real=train, **RANGE)
        found += _named(scorer(fake, **RANGE), f"n = {COUNT:,}")
        found += _named(scorer.baselines[REAL], f"n = {COUNT:,}, training images")
    return found


def _named(scores, what):
    """Scores whose names tell them from those on the way."""
    return [dataclasses.replace(s, name=f"{s.name}, {what}") for s in scores]
