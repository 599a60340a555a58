"""Precision, recall, density and coverage from nearest neighbours of features."""

from typing import NamedTuple

import numpy as np

# Distances that are in memory at once, 32 MB.
BLOCK = 2**22


class PrecisionRecall(NamedTuple):
    """Four shares, each near 1 for good samples.

    Attributes:
        precision: Share of fakes inside a ball of some real example: are they
            plausible? (0 to 1)
        recall: Share of reals inside a ball of some fake: is everything covered?
            (0 to 1)
        density: In how many balls of reals a fake lies on average, over k (from 0, may
            exceed 1); unlike precision, one outlying real cannot raise it much.
        coverage: Share of reals whose ball holds a fake. (0 to 1)
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(*, real, fake, k=3):
    """Computes precision, recall, density and coverage.

    The ball of an example reaches to its k-th nearest neighbour among its own kind,
    itself not counted; its surface belongs to it. Real and fake must be named, as
    swapping them swaps precision and recall. Memory does not grow with the square of
    their numbers.

    Distances are computed in float64 from squares and inner products, whose rounding
    counts in favour of a ball. So copies of an example lie inside its ball even where
    this has radius 0, and so does what is nearer than about 1e-6 of the features'
    norm: features in float32 differ by little less from one batch size to another.

    Args:
        real: Features of real images, `(n, d)`.
        fake: Features of generated images, `(m, d)`.
        k: Which nearest neighbour a ball reaches to.

    Returns:
        A `PrecisionRecall`.

    Raises:
        ValueError: If the features do not fit each other, are not finite, or are fewer
            than k + 1.

    References:
        Kynkäänniemi et al. 2019, equations 1 and 2 (https://arxiv.org/abs/1904.06991);
        Naeem et al. 2020, equations 4 and 5 (https://arxiv.org/abs/2002.09797).
    """
    real = np.asarray(real)
    fake = np.asarray(fake)
    _check(real, fake, k)
    # Differences stay, but squares become small beside them.
    centre = real.mean(axis=0, dtype="float64")
    real = real - centre
    fake = fake - centre
    # Bound of the rounding of a squared distance, relative to both squared norms.
    rounding = real.shape[1] * np.finfo("float64").eps
    real_radius = _radius(real, k, rounding)
    fake_radius = _radius(fake, k, rounding)
    balls_around_fake = np.zeros(len(fake), int)
    inside_fake = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    for rows, distance in _squared_distances(real, fake, -rounding):
        inside_real = distance <= real_radius[rows, None]
        balls_around_fake += inside_real.sum(axis=0)
        covered[rows] = inside_real.any(axis=1)
        inside_fake[rows] = (distance <= fake_radius).any(axis=1)
    return PrecisionRecall(
        precision=float((balls_around_fake > 0).mean()),
        recall=float(inside_fake.mean()),
        density=float(balls_around_fake.mean() / k),
        coverage=float(covered.mean()),
    )


def _check(real, fake, k):
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(
            "Expected real (n, d) and fake (m, d) features of one width, received "
            f"{real.shape} and {fake.shape}: flatten the features of both alike."
        )
    if k < 1:
        raise ValueError(f"Expected k from 1, received {k}: leave it at 3.")
    if min(len(real), len(fake)) <= k:
        raise ValueError(
            f"Expected more than k={k} real and fake features, received {len(real)} "
            f"and {len(fake)}: give more images or a smaller k."
        )
    if not (np.isfinite(real).all() and np.isfinite(fake).all()):
        raise ValueError(
            "Expected finite features, received NaN or infinity: look at the images "
            "and the network that they came from."
        )


def _squared_distances(a, b, rounding):
    """Yields blocks of rows, and the squared distances from a there to all of b.

    They are upper bounds where `rounding` is positive, lower ones where negative.
    """
    a_squares = np.einsum("ij,ij->i", a, a) * (1 + rounding)
    b_squares = np.einsum("ij,ij->i", b, b) * (1 + rounding)
    height = max(1, BLOCK // len(b))
    for start in range(0, len(a), height):
        rows = slice(start, start + height)
        distance = a[rows] @ b.T
        distance *= -2
        distance += a_squares[rows, None]
        distance += b_squares
        yield rows, distance


def _radius(features, k, rounding):
    """Squared distance to the k-th neighbour of each, `(n,)`, at its upper bound."""
    radius = np.empty(len(features))
    for rows, distance in _squared_distances(features, features, rounding):
        own = np.arange(len(distance))
        distance[own, rows.start + own] = np.inf
        distance.partition(k - 1, axis=1)
        radius[rows] = distance[:, k - 1]
    return radius
