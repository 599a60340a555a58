"""Checks of what a Fréchet distance of few images is worth, on NumPy arrays."""

import numpy as np

from gankit.course.exercises.mistakes import Check

_RANDOM = np.random.default_rng(0)
# Not centred, of unequal variances, and correlated.
FEATURES = _RANDOM.normal(3.0, 1.0, (4000, 5)) @ _RANDOM.normal(size=(5, 5))
IMAGES = (64, 10_000)


def _bias(spread=lambda features: features.var(axis=0).sum(), images=lambda n: n / 2):
    return lambda features, n: spread(features) / images(n)


mean_bias = Check(
    {f"at n = {n:,}": (FEATURES, n) for n in IMAGES},
    _bias(),
    {
        "Both means are estimated: each of the two sets adds the variance of its own "
        "mean.": _bias(images=lambda n: n),
        "Both sets have n images: the variance of a mean of 2 n images is not asked "
        "for.": _bias(images=lambda n: 2 * n),
        "The variances of all features add up, as in the squared length: sum them, do "
        "not average.": _bias(lambda features: features.var(axis=0).mean()),
        "These are standard deviations: the variance of a mean is the variance over "
        "n.": _bias(lambda features: features.std(axis=0).sum()),
        "The mean square is not the variance: subtract the mean of each feature "
        "first.": _bias(lambda features: (features**2).mean(axis=0).sum()),
        "All entries of the covariance are summed: the squared length takes those on "
        "its diagonal.": _bias(lambda features: np.cov(features.T, bias=True).sum()),
        "This is the distance: the first term of FID is its square.": (
            lambda features, n: np.sqrt(_bias()(features, n))
        ),
        "This is one image's variance: divide by n.": _bias(images=lambda n: 0.5),
    },
)
