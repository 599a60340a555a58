"""How far a score would move with other pictures."""

import numpy as np

# Of the normal distribution: 95 % lie between minus and plus this.
QUANTILE = 1.959964


def half_sampling_interval(statistic, real, fake, *, resamples=100, seed=0):
    """95 % interval of a statistic of two sets of features, from halves of both.

    The statistic is computed on random halves of the pictures of each side, drawn
    without replacement. Its variance over halves is the delete-d jackknife's estimate
    of the variance on all pictures: halves vary twice as much as wholes, but share
    half of their pictures with these, so that the factor is 1. (Where n is odd, the
    half is the smaller one, and the factor `m / (n - m)` of both sides is near 1.)
    The interval is that of a normal distribution, about the value on all pictures;
    halves give the width alone, since the mean of FID over them is biased.

    A bootstrap would draw pictures twice, which become each other's nearest
    neighbours, bias unbiased estimates and lower the rank of covariances.

    Where a distance is hardly above 0 its terms of second order prevail, whose
    variance goes with 1/n^2: the interval is then too wide, by up to a factor of
    sqrt(3).

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
        Shao and Wu 1989, equation 2.1 (https://doi.org/10.1214/aos/1176347263), the
        delete-d jackknife; Politis and Romano 1994
        (https://doi.org/10.1214/aos/1176325770), subsampling.
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
