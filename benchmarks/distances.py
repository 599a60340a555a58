"""Seconds and memory of the Fréchet distance, against the usual recipe.

    python benchmarks/distances.py [moments] [features] [memory]

The recipe is `|m1 - m2|^2 + tr S1 + tr S2 - 2 tr sqrtm(S1 S2)` with SciPy's `sqrtm`.
Both take turns, round after round, from the same features or moments. A ratio is the
median of the rounds' ratios, with the smallest and the largest beside it. The results
are saved in `results/speed/`.
"""

import sys
import time
import tracemalloc

import numpy as np
import record
from scipy.linalg import sqrtm

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.frechet import frechet_distance

DIMENSION = 2048
BATCH = 64
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


def compare(name, title, ours, theirs):
    """Runs two contenders in turn, prints their lines and saves them."""
    contenders = {("gankit", "float64"): ours, ("SciPy's sqrtm", "float64"): theirs}
    seconds = {label: [] for label in contenders}
    values = {}
    for _ in range(ROUNDS):
        for label, contender in contenders.items():
            start = time.perf_counter()
            values[label] = contender()
            seconds[label].append(time.perf_counter() - start)
    found = record.comparison(title, "seconds", seconds)
    print(f"{title}: seconds, {ROUNDS} rounds")
    for row, value in zip(found["contenders"], values.values(), strict=True):
        row["distance"] = value
        print(f"{record.text(row)}   distance {value:.9f}")
    record.save(f"speed/{name}", found)


def from_moments():
    """The distance from means and covariances, which needs no images."""
    pairs = [moments(features(5000, seed)) for seed in (1, 2)]
    compare(
        "distance-moments",
        f"distance at {DIMENSION:,} features, from means and covariances",
        lambda: frechet_distance(*pairs),
        lambda: recipe(*pairs),
    )


def from_features():
    """The distance from the features of fewer images than there are features."""
    pairs = [features(500, seed) for seed in (1, 2)]
    compare(
        "distance-features",
        f"distance at {DIMENSION:,} features, from 500 images",
        lambda: frechet_distance(*pairs),
        lambda: recipe(*map(moments, pairs)),
    )


def memory():
    """The peak memory of moments in batches as the number of images grows."""
    print(f"moments of batches of {BATCH}, {DIMENSION} features: peak memory")
    batch = np.random.default_rng(0).normal(size=(BATCH, DIMENSION)).astype("float32")
    rows = []
    for n in (2_048, 8_192, 32_768):
        tracemalloc.start()
        accumulator = MomentAccumulator()
        for _ in range(n // BATCH):
            accumulator.update(batch)
        accumulator.result()
        peak = round(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
        whole = n * DIMENSION * 8 // 2**20
        rows.append({"images": n, "peak": peak, "all features": whole})
        print(f"  n = {n:6,}   {peak:4} MB   (all features: {whole:,} MB)")
    title = f"peak memory of mean and covariance, {DIMENSION:,} features"
    record.save("speed/memory", {"title": title, "unit": "MB", "sizes": rows})


BENCHMARKS = {"moments": from_moments, "features": from_features, "memory": memory}

if __name__ == "__main__":
    for benchmark in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[benchmark]()
