"""Checks of how a network gets a label, and of a generator without variety: NumPy."""

import numpy as np
from scipy.special import softmax

from gankit.course.exercises.guard import Misuse
from gankit.course.exercises.mistakes import Check, copies, numbers
from gankit.metrics import prdc

_RANDOM = np.random.default_rng(0)
CLASSES = 4
IMAGES = _RANDOM.uniform(-1.0, 1.0, (3, 2, 5, 2)).astype("float32")
LABELS = np.array([2, 0, 3])

# One plane for each class, after the channels of an image.


def _planes(values=lambda labels, classes: np.eye(classes)[labels], axis=-1):
    def append(images, labels, num_classes):
        ones = values(labels, num_classes)[:, None, None]
        planes = np.broadcast_to(ones, (*images.shape[:3], ones.shape[-1]))
        parts = [planes, images] if axis == 0 else [images, planes]
        return np.concatenate(parts, axis=-1)

    return append


def _scrambled(images, labels, num_classes):
    ones = np.repeat(np.eye(num_classes)[labels], images[0, ..., 0].size, axis=1)
    planes = ones.reshape(*images.shape[:3], num_classes)
    return np.concatenate([images, planes], axis=-1)


planes = Check(
    {"images and planes": (IMAGES, LABELS, CLASSES)},
    _planes(),
    {
        "The planes are scrambled: reshape filled them in the wrong order. Every pixel "
        "of an image must show its label.": _scrambled,
        "Each plane is numbered, not one-hot: the plane of the label is 1, the others "
        "are 0.": _planes(
            lambda labels, classes: labels[:, None] * np.ones((1, classes))
        ),
        "The planes are those of a batch in order, not of the labels.": (
            _planes(lambda labels, classes: np.eye(classes)[: len(labels)])
        ),
        "Zeros and ones are swapped: the plane of the label is 1.": (
            _planes(lambda labels, classes: 1 - np.eye(classes)[labels])
        ),
        "The planes come first: append them after the channels.": _planes(axis=0),
    },
)

# The image of which the classifier is surest: points of ten clusters stand for images.

_CENTRES = _RANDOM.normal(size=(10, 8))
POINT_LABELS = _RANDOM.integers(0, 10, 600)
POINTS = _CENTRES[POINT_LABELS] + _RANDOM.normal(size=(600, 8))
_DISTANCES = ((POINTS[:, None] - _CENTRES) ** 2).sum(axis=-1)
PROBABILITIES = softmax(-_DISTANCES / 2, axis=1)
# The surest of all have a wrong label, so that it matters to look at the label.
for _ in range(3):
    _SUREST = np.where(np.eye(10)[POINT_LABELS] == 1, PROBABILITIES, 0).argmax(axis=0)
    POINT_LABELS[_SUREST] = (POINT_LABELS[_SUREST] + 1) % 10


def _measure(answer):
    """What a classifier and recall say of 60 copies of each chosen point."""
    names = "probability of their classes", "accuracy", "recall"
    chosen = numbers("indices", answer(*copies(POINTS, POINT_LABELS, PROBABILITIES)))
    if chosen is None:
        return dict.fromkeys(names)
    if chosen.shape != (10,) or not np.isin(chosen, np.arange(len(POINTS))).all():
        raise Misuse("Return ten indices of images, one for each class.")
    chosen = chosen.astype(int)
    copied = np.repeat(chosen, 60)
    right = PROBABILITIES[copied].argmax(axis=1) == np.repeat(np.arange(10), 60)
    recall = prdc(real=POINTS, fake=POINTS[copied]).recall
    values = PROBABILITIES[chosen, np.arange(10)].mean(), right.mean(), recall
    return dict(zip(names, values, strict=True))


def _surest(score):
    def pick(images, labels, probabilities):
        return [score(labels, probabilities, c) for c in range(10)]

    return pick


one_image_per_class = Check(
    _measure,
    _surest(lambda y, p, c: np.where(y == c, p[:, c], -1.0).argmax()),
    {
        "Images of other classes are chosen: look only at those with the label.": (
            _surest(lambda y, p, c: p[:, c].argmax())
        ),
        "The index counts within the class: return that among all images.": (
            _surest(lambda y, p, c: p[y == c, c].argmax())
        ),
        "The least confident image is chosen: take the largest probability.": (
            _surest(lambda y, p, c: np.where(y == c, p[:, c], 2.0).argmin())
        ),
        "The first image of each class is chosen, whatever its probability.": (
            _surest(lambda y, p, c: (y == c).argmax())
        ),
    },
)
