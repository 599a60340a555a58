"""Scores of models that are told the class: do they use it, and how varied is each?"""

import numpy as np

from gankit.experiments.scoring.adversarial import class_logits
from gankit.metrics import Score, conditional_accuracy, prdc
from gankit.metrics.classifiers.scores import share_score

# Times as many samples as are scored otherwise, during a training and at its end.
TIMES_ON_THE_WAY = 2
TIMES = 10


def class_accuracy(model, scorer):
    """How often the classifier of the data set finds the class wanted.

    Args:
        model: A `gankit.ConditionalGAN`.
        scorer: A `gankit.metrics.Scorer` whose extractor is that of a classifier.

    Returns:
        List of one `Score`; none where the extractor tells no classes.
    """
    extractor = scorer.extractor
    if extractor.logits is None or not extractor.name.startswith("classifier-"):
        return []
    images, labels = balanced(model, TIMES_ON_THE_WAY * scorer.n)
    found = class_logits(images, extractor).argmax(axis=1)
    right = int(np.sum(found == labels))
    return [
        share_score(
            "conditional accuracy",
            right,
            len(labels),
            n_fake=len(labels),
            extractor=extractor.name,
        )
    ]


def conditional_scores(model, data, scorer, judge):
    """Scores of a conditional model at the end.

    Args:
        model: A `gankit.ConditionalGAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        scorer: A `gankit.metrics.Scorer`, or `None`.
        judge: `gankit.metrics.Classifier` that says which class an image shows.

    Returns:
        List of `Score`: the accuracy over all classes, that of the judge on real
        images, and that of each class; the accuracy against shuffled labels, which is
        one over the number of classes for a model that makes what it is told evenly;
        recall and coverage within classes. And what the judge found: counts
        `(classes, classes)`, a row for each class wanted.
    """
    count = TIMES * scorer.n if scorer else TIMES * 100 * model.num_classes
    images, labels = balanced(model, count)
    scores = conditional_accuracy(images, labels, judge, value_range=(0, 255))
    scores.insert(1, accuracy_on_real_images(judge))
    shuffled = np.random.default_rng(0).permutation(labels)
    found, _ = judge.predict(images, value_range=(0, 255))
    scores.append(
        share_score(
            "conditional accuracy, shuffled labels",
            np.sum(found == shuffled),
            len(labels),
            n_fake=len(labels),
            extractor=judge.name,
        )
    )
    if scorer:
        scores += within_classes(images, labels, data, scorer.extractor)
    counts = np.zeros((model.num_classes, len(judge.class_names)), int)
    np.add.at(counts, (labels, found), 1)
    return scores, counts


def accuracy_on_real_images(judge):
    """What the judge reaches on real images, as a `gankit.metrics.Score`."""
    return share_score(
        "accuracy on real images",
        round(judge.test_accuracy * judge.test_n),
        judge.test_n,
        n_real=judge.test_n,
        extractor=judge.name,
    )


def balanced(model, count):
    """Samples of all classes in turn, and their labels.

    Args:
        model: A `gankit.ConditionalGAN`.
        count: How many; rounded up to full turns.

    Returns:
        uint8 images `(n, height, width, channels)` and int32 labels `(n,)`.
    """
    count = -(-count // model.num_classes) * model.num_classes
    labels = np.arange(count, dtype="int32") % model.num_classes
    return model.sample(count, labels=labels, seed=3), labels


def within_classes(images, labels, data, extractor):
    """Recall and coverage inside each class: is a class more than a few pictures?

    Of each class as many samples as the rarest class has test images are compared
    with as many test images; the line to compare with is that of as many training
    images, which are as varied as images of the class are.

    Args:
        images: Samples, uint8 `(n, height, width, channels)`.
        labels: Their classes `(n,)`.
        data: The `gankit.datasets.ImageData`, with labels.
        extractor: The `gankit.metrics.Extractor` of the features.

    Returns:
        List of `Score`: for samples and for training images the mean over classes of
        recall and of coverage, and the lowest.
    """
    classes = range(data.num_classes)
    tests = data.test
    per_class = np.bincount(tests.labels, minlength=data.num_classes).min()
    n = int(min(per_class, np.bincount(labels, minlength=data.num_classes).min()))
    if n <= 3:
        return []

    def features(of_images, of_labels, number):
        chosen = of_images[of_labels == number][:n]
        return extractor(chosen, value_range=(0, 255), batch_size=256)

    kinds = {
        "": (images, labels),
        ", training images": (data.train.images, data.train.labels),
    }
    scores = []
    for kind, source in kinds.items():
        found = [
            prdc(
                real=features(tests.images, tests.labels, c), fake=features(*source, c)
            )
            for c in classes
        ]
        for what in ("recall", "coverage"):
            values = [getattr(each, what) for each in found]
            for statistic, value in (
                ("mean", np.mean(values)),
                ("lowest", min(values)),
            ):
                scores.append(
                    Score(
                        f"{what} within classes, {statistic}{kind}",
                        float(value),
                        n_real=n * len(classes),
                        n_fake=n * len(classes),
                        extractor=extractor.name,
                    )
                )
    return scores
