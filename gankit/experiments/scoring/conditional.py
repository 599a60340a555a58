"""Scores of class-conditional models: right classes, and variety within each."""

import numpy as np

from gankit.experiments.scoring.adversarial import class_logits
from gankit.metrics import Score, conditional_accuracy, prdc
from gankit.metrics.classifiers.scores import share_score

# Samples per sample of the scorer, during training and at the end.
TIMES_DURING_TRAINING = 2
TIMES = 10


def class_accuracy(model, scorer):
    """How often the classifier of the data set finds the requested class.

    Args:
        model: A `gankit.ConditionalGAN`.
        scorer: A `gankit.metrics.Scorer`.

    Returns:
        List of one `Score`; empty if the scorer's extractor is no classifier.
    """
    extractor = scorer.extractor
    if extractor.logits is None or not extractor.name.startswith("classifier-"):
        return []
    images, labels = balanced(model, TIMES_DURING_TRAINING * scorer.n)
    found = class_logits(images, extractor).argmax(axis=1)
    return [_accuracy("conditional accuracy", found, labels, extractor)]


def conditional_scores(model, data, scorer, classifier):
    """Final scores of a class-conditional model.

    Args:
        model: A `gankit.ConditionalGAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        scorer: A `gankit.metrics.Scorer`, or `None`.
        classifier: `gankit.metrics.Classifier` that finds the class of an image.

    Returns:
        List of `Score` and counts `(classes, classes)`, one row for each requested
        class and one column for each class found. The scores are the accuracy over all
        classes and for each class, and that of the classifier on real images; the
        accuracy against shuffled labels, which is chance level, one over the number of
        classes, if the classes found are balanced; recall and coverage within classes.
    """
    count = TIMES * scorer.n if scorer else TIMES * 100 * model.num_classes
    images, labels = balanced(model, count)
    scores = conditional_accuracy(images, labels, classifier, value_range=(0, 255))
    scores.insert(1, accuracy_on_real_images(classifier))
    shuffled = np.random.default_rng(0).permutation(labels)
    found, _ = classifier.predict(images, value_range=(0, 255))
    name = "conditional accuracy, shuffled labels"
    scores.append(_accuracy(name, found, shuffled, classifier))
    if scorer:
        scores += within_classes(images, labels, data, scorer.extractor)
    counts = np.zeros((model.num_classes, len(classifier.class_names)), int)
    np.add.at(counts, (labels, found), 1)
    return scores, counts


def accuracy_on_real_images(classifier):
    """The accuracy of a classifier on real images, as a `gankit.metrics.Score`."""
    name, n = "accuracy on real images", classifier.test_n
    right = round(classifier.test_accuracy * n)
    return share_score(name, right, n, n_real=n, extractor=classifier.name)


def balanced(model, count):
    """Samples of all classes, equally many of each, and their labels.

    Args:
        model: A `gankit.ConditionalGAN`.
        count: How many; rounded up to a multiple of the number of classes.

    Returns:
        uint8 images `(n, height, width, channels)` and int32 labels `(n,)`.
    """
    count = -(-count // model.num_classes) * model.num_classes
    labels = np.arange(count, dtype="int32") % model.num_classes
    return model.sample(count, labels=labels, seed=3), labels


def within_classes(images, labels, data, extractor):
    """Recall and coverage within each class: is a class more than a few images?

    Compares n samples of each class with n test images; n is the size of the rarest
    class. For reference it also compares n training images with the test images, since
    these are as varied as real images of a class are.

    Args:
        images: Samples, uint8 `(n, height, width, channels)`.
        labels: Their classes `(n,)`.
        data: The `gankit.datasets.ImageData`, with labels.
        extractor: The `gankit.metrics.Extractor` of the features.

    Returns:
        List of `Score`: the mean and the lowest recall and coverage over classes, of
        samples and of training images.
    """
    classes = range(data.num_classes)
    tests = data.test
    per_class = [
        np.bincount(each, minlength=data.num_classes).min()
        for each in (tests.labels, labels)
    ]
    n = int(min(per_class))
    if n <= 3:
        return []

    def features(of_images, of_labels, number):
        chosen = of_images[of_labels == number][:n]
        return extractor(chosen, value_range=(0, 255), batch_size=256)

    real = [features(tests.images, tests.labels, c) for c in classes]
    kinds = {
        "": (images, labels),
        ", training images": (data.train.images, data.train.labels),
    }
    count = n * len(classes)
    counts = {"n_real": count, "n_fake": count, "extractor": extractor.name}
    scores = []
    for kind, source in kinds.items():
        found = [prdc(real=real[c], fake=features(*source, c)) for c in classes]
        for name in ("recall", "coverage"):
            values = [getattr(each, name) for each in found]
            for statistic, of in (("mean", np.mean), ("lowest", min)):
                label = f"{name} within classes, {statistic}{kind}"
                scores.append(Score(label, float(of(values)), **counts))
    return scores


def _accuracy(name, found, labels, classifier):
    right, n = int(np.sum(found == labels)), len(labels)
    return share_score(name, right, n, n_fake=n, extractor=classifier.name)
