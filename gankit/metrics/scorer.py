"""Scores of sets of images against real ones whose features are computed once."""

from gankit.metrics.copying import copy_score
from gankit.metrics.features.cache import FeatureSet, feature_set
from gankit.metrics.features.statistics import FeatureStatistics
from gankit.metrics.frechet import frechet_distance
from gankit.metrics.kernel import kernel_distance
from gankit.metrics.precision_recall import prdc
from gankit.metrics.resampling import half_sampling_interval
from gankit.metrics.score import Score

# The baseline of every score: real images against other real ones.
REAL = "real against real"
KINDS = ("frechet", "kernel", "precision_recall")
# Below so many images the kernel distance, which has no bias, comes first.
FEW = 1000


class Scorer:
    """Scores generated images against real ones.

    Features of the real images are computed when the scorer is made, those of the
    generated ones once for all scores.

    Args:
        real: Real images, as `gankit.metrics.features.images.uint8_batches` takes them; their
            `FeatureSet`, which may come from disk; or their `FeatureStatistics`, which
            suffice for the Fréchet distance.
        extractor: The `Extractor`.
        value_range: Range of floating-point images, `(low, high)`.
        kinds: Which scores: of `"frechet"`, `"kernel"` and `"precision_recall"`.
        held_out: Real images of the same kind that the generator never saw. Pass them
            where `real` are its training images: a generator that returns those has
            a distance of 0, so the copy score then stands beside every score.
        other_real: Further real images, disjoint from `real` and as many: what they
            score is the line that a plot of scores draws.
        batch_size: Images that the network sees at once.
        progress: Whether to show a progress bar on stderr.

    Attributes:
        baselines: Dict with the scores of `other_real` under `"real against real"`, a
            list of `Score`; empty without them.

    Raises:
        ValueError: If the images do not fit, or statistics came from another
            extractor, or a kind is unknown or impossible.

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
        value_range,
        kinds=KINDS,
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
        self.real = self._side(real, "real", value_range)
        self.held_out = None
        if held_out is not None:
            self.held_out = self._side(held_out, "held out", value_range)
        self.baselines = {}
        if other_real is not None:
            self.baselines[REAL] = self(other_real, value_range=value_range)

    @property
    def n(self):
        """Number of real images; as many generated ones make the fairest score."""
        return self.real.n

    def __call__(self, fake, *, value_range):
        """Scores images.

        Args:
            fake: Generated images, or their `FeatureStatistics`; as `real` above.
            value_range: Range of floating-point images, `(low, high)`.

        Returns:
            List of `Score`: Fréchet and kernel distance, the kernel distance first
            where there are fewer than 1,000 images; precision, recall, density and
            coverage; the copy score where `held_out` was given.
        """
        fake = self._side(fake, "fake", value_range)
        scores = {
            "frechet": lambda: [_frechet(self.real, fake, self.extractor)],
            "kernel": lambda: [_kernel(self.real, fake, self.extractor)],
            "precision_recall": lambda: _neighbours(self.real, fake, self.extractor),
        }
        order = [kind for kind in KINDS if kind in self.kinds]
        if "kernel" in order and min(self.real.n, fake.n) < FEW:
            order.insert(0, order.pop(order.index("kernel")))
        found = [score for kind in order for score in scores[kind]()]
        if self.held_out is not None:
            found.append(
                copy_score(
                    fake.features,
                    train=self.real.features,
                    held_out=self.held_out.features,
                    extractor=self.extractor.name,
                )
            )
        return found

    def _side(self, images, what, value_range):
        if isinstance(images, FeatureStatistics):
            images = FeatureSet(images)
        if isinstance(images, FeatureSet):
            self._check(images, what)
            return images
        return feature_set(
            images,
            self.extractor,
            value_range=value_range,
            keep_features=self._keep_features,
            batch_size=self.batch_size,
            progress=what if self.progress else None,
        )

    def _check(self, side, what):
        if self._keep_features and side.features is None:
            raise ValueError(
                f"Expected {what} images, as nearest neighbours and kernels need every "
                "feature, received statistics: give the images, or ask for the Fréchet "
                "distance alone."
            )
        extractor = side.statistics.metadata.get("extractor")
        if extractor not in (None, self.extractor.identity):
            raise ValueError(
                f"Expected {what} statistics of {self.extractor.identity}, received "
                f"those of {extractor}: compute them with one network and resizing."
            )
        dimension = len(side.statistics.mean)
        if dimension != self.extractor.dimension:
            raise ValueError(
                f"Expected {what} statistics of {self.extractor.dimension} features, "
                f"received {dimension}: choose the features that they have."
            )


def _frechet(real, fake, extractor):
    warnings = [
        f"the {what} statistics do not say which network they came from"
        for what, side in (("real", real), ("fake", fake))
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
            warnings.append("unequal n: the bias, about 1/n, differs between the sides")
        if max(real.n, fake.n) <= FEW and real.features is not None:
            interval, spread = _interval(frechet_distance, real, fake)
    distance = frechet_distance(real.statistics, fake.statistics)
    return _score(
        extractor.frechet_name,
        max(0.0, distance),  # rounding can leave -1e-10
        real,
        fake,
        extractor,
        warnings=tuple(warnings),
        interval=interval,
        spread=spread,
    )


def _kernel(real, fake, extractor):
    distance = kernel_distance(real.features, fake.features)
    spread = f"{distance.subsets} subsets of {distance.subset_size:,}"
    interval = None
    if distance.std is None:
        interval, spread = _interval(
            lambda x, y: kernel_distance(x, y).mean, real, fake
        )
    return _score(
        extractor.kernel_name,
        distance.mean,
        real,
        fake,
        extractor,
        std=distance.std,
        interval=interval,
        spread=spread,
        warnings=tuple(distance.warnings),
    )


def _interval(statistic, real, fake):
    interval = half_sampling_interval(
        statistic, real.features, fake.features, resamples=50
    )
    return interval, "halves of the pictures"


def _neighbours(real, fake, extractor):
    result = prdc(real=real.features, fake=fake.features)
    note = "3 nearest neighbours"
    return [
        _score(name, value, real, fake, extractor, warnings=(note,))
        for name, value in zip(result._fields, result, strict=True)
    ]


def _score(name, value, real, fake, extractor, **rest):
    return Score(
        name,
        float(value),
        n_real=real.n,
        n_fake=fake.n,
        extractor=extractor.name,
        resize=extractor.resize,
        **rest,
    )
