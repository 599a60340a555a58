"""Scores of two sets of images in one call.

Where one set of real images serves for many scores, make a `Scorer` of it.
"""

import dataclasses

from gankit.metrics.inception.extractor import inception_extractor
from gankit.metrics.precision_recall import PrecisionRecall
from gankit.metrics.scorer import Scorer


def fid(
    real,
    fake,
    *,
    value_range,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
    held_out=None,
    batch_size=64,
):
    """Fréchet inception distance, or that of another extractor.

    Args:
        real: Real images `(n, height, width, channels)`, uint8 or floating point, or
            an iterable of batches; or `FeatureStatistics`.
        fake: Generated images, likewise.
        value_range: `(low, high)` of floating-point images, such as (-1, 1).
        features: 64, 192, 768 or 2048, where the FID network is tapped; distances of
            different taps are not comparable.
        resize: `"tf1"`, as the authors of FID and TensorFlow 1 resize; `"torch"`, as
            pytorch-fid; `"clean"`, as clean-fid.
        weights: File of the FID network, or `"auto"` to look for it; see
            `gankit.metrics.inception.weights.load_weights`.
        extractor: Another `Extractor` in place of the FID network, such as
            `classifier_for(data).extractor`; the score then bears its name, FCD.
        held_out: Where `real` are the training images: real images that the generator
            never saw. The score then carries the copy score in its warnings.
        batch_size: Images that the network sees at once.

    Returns:
        A `Score` named `FID-2048/tf1` or the like; its warnings say where few or
        unequal numbers of images bias it.

    Raises:
        ValueError: If images do not fit, or statistics came from another network.
        FIDWeightsUnavailable: If the network's weights are not at hand.

    References:
        Heusel et al. 2017, equation 6 (https://arxiv.org/abs/1706.08500).
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    return _distance(
        "frechet", real, fake, extractor, value_range, held_out, batch_size
    )


def kid(
    real,
    fake,
    *,
    value_range,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
    held_out=None,
    batch_size=64,
):
    """Kernel inception distance, whose expectation does not depend on n.

    Args:
        real: Real images, as in `fid`, but no statistics.
        fake: Generated images, likewise.
        value_range: As in `fid`, like all that follow.
        features: As in `fid`.
        resize: As in `fid`.
        weights: As in `fid`.
        extractor: As in `fid`.
        held_out: As in `fid`.
        batch_size: As in `fid`.

    Returns:
        A `Score` named `KID-2048/tf1` or the like, with a standard deviation over
        subsets, or with an interval where the images are too few for subsets.

    Raises:
        ValueError: If images do not fit.
        FIDWeightsUnavailable: If the network's weights are not at hand.

    References:
        Bińkowski et al. 2018, section 4 (https://arxiv.org/abs/1801.01401).
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    return _distance("kernel", real, fake, extractor, value_range, held_out, batch_size)


def precision_recall(
    *,
    real,
    fake,
    value_range,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
    batch_size=64,
):
    """Precision, recall, density and coverage of generated images.

    Real and fake must be named: swapping them would swap precision and recall.

    Args:
        real: Real images, as in `fid`, but no statistics.
        fake: Generated images, likewise.
        value_range: As in `fid`, like all that follow.
        features: As in `fid`.
        resize: As in `fid`.
        weights: As in `fid`.
        extractor: As in `fid`.
        batch_size: As in `fid`.

    Returns:
        A `PrecisionRecall` of four `Score`s.

    Raises:
        ValueError: If images do not fit.
        FIDWeightsUnavailable: If the network's weights are not at hand.

    References:
        As in `gankit.metrics.prdc`.
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    scorer = Scorer(
        real,
        extractor,
        value_range=value_range,
        kinds=("precision_recall",),
        batch_size=batch_size,
    )
    return PrecisionRecall(*scorer(fake, value_range=value_range))


def _distance(kind, real, fake, extractor, value_range, held_out, batch_size):
    scorer = Scorer(
        real,
        extractor,
        value_range=value_range,
        kinds=(kind,),
        held_out=held_out,
        batch_size=batch_size,
    )
    distance, *copies = scorer(fake, value_range=value_range)
    return dataclasses.replace(
        distance, warnings=(*distance.warnings, *(str(copy) for copy in copies))
    )
