"""Scores of small photographs in classes: by the network of FID and a classifier."""

import functools
import warnings

from gankit.backend import device
from gankit.experiments.scoring.adversarial import (
    adversarial_scores,
    classifier_scorer,
    with_suffix,
)
from gankit.metrics import (
    FIDWeightsUnavailable,
    Scorer,
    classifier_for,
    inception_extractor,
)
from gankit.metrics.features.cache import feature_set
from gankit.metrics.scorer import REAL

# Samples that the network of FID scores during training, and at the end.
COUNT_DURING_TRAINING = 2000
COUNT = 10_000
FEATURES = 768
RANGE = {"value_range": (0, 255)}


class PhotographScorer:
    """Scores samples by a classifier of the data set and by the network of FID.

    The network of FID needs a GPU: on a CPU it would take minutes each time, so there
    only the classifier scores.

    Args:
        data: `gankit.datasets.ImageData` with labels and test images.
        folder: The data folder.

    Attributes:
        n: Samples to score.
        extractor: The `gankit.metrics.Extractor` of the classifier.
        baselines: As in `gankit.metrics.Scorer`, for all scores.
    """

    def __init__(self, data, folder=None):
        classifier = classifier_scorer(data, folder)
        self.n = classifier.n
        self.extractor = classifier.extractor
        self._scorers = [classifier]
        test, n = data.test.images, COUNT_DURING_TRAINING
        enough = device.has_gpu() and len(test) >= 2 * n
        if enough and (inception := available_inception("FID is left out for now.")):
            first, others = (
                _features(images, inception, f"{data.name}-test-{part}-{n}", folder)
                for part, images in (("first", test[:n]), ("next", test[n : 2 * n]))
            )
            kinds = ("frechet", "kernel")
            scorer = Scorer(first, inception, kinds=kinds, other_real=others, **RANGE)
            self.n = n
            self._scorers.insert(0, scorer)

    @functools.cached_property
    def baselines(self):
        return {REAL: [s for scorer in self._scorers for s in scorer.baselines[REAL]]}

    def __call__(self, fake, *, value_range):
        """Scores images; see `gankit.metrics.Scorer`.

        The classifier takes the first of them, as many as it has real images.
        """
        return [
            score
            for scorer in self._scorers
            for score in scorer(fake[: scorer.n], value_range=value_range)
        ]


def photograph_scores(after):
    """Returns a function that scores a trained GAN on photographs.

    Args:
        after: Steps from which 10,000 samples are scored. This takes a minute on a GPU
            and half an hour on a CPU.

    Returns:
        Function `(model, data, history) -> list of gankit.metrics.Score`. It adds to
        `adversarial_scores` those of 10,000 samples against 10,000 test images: the two
        distances, precision, recall, density and coverage by the network of FID, and
        the two distances by the classifier. For reference it scores 10,000 training
        images too. Data sets with fewer test images do without these scores.
    """

    def score(model, data, history):
        scores = adversarial_scores(model, data, history)
        if model.steps_done < after or len(data.test) < COUNT:
            return scores
        return [*scores, *_scores_of_many(model.sample(COUNT, seed=3), data)]

    return score


def available_inception(otherwise):
    """The network of FID; `None`, with a warning, if its weights are not available.

    Args:
        otherwise: Sentence of the warning on what happens without the network.
    """
    try:
        return inception_extractor(FEATURES)
    except FIDWeightsUnavailable as error:
        warnings.warn(f"{error} {otherwise}", stacklevel=2)
        return None


def _features(images, extractor, cache_name, folder=None):
    return feature_set(images, extractor, cache_name=cache_name, folder=folder, **RANGE)


def _scores_of_many(fake, data):
    kinds = [(classifier_for(data).extractor, ("frechet", "kernel"))]
    if inception := available_inception("FID is left out for now."):
        kinds.insert(0, (inception, ("frechet", "kernel", "precision_recall")))
    found = []
    for extractor, which in kinds:
        test, train = (
            _features(
                split.images[:COUNT], extractor, f"{data.name}-{part}-first-{COUNT}"
            )
            for part, split in (("test", data.test), ("train", data.train))
        )
        scorer = Scorer(test, extractor, kinds=which, other_real=train, **RANGE)
        found += with_suffix(scorer(fake, **RANGE), f"n = {COUNT:,}")
        reference = scorer.baselines[REAL]
        found += with_suffix(reference, f"n = {COUNT:,}, training images")
    return found
