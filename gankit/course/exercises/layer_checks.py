"""Checks of layers written by hand, on NumPy arrays."""

import numpy as np
from scipy.special import softmax

from gankit.course.exercises.mistakes import Check

_RANDOM = np.random.default_rng(0)
# One 4 x 6 feature map: queries and keys with 3 channels, values with 5.
QUERIES, KEYS = _RANDOM.normal(size=(2, 4, 6, 3))
VALUES = _RANDOM.normal(size=(4, 6, 5))
# As many images as features, so that a sum over the wrong axis has the right shape.
FEATURES = _RANDOM.normal(size=(6, 6))
WEIGHT, BIAS = _RANDOM.normal(size=6), np.float64(0.4)
EMBEDDINGS = _RANDOM.normal(size=(10, 6))
CLASSES = np.array([3, 0, 9, 4, 4, 1])
SQUARES = _RANDOM.uniform(0.1, 1.0, (2, 64, 64, 3)).astype("float32")
CORNERS = ((10, 20), (-16, 40), (60, 60))

# Self-attention.


def _pixels(maps):
    return maps.reshape(-1, maps.shape[-1])


def _blocks(maps):
    height, width, channels = maps.shape
    blocks = maps.reshape(height // 2, 2, width // 2, 2, channels)
    return blocks.transpose(0, 2, 1, 3, 4).reshape(-1, 4, channels)


def _max_pool(maps):
    return _blocks(maps).max(axis=1)


def _attention(pool=_max_pool, weigh=lambda scores: softmax(scores, axis=1)):
    def attention(queries, keys, values):
        weights = weigh(_pixels(queries) @ pool(keys).T)
        return (weights @ pool(values)).reshape(*queries.shape[:2], -1)

    return attention


pooled_attention = Check(
    {"what the pixels take": (QUERIES, KEYS, VALUES)},
    _attention(),
    {
        "The softmax runs over the wrong axis: the weights of one query must add up to "
        "1 over all keys.": _attention(weigh=lambda scores: softmax(scores, axis=0)),
        "The softmax runs over all queries and keys at once: each query has its own "
        "weights.": _attention(weigh=lambda scores: softmax(scores, axis=(0, 1))),
        "There is no softmax: the products themselves are used as weights.": (
            _attention(weigh=lambda scores: scores)
        ),
        "The products are divided by the square root of the channels, as in a "
        "transformer: SAGAN does not.": (
            _attention(
                weigh=lambda scores: softmax(scores / QUERIES.shape[-1] ** 0.5, axis=1)
            )
        ),
        "Nothing is pooled: every pixel attends to every pixel.": _attention(_pixels),
        "Each 2 x 2 is averaged: max-pooling takes the largest.": (
            _attention(lambda maps: _blocks(maps).mean(axis=1))
        ),
        "The first of each 2 x 2 is taken: max-pooling takes the largest.": (
            _attention(lambda maps: _blocks(maps)[:, 0])
        ),
    },
)

# The projection discriminator.


def _projection(rows=lambda v, labels: v[labels], axis=1, weight=1.0, bias=1.0):
    def logits(features, w, b, v, labels):
        class_part = (features * rows(v, labels)).sum(axis=axis)
        return weight * (features @ w) + bias * b + class_part

    return logits


projection = Check(
    {"logits": (FEATURES, WEIGHT, BIAS, EMBEDDINGS, CLASSES)},
    _projection(),
    {
        "The products are summed over the wrong axis: add up the features of an image, "
        "not the images.": _projection(axis=0),
        "The label is not used: add the product of features and class embedding.": (
            _projection(rows=lambda v, labels: np.zeros_like(v[labels]))
        ),
        "All embeddings are added: take only that of the image's class.": (
            _projection(rows=lambda v, labels: v.sum(axis=0))
        ),
        "The embeddings are taken in order, not by label.": (
            _projection(rows=lambda v, labels: v[: len(labels)])
        ),
        "The bias is left out.": _projection(bias=0.0),
        "Only the label's part is there: add the product with w, which tells real from "
        "fake.": _projection(weight=0.0),
    },
)

# Cutout.


ALL = slice(None)


def _cut(value=0.0, n=ALL, columns=None, channels=ALL, transpose=False, clip=True):
    def cutout(images, top, left):
        if transpose:
            top, left = left, top
        half = images.shape[1] // 2
        low = 0 if clip else -images.shape[1]
        rows = slice(max(low, top), max(low, top + half))
        across = columns or slice(max(low, left), max(low, left + half))
        images[n, rows, across, channels] = value
        return images

    return cutout


cutout = Check(
    {f"images cut at ({top}, {left})": (SQUARES, top, left) for top, left in CORNERS},
    _cut(),
    {
        "The square is black: set it to 0, which is mid-grey.": _cut(value=-1.0),
        "Top and left are swapped: the rows come first.": _cut(transpose=True),
        "A corner outside does not work: a negative index wraps.": _cut(clip=False),
        "Only the first image is cut.": _cut(n=0),
        "Only one channel is cut.": _cut(channels=0),
        "Whole rows are cut: limit the columns, too.": _cut(columns=ALL),
    },
)
