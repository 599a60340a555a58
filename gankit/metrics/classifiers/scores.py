"""Scores that come from the answers of a classifier."""

import math
from statistics import NormalDist

import numpy as np

from gankit.datasets import ImageData, Split
from gankit.datasets.checks import check_labels
from gankit.metrics.classifiers.training import divide, train_classifier
from gankit.metrics.features.images import uint8_batches
from gankit.metrics.score import Score

# The literature's number of images for the inception score: 10 splits of 5,000.
INCEPTION_SPLIT = 5000


def score_from_logits(logits, *, splits=10, seed=0):
    """`exp(E KL(p(y|x) || p(y)))`: are images clear, and of all classes alike?

    The images are shuffled and divided into splits; p(y) is the mean of p(y|x) over a
    split. The score lies between 1 and the number of classes; it cannot exceed the
    number of images in a split either.

    Args:
        logits: Logits of images, `(n, classes)`.
        splits: Number of splits, from 1 to n.
        seed: Seed of the shuffling.

    Returns:
        Mean over the splits, and their standard deviation, `(mean, std)`.

    Raises:
        ValueError: If logits are not finite or do not fit the splits.

    Reference:
        Salimans et al. 2016, section 4 (https://arxiv.org/abs/1606.03498).
    """
    logits = np.asarray(logits, "float64")
    if logits.ndim != 2 or not np.isfinite(logits).all():
        raise ValueError(
            f"Expected finite logits (n, classes), received the shape {logits.shape}"
            + (" with NaN or infinity" if logits.ndim == 2 else "")
            + ": pass what a classifier gives before softmax."
        )
    n = len(logits)
    if not 1 <= splits <= n:
        raise ValueError(
            f"Expected from 1 to {n} splits of {n} images, received {splits}: give "
            "more images, or fewer splits."
        )
    order = np.random.default_rng(seed).permutation(n)
    logits = logits[order] - logits.max(axis=1)[order, None]
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    scores = []
    for i in range(splits):
        part = slice(i * n // splits, (i + 1) * n // splits)
        q = p[part].mean(axis=0)
        # Written as two entropies; 0 log 0 is 0 where exp has reached it.
        log_q = np.log(q, where=q > 0, out=np.zeros_like(q))
        divergence = (p[part] * log_p[part]).sum(axis=1).mean() - (q * log_q).sum()
        scores.append(math.exp(divergence))
    return float(np.mean(scores)), float(np.std(scores))


def classifier_score(images, classifier, *, value_range, splits=10, seed=0):
    """The inception score with a classifier of the data set at hand in its place.

    It ranges from 1 to the number of classes. It knows nothing of variety within a
    class: one clear image of each class scores as high as can be.

    Args:
        images: Generated images, as `gankit.metrics.features.images.uint8_batches` takes them.
        classifier: The `Classifier`.
        value_range: Range of floating-point images, `(low, high)`.
        splits: As in `score_from_logits`.
        seed: As in `score_from_logits`.

    Returns:
        A `Score` named `classifier score (mnist)` or the like.

    Raises:
        ValueError: If the images do not fit, or are fewer than the splits.

    Reference:
        As in `score_from_logits`.
    """
    logits = classifier.predict_logits(images, value_range=value_range)
    enough = 10 * len(classifier.class_names)
    return _split_score(
        f"classifier score ({classifier.data_name})",
        logits,
        classifier.extractor,
        splits,
        seed,
        enough,
    )


def inception_score(images, *, value_range, weights="auto", resize="tf1", splits=10):
    """Inception score: `score_from_logits` of the FID network.

    As in the authors' code, all 1,008 outputs of the network enter, those that stand
    for no class included, and the bias of the last layer is left out; with it scores
    are higher, by 0.3 on CIFAR-10. Unlike there, the images are shuffled first.

    Args:
        images: Generated images, as `gankit.metrics.features.images.uint8_batches` takes them.
        value_range: Range of floating-point images, `(low, high)`.
        weights: As in `gankit.metrics.inception_extractor`.
        resize: As there.
        splits: As in `score_from_logits`.

    Returns:
        A `Score` named `inception score/tf1` or the like.

    Raises:
        ValueError: If the weights at hand end before the logits, or images do not fit.
        FIDWeightsUnavailable: If the network's weights are not at hand.

    Reference:
        Salimans et al. 2016, section 4 (https://arxiv.org/abs/1606.03498).
    """
    from gankit.metrics.inception.extractor import inception_extractor
    from gankit.metrics.inception.weights import load_weights

    extractor = inception_extractor(features=2048, resize=resize, weights=weights)
    if extractor.logits is None:
        raise ValueError(
            "Expected weights of the FID network with its last layer, received "
            f"{extractor.name}, which ends before: get the whole file, or take "
            "classifier_score with a classifier of the data set."
        )
    arrays, _ = load_weights(weights, features=extractor.dimension)
    logits = np.concatenate(
        [
            extractor.logits(batch) - arrays["softmax/bias"]
            for batch in uint8_batches(images, value_range=value_range, channels=3)
        ]
    )
    name = f"inception score/{extractor.resize}"
    return _split_score(name, logits, extractor, splits, 0, INCEPTION_SPLIT)


def conditional_accuracy(images, labels, classifier, *, value_range):
    """GAN-test: how often a classifier trained on real images finds the class wanted.

    A generator that makes one good image of each class gets all of it; `gan_train`
    tells that apart.

    Args:
        images: Generated images, as `gankit.metrics.features.images.uint8_batches` takes them.
        labels: The classes that they were generated for, whole numbers `(n,)`.
        classifier: The `Classifier`. Its own accuracy on real images, which its name
            tells, is what the best generator can be expected to reach.
        value_range: Range of floating-point images, `(low, high)`.

    Returns:
        List of `Score`: over all images, then for each class that occurs, with 95 %
        intervals.

    Raises:
        ValueError: If images or labels do not fit.

    Reference:
        Shmelkov et al. 2018, section 3 (https://arxiv.org/abs/1807.09499).
    """
    found, _ = classifier.predict(images, value_range=value_range)
    labels = check_labels(labels, len(found))
    classes = len(classifier.class_names)
    if labels.max() >= classes:
        raise ValueError(
            f"Expected labels from 0 to {classes - 1}, the classes of "
            f"{classifier.name}, received {labels.max()}: correct the labels, or take "
            "a classifier of this data set."
        )
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


def gan_train(fake_images, fake_labels, data, *, value_range, seed=0):
    """GAN-train: accuracy on real test images of a classifier trained on samples.

    It falls where samples are unlike their class and where they lack its variety.
    The recipe is that of `train_classifier`.

    Args:
        fake_images: Generated images `(n, height, width, channels)`.
        fake_labels: The classes that they were generated for, whole numbers `(n,)`.
        data: The `ImageData` with labels whose training images the generator saw.
        value_range: Range of floating-point images, `(low, high)`.
        seed: Seed of both trainings.

    Returns:
        Two `Score`s with 95 % intervals: GAN-train, and what a classifier trained on
        as many real images reaches, or on all where they are fewer.

    Raises:
        ValueError: If images or labels do not fit the data set.

    Reference:
        Shmelkov et al. 2018, section 3 (https://arxiv.org/abs/1807.09499).
    """
    real, test, _ = divide(data, seed)
    fake_images = np.concatenate(
        list(uint8_batches(fake_images, value_range=value_range))
    )
    count = min(len(fake_images), len(real))
    chosen = np.random.default_rng(seed).permutation(len(real))[:count]
    return [
        _trained_on(Split(fake_images, fake_labels), "generated", test, data, seed),
        _trained_on(
            Split(real.images[chosen], real.labels[chosen]), "real", test, data, seed
        ),
    ]


def _trained_on(train, kind, test, data, seed):
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
    """The 95 % interval of a share by the score test, which holds at 0 and 1 too.

    Args:
        count: How many of them.
        n: Of how many, at least 1.

    Returns:
        `(low, high)`, within 0 to 1.

    Reference:
        Wilson 1927, "Probable inference, the law of succession, and statistical
        inference", Journal of the American Statistical Association 22.
    """
    z = NormalDist().inv_cdf(0.975)
    share = count / n
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = ((middle + sign * half) / (1 + z**2 / n) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


def share_score(name, count, n, **rest):
    """A `Score` that is a share, `count` of `n`, with its interval."""
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
