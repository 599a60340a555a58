"""Checks of scores for few images, on NumPy arrays: KID, recall and copies."""

import numpy as np
from scipy.spatial.distance import cdist

from gankit.course.exercises.mistakes import Check

_RANDOM = np.random.default_rng(0)
# Features for KID, of different numbers of real and generated examples.
WIDE_REAL = _RANDOM.normal(size=(12, 5))
WIDE_FAKE = 0.4 + _RANDOM.normal(size=(9, 5))
# Features of real and of generated examples, for recall.
REAL = _RANDOM.normal(size=(40, 2))
FAKE = 0.5 + 0.5 * _RANDOM.normal(size=(30, 2))
NEIGHBOURS = (2, 5)
# Training pictures as features, and samples that lie further and further outside.
PICTURES = _RANDOM.normal(size=(200, 6))
_OUTER = PICTURES[np.linalg.norm(PICTURES, axis=1).argsort()[-10:]]
_AWAY = np.array([0.01, 0.1, 0.2, 0.3, 0.5, 0.9, 1.0, 1.5, 1.9, 3.0])
SAMPLES = _OUTER * (1 + _AWAY / np.linalg.norm(_OUTER, axis=1))[:, None]

# KID, the unbiased squared distance of a kernel.


def _power(degree=3, start=1.0, by=lambda a: a.shape[1]):
    return lambda a, b: (a @ b.T / by(a) + start) ** degree


_cubic = _power()


def _within(values):
    n = len(values)
    return (values.sum() - np.trace(values)) / (n * (n - 1))


def _kid(kernel=_cubic, within=_within, across=2.0, of=lambda value: value):
    return lambda x, y: of(
        within(kernel(x, x)) + within(kernel(y, y)) - across * kernel(x, y).mean()
    )


kid = Check(
    {"generated": (WIDE_REAL, WIDE_FAKE), "swapped": (WIDE_FAKE, WIDE_REAL)},
    _kid(),
    {
        "Pictures are paired with themselves: leave the diagonal out of the two means "
        "within a set.": _kid(within=np.mean),
        "The diagonal is left out but counted: divide by n (n - 1), not by n^2.": (
            _kid(within=lambda values: (values.sum() - np.trace(values)) / values.size)
        ),
        "The mean across sets is subtracted once: subtract it twice.": _kid(across=1.0),
        "You do not divide by the number of features.": _kid(_power(by=lambda a: 1)),
        "You divide by the number of pictures, not of features.": _kid(_power(by=len)),
        "The kernel lacks its + 1.": _kid(_power(start=0.0)),
        "The kernel is the third power, not the second.": _kid(_power(degree=2)),
        "This is the root: KID is the square of the distance.": _kid(of=np.sqrt),
    },
)

# Recall: the share of real examples inside a ball of a generated one.


def _kth(distances, k):
    return np.sort(distances, axis=1)[:, k - 1]


def _others(x):
    distances = cdist(x, x)
    np.fill_diagonal(distances, np.inf)
    return distances


def _recall(
    radius=lambda real, fake, k: _kth(_others(fake), k),
    share=lambda hits: hits.any(axis=1).mean(),
):
    def recall(real, fake, k):
        return share(cdist(real, fake) <= radius(real, fake, k))

    return recall


recall = Check(
    {f"recall with k = {k}": (REAL, FAKE, k) for k in NEIGHBOURS},
    _recall(),
    {
        "This is precision: here the balls stand around generated examples, and real "
        "ones lie inside.": lambda real, fake, k: _recall()(fake, real, k),
        "An example counts as its own first neighbour: leave the distance of 0 to "
        "itself out.": _recall(lambda real, fake, k: _kth(cdist(fake, fake), k)),
        "The radius reaches to the nearest neighbour: it reaches to the k-th.": (
            _recall(lambda real, fake, k: _kth(_others(fake), 1))
        ),
        "The radius reaches to the k-th real example: it reaches to the k-th generated "
        "one.": _recall(lambda real, fake, k: _kth(cdist(fake, real), k)),
        "This is the share of balls that hold a real example: recall is the share of "
        "real ones in a ball.": _recall(share=lambda hits: hits.any(axis=0).mean()),
        "A real example needs only one ball: this asks how many balls hold it.": (
            _recall(share=lambda hits: hits.mean())
        ),
        "This is the share of real examples that no ball holds.": (
            _recall(share=lambda hits: 1.0 - hits.any(axis=1).mean())
        ),
    },
)

# Copies of training pictures.


def _is_copy(
    limit=lambda distances: np.quantile(distances.min(axis=1), 0.05),
    among=_others,
    nearer=np.less,
):
    def is_copy(samples, pictures):
        nearest = cdist(samples, pictures).min(axis=1)
        return nearer(nearest, limit(among(pictures)))

    return is_copy


is_copy = Check(
    {"which are copies": (SAMPLES, PICTURES)},
    _is_copy(),
    {
        "Each picture is its own nearest, at a distance of 0: leave it out.": (
            _is_copy(among=lambda pictures: cdist(pictures, pictures))
        ),
        "The limit is at the other end: only 5 % of the pictures have a nearer other "
        "one.": _is_copy(lambda distances: np.quantile(distances.min(axis=1), 0.95)),
        "The limit is the middle of the distances: take the quantile of 5 %.": (
            _is_copy(lambda distances: np.median(distances.min(axis=1)))
        ),
        "The limit is a quantile of all distances: take the nearest other picture of "
        "each first.": _is_copy(lambda d: np.quantile(d[np.isfinite(d)], 0.05)),
        "The comparison is reversed: a copy is nearer.": _is_copy(nearer=np.greater),
    },
)
