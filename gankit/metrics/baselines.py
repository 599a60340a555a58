"""The lines that every plot of a score draws: what real images score."""

import numpy as np

from gankit.metrics.scorer import KINDS, Scorer

NOTHING = "doing nothing"


def baselines(
    real,
    extractor,
    *,
    value_range,
    n=None,
    source=None,
    kinds=KINDS,
    seed=0,
    batch_size=64,
    progress=False,
):
    """Scores of real images, at the number of images at which models are scored.

    FID is biased by about 1/n, and precision, recall, density and coverage depend on
    n too; so a baseline only means something at the n of the model beside it, and
    with disjoint sets of pictures on its two sides.

    Args:
        real: Real images, uint8 or floating point `(m, height, width, channels)`.
        extractor: The `Extractor`.
        value_range: Range of floating-point images, `(low, high)`.
        n: Images on each side of every line; `None` takes as many as there are, half
            of `real` or, if fewer, all of `source`.
        source: Real images of another domain that models translate into that of
            `real`, as they are before translation.
        kinds: Which scores, as in `Scorer`.
        seed: Seed of the choice of pictures.
        batch_size: Images that the network sees at once.
        progress: Whether to show progress bars on stderr.

    Returns:
        Dict of lists of `Score`. `"real against real"`: two disjoint sets of `real`;
        no model can be expected to do better. `"doing nothing"`, with `source`: its
        pictures scored as if they were translations. That is no upper bound: a bad
        translator does worse than none.

    Raises:
        ValueError: If there are fewer than `2 n` real images or than n of the source.

    Example:

    >>> lines = baselines(zebras, extractor, source=horses, value_range=(0, 255))
    >>> print(lines["real against real"][0])
    """
    most = len(real) // 2 if source is None else min(len(real) // 2, len(source))
    n = most if n is None else n
    if not 2 <= n <= most:
        raise ValueError(
            f"Expected n from 2 to {most:,}, as two disjoint sets are cut out of "
            f"{len(real):,} real images"
            + ("" if source is None else f" and one out of {len(source):,} others")
            + f", received {n:,}: pass a smaller n or more images."
        )
    random = np.random.default_rng(seed)
    order = random.permutation(len(real))
    scorer = Scorer(
        real[order[:n]],
        extractor,
        value_range=value_range,
        kinds=kinds,
        other_real=real[order[n : 2 * n]],
        batch_size=batch_size,
        progress=progress,
    )
    lines = dict(scorer.baselines)
    if source is not None:
        chosen = random.permutation(len(source))[:n]
        lines[NOTHING] = scorer(source[chosen], value_range=value_range)
    return lines
