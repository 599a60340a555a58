"""The sliced Wasserstein distance between two sets of features."""

import numpy as np

from gankit.metrics.features.checks import check_features

DIRECTIONS = 1000
# Projections in memory at one time, 32 MB.
BLOCK = 2**22


def sliced_distance(x, y, *, directions=DIRECTIONS, seed=0):
    """Computes the squared sliced Wasserstein distance, scaled as in MIND.

    Features are projected onto random unit directions. Along a direction, the optimal
    transport between two sets pairs their sorted projections, or their quantiles if the
    sets differ in size. The result is `3 d` times the mean over all directions of the
    squared 2-Wasserstein distance. With features of the FID network and the default
    options, it is MIND.

    If one set is the other one shifted by m, the distance is `3 |m|^2`, on average over
    the directions. It is 0 for equal sets and symmetric. Like FID, it is above 0 for
    two sets of the same distribution, by about 1/n: compare only at equal n.

    Args:
        x: Features `(n, d)`.
        y: Features `(m, d)` of the other side.
        directions: Number of random directions.
        seed: Seed of the directions.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: If the features do not match, or there are none, or no directions.

    References:
        Berthet et al. 2026, MIND (https://arxiv.org/abs/2605.06797);
        Bonneel et al. 2015 (https://doi.org/10.1007/s10851-014-0506-3), the sliced
        Wasserstein distance.
    """
    x, y = np.asarray(x), np.asarray(y)
    check_features(x, y)
    n, m, d = len(x), len(y), x.shape[1]
    if min(n, m, d, directions) < 1:
        raise ValueError(
            "Expected at least one example on each side, one feature and one direction,"
            f" received {n}, {m}, {d} and {directions}: give more images."
        )
    # Not default_rng, whose first numbers may be the features of an example: directions
    # through these would find outliers.
    random = np.random.Generator(np.random.Philox(seed))
    units = random.normal(size=(directions, d))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    # Between two ends, in units of 1 / (n m), both quantile functions are constant.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    starts = np.concatenate([[0], ends[:-1]])
    mass = (ends - starts) / (n * m)
    rows = max(1, BLOCK // max(n, m))
    total = 0.0
    for first in range(0, directions, rows):
        block = units[first : first + rows]
        gaps = _sorted_projections(block, x)[:, starts // m]
        gaps -= _sorted_projections(block, y)[:, starts // n]
        total += (gaps**2 @ mass).sum()
    return float(3 * d * total / directions)


def _sorted_projections(directions, features):
    """Projections of features in ascending order, `(directions, n)`."""
    projections = np.empty((len(directions), len(features)))
    # Features are converted to float64 a few at a time.
    columns = max(1, BLOCK // features.shape[1])
    for first in range(0, len(features), columns):
        part = slice(first, first + columns)
        projections[:, part] = directions @ features[part].T.astype("float64")
    projections.sort(axis=1)
    return projections
