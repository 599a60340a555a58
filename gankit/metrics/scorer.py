"""Scores sets of images against real images whose features are computed once."""

import functools

from gankit.metrics.copying import copy_score
from gankit.metrics.features.cache import FeatureSet, feature_set
from gankit.metrics.features.statistics import FeatureStatistics
from gankit.metrics.frechet import frechet_distance
from gankit.metrics.kernel import kernel_distance
from gankit.metrics.precision_recall import prdc
from gankit.metrics.resampling import half_sampling_interval
from gankit.metrics.score import Score
from gankit.metrics.sliced import DIRECTIONS, sliced_distance

# The baseline of every score: real images against other real images.
REAL = "real against real"
KINDS = ("frechet", "kernel", "sliced", "precision_recall")
# The default, which stays: a run that resumes must score what it began with.
DEFAULT_KINDS = ("frechet", "kernel", "precision_recall")
# With fewer images, the kernel distance comes first because it has no bias.
FEW = 1000
UNEQUAL = "unequal n: the bias, about 1/n, differs between the sides"


class Scorer:
    """Scores generated images against real ones.

    The constructor computes the features of the real images. Each call computes the
    features of the generated images once and derives all scores from them.

    Args:
        real: Real images, in any form that `features.images.uint8_batches` accepts;
            their `FeatureSet`, which may come from disk; or their
            `FeatureStatistics`, which suffice for the Fréchet distance.
        extractor: The `Extractor`.
        value_range: Range of floating-point images, `(low, high)`.
        kinds: Which scores to compute: any of `KINDS`. The default leaves out
            `"sliced"`, the sliced Wasserstein distance.
        held_out: Real images of the same kind that the generator never saw. Pass them
            if `real` are the training images. A generator that returns its training
            images has a distance of 0, so the copy score is then added to the scores.
        other_real: More real images, disjoint from `real` and equal in number. Their
            scores are the baseline in a plot of scores.
        batch_size: Number of images in one call of the network.
        progress: Whether to show a progress bar on stderr.

    Attributes:
        baselines: Dict with the scores of `other_real` under `"real against real"`, a
            list of `Score`. Empty without `other_real`. They are computed when they are
            first asked for.

    Raises:
        ValueError: If the images do not fit, the statistics come from another
            extractor, or a kind is unknown or cannot be computed.

    Example:

    >>> scorer = Scorer(data.test.images, extractor, value_range=(0, 255))
    >>> for score in scorer(gan.sample(1000), value_range=(0, 255)):
    ...     print(score)
    """

    def __init__(
        self,
        real,
        extractor,
        *,
        value_range=None,
        kinds=DEFAULT_KINDS,
        held_out=None,
        other_real=None,
        batch_size=64,
        progress=False,
    ):
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown or not kinds:
            raise ValueError(
                f"Expected kinds of score out of {', '.join(KINDS)}, received "
                f"{', '.join(unknown) or 'none'}: choose among these."
            )
        self.extractor = extractor
        self.kinds = tuple(kinds)
        self.batch_size = batch_size
        self.progress = progress
        self._keep_features = set(kinds) != {"frechet"} or held_out is not None
        self.real = self._features(real, "real", value_range)
        self.held_out = None
        if held_out is not None:
            self.held_out = self._features(held_out, "held out", value_range)
        self._other_real = other_real, value_range

    @functools.cached_property
    def baselines(self):
        # Not in the constructor: a training should begin before its curve is drawn.
        images, value_range = self._other_real
        return {} if images is None else {REAL: self(images, value_range=value_range)}

    @property
    def n(self):
        """Number of real images. Score as many generated ones for a fair result."""
        return self.real.n

    def __call__(self, fake, *, value_range=None):
        """Scores images.

        Args:
            fake: Generated images or their `FeatureStatistics`; see `real` above.
            value_range: Range of floating-point images, `(low, high)`.

        Returns:
            List of `Score`: the Fréchet distance and the kernel distance (in reverse
            order below 1,000 images); the sliced distance if requested; precision,
            recall, density and coverage; and the copy score if `held_out` was given.
        """
        fake = self._features(fake, "fake", value_range)
        order = [kind for kind in KINDS if kind in self.kinds]
        if "kernel" in order and min(self.real.n, fake.n) < FEW:
            order.insert(0, order.pop(order.index("kernel")))
        compute = {
            "frechet": _frechet,
            "kernel": _kernel,
            "sliced": _sliced,
            "precision_recall": _precision_recall,
        }
        score = functools.partial(
            Score,
            n_real=self.real.n,
            n_fake=fake.n,
            extractor=self.extractor.name,
            resize=self.extractor.resize,
        )
        scores = []
        for kind in order:
            scores += compute[kind](self.real, fake, self.extractor, score)
        if self.held_out is not None:
            copies = copy_score(
                fake.features,
                train=self.real.features,
                held_out=self.held_out.features,
                extractor=self.extractor.name,
            )
            scores.append(copies)
        return scores

    def _features(self, images, role, value_range):
        if isinstance(images, FeatureStatistics):
            images = FeatureSet(images)
        if isinstance(images, FeatureSet):
            self._check(images, role)
            return images
        return feature_set(
            images,
            self.extractor,
            value_range=value_range,
            keep_features=self._keep_features,
            batch_size=self.batch_size,
            progress=role if self.progress else None,
        )

    def _check(self, side, role):
        if self._keep_features and side.features is None:
            raise ValueError(
                f"Expected {role} images, since all scores but the Fréchet distance "
                "need every feature, received statistics: give the images, or request "
                "only that distance."
            )
        extractor = side.statistics.metadata.get("extractor")
        if extractor not in (None, self.extractor.identity):
            raise ValueError(
                f"Expected {role} statistics of {self.extractor.identity}, received "
                f"those of {extractor}: compute both sides with the same network and "
                "resizing."
            )
        dimension = len(side.statistics.mean)
        if dimension != self.extractor.dimension:
            raise ValueError(
                f"Expected {role} statistics of {self.extractor.dimension} features, "
                f"received {dimension}: choose the matching number of features."
            )


