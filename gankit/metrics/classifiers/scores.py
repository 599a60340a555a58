"""Scores computed from the predictions of a classifier."""

import math

import numpy as np
from scipy.special import entr, log_softmax

from gankit.backend.arguments import check_labels, check_number
from gankit.datasets import ImageData, Split
from gankit.metrics.classifiers.training import train_classifier, train_test_split
from gankit.metrics.features.images import uint8_batches
from gankit.metrics.score import Score

# Images per split of the inception score in the literature: 10 splits of 5,000.
INCEPTION_SPLIT = 5000


def score_from_logits(logits, *, splits=10, seed=0):
    """Computes `exp(E KL(p(y|x) || p(y)))`, which is high for clear, varied images.

    The images are shuffled and divided into splits. p(y) is the mean of p(y|x) over a
    split. The score is between 1 and the number of classes, and cannot exceed the
    number of images in a split.

    Args:
        logits: Logits of images, `(n, classes)`.
        splits: Number of splits, from 1 to n.
        seed: Seed of the shuffling.

    Returns:
        Mean and standard deviation over the splits, `(mean, std)`.

    Raises:
        ValueError: If logits are not finite, or too few for the splits.

    Reference:
        Salimans et al. 2016, section 4 (https://arxiv.org/abs/1606.03498).
    """
    logits = np.asarray(logits, "float64")
    if logits.ndim != 2 or not np.isfinite(logits).all():
        raise ValueError(
            f"Expected finite logits (n, classes), received the shape {logits.shape}"
            + (" with NaN or infinity" if logits.ndim == 2 else "")
            + ": pass the output of a classifier before softmax."
        )
    n = len(logits)
    check_number("splits", splits, 1, n)
    order = np.random.default_rng(seed).permutation(n)
    log_p = log_softmax(logits[order], axis=1)
    p = np.exp(log_p)
    scores = []
    for i in range(splits):
        part = slice(i * n // splits, (i + 1) * n // splits)
        q = p[part].mean(axis=0)
        # Written as two entropies; 0 log 0 is 0 where exp underflows.
        divergence = (p[part] * log_p[part]).sum(axis=1).mean() + entr(q).sum()
        scores.append(math.exp(divergence))
    return float(np.mean(scores)), float(np.std(scores))


def classifier_score(images, classifier, *, value_range=None, splits=10, seed=0):
    """Computes the inception score with a classifier of your data set.

    It ranges from 1 to the number of classes. It does not see variety within a class:
    one clear image of each class reaches the maximum.

    Args:
        images: Generated images, in any form that `features.images.uint8_batches`
            accepts.
        classifier: The `Classifier`.
        value_range: Range of floating-point images, `(low, high)`.
        splits: As in `score_from_logits`.
        seed: As in `score_from_logits`.

    Returns:
        A `Score`, named `classifier score (mnist)` for example.

    Raises:
        ValueError: If the images do not fit, or are fewer than the splits.

    Reference:
        Salimans et al. 2016, section 4 (https://arxiv.org/abs/1606.03498).
    """
    logits = classifier.predict_logits(images, value_range=value_range)
    name = f"classifier score ({classifier.data_name})"
    enough = 10 * len(classifier.class_names)
    return _split_score(name, logits, classifier.extractor, splits, seed, enough)


def inception_score(
    images, *, value_range=None, weights="auto", resize="tf1", splits=10
):
    """Computes the inception score, which is `score_from_logits` of the FID network.

    As in the authors' code, it uses all 1,008 outputs of the network, including those
    that represent no class, and omits the bias of the last layer. With the bias, scores
    would be higher, by 0.3 on CIFAR-10. Unlike that code, it shuffles the images first.

    Args:
        images: Generated images, in any form that `features.images.uint8_batches`
            accepts.
        value_range: Range of floating-point images, `(low, high)`.
        weights: As in `gankit.metrics.inception_extractor`.
        resize: As in `gankit.metrics.inception_extractor`.
        splits: As in `score_from_logits`.

    Returns:
        A `Score`, named `inception score/tf1` for example.

    Raises:
        ValueError: If the file of weights has no logits, or images do not fit.
        FIDWeightsUnavailable: If the weights of the network cannot be found.

    Reference:
        Salimans et al. 2016, section 4 (https://arxiv.org/abs/1606.03498).
    """
    from gankit.metrics.inception.extractor import inception_extractor
    from gankit.metrics.inception.weights import load_weights

    extractor = inception_extractor(features=2048, resize=resize, weights=weights)
    if extractor.logits is None:
        raise ValueError(
            "Expected weights of the FID network with its last layer, received "
            f"{extractor.name}, which ends before: get the whole file, or use "
            "classifier_score with a classifier of the data set."
        )
    arrays, _ = load_weights(weights, features=extractor.dimension)
    batches = uint8_batches(images, value_range=value_range, channels=3)
    logits = np.concatenate([extractor.logits(batch) for batch in batches])
    logits = logits - arrays["softmax/bias"]
    name = f"inception score/{extractor.resize}"
    return _split_score(name, logits, extractor, splits, 0, INCEPTION_SPLIT)


def conditional_accuracy(images, labels, classifier, *, value_range=None):
    """Computes GAN-test: how often a classifier predicts the requested class.

    A generator that returns one good image of each class reaches 1. `gan_train` detects
    this.

    Args:
        images: Generated images, in any form that `features.images.uint8_batches`
            accepts.
        labels: The requested classes, integers `(n,)`.
        classifier: The `Classifier`. Its accuracy on real images, which is part of its
            name, is the best score to be expected.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        List of `Score` with 95 % intervals: over all images, then for each class that
        occurs in `labels`.

    Raises:
        ValueError: If images or labels do not fit.

    Reference:
        Shmelkov et al. 2018, section 3 (https://arxiv.org/abs/1807.09499).
    """
    found, _ = classifier.predict(images, value_range=value_range)
    labels = check_labels(labels, len(found), len(classifier.class_names))
    right = found == labels
    name = "conditional accuracy"
    parts = {name: right} | {
        f"{name}, class {classifier.class_names[c]}": right[labels == c]
        for c in np.unique(labels)
    }
    return [
        share_score(
            name, part.sum(), len(part), n_fake=len(part), extractor=classifier.name
        )
        for name, part in parts.items()
    ]


def gan_train(fake_images, fake_labels, data, *, value_range=None, seed=0):
    """Computes GAN-train: the accuracy on real images of a classifier of samples.

    It drops if samples do not resemble their class, or lack its variety. The training
    is that of `train_classifier`.

    Args:
        fake_images: Generated images `(n, height, width, channels)`.
        fake_labels: The requested classes, integers `(n,)`.
        data: The `ImageData` with labels that the generator was trained on.
        value_range: Range of floating-point images, `(low, high)`.
        seed: Seed of both trainings.

    Returns:
        Two `Score`s with 95 % intervals: GAN-train, and the accuracy of a classifier
        trained on as many real images, or on all if there are fewer.

    Raises:
        ValueError: If images or labels do not match the data set.

    Reference:
        Shmelkov et al. 2018, section 3 (https://arxiv.org/abs/1807.09499).
    """
    real, test, _ = train_test_split(data, seed)
    fake_images = np.concatenate(
        list(uint8_batches(fake_images, value_range=value_range))
    )
    count = min(len(fake_images), len(real))
    chosen = np.random.default_rng(seed).permutation(len(real))[:count]
    return [
        _train_and_test(Split(fake_images, fake_labels), "generated", test, data, seed),
        _train_and_test(
            Split(real.images[chosen], real.labels[chosen]), "real", test, data, seed
        ),
    ]


def _train_and_test(train, kind, test, data, seed):
    names = data.class_names or tuple(map(str, range(data.num_classes)))
    classifier = train_classifier(
        ImageData(
            train, test=test, class_names=names, name=f"{data.name}, {kind} images"
        ),
        seed=seed,
    )
    return share_score(
        "GAN-train" if kind == "generated" else "GAN-train of real images",
        round(classifier.test_accuracy * len(test)),
        len(test),
        n_real=len(test),
        n_fake=len(train) if kind == "generated" else None,
        warnings=(f"trained on {len(train):,} {kind} images",),
    )


def wilson_interval(count, n):
    """Computes the 95 % Wilson score interval of a share, which is valid at 0 and 1.

    Args:
        count: Number of successes.
        n: Number of trials, at least 1.

    Returns:
        `(low, high)`, from 0 to 1.

    Reference:
        Wilson 1927, "Probable inference, the law of succession, and statistical
        inference", Journal of the American Statistical Association 22.
    """
    from scipy import stats

    low, high = stats.binomtest(count, n).proportion_ci(method="wilson")
    return float(low), float(high)


def share_score(name, count, n, **rest):
    """Creates the `Score` of a share, `count` of `n`, with its interval."""
    return Score(
        name,
        float(count / n),
        interval=wilson_interval(int(count), n),
        spread="binomial",
        **rest,
    )


def _split_score(name, logits, extractor, splits, seed, enough):
    mean, std = score_from_logits(logits, splits=splits, seed=seed)
    warnings = ()
    if len(logits) // splits < enough:
        warnings = (
            f"{len(logits) // splits:,} images in a split: fewer than {enough:,} bias "
            "it down, compare at equal n alone",
        )
    return Score(
        name,
        mean,
        n_fake=len(logits),
        extractor=extractor.name,
        resize=extractor.resize,
        warnings=warnings,
        std=std,
        spread=f"{splits} splits",
    )
