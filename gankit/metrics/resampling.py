"""How far a score would move with other pictures, or with other seeds."""

import math

import numpy as np

# Of the normal distribution: 95 % lie between minus and plus this.
QUANTILE = 1.959964


def half_sampling_interval(statistic, real, fake, *, resamples=100, seed=0):
    """95 % interval of a statistic of two sets of features, from halves of both.

    The statistic is computed on random halves of the pictures of each side, drawn
    without replacement. Its variance over halves estimates that on all pictures: this
    is the delete-d jackknife, whose factor (n - d)/d is 1 at d = n/2. (A mean over a
    random half of n numbers varies about the mean of all by
    `s^2 / (n/2) * (1 - 1/2) = s^2 / n`.) The interval is that of a normal distribution
    about the value on all pictures. The halves give its width alone, since half as
    many pictures bias FID.

    A bootstrap with replacement would repeat pictures, which become each other's
    nearest neighbours, bias unbiased estimates and lower the rank of covariances.

    Like any jackknife this errs on the wide side: where a distance is hardly above 0
    its terms of second order prevail, whose variance goes with 1/n^2, and the interval
    is too wide by a factor of about sqrt(3). So may it be for FID with n below d.

    Args:
        statistic: Function of features `(n, d)` of real and of generated pictures that
            returns a number.
        real: Features `(n, d)` of real pictures, four at least.
        fake: Features `(m, d)` of generated pictures, four at least.
        resamples: Number of pairs of halves.
        seed: Seed of the halves.

    Returns:
        `(low, high)`.

    Raises:
        ValueError: If there are too few pictures or resamples.

    References:
        Shao and Wu 1989 (https://doi.org/10.1214/aos/1176347263), the delete-d
        jackknife; Efron and Stein 1981 (https://doi.org/10.1214/aos/1176345462), why it
        errs on the wide side.
    """
    if min(len(real), len(fake)) < 4 or resamples < 2:
        raise ValueError(
            "Expected at least four pictures on each side and two resamples, received "
            f"{len(real)}, {len(fake)} and {resamples}: give more pictures."
        )
    random = np.random.default_rng(seed)

    def half(features):
        return features[random.permutation(len(features))[: len(features) // 2]]

    values = [statistic(half(real), half(fake)) for _ in range(resamples)]
    margin = QUANTILE * float(np.std(values, ddof=1))
    value = float(statistic(real, fake))
    return value - margin, value + margin


def mean_interval(values):
    """The mean of a score over seeds, with the 95 % interval of Student's t.

    The seeds are the sample, so it speaks of other seeds, not of other images.

    Args:
        values: Array `(n,)`, one value per seed.

    Returns:
        `(mean, low, high)`; both ends are `None` where n is 1.

    Raises:
        ValueError: If there are no values.

    References:
        Student 1908, "The probable error of a mean", Biometrika 6(1).
    """
    values = np.asarray(values, "float64")
    n = len(values)
    if not n:
        raise ValueError("Expected at least one value, received none: train a seed.")
    mean = float(values.mean())
    if n == 1:
        return mean, None, None
    from scipy import stats

    half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)
    return mean, float(mean - half), float(mean + half)
