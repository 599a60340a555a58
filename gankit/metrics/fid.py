"""FID, KID, MIND, precision and recall of two sets of images, in one call.

Use a `Scorer` to compare several sets with the same real images.
"""

import dataclasses

from gankit.metrics.inception.extractor import inception_extractor
from gankit.metrics.precision_recall import PrecisionRecall
from gankit.metrics.scorer import Scorer


def fid(
    real,
    fake,
    *,
    value_range=None,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
    held_out=None,
):
    """Computes the Fréchet inception distance, or that of another extractor.

    Args:
        real: Real images `(n, height, width, channels)`, uint8 or floating point; an
            iterable of batches of them; or `FeatureStatistics`.
        fake: Generated images, in the same forms.
        value_range: `(low, high)` of floating-point images, such as (-1, 1); uint8
            images need none.
        features: Layer of the FID network, by its number of features: 64, 192, 768 or
            2048. Distances at different layers are not comparable.
        resize: `"tf1"` resizes like the authors of FID and TensorFlow 1, `"torch"`
            like pytorch-fid, `"clean"` like clean-fid.
        weights: File with the weights of the FID network, or `"auto"` to look for it;
            see `gankit.metrics.inception.weights.load_weights`.
        extractor: Another `Extractor` instead of the FID network, such as
            `classifier_for(data).extractor`. The score then has its name, FCD.
        held_out: Real images that the generator never saw. Pass them if `real` are the
            training images: the warnings of the score then include the copy score.

    Returns:
        A `Score`, named `FID-2048/tf1` for example. Its warnings say whether too few or
        unequal numbers of images bias it.

    Raises:
        ValueError: If images do not fit, or statistics come from another network.
        FIDWeightsUnavailable: If the weights of the network cannot be found.

    References:
        Heusel et al. 2017, equation 6 (https://arxiv.org/abs/1706.08500).
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    return _distance("frechet", real, fake, extractor, value_range, held_out)


def kid(
    real,
    fake,
    *,
    value_range=None,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
    held_out=None,
):
    """Computes the kernel inception distance, whose expectation is the same for all n.

    Args:
        real: Real images, as in `fid`, but not statistics.
        fake: Generated images, in the same forms.
        value_range: As in `fid`, like all that follow.
        features: As in `fid`.
        resize: As in `fid`.
        weights: As in `fid`.
        extractor: As in `fid`.
        held_out: As in `fid`.

    Returns:
        A `Score`, named `KID-2048/tf1` for example, with a standard deviation over
        subsets, or with an interval if there are too few images for subsets.

    Raises:
        ValueError: If images do not fit.
        FIDWeightsUnavailable: If the weights of the network cannot be found.

    References:
        Bińkowski et al. 2018, section 4 (https://arxiv.org/abs/1801.01401).
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    return _distance("kernel", real, fake, extractor, value_range, held_out)


def mind(
    real,
    fake,
    *,
    value_range=None,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
    held_out=None,
):
    """Computes the Monge inception distance, which needs no covariance.

    Args:
        real: Real images, as in `fid`, but not statistics.
        fake: Generated images, in the same forms.
        value_range: As in `fid`, like all that follow.
        features: As in `fid`.
        resize: As in `fid`.
        weights: As in `fid`.
        extractor: As in `fid`. That of a classifier names the score MCD.
        held_out: As in `fid`.

    Returns:
        A `Score`, named `MIND-2048/tf1` for example, with an interval up to 1,000
        images. Like FID, it is biased by about 1/n: compare it only at equal n.

    Raises:
        ValueError: If images do not fit.
        FIDWeightsUnavailable: If the weights of the network cannot be found.

    References:
        Berthet et al. 2026 (https://arxiv.org/abs/2605.06797).
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    return _distance("sliced", real, fake, extractor, value_range, held_out)


def precision_recall(
    *,
    real,
    fake,
    value_range=None,
    features=2048,
    resize="tf1",
    weights="auto",
    extractor=None,
):
    """Computes precision, recall, density and coverage of generated images.

    `real` and `fake` are keyword arguments, since swapping them would swap precision
    and recall.

    Args:
        real: Real images, as in `fid`, but not statistics.
        fake: Generated images, in the same forms.
        value_range: As in `fid`, like all that follow.
        features: As in `fid`.
        resize: As in `fid`.
        weights: As in `fid`.
        extractor: As in `fid`.

    Returns:
        A `PrecisionRecall` of four `Score`s.

    Raises:
        ValueError: If images do not fit.
        FIDWeightsUnavailable: If the weights of the network cannot be found.

    References:
        Kynkäänniemi et al. 2019, equations 1 and 2 (https://arxiv.org/abs/1904.06991);
        Naeem et al. 2020, equations 4 and 5 (https://arxiv.org/abs/2002.09797).
    """
    extractor = extractor or inception_extractor(features, resize, weights)
    return PrecisionRecall(
        *_scores("precision_recall", real, fake, extractor, value_range)
    )


def _scores(kind, real, fake, extractor, value_range, held_out=None):
    scorer = Scorer(
        real, extractor, value_range=value_range, kinds=(kind,), held_out=held_out
    )
    return scorer(fake, value_range=value_range)


def _distance(*args):
    distance, *copies = _scores(*args)
    return dataclasses.replace(
        distance, warnings=(*distance.warnings, *(str(copy) for copy in copies))
    )
