"""Seconds and memory of the Fréchet distance, against the usual recipe.

    python benchmarks/distances.py

The recipe is `|m1 - m2|^2 + tr S1 + tr S2 - 2 tr sqrtm(S1 S2)` with SciPy's `sqrtm`.
Both take turns, round after round, from the same features or moments. A ratio is the
median of the rounds' ratios, with the smallest and the largest beside it.
"""

import os
import statistics
import time
import tracemalloc

import numpy as np
from scipy.linalg import sqrtm

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.frechet import frechet_distance

DIMENSION = 2048
ROUNDS = 5


def recipe(a, b):
    """The distance from two pairs of mean and covariance."""
    (m1, s1), (m2, s2) = a, b
    root = np.trace(sqrtm(s1 @ s2)).real
    return float(np.sum((m1 - m2) ** 2) + np.trace(s1) + np.trace(s2) - 2 * root)


def moments(features):
    """Mean and covariance."""
    return features.mean(axis=0), np.cov(features, rowvar=False)


def features(n, seed):
    """Features with a spectrum that decays, as those of a network do."""
    random = np.random.default_rng(seed)
    scale = np.arange(1, DIMENSION + 1) ** -0.5
    mixed = np.linalg.qr(random.normal(size=(DIMENSION, DIMENSION)))[0]
    return random.normal(0.1 * seed, 1, (n, DIMENSION)) * scale @ mixed


def compare(title, ours, theirs):
    """Runs two contenders in turn and prints their lines."""
    seconds = {"gankit": [], "SciPy's sqrtm": []}
    values = {}
    for _ in range(ROUNDS):
        for label, contender in zip(seconds, (ours, theirs), strict=True):
            start = time.perf_counter()
            values[label] = contender()
            seconds[label].append(time.perf_counter() - start)
    print(f"{title}: {ROUNDS} rounds, {os.cpu_count()} cores")
    first = seconds["gankit"]
    for label, times in seconds.items():
        ratios = [t / f for t, f in zip(times, first, strict=True)]
        print(
            f"  {label:20} {statistics.median(times):7.3f} s   "
            f"distance {values[label]:.9f}   "
            f"gankit is {statistics.median(ratios):.1f} times as fast "
            f"({min(ratios):.1f} to {max(ratios):.1f})"
        )


def memory():
    """Prints the peak memory of moments in batches as the number of features grows."""
    print(f"moments of batches of 64, {DIMENSION} features: peak memory")
    batch = np.random.default_rng(0).normal(size=(64, DIMENSION)).astype("float32")
    for n in (2_048, 8_192, 32_768):
        tracemalloc.start()
        accumulator = MomentAccumulator()
        for _ in range(n // len(batch)):
            accumulator.update(batch)
        accumulator.result()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(
            f"  n = {n:6,}   {peak / 2**20:4.0f} MB   "
            f"(all features: {n * DIMENSION * 8 / 2**20:,.0f} MB)"
        )


if __name__ == "__main__":
    many = [moments(features(5000, seed)) for seed in (1, 2)]
    compare(
        f"moments of 5,000 images, {DIMENSION} features",
        lambda: frechet_distance(*many),
        lambda: recipe(*many),
    )
    few = [features(500, seed) for seed in (1, 2)]
    compare(
        f"features of 500 images, {DIMENSION} features",
        lambda: frechet_distance(*few),
        lambda: recipe(*map(moments, few)),
    )
    memory()
