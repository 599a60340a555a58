"""Kernel distances between two sets of features."""

import functools
from typing import NamedTuple

import numpy as np

from gankit.backend.arguments import check_number
from gankit.metrics.features.checks import check_features

# Entries of a kernel matrix in memory at one time, 32 MB.
BLOCK = 2**22


class KernelDistance(NamedTuple):
    """A squared maximum mean discrepancy.

    Attributes:
        mean: Mean of the unbiased estimates. Its expectation is 0 for equal
            distributions, so it may be negative.
        std: Standard deviation of the estimates; `None` if there is only one.
        subsets: Number of estimates.
        subset_size: Examples of each side in one estimate.
        warnings: Sentences that must accompany the numbers.
    """

    mean: float
    std: float | None
    subsets: int
    subset_size: int
    warnings: tuple[str, ...]


def kernel_distance(
    x, y, *, degree=3, gamma=None, coef0=1.0, subsets=100, subset_size=1000, seed=0
):
    """Estimates the squared maximum mean discrepancy of a polynomial kernel, unbiased.

    The kernel is `(gamma x.y + coef0)^degree`. With the default options and features
    of the FID network, the result is KID.

    If neither side has more than `subset_size` examples, all subsets would be equal
    and their standard deviation of 0 would be meaningless. A single estimate from all
    examples is then returned.

    Args:
        x: Features `(n, d)`.
        y: Features `(m, d)` of the other side.
        degree: Degree of the kernel, a positive integer.
        gamma: Factor of the inner product; `None` for 1/d.
        coef0: Constant added to it.
        subsets: Number of subsets.
        subset_size: Examples of each side in a subset, drawn without replacement.
        seed: Seed of the random subsets.

    Returns:
        A `KernelDistance`.

    Raises:
        ValueError: If the features do not match, or a number is too small.

    References:
        Bińkowski et al. 2018, section 4 (https://arxiv.org/abs/1801.01401);
        Gretton et al. 2012, equation 3 (https://jmlr.org/papers/v13/gretton12a.html).
    """
    x, y = np.asarray(x), np.asarray(y)
    _check(x, y, degree, subsets, subset_size)
    gamma = 1 / x.shape[1] if gamma is None else gamma
    estimate = functools.partial(
        _discrepancy,
        kernel=functools.partial(_polynomial, gamma=gamma, coef0=coef0, degree=degree),
        biased=False,
    )
    fewest, most = sorted((len(x), len(y)))
    if most <= subset_size:
        warning = (
            f"one estimate from all examples, as neither side has more than "
            f"{subset_size:,}: no deviation over subsets"
        )
        value = estimate(x.astype("float64"), y.astype("float64"))
        return KernelDistance(value, None, 1, fewest, (warning,))
    warnings = ()
    if fewest <= subset_size:
        subset_size = fewest
        warnings = (
            f"every subset holds all {fewest:,} examples of the smaller side, whose "
            "own variation the deviation therefore lacks",
        )
    random = np.random.default_rng(seed)
    values = [
        estimate(
            *(
                side[random.permutation(len(side))[:subset_size]].astype("float64")
                for side in (x, y)
            )
        )
        for _ in range(subsets)
    ]
    return KernelDistance(
        float(np.mean(values)), float(np.std(values)), subsets, subset_size, warnings
    )


def gaussian_kernel_distance(x, y, *, sigma=10.0):
    """Computes 1,000 times the squared maximum mean discrepancy of a Gaussian kernel.

    The kernel is `exp(-|x - y|^2 / (2 sigma^2))`. As in the reference code of CMMD, the
    estimate is the biased one, a V-statistic, which includes the pairs of an example
    with itself. It is never negative, and 0 for equal sets. For two sets of the same
    distribution its expectation is above 0, and falls as 1/n.

    CMMD takes features of unit length from a CLIP network, for which sigma = 10 was
    chosen. On features of another scale the same sigma has another meaning, so do not
    call their result CMMD.

    Args:
        x: Features `(n, d)`.
        y: Features `(m, d)` of the other side.
        sigma: Width of the kernel, in units of the features.

    Returns:
        A float, at least 0 up to rounding.

    Raises:
        ValueError: If the features do not match, there are none, or sigma is not
            positive.

    References:
        Jayasumana et al. 2024, section 4 (https://arxiv.org/abs/2401.09603);
        Gretton et al. 2012, equation 5 (https://jmlr.org/papers/v13/gretton12a.html).
    """
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    check_features(x, y)
    if min(len(x), len(y)) < 1 or not sigma > 0:
        raise ValueError(
            "Expected at least one example on each side and a positive sigma, received "
            f"{len(x)}, {len(y)} and {sigma}: give more images, or the default, 10."
        )
    kernel = functools.partial(_gaussian, sigma=sigma)
    return 1000 * _discrepancy(x, y, kernel=kernel, biased=True)


def _discrepancy(x, y, *, kernel, biased):
    """Squared maximum mean discrepancy; the biased estimate keeps the diagonals."""
    return (
        _kernel_mean(x, x, kernel, biased)
        + _kernel_mean(y, y, kernel, biased)
        - 2 * _kernel_mean(x, y, kernel, True)
    )


def _kernel_mean(x, y, kernel, diagonal):
    """Mean of the kernel over all pairs, with or without the diagonal."""
    rows = max(1, BLOCK // len(y))
    total = 0.0
    for start in range(0, len(x), rows):
        values = kernel(x[start : start + rows], y)
        total += values.sum()
        if not diagonal:
            total -= np.trace(values, offset=start)
    return float(total / (len(x) * (len(y) if diagonal else len(y) - 1)))


def _polynomial(x, y, *, gamma, coef0, degree):
    base = x @ y.T
    base *= gamma
    base += coef0
    kernel = base.copy()
    for _ in range(degree - 1):  # much faster than a power
        kernel *= base
    return kernel


def _gaussian(x, y, *, sigma):
    exponent = x @ y.T
    exponent -= np.einsum("ij,ij->i", x, x)[:, None] / 2
    exponent -= np.einsum("ij,ij->i", y, y) / 2
    exponent /= sigma**2
    return np.exp(exponent, out=exponent)


def _check(x, y, degree, subsets, subset_size):
    check_features(x, y)
    if min(len(x), len(y), subset_size) < 2:
        raise ValueError(
            "Expected at least two examples on each side and in a subset, received "
            f"{len(x)}, {len(y)} and {subset_size}: give more images."
        )
    check_number("degree", degree, 1)
    check_number("subsets", subsets, 1)
