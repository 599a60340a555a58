"""Scores of translators, in both directions, beside those of real pictures."""

import dataclasses
import warnings

import numpy as np

from gankit.callbacks.scores import ScoreCallback
from gankit.experiments.data import is_drawn
from gankit.experiments.running.translations import shown
from gankit.metrics import (
    FIDWeightsUnavailable,
    Score,
    Scorer,
    domain_score,
    inception_extractor,
    inverted_colours,
)
from gankit.metrics import reconstruction_error as error_of
from gankit.metrics.baselines import NOTHING
from gankit.metrics.translation import domain_classifier_for

FEATURES = 768
# Pictures of each domain in a score of inverted colours alone.
INVERSION_COUNT = 100
RANGE = {"value_range": (0, 255)}


class TranslationScorer:
    """Scores a translator by its translations of pictures that are kept back.

    Where a data set keeps none back, translations of training pictures are scored
    against training pictures.

    Args:
        data: `gankit.datasets.UnpairedImageData`.
        folder: The data folder.
        extractor: The `gankit.metrics.Extractor` that measures distances; `None` takes
            that of the classifier of the two domains.

    Attributes:
        classifier: The `gankit.metrics.Classifier` of the two domains.
        baselines: Dict of lists of `gankit.metrics.Score`, both directions in one:
            under `"real against real"` other real pictures of the target domain, under
            `"doing nothing"` the sources untranslated.
    """

    def __init__(self, data, folder=None, *, extractor=None):
        self.classifier = domain_classifier_for(data, folder=folder)
        extractor = extractor or self.classifier.extractor
        self._directions = [
            _Direction(data, direction, extractor, self.classifier)
            for direction in ("ab", "ba")
        ]
        self.baselines = {}
        for direction in self._directions:
            for line, scores in direction.baselines.items():
                self.baselines.setdefault(line, []).extend(scores)

    def __call__(self, model):
        """Scores a `gankit.CycleGAN`.

        Returns:
            List of `gankit.metrics.Score`: for each direction the kernel and the
            Fréchet distance to pictures of the target domain, the domain score, the
            error of the sources translated there and back; of colour pictures also the
            share of sources whose colours are inverted.
        """
        return [score for d in self._directions for score in d(model)]


class _Direction:
    """One direction of translation, as `TranslationScorer` scores it."""

    def __init__(self, data, direction, extractor, classifier):
        self.direction = direction
        self.classifier = classifier
        source, target = direction
        self.source, real, other = _pictures(data, source, target)
        self.name = _way(data, direction)
        kinds = ("frechet", "kernel")
        self._scorer = Scorer(real, extractor, kinds=kinds, other_real=other, **RANGE)
        self.baselines = {
            line: _named(
                [*scores, domain_score(pictures, classifier, target, **RANGE)],
                self.name,
            )
            for line, pictures, scores in (
                *((k, other, v) for k, v in self._scorer.baselines.items()),
                (NOTHING, self.source, self._scorer(self.source, **RANGE)),
            )
        }

    def __call__(self, model):
        translated = model.translate(self.source, self.direction)
        back = model.reconstruct(self.source, self.direction)
        target = self.direction[1]
        scores = [
            *self._scorer(translated, **RANGE),
            domain_score(translated, self.classifier, target, **RANGE),
            error_of(self.source, back, **RANGE),
        ]
        if self.source.shape[-1] == 3:
            scores.append(inverted_colours(self.source, translated, **RANGE))
        return _named(scores, self.name)


def _way(data, direction):
    """A direction of translation in words, such as "horse to zebra"."""
    names = dict(zip("ab", data.domain_names, strict=True))
    return " to ".join(names[domain] for domain in direction)


def _named(scores, way):
    return [dataclasses.replace(s, name=f"{s.name}, {way}") for s in scores]


def _pictures(data, source, target):
    """Sources, real pictures of the target, and others of these, as many of each."""

    def part(name, domain):
        return getattr(data, f"{name}_{domain}")

    if part("test", source) is not None and part("test", target) is not None:
        parts = [part("test", source), part("test", target), part("train", target)]
    else:
        # Every second one, as neighbours may be alike.
        real = part("train", target)
        parts = [part("train", source), real[::2], real[1::2]]
    n = min(len(pictures) for pictures in parts)
    return [pictures[np.arange(n) * len(pictures) // n] for pictures in parts]


class TranslationScoreCallback(ScoreCallback):
    """Scores the translations of the same pictures again and again in a training.

    Args:
        scorer: A `TranslationScorer`.
        every: Steps between two scorings.
        path: CSV file for the scores; see `gankit.ScoreCallback`.
    """

    def __init__(self, scorer, *, every, path):
        super().__init__(scorer, every=every, path=path)

    def score(self):
        return self.scorer(self.model)


def photograph_scorer(data, folder=None):
    """Scores translations of photographs by the network of FID.

    For drawings, and where the network cannot be had, the classifier of the two
    domains measures the distances.

    Args:
        data: `gankit.datasets.UnpairedImageData`.
        folder: The data folder.

    Returns:
        A `TranslationScorer`.
    """
    extractor = None
    if not is_drawn(data):
        try:
            extractor = inception_extractor(FEATURES)
        except FIDWeightsUnavailable as error:
            warnings.warn(
                f"{error} A classifier of the two domains takes its place.",
                stacklevel=2,
            )
    return TranslationScorer(data, folder, extractor=extractor)


def losses_at_the_end(model, data, history):
    """All losses, each as the mean of the last tenth of its history."""
    rows = max(1, len(history["step"]) // 10)
    note = f"mean of the last {rows} logged epochs of fit()"
    return [
        Score(name, float(np.mean(values[-rows:])), warnings=(note,))
        for name, values in history.items()
        if name != "step"
    ]


def losses_and_inversion(model, data, history):
    """All losses, and of pictures of both domains the share with inverted colours."""
    scores = losses_at_the_end(model, data, history)
    for direction, pictures in shown(data, INVERSION_COUNT).items():
        translated = model.translate(pictures, direction)
        inverted = inverted_colours(pictures, translated, **RANGE)
        scores += _named([inverted], _way(data, direction))
    return scores
