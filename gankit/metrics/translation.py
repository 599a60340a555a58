"""Scores of translators between two domains of images without pairs."""

import numpy as np

from gankit.datasets import ImageData, Split, UnpairedImageData
from gankit.metrics.classifiers.scores import share_score
from gankit.metrics.classifiers.training import classifier_for, train_classifier
from gankit.metrics.features.images import uint8_batches
from gankit.metrics.score import Score

# Shares of red, green and blue in luminance.
LUMINANCE = np.array([0.299, 0.587, 0.114])


def train_domain_classifier(data, *, seed=0):
    """Trains a small network to tell the two domains apart, on real pictures alone.

    It is the network and the recipe of `train_classifier`, tested on the test pictures
    of both domains or, where one has none, on a tenth of the training pictures that is
    held back. Of the larger domain as many pictures are taken, evenly spaced, as the
    smaller has, so that it leans to neither.

    Args:
        data: `UnpairedImageData`.
        seed: Seed of the weights and of the batches, a whole number from 0.

    Returns:
        A `Classifier` of two classes, domain A and domain B.

    Raises:
        ValueError: If `data` is of another kind.
    """
    return train_classifier(_labelled(data), seed=seed)


def domain_classifier_for(data, *, seed=0, folder=None):
    """The network of `train_domain_classifier`, trained once and kept.

    Args:
        data: `UnpairedImageData`.
        seed: Seed of its training.
        folder: The data folder, as in `classifier_for`.

    Returns:
        A `Classifier` of two classes, domain A and domain B.

    Raises:
        ValueError: If `data` is of another kind.
    """
    return classifier_for(_labelled(data), seed=seed, folder=folder)


def domain_score(translated, classifier, target="b", *, value_range):
    """The share of translated pictures that are taken for ones of the target domain.

    A translator that ignores its input and shows pictures of the target domain gets
    all of it: read it beside `reconstruction_error`.

    Args:
        translated: Translated images, as `gankit.metrics.features.images.uint8_batches` takes
            them.
        classifier: The `Classifier` that `train_domain_classifier` gave. Its own
            accuracy on real pictures, which its name tells, is what the best
            translator can be expected to reach.
        target: The domain translated into, `"a"` or `"b"`.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        A `Score` named `domain score (zebra)` or the like, with its 95 % interval.

    Raises:
        ValueError: If the images do not fit, or there is no such domain.
    """
    if target not in ("a", "b") or len(classifier.class_names) != 2:
        raise ValueError(
            f'Expected target "a" or "b" of a classifier of two domains, received '
            f"{target!r} and one of {len(classifier.class_names)} classes: take one "
            "of train_domain_classifier."
        )
    domain = "ab".index(target)
    found, _ = classifier.predict(translated, value_range=value_range)
    return share_score(
        f"domain score ({classifier.class_names[domain]})",
        np.sum(found == domain),
        len(found),
        n_fake=len(found),
        extractor=classifier.name,
    )


def reconstruction_error(source, reconstructed, *, value_range):
    """How far pictures are from themselves, translated there and back.

    Both are rounded to 256 levels first. A translator that does nothing scores 0, one
    that ignores its input cannot score well: read it beside `domain_score`.

    Args:
        source: Real images `(n, height, width, channels)`.
        reconstructed: The same translated into the other domain and back.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        A `Score` named `reconstruction error`, the mean absolute difference in grey
        levels, from 0 to 255.

    Raises:
        ValueError: If the images do not fit each other.

    Reference:
        The term of cycle consistency of Zhu et al. 2017, equation 2
        (https://arxiv.org/abs/1703.10593), per value and times 255 / (high - low).
    """
    _check_pairs(source, reconstructed, "reconstructed")
    pairs = _pairs(source, reconstructed, value_range)
    # A difference of uint8 would wrap around.
    total = sum(np.abs(x.astype(int) - y).sum() for x, y in pairs)
    return Score(
        "reconstruction error",
        float(total / np.prod(source.shape)),
        n_real=len(source),
        warnings=("mean absolute difference in grey levels of 255",),
    )


def luminance_correlation(source, translated, *, value_range):
    """How far light and dark of pictures are kept in their translations.

    Args:
        source: Real colour images `(n, height, width, 3)`.
        translated: Their translations, of the same shape.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        Array `(n,)`: of each pair the correlation of luminance (ITU-R BT.601) over the
        pixels, from -1, where black became white, to 1; 0 where a picture is flat.

    Raises:
        ValueError: If the images do not fit each other, or are not in colour.
    """
    _check_pairs(source, translated, "translated")
    if source.shape[-1] != 3:
        raise ValueError(
            f"Expected colour images with 3 channels, received {source.shape[-1]}: "
            "pass pictures in red, green and blue."
        )
    found = []
    for pair in _pairs(source, translated, value_range):
        x, y = (images.reshape(len(images), -1, 3) @ LUMINANCE for images in pair)
        x, y = (grey - grey.mean(axis=1, keepdims=True) for grey in (x, y))
        norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
        # Of a flat picture rounding leaves a little.
        flat = norms < 1e-6
        found.append(np.where(flat, 0, (x * y).sum(axis=1)) / np.where(flat, 1, norms))
    return np.concatenate(found)


def inverted_colours(source, translated, *, value_range):
    """The share of pictures whose translation turns light and dark over.

    The cycle loss does not mind: what is inverted can be inverted back.

    Args:
        source: As in `luminance_correlation`.
        translated: Likewise.
        value_range: Likewise.

    Returns:
        A `Score` named `inverted colours`, the share of pairs with a negative
        correlation, with its 95 % interval.

    Raises:
        ValueError: As in `luminance_correlation`.
    """
    found = luminance_correlation(source, translated, value_range=value_range)
    return share_score(
        "inverted colours", np.sum(found < 0), len(found), n_fake=len(found)
    )


def _check_pairs(source, others, what):
    if tuple(source.shape) != tuple(others.shape):
        raise ValueError(
            f"Expected as many {what} images as there are of the source, and of one "
            f"shape, received {tuple(source.shape)} and {tuple(others.shape)}: pass "
            f"the images that were {what}."
        )


def _pairs(source, others, value_range):
    """Batches of pictures and their counterparts, in uint8."""
    return zip(
        uint8_batches(source, value_range=value_range),
        uint8_batches(others, value_range=value_range),
        strict=True,
    )


def _labelled(data):
    """Two domains as one data set with a class for each."""
    if not isinstance(data, UnpairedImageData):
        raise ValueError(
            f"Expected unpaired images of two domains, received "
            f"{type(data).__name__}: pass stripes() or unpaired_folders(), or take "
            "train_classifier for images with labels."
        )
    has_test = data.test_a is not None and data.test_b is not None
    return ImageData(
        _both(data.train_a, data.train_b),
        test=_both(data.test_a, data.test_b) if has_test else None,
        class_names=data.domain_names,
        name=f"{data.name}-domains",
    )


def _both(a, b):
    count = min(len(a), len(b))
    images = [x[np.arange(count) * len(x) // count] for x in (a, b)]
    return Split(np.concatenate(images), np.repeat([0, 1], count))
