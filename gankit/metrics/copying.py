"""Detects copied training images by distances to the nearest training image."""

import numpy as np

from gankit.metrics.classifiers.scores import share_score
from gankit.metrics.features.checks import check_features

# Share of new real images that count as copies.
EXPECTED = 0.05
FEWEST_HELD_OUT = 40
# Rows compared at one time; distances take 40 MB, plus the blocks themselves.
FAKE_BLOCK = 1024
TRAIN_BLOCK = 4096


def copy_score(fake, *, train, held_out, extractor=None, seed=0):
    """Computes the share of samples that are unusually close to a training image.

    A sample counts as a copy if its distance to the nearest training image is so small
    that only 5 % of new real images come as close. This threshold is the 5 % quantile
    of one half of the held-out images. The other half checks the threshold.

    A generator that returns training images scores 1. One that draws new images from
    the data distribution scores about 0.05. Samples that look like nothing in the data
    score 0, so report FID or precision alongside. Samples concentrated in dense regions
    of the training images, such as blurred ones, also score more than 0.05: look at the
    pairs that `nearest` finds.

    Args:
        fake: Features of generated images, `(m, d)`.
        train: Features of the training images, `(n, d)`.
        held_out: Features of at least 40 real images of the same kind that the
            generator never saw, `(k, d)`.
        extractor: Name of the network that computed the features.
        seed: Seed of the random halves.

    Returns:
        A `Score` named `copy score`, from 0 to 1, with a 95 % interval over samples.
        Its warnings give the share of copies in the second half of the held-out images.

    Raises:
        ValueError: If features do not match, or too few are held out.

    References:
        Meehan et al. 2020, "A non-parametric test to detect data-copying in
        generative models" (https://arxiv.org/abs/2004.05675), compare the same two
        sets of distances with the Mann-Whitney rank test in cells of the feature
        space. Our reading: a share below a quantile over the whole space, which needs
        no statistical table. It detects copies among a few of the samples, but not
        samples that are all slightly too close.
    """
    if len(held_out) < FEWEST_HELD_OUT:
        raise ValueError(
            f"Expected at least {FEWEST_HELD_OUT} held-out images, half of which set "
            f"a 5 % quantile, received {len(held_out)}: hold out more, or compare "
            "images by eye with nearest()."
        )
    _, distances = nearest(held_out, train)
    order = np.random.default_rng(seed).permutation(len(distances))
    half = len(distances) // 2
    calibration, check = distances[order[:half]], distances[order[half:]]
    # With Weibull's quantile, the expected share of new images below the threshold is
    # 5 % for any distribution.
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
    """Scores the share of samples within `threshold` of a training image."""
    _, distances = nearest(fake, train)
    # Duplicates in the data give a threshold of 0, and copies have a distance of 0.
    return share_score(
        name,
        np.sum(distances <= threshold),
        len(distances),
        n_real=len(train),
        n_fake=len(distances),
        **rest,
    )


def nearest(fake, train):
    """Finds the nearest training image of each sample.

    Args:
        fake: Features or pixels of generated images, `(m, d)`.
        train: The same of training images, `(n, d)`.

    Returns:
        Indices into `train`, `(m,)`, and Euclidean distances, float64 `(m,)`. The
        distance of an exact copy is 0.

    Raises:
        ValueError: If the features do not match, or are not finite.
    """
    fake, train = np.asarray(fake), np.asarray(train)
    check_features(fake, train)
    if 0 in fake.shape or 0 in train.shape:
        raise ValueError(
            "Expected at least one fake and one training image, received "
            f"{fake.shape} and {train.shape}: check the source."
        )
    # Centred, because ||a||^2 - 2ab + ||b||^2 loses digits far from the origin.
    centre = train.mean(axis=0, dtype="float64")
    indices = np.empty(len(fake), int)
    distances = np.empty(len(fake))
    for start in range(0, len(fake), FAKE_BLOCK):
        block = slice(start, start + FAKE_BLOCK)
        indices[block] = _nearest_rows(fake[block] - centre, train, centre)
        # Rounding in the product can leave a distance between copies, so compute the
        # distance once more, directly.
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
