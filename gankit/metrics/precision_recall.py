"""Precision, recall, density and coverage from nearest neighbours in feature space."""

from typing import NamedTuple

import numpy as np

from gankit.backend.arguments import check_number
from gankit.metrics.features.checks import check_features

# Distances in memory at one time, 32 MB.
BLOCK = 2**22


class PrecisionRecall(NamedTuple):
    """Four scores, each near 1 for good samples.

    Attributes:
        precision: Share of fake examples inside the ball of a real one, from 0 to 1:
            are the samples plausible?
        recall: Share of real examples inside the ball of a fake one, from 0 to 1: do
            the samples cover the data?
        density: Average number of real balls that contain a fake example, divided by
            k, from 0; it may exceed 1. Unlike precision, it is robust against an
            outlier among the real examples.
        coverage: Share of real examples whose ball contains a fake one, from 0 to 1.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(*, real, fake, k=3):
    """Computes precision, recall, density and coverage.

    The closed ball around an example reaches to its k-th nearest neighbour on the same
    side, not counting itself. `real` and `fake` are keyword arguments, since swapping
    them swaps precision and recall. Memory grows linearly with n and m.

    Distances are computed in float64 from squares and inner products. Rounding errors
    are resolved in favour of the ball: a copy of an example is inside its ball even if
    the radius is 0, and so is everything closer than about 1e-6 of the norm of the
    features. Features in float32 differ by almost as much between batch sizes.

    Args:
        real: Features of real images, `(n, d)`.
        fake: Features of generated images, `(m, d)`.
        k: The nearest neighbour that determines the radius of a ball.

    Returns:
        A `PrecisionRecall`.

    Raises:
        ValueError: If the features do not match, are not finite, or are fewer than
            k + 1.

    References:
        Kynkäänniemi et al. 2019, equations 1 and 2 (https://arxiv.org/abs/1904.06991);
        Naeem et al. 2020, equations 4 and 5 (https://arxiv.org/abs/2002.09797).
    """
    real = np.asarray(real)
    fake = np.asarray(fake)
    _check(real, fake, k)
    # Centring keeps the differences and makes the squares, hence rounding, smaller.
    centre = real.mean(axis=0, dtype="float64")
    real = real - centre
    fake = fake - centre
    # Bound of the rounding error of a squared distance, relative to the squared norms.
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
    check_features(real, fake)
    check_number("k", k, 1)
    if min(len(real), len(fake)) <= k:
        raise ValueError(
            f"Expected more than k={k} real and fake features, received {len(real)} "
            f"and {len(fake)}: give more images or a smaller k."
        )


def _squared_distances(a, b, rounding):
    """Yields slices of rows of a and their squared distances to all of b.

    These are upper bounds if `rounding` is positive, and lower bounds if negative.
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
    """Upper bound of the squared distance to each k-th nearest neighbour, `(n,)`."""
    radius = np.empty(len(features))
    for rows, distance in _squared_distances(features, features, rounding):
        own = np.arange(len(distance))
        distance[own, rows.start + own] = np.inf
        distance.partition(k - 1, axis=1)
        radius[rows] = distance[:, k - 1]
    return radius
