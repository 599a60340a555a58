"""Scores of unpaired image-to-image translation."""

import numpy as np

from gankit.datasets import ImageData, Split, UnpairedImageData
from gankit.metrics.classifiers.scores import share_score
from gankit.metrics.classifiers.training import classifier_for
from gankit.metrics.features.images import uint8_batches
from gankit.metrics.score import Score

# Weights of red, green and blue in luminance.
LUMINANCE = np.array([0.299, 0.587, 0.114])


def domain_classifier_for(data, *, folder=None):
    """Returns a classifier of the two domains, trained once on real images and saved.

    The network and the training are those of `classifier_for`. It is tested on the test
    images of both domains or, if one has none, on a tenth of the training images, which
    is held out. From the larger domain it takes evenly spaced images, as many as the
    smaller domain has, so that neither domain is favoured.

    Args:
        data: `UnpairedImageData`.
        folder: The data folder, as in `classifier_for`.

    Returns:
        A `Classifier` of two classes, domain A and domain B.

    Raises:
        ValueError: If `data` is of another kind.
    """
    return classifier_for(_label_domains(data), folder=folder)


def domain_score(translated, classifier, target="b", *, value_range=None):
    """Computes the share of translated images that are classified as the target domain.

    A generator that ignores its input and returns images of the target domain reaches
    1, so report `reconstruction_error` alongside.

    Args:
        translated: Translated images, in any form that `features.images.uint8_batches`
            accepts.
        classifier: The `Classifier` of `domain_classifier_for`. Its accuracy on real
            images, which is part of its name, is the best score to be expected.
        target: The target domain, `"a"` or `"b"`.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        A `Score`, named `domain score (zebra)` for example, with its 95 % interval.

    Raises:
        ValueError: If the images do not fit, or the domain is unknown.
    """
    if target not in ("a", "b") or len(classifier.class_names) != 2:
        raise ValueError(
            'Expected target "a" or "b" and a classifier of two domains, received '
            f"{target!r} and one of {len(classifier.class_names)} classes: use "
            "domain_classifier_for."
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


def reconstruction_error(source, reconstructed, *, value_range=None):
    """Compares images with their reconstructions after a full translation cycle.

    Both are rounded to 256 levels first. A model that returns its input scores 0, and
    one that ignores its input cannot score well, so report `domain_score` alongside.

    Args:
        source: Real images `(n, height, width, channels)`.
        reconstructed: The same images, translated into the other domain and back.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        A `Score` named `reconstruction error`, the mean absolute difference in grey
        levels, from 0 to 255.

    Raises:
        ValueError: If the shapes differ.

    Reference:
        The cycle consistency loss of Zhu et al. 2017, equation 2
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


def luminance_correlation(source, translated, *, value_range=None):
    """Measures whether translations preserve light and dark.

    Args:
        source: Real colour images `(n, height, width, 3)`.
        translated: Their translations, of the same shape.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        Array `(n,)`: for each pair, the correlation of luminance (ITU-R BT.601) over
        the pixels, from -1 (black became white) to 1, and 0 for a uniform image.

    Raises:
        ValueError: If the shapes differ, or the images are not in colour.
    """
    _check_pairs(source, translated, "translated")
    if source.shape[-1] != 3:
        raise ValueError(
            f"Expected colour images with 3 channels, received {source.shape[-1]}: "
            "pass images with red, green and blue."
        )
    found = []
    for pair in _pairs(source, translated, value_range):
        x, y = (images.reshape(len(images), -1, 3) @ LUMINANCE for images in pair)
        x, y = (grey - grey.mean(axis=1, keepdims=True) for grey in (x, y))
        norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
        # Rounding leaves a small norm for a uniform image.
        flat = norms < 1e-6
        found.append(np.where(flat, 0, (x * y).sum(axis=1)) / np.where(flat, 1, norms))
    return np.concatenate(found)


def inverted_colours(source, translated, *, value_range=None):
    """Computes the share of images whose translation inverts light and dark.

    The cycle loss does not prevent this: an inverted image can be inverted again.

    Args:
        source: As in `luminance_correlation`.
        translated: As in `luminance_correlation`.
        value_range: As in `luminance_correlation`.

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
            f"Expected source and {what} images of one shape, received "
            f"{tuple(source.shape)} and {tuple(others.shape)}: pass the images that "
            f"were {what}."
        )


def _pairs(source, others, value_range):
    """Yields batches of images and their counterparts, in uint8."""
    return zip(
        uint8_batches(source, value_range=value_range),
        uint8_batches(others, value_range=value_range),
        strict=True,
    )


def _label_domains(data):
    """Makes one data set of two domains, with a class for each."""
    if not isinstance(data, UnpairedImageData):
        raise ValueError(
            f"Expected unpaired images of two domains, received "
            f"{type(data).__name__}: pass stripes() or unpaired_folders(), or use "
            "classifier_for for images with labels."
        )
    has_test = data.test_a is not None and data.test_b is not None
    return ImageData(
        _join_domains(data.train_a, data.train_b),
        test=_join_domains(data.test_a, data.test_b) if has_test else None,
        class_names=data.domain_names,
        name=f"{data.name}-domains",
    )


def _join_domains(a, b):
    count = min(len(a), len(b))
    images = [x[np.arange(count) * len(x) // count] for x in (a, b)]
    return Split(np.concatenate(images), np.repeat([0, 1], count))
