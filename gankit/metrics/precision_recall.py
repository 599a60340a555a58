"""Precision, recall, density and coverage from nearest neighbours of features."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PrecisionRecall:
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


def precision_recall(*, real, fake, k=3):
    """Computes precision, recall, density and coverage.

    The ball of an example reaches to its k-th nearest neighbour among its own kind,
    itself not counted; its surface belongs to it. Real and fake must be named, as
    swapping them swaps precision and recall.

    Args:
        real: Features of real images, `(n, d)`.
        fake: Features of generated images, `(m, d)`.
        k: Which nearest neighbour a ball reaches to.

    Returns:
        A `PrecisionRecall`.

    Raises:
        ValueError: If the features do not fit each other or are fewer than k + 1.

    References:
        Kynkäänniemi et al. 2019, equations 1 and 2 (https://arxiv.org/abs/1904.06991);
        Naeem et al. 2020, equations 4 and 5 (https://arxiv.org/abs/2002.09797).
    """
    real = np.asarray(real, "float64")
    fake = np.asarray(fake, "float64")
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(
            "Expected real (n, d) and fake (m, d) features of one width, received "
            f"{real.shape} and {fake.shape}: flatten the features of both alike."
        )
    if min(len(real), len(fake)) <= k:
        raise ValueError(
            f"Expected more than k={k} real and fake features, received {len(real)} "
            f"and {len(fake)}: give more images or a smaller k."
        )
    real_radius = _radius(real, k)
    fake_radius = _radius(fake, k)
    distance = _squared_distances(real, fake)
    in_real_ball = distance <= real_radius[:, None]
    in_fake_ball = distance <= fake_radius[None, :]
    return PrecisionRecall(
        precision=float(in_real_ball.any(axis=0).mean()),
        recall=float(in_fake_ball.any(axis=1).mean()),
        density=float(in_real_ball.sum(axis=0).mean() / k),
        coverage=float(in_real_ball.any(axis=1).mean()),
    )


def _squared_distances(a, b):
    product = a @ b.T
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :]
    return np.maximum(squares - 2 * product, 0)


def _radius(features, k):
    distance = _squared_distances(features, features)
    np.fill_diagonal(distance, np.inf)
    return np.partition(distance, k - 1, axis=1)[:, k - 1]
