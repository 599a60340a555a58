"""Modes of stacked digits: how many are found, and how evenly."""

import numpy as np

from gankit.metrics.features.images import uint8_batches
from gankit.metrics.score import Score


def modes(images, classifier, *, value_range=None, real=None):
    """Counts the modes that a generator of stacked digits finds.

    A classifier of digits reads each colour channel. The three digits a, b and c are
    the mode 100 a + 10 b + c, one of 1,000. Published values are for 26,000 samples;
    compare only at equal n. Even uniform samples have a divergence of about 999 / (2 n)
    above 0, which is 0.019 for 26,000.

    Args:
        images: Generated images of `gankit.datasets.stacked_mnist`, in any form that
            `features.images.uint8_batches` accepts.
        classifier: `Classifier` of the digits that were stacked.
        value_range: Range of floating-point images, `(low, high)`.
        real: Held-out images, uint8 `(m, height, width, 3)`, at least as many. The
            first n of them are scored too. Their own digits are not quite uniform, and
            the classifier makes mistakes, so these are the scores to compare with.

    Returns:
        List of `Score`: the number of modes with at least one sample, and the
        Kullback-Leibler divergence of the samples' modes from the uniform distribution,
        in nats. The same of real images follows if there are any.

    Raises:
        ValueError: If images do not fit, or there are too few real ones.

    Reference:
        Lin et al. 2018, PacGAN, section 4.2 (https://arxiv.org/abs/1712.04086).
    """
    numbers = _mode_numbers(images, classifier, value_range)
    n = len(numbers)
    scores = _mode_scores(numbers, classifier, "", n_fake=n)
    if real is None:
        return scores
    if len(real) < n:
        raise ValueError(
            f"Expected at least {n:,} real images, as many as generated ones, received "
            f"{len(real):,}: give more, or fewer generated ones."
        )
    numbers = _mode_numbers(real[:n], classifier, (0, 255))
    return scores + _mode_scores(numbers, classifier, " of real images", n_real=n)


def mode_statistics(numbers, total):
    """Counts modes and compares their distribution with the uniform one.

    Args:
        numbers: Mode of each sample, integers from 0, `(n,)`.
        total: Number of modes there are.

    Returns:
        Number of modes that occur, and the Kullback-Leibler divergence
        `sum p log(p total)` in nats, from 0 to `log(total)`. Modes that do not occur
        contribute 0.
    """
    counts = np.bincount(numbers, minlength=total)
    counts = counts[counts > 0]
    p = counts / counts.sum()
    return len(counts), float(p @ np.log(p * total))


def _mode_numbers(images, classifier, value_range):
    numbers = []
    for batch in uint8_batches(images, value_range=value_range, batch_size=256):
        if batch.shape[-1] != 3:
            raise ValueError(
                f"Expected images with one digit in each of 3 channels, received "
                f"{batch.shape[-1]}: generate stacked_mnist()."
            )
        digits = [
            classifier.extractor.logits(batch[..., c : c + 1]).argmax(axis=1)
            for c in range(3)
        ]
        numbers.append(np.ravel_multi_index(digits, 3 * (len(classifier.class_names),)))
    return np.concatenate(numbers)


def _mode_scores(numbers, classifier, suffix, **n):
    count = len(classifier.class_names) ** 3
    found, divergence = mode_statistics(numbers, count)
    return [
        Score(f"modes{suffix}", found, extractor=classifier.name, **n),
        Score(
            f"divergence of modes{suffix}",
            divergence,
            extractor=classifier.name,
            warnings=(f"in nats, from {count:,} equally frequent modes",),
            **n,
        ),
    ]
