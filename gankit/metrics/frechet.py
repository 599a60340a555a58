"""The Fréchet distance between two sets of features."""

from dataclasses import dataclass

import numpy as np

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.statistics import FeatureStatistics


def frechet_distance(a, b):
    """Squared Fréchet distance between two Gaussians with the moments of features.

    `||m1 - m2||^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`, which is FID where the features
    are those of its network. The last trace is computed as the sum of the singular
    values of `F1.T @ F2`, where `F F.T = S`. In this way the result is real, exact for
    singular covariances too, and 0 for equal arguments, to rounding, which may be
    negative. With no more than d features on a side, their covariance is never formed.

    Args:
        a: `FeatureStatistics`, a tuple `(mean, covariance)` of shapes `(d,)` and
            `(d, d)`, or features `(n, d)`.
        b: The other side, in any of these forms.

    Returns:
        A float.

    Raises:
        ValueError: If the sides differ in width, are not finite, or a covariance is
            not symmetric or has negative eigenvalues.

    References:
        Heusel et al. 2017, equation 6 (https://arxiv.org/abs/1706.08500);
        Dowson and Landau 1982 (https://doi.org/10.1016/0047-259X(82)90077-X).
    """
    a, b = _statistics(a), _statistics(b)
    if len(a.mean) != len(b.mean):
        raise ValueError(
            f"Expected features of one width, received {len(a.mean)} and "
            f"{len(b.mean)}: compute both with one network."
        )
    # Traces of the factors, so that what they leave out is left out throughout.
    return float(
        np.sum((a.mean - b.mean) ** 2)
        + np.sum(a.factor**2)
        + np.sum(b.factor**2)
        - 2 * np.linalg.norm(a.factor.T @ b.factor, "nuc")
    )


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """A Fréchet distance for infinitely many generated images.

    Attributes:
        distance: The extrapolated distance, where the line meets 1/n = 0.
        slope: Slope of the line over 1/n, about n times the bias at n images.
        counts: Numbers of generated images at which distances were computed.
        values: The distances at these.
    """

    distance: float
    slope: float
    counts: np.ndarray
    values: np.ndarray


def frechet_extrapolated(real, fake, *, points=10, seed=0):
    """Extrapolates the Fréchet distance to infinitely many generated images.

    The distance is biased upwards by about 1/n, by more for some generators than for
    others. A straight line in 1/n is fitted to the distances of subsets of the
    generated images. The real side stays whole, so its own bias remains, which is
    the same for all generators.

    As in the paper, numbers of images are evenly spaced in n; they go from half of all
    to all. (The paper starts at a tenth of 50,000, which is still more than 2 d. Where
    n is not large beside d the bias is not straight in 1/n, and starting lower would
    extrapolate too far down.) With fewer than about 5 d generated images the result is
    a rough one.

    Args:
        real: The real side, in any form that `frechet_distance` takes.
        fake: Features of generated images, `(n, d)`.
        points: Number of subsets.
        seed: Seed of the order in which generated images enter the subsets, each of
            which contains those before it.

    Returns:
        An `Extrapolation`.

    Raises:
        ValueError: If there are fewer than two points, or fewer generated images than
            twice the points.

    Reference:
        Chong and Forsyth 2020 (https://arxiv.org/abs/1911.07023).
    """
    real = _statistics(real)
    fake = np.asarray(fake)
    if points < 2 or len(fake) < 2 * points:
        raise ValueError(
            "Expected at least two points and twice as many generated images, received "
            f"{points} points and {len(fake)} images: give more images."
        )
    counts = np.linspace(len(fake) // 2, len(fake), points).astype(int)
    order = np.random.default_rng(seed).permutation(len(fake))
    moments = MomentAccumulator()
    values = []
    for count in counts:
        moments.update(fake[order[moments.n : count]])
        values.append(frechet_distance(real, moments.result()))
    slope, distance = np.polyfit(1 / counts, values, 1)
    return Extrapolation(float(distance), float(slope), counts, np.array(values))


def _statistics(side):
    if isinstance(side, FeatureStatistics):
        return side
    if isinstance(side, tuple):
        return FeatureStatistics.from_covariance(*side)
    moments = MomentAccumulator()
    moments.update(side)
    return moments.result()
