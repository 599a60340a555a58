"""Are samples copies? Distances to the nearest training picture."""

import numpy as np

from gankit.metrics.classifiers.scores import share_score

# Share of fresh real pictures that count as copies.
EXPECTED = 0.05
FEWEST_HELD_OUT = 40
# Rows that are compared at once, in memory of some 40 MB and the blocks themselves.
FAKE_BLOCK = 1024
TRAIN_BLOCK = 4096


def copy_score(fake, *, train, held_out, extractor=None, seed=0):
    """The share of samples that lie nearer to a training picture than real ones do.

    A sample counts as a copy if its nearest training picture is at most as far away
    as only 5 % of fresh real pictures have theirs. That threshold is the 5 % quantile
    of one half of the held-out pictures; the other half, which took no part in it,
    shows how well it holds. So a generator that returns training pictures scores 1,
    one that draws fresh pictures from the distribution of the data about 0.05.
    Samples that are no pictures at all score 0: read it beside FID or precision.
    Samples that crowd where training pictures are dense, blurred ones say, score more
    than 0.05 too: look at the pairs that `nearest` finds.

    Args:
        fake: Features of generated images, `(m, d)`.
        train: Features of the training images, `(n, d)`.
        held_out: Features of at least 40 real images of the same kind that the
            generator never saw, `(k, d)`.
        extractor: Name of what gave the features.
        seed: Seed of the halving.

    Returns:
        A `Score` named `copy score`, from 0 to 1, with the 95 % interval that m
        samples leave; its warnings tell the share of the second half.

    Raises:
        ValueError: If features do not fit each other, or too few are held out.

    References:
        Meehan et al. 2020, "A non-parametric test to detect data-copying in
        generative models" (https://arxiv.org/abs/2004.05675), compare the same two
        sets of distances, by the rank test of Mann and Whitney and in cells of the
        feature space. Our reading: a share below a quantile, over the whole space, as
        a share can be understood without a table; it sees copies in a small part of
        the samples, and not samples that are nearer by a little throughout.
    """
    if len(held_out) < FEWEST_HELD_OUT:
        raise ValueError(
            f"Expected at least {FEWEST_HELD_OUT} held-out pictures, half of which fix "
            f"a 5 % quantile, received {len(held_out)}: hold back more, or compare "
            "pictures by eye with nearest()."
        )
    _, distances = nearest(held_out, train)
    order = np.random.default_rng(seed).permutation(len(distances))
    half = len(distances) // 2
    calibration, check = distances[order[:half]], distances[order[half:]]
    # Of the quantiles in use, that of Weibull makes the expected share of fresh
    # pictures below it 5 %, whatever their distribution.
    threshold = np.quantile(calibration, EXPECTED, method="weibull")
    return share_within(
        "copy score",
        threshold,
        fake,
        train,
        extractor=extractor,
        warnings=(
            f"{100 * np.mean(check <= threshold):.1f} % of {len(check):,} fresh real "
            "pictures count as copies, 5 % expected",
        ),
    )


def share_within(name, threshold, fake, train, **rest):
    """The share of samples at most `threshold` from a training picture, a `Score`."""
    _, distances = nearest(fake, train)
    # Where duplicates lie among the data the threshold is 0, and copies are at 0.
    return share_score(
        name,
        np.sum(distances <= threshold),
        len(distances),
        n_real=len(train),
        n_fake=len(distances),
        **rest,
    )


def nearest(fake, train):
    """Finds the nearest training picture of each sample.

    Args:
        fake: Features or pixels of generated images, `(m, d)`.
        train: The same of training images, `(n, d)`.

    Returns:
        Indices into `train`, `(m,)`, and Euclidean distances, float64 `(m,)`; of an
        exact copy the distance is 0.

    Raises:
        ValueError: If the shapes do not fit each other.
    """
    fake, train = np.asarray(fake), np.asarray(train)
    if fake.ndim != 2 or train.ndim != 2 or fake.shape[1] != train.shape[1]:
        raise ValueError(
            "Expected fake (m, d) and train (n, d) features of one width, received "
            f"{fake.shape} and {train.shape}: flatten the features of both alike."
        )
    if 0 in fake.shape or 0 in train.shape:
        raise ValueError(
            "Expected at least one fake and one training picture, received "
            f"{fake.shape} and {train.shape}: check the source."
        )
    # About the centre, as ||a||^2 - 2ab + ||b||^2 loses digits far from the origin.
    centre = train.mean(axis=0, dtype="float64")
    indices = np.empty(len(fake), int)
    distances = np.empty(len(fake))
    for start in range(0, len(fake), FAKE_BLOCK):
        block = slice(start, start + FAKE_BLOCK)
        indices[block] = _nearest_rows(fake[block] - centre, train, centre)
        # The product's rounding may leave some distance between copies: once more,
        # directly.
        pairs = np.subtract(fake[block], train[indices[block]], dtype="float64")
        distances[block] = np.linalg.norm(pairs, axis=1)
    return indices, distances


def _nearest_rows(rows, train, centre):
    best = np.full(len(rows), np.inf)
    found = np.zeros(len(rows), int)
    for start in range(0, len(train), TRAIN_BLOCK):
        block = train[start : start + TRAIN_BLOCK] - centre
        # ||a||^2 is the same for all candidates of a row.
        relative = np.sum(block**2, axis=1) - 2 * rows @ block.T
        candidate = relative.argmin(axis=1)
        smallest = relative[np.arange(len(rows)), candidate]
        nearer = smallest < best
        best[nearer] = smallest[nearer]
        found[nearer] = start + candidate[nearer]
    return found