# These yield the scores of one kind. `score` is `Score` with what all of them share.


def _frechet(real, fake, extractor, score):
    warnings = [
        f"the {role} statistics do not say which network they came from"
        for role, side in (("real", real), ("fake", fake))
        if "extractor" not in side.statistics.metadata
    ]
    interval = spread = None
    if real.n is not None and fake.n is not None:
        fewest = min(real.n, fake.n)
        if fewest <= extractor.dimension:
            warnings.append(
                f"{fewest:,} images give no full covariance of "
                f"{extractor.dimension:,} features: compare at equal n alone"
            )
        if real.n != fake.n:
            warnings.append(UNEQUAL)
        if max(real.n, fake.n) <= FEW and real.features is not None:
            interval, spread = _interval(frechet_distance, real, fake)
    distance = frechet_distance(real.statistics, fake.statistics)
    # Rounding can leave -1e-10.
    yield score(
        extractor.frechet_name,
        max(0.0, distance),
        warnings=tuple(warnings),
        interval=interval,
        spread=spread,
    )


def _kernel(real, fake, extractor, score):
    distance = kernel_distance(real.features, fake.features)
    spread = f"{distance.subsets} subsets of {distance.subset_size:,}"
    interval = None
    if distance.std is None:
        interval, spread = _interval(
            lambda x, y: kernel_distance(x, y).mean, real, fake
        )
    yield score(
        extractor.kernel_name,
        distance.mean,
        std=distance.std,
        interval=interval,
        spread=spread,
        warnings=tuple(distance.warnings),
    )


def _sliced(real, fake, extractor, score):
    interval = spread = None
    if max(real.n, fake.n) <= FEW:
        interval, spread = _interval(sliced_distance, real, fake)
    yield score(
        extractor.sliced_name,
        sliced_distance(real.features, fake.features),
        interval=interval,
        spread=spread,
        warnings=(f"{DIRECTIONS:,} directions", *[UNEQUAL] * (real.n != fake.n)),
    )


def _precision_recall(real, fake, extractor, score):
    for name, value in prdc(real=real.features, fake=fake.features)._asdict().items():
        yield score(name, value, warnings=("3 nearest neighbours",))


def _interval(statistic, real, fake):
    interval = half_sampling_interval(
        statistic, real.features, fake.features, resamples=50
    )
    return interval, "halves of the pictures"
