"""Intervals of a score over other images, or over other seeds."""

import math

import numpy as np

# 95 % of the normal distribution lie between minus and plus this value.
QUANTILE = 1.959964


def half_sampling_interval(statistic, real, fake, *, resamples=100, seed=0):
    """Computes a 95 % interval of a statistic from random halves of both sides.

    The statistic is computed on random halves of the images of each side, drawn without
    replacement. Its variance over the halves estimates its variance on all images. This
    is the delete-d jackknife, whose factor (n - d)/d is 1 at d = n/2: the mean of a
    random half of n numbers varies about the mean of all by
    `s^2 / (n/2) * (1 - 1/2) = s^2 / n`. The interval is that of a normal distribution
    around the value on all images. The halves determine only its width, since FID is
    more biased on half as many images.

    A bootstrap with replacement would repeat images. Repeated images become each
    other's nearest neighbours, bias unbiased estimates and lower the rank of
    covariances.

    Like every jackknife, this one overestimates the variance. If a distance is close
    to 0, its second-order terms dominate, whose variance scales with 1/n^2, and the
    interval is too wide by a factor of about sqrt(3). The same can happen for FID with
    n below d.

    Args:
        statistic: Function of the features `(n, d)` of real and of generated images
            that returns a number.
        real: Features `(n, d)` of at least four real images.
        fake: Features `(m, d)` of at least four generated images.
        resamples: Number of pairs of halves.
        seed: Seed of the random halves.

    Returns:
        `(low, high)`.

    Raises:
        ValueError: If there are too few images or resamples.

    References:
        Shao and Wu 1989 (https://doi.org/10.1214/aos/1176347263), the delete-d
        jackknife; Efron and Stein 1981 (https://doi.org/10.1214/aos/1176345462), why it
        overestimates the variance.
    """
    if min(len(real), len(fake)) < 4 or resamples < 2:
        raise ValueError(
            "Expected at least four images on each side and two resamples, received "
            f"{len(real)}, {len(fake)} and {resamples}: give more images."
        )
    random = np.random.default_rng(seed)

    def half(features):
        return features[random.permutation(len(features))[: len(features) // 2]]

    values = [statistic(half(real), half(fake)) for _ in range(resamples)]
    margin = QUANTILE * float(np.std(values, ddof=1))
    value = float(statistic(real, fake))
    return value - margin, value + margin


def mean_interval(values):
    """Computes the mean of a score over seeds, with a Student's t interval at 95 %.

    The interval covers other seeds, not other images.

    Args:
        values: Array `(n,)`, one value per seed.

    Returns:
        `(mean, low, high)`; both ends are `None` if n is 1.

    Raises:
        ValueError: If there are no values.

    References:
        Student 1908, "The probable error of a mean", Biometrika 6(1).
    """
    values = np.asarray(values, "float64")
    n = len(values)
    if not n:
        raise ValueError("Expected at least one value, received none: train one seed.")
    mean = float(values.mean())
    if n == 1:
        return mean, None, None
    from scipy import stats

    half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)
    return mean, float(mean - half), float(mean + half)
