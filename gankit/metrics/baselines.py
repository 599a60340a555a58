"""Baselines of a score: what real images reach."""

import numpy as np

from gankit.metrics.scorer import KINDS, Scorer

NOTHING = "doing nothing"


def baselines(
    real, extractor, *, value_range, n=None, source=None, batch_size=64, progress=False
):
    """Scores real images at the number of images at which models are scored.

    FID is biased by about 1/n, and precision, recall, density and coverage depend on n
    too. Compare a model only with a baseline at the same n, computed from two disjoint
    sets of images.

    Args:
        real: Real images, uint8 or floating point `(m, height, width, channels)`.
        extractor: The `Extractor`.
        value_range: Range of floating-point images, `(low, high)`.
        n: Number of images on each side; `None` takes as many as possible, half of
            `real` or, if fewer, all of `source`.
        source: For translation, real images of the source domain, untranslated.
        batch_size: Number of images in one call of the network.
        progress: Whether to show progress bars on stderr.

    Returns:
        Dict of lists of `Score`. `"real against real"` compares two disjoint sets of
        `real`; no model can be expected to do better. `"doing nothing"`, if `source` is
        given, scores its images as if they were translations. It is not an upper
        bound: a bad translator can be worse.

    Raises:
        ValueError: If there are fewer than `2 n` real images or `n` source images.

    Example:

    >>> lines = baselines(zebras, extractor, source=horses, value_range=(0, 255))
    >>> print(lines["real against real"][0])
    """
    most = len(real) // 2 if source is None else min(len(real) // 2, len(source))
    n = most if n is None else n
    if not 2 <= n <= most:
        raise ValueError(
            f"Expected n from 2 to {most:,}, since two disjoint sets are taken from "
            f"{len(real):,} real images"
            + ("" if source is None else f" and one from {len(source):,} others")
            + f", received {n:,}: pass a smaller n or more images."
        )
    random = np.random.default_rng(0)
    order = random.permutation(len(real))
    scorer = Scorer(
        real[order[:n]],
        extractor,
        value_range=value_range,
        kinds=KINDS,
        other_real=real[order[n : 2 * n]],
        batch_size=batch_size,
        progress=progress,
    )
    lines = dict(scorer.baselines)
    if source is not None:
        chosen = random.permutation(len(source))[:n]
        lines[NOTHING] = scorer(source[chosen], value_range=value_range)
    return lines
