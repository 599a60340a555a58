"""The Fréchet distance between two sets of features."""

import numpy as np

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.statistics import FeatureStatistics


def frechet_distance(a, b):
    """Computes the squared Fréchet distance between Gaussians fitted to features.

    `||m1 - m2||^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`, which is FID if the features come
    from the FID network. The last trace is the sum of the singular values of
    `F1.T @ F2`, where `F F.T = S`. The result is therefore real, exact even for
    singular covariances, and 0 for equal arguments up to rounding, which may make it
    negative. If a side has at most d features, its covariance is never formed.

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
            f"{len(b.mean)}: compute both with the same network."
        )
    # The traces come from the factors too, so what these omit is omitted everywhere.
    return float(
        np.sum((a.mean - b.mean) ** 2)
        + np.sum(a.factor**2)
        + np.sum(b.factor**2)
        - 2 * np.linalg.norm(a.factor.T @ b.factor, "nuc")
    )


def _statistics(side):
    if isinstance(side, FeatureStatistics):
        return side
    if isinstance(side, tuple):
        return FeatureStatistics.from_covariance(*side)
    moments = MomentAccumulator()
    moments.update(side)
    return moments.result()
