"""Scores of translators in both directions, with those of real pictures."""

import functools

import numpy as np

from gankit.callbacks.scores import ScoreCallback
from gankit.experiments.data import is_drawn
from gankit.experiments.running.translations import examples
from gankit.experiments.scoring.adversarial import final_losses, with_suffix
from gankit.experiments.scoring.photographs import RANGE, available_inception
from gankit.metrics import Scorer, domain_score, inverted_colours, reconstruction_error
from gankit.metrics.baselines import NOTHING
from gankit.metrics.scorer import REAL
from gankit.metrics.translation import domain_classifier_for

RECONSTRUCTIONS = "reconstructions"
# Pictures of each domain for a score of inverted colours only.
INVERSION_COUNT = 100


class TranslationScorer:
    """Scores a translator by its translations of held-out pictures.

    If a data set holds none out, translations of training pictures are scored against
    training pictures.

    Args:
        data: `gankit.datasets.UnpairedImageData`.
        folder: The data folder.
        extractor: The `gankit.metrics.Extractor` for distances; `None` takes that of
            the classifier of the two domains.

    Attributes:
        classifier: The `gankit.metrics.Classifier` of the two domains.
        baselines: Dict of lists of `gankit.metrics.Score` for both directions:
            `"real against real"` scores other real pictures of the target domain,
            `"doing nothing"` the untranslated sources, and `"reconstructions"`, once a
            translator was scored, the other real pictures after its round trip, B to A
            to B for the direction A to B. Its distance from `"real against real"` is
            what the blur of the networks costs, and with a cycle loss about the least
            that translations can reach.
    """

    def __init__(self, data, folder=None, *, extractor=None):
        self.classifier = domain_classifier_for(data, folder=folder)
        self._data = data
        self._extractor = extractor or self.classifier.extractor

    # Not before the first score, as features of photographs take minutes.

    @functools.cached_property
    def _directions(self):
        return [
            _Direction(self._data, direction, self._extractor, self.classifier)
            for direction in ("ab", "ba")
        ]

    @functools.cached_property
    def baselines(self):
        there, back = (direction.baselines for direction in self._directions)
        return {line: there[line] + back[line] for line in there}

    def __call__(self, model):
        """Scores a `gankit.CycleGAN`, and its reconstructions as a baseline.

        Returns:
            List of `gankit.metrics.Score`, for each direction: the kernel and the
            Fréchet distance to pictures of the target domain, precision, recall,
            density and coverage of these, the domain score, the reconstruction error
            and, for colour pictures, the share of translations
            with inverted colours.
        """
        self.baselines[RECONSTRUCTIONS] = [
            score for d in self._directions for score in d.reconstructions(model)
        ]
        return self.translations(model)

    def translations(self, model):
        """The same list without the baseline, which takes as long again."""
        return [score for d in self._directions for score in d(model)]


class _Direction:
    """One direction of translation, as `TranslationScorer` scores it."""

    def __init__(self, data, direction, extractor, classifier):
        self.direction = direction
        self.classifier = classifier
        source, target = direction
        self.source, real, self.other = _pictures(data, source, target)
        self.name = _domain_names(data, direction)
        kinds = ("frechet", "kernel", "precision_recall")
        self._scorer = Scorer(real, extractor, kinds=kinds, **RANGE)
        self.baselines = {
            line: with_suffix(self._score(pictures), self.name)
            for line, pictures in ((REAL, self.other), (NOTHING, self.source))
        }

    def __call__(self, model):
        translated = model.translate(self.source, self.direction)
        reconstructed = model.reconstruct(self.source, self.direction)
        error = reconstruction_error(self.source, reconstructed, **RANGE)
        scores = [*self._score(translated), error]
        if self.source.shape[-1] == 3:
            scores.append(inverted_colours(self.source, translated, **RANGE))
        return with_suffix(scores, self.name)

    def reconstructions(self, model):
        """Scores real pictures of the target after the way to the source and back."""
        reconstructed = model.reconstruct(self.other, self.direction[::-1])
        return with_suffix(self._score(reconstructed), self.name)

    def _score(self, pictures):
        domain = self.direction[1]
        of_domain = domain_score(pictures, self.classifier, domain, **RANGE)
        return [*self._scorer(pictures, **RANGE), of_domain]


def _domain_names(data, direction):
    """A direction in words, such as "horse to zebra"."""
    names = dict(zip("ab", data.domain_names, strict=True))
    return " to ".join(names[domain] for domain in direction)


def _pictures(data, source, target):
    """Sources, real pictures of the target, and as many others of these."""

    def part(name, domain):
        return getattr(data, f"{name}_{domain}")

    if part("test", source) is not None and part("test", target) is not None:
        parts = [part("test", source), part("test", target), part("train", target)]
    else:
        # Every other one, as neighbours may be alike.
        real = part("train", target)
        parts = [part("train", source), real[::2], real[1::2]]
    n = min(len(pictures) for pictures in parts)
    return [pictures[np.arange(n) * len(pictures) // n] for pictures in parts]


class TranslationScoreCallback(ScoreCallback):
    """Scores the translations of the same pictures throughout a training.

    Args:
        scorer: A `TranslationScorer`.
        every: Steps between two scorings.
        path: CSV file for the scores; see `gankit.ScoreCallback`.
    """

    def score(self):
        return self.scorer.translations(self.model)


def photograph_scorer(data, folder=None):
    """Scorer of translated photographs by the network of FID.

    For drawings, or if the network is not available, the classifier of the two domains
    measures the distances instead.

    Args:
        data: `gankit.datasets.UnpairedImageData`.
        folder: The data folder.

    Returns:
        A `TranslationScorer`.
    """
    extractor = None
    if not is_drawn(data):
        extractor = available_inception("A classifier of the domains takes its place.")
    return TranslationScorer(data, folder, extractor=extractor)


def losses_at_the_end(model, data, history):
    """All losses, each as the mean of the last tenth of its history."""
    return final_losses(history, [name for name in history if name != "step"])


def losses_and_inversion(model, data, history):
    """All losses, and the share of pictures of each domain with inverted colours."""
    scores = losses_at_the_end(model, data, history)
    for direction, pictures in examples(data, INVERSION_COUNT).items():
        translated = model.translate(pictures, direction)
        inverted = inverted_colours(pictures, translated, **RANGE)
        scores += with_suffix([inverted], _domain_names(data, direction))
    return scores
