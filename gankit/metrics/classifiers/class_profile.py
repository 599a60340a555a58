"""Classes of samples: how often, how confident, and what they are confused with."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
from scipy.special import softmax

from gankit.metrics.classifiers.scores import wilson_interval
from gankit.metrics.score import Score


@dataclasses.dataclass(frozen=True, eq=False)
class ClassProfile:
    """Predictions of a classifier for a set of images, class by class.

    Attributes:
        class_names: Names of the k classes.
        counts: Number of images predicted as each class, integers `(k,)`.
        probabilities: Mean probabilities `(k, k)`. Row i averages over the images
            predicted as class i: the diagonal is the mean confidence, and the largest
            other entry the most likely confusion. NaN for a class without images.
    """

    class_names: tuple[str, ...]
    counts: np.ndarray
    probabilities: np.ndarray

    @property
    def n(self):
        """Number of images."""
        return int(self.counts.sum())

    @property
    def shares(self):
        """Share of each class, `(k,)`."""
        return self.counts / self.n

    @property
    def confidence(self):
        """Mean probability of the predicted class, `(k,)`."""
        return np.diag(self.probabilities)

    @property
    def intervals(self):
        """95 % intervals of the shares, `(k, 2)`."""
        return np.array([wilson_interval(int(c), self.n) for c in self.counts])

    def save(self, path):
        """Writes a CSV file with one row per class."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["class", "count", *self.class_names])
            for name, count, row in zip(
                self.class_names, self.counts, self.probabilities, strict=True
            ):
                writer.writerow([name, int(count), *(f"{p:.5f}" for p in row)])

    @classmethod
    def load(cls, path):
        """Reads a file that `save` wrote."""
        with Path(path).open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        return cls(
            tuple(row[0] for row in rows),
            np.array([int(row[1]) for row in rows]),
            np.array([[float(p) for p in row[2:]] for row in rows]),
        )


def class_profile(logits, class_names):
    """Counts classes and averages probabilities.

    Args:
        logits: Logits of images, `(n, k)`.
        class_names: Names of the k classes.

    Returns:
        A `ClassProfile`.

    Raises:
        ValueError: If logits and names do not match, or there are no images.
    """
    logits = np.asarray(logits, "float64")
    if logits.ndim != 2 or not len(logits) or logits.shape[1] != len(class_names):
        raise ValueError(
            f"Expected logits (n, {len(class_names)}) of at least one image, received "
            f"the shape {logits.shape}: pass the logits of a classifier of these "
            "classes."
        )
    probabilities = softmax(logits, axis=1)
    classes = logits.argmax(axis=1)
    means = np.full((len(class_names),) * 2, np.nan)
    for c in np.unique(classes):
        means[c] = probabilities[classes == c].mean(axis=0)
    counts = np.bincount(classes, minlength=len(class_names))
    return ClassProfile(tuple(class_names), counts, means)


def class_imbalance(fake, real, *, extractor=None):
    """Compares the class shares of samples with those of real images.

    This is the total variation distance: the share of samples that would have to change
    class. It is 0 for equal shares, and 0.9 if all samples belong to one class of ten
    balanced ones. It measures mode collapse between classes, not within them.

    Args:
        fake: `ClassProfile` of generated images.
        real: `ClassProfile` of real images by the same classifier, so that its bias
            cancels.
        extractor: Name of the classifier.

    Returns:
        A `Score` named `class imbalance`, from 0 to 1.
    """
    return Score(
        "class imbalance",
        float(0.5 * np.abs(fake.shares - real.shares).sum()),
        n_real=real.n,
        n_fake=fake.n,
        extractor=extractor,
        warnings=("total variation distance of the class shares",),
    )
