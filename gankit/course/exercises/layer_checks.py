"""Checks of layers that are written by hand, on arrays of NumPy."""

import numpy as np

from gankit.course.exercises.mistakes import Check, Mistake, copies

_RANDOM = np.random.default_rng(0)
# One map of 4 x 6: queries and keys of 3 channels, values of 5.
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


def _largest(maps):
    return _blocks(maps).max(axis=1)


def _softmax(scores, axis=1):
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _attention(pool=_largest, weigh=_softmax):
    def attention(queries, keys, values):
        weights = weigh(_pixels(queries) @ pool(keys).T)
        return (weights @ pool(values)).reshape(*queries.shape[:2], -1)

    return attention


pooled_attention = Check(
    lambda answer: {"what the pixels take": answer(*copies(QUERIES, KEYS, VALUES))},
    _attention(),
    Mistake(
        "Softmax runs over the wrong axis: the weights of one query add up to 1, over "
        "all keys.",
        _attention(weigh=lambda scores: _softmax(scores, axis=0)),
    ),
    Mistake(
        "Softmax runs over all queries and keys at once: each query has weights of its "
        "own.",
        _attention(weigh=lambda scores: _softmax(scores, axis=(0, 1))),
    ),
    Mistake(
        "There is no softmax: the products themselves serve as weights.",
        _attention(weigh=lambda scores: scores),
    ),
    Mistake(
        "The products are divided by the root of the channels, as in a transformer: "
        "SAGAN does not.",
        _attention(weigh=lambda scores: _softmax(scores / np.sqrt(QUERIES.shape[-1]))),
    ),
    Mistake(
        "Nothing is pooled: every pixel looks at every pixel.", _attention(_pixels)
    ),
    Mistake(
        "Keys and values are averaged: max-pooling takes the largest of 2 x 2.",
        _attention(lambda maps: _blocks(maps).mean(axis=1)),
    ),
    Mistake(
        "Of 2 x 2 keys and values the first is taken: max-pooling takes the largest.",
        _attention(lambda maps: _blocks(maps)[:, 0]),
    ),
)

# The projection discriminator.


def _projection(own=lambda v, labels: v[labels], axis=1, weigh=1.0, bias=1.0):
    def projected(features, w, b, v, labels):
        own_class = (features * own(v, labels)).sum(axis=axis)
        return weigh * (features @ w) + bias * b + own_class

    return projected


projected = Check(
    lambda answer: {
        "logits": answer(*copies(FEATURES, WEIGHT, BIAS, EMBEDDINGS, CLASSES))
    },
    _projection(),
    Mistake(
        "The products are summed over the wrong axis: add up the features of an image, "
        "not the images.",
        _projection(axis=0),
    ),
    Mistake(
        "The label is not used: add the product of features and the class's embedding.",
        _projection(own=lambda v, labels: np.zeros_like(v[labels])),
    ),
    Mistake(
        "The embeddings of all classes are added: take that of the image's own class.",
        _projection(own=lambda v, labels: v.sum(axis=0)),
    ),
    Mistake(
        "The embeddings are taken in their order, not by the labels.",
        _projection(own=lambda v, labels: v[: len(labels)]),
    ),
    Mistake("The bias is left out.", _projection(bias=0.0)),
    Mistake(
        "Only the label's part is there: the product with w tells real from fake.",
        _projection(weigh=0.0),
    ),
)

# Cutout.


def _cut(value=0.0, cut=slice(None), turned=False, inside=True, rows_only=False):
    def cutout(images, top, left):
        if turned:
            top, left = left, top
        half = images.shape[1] // 2
        low = 0 if inside else -images.shape[1]
        rows = slice(max(low, top), max(low, top + half))
        columns = slice(max(low, left), max(low, left + half))
        images[cut, rows, slice(None) if rows_only else columns] = value
        return images

    return cutout


def _first_channel(images, top, left):
    images[..., 0] = _cut()(images[..., :1], top, left)[..., 0]
    return images


cutout = Check(
    lambda answer: {
        f"images cut at ({top}, {left})": answer(*copies(SQUARES), top, left)
        for top, left in CORNERS
    },
    _cut(),
    Mistake("It is cut out in black: set it to 0, mid-grey.", _cut(value=-1.0)),
    Mistake(
        "Top and left are exchanged: the rows come first, (n, rows, columns, 3).",
        _cut(turned=True),
    ),
    Mistake(
        "A corner outside does not work: a negative index counts from the far side.",
        _cut(inside=False),
    ),
    Mistake("Only the first image is cut.", _cut(cut=slice(0, 1))),
    Mistake("Only one channel is cut.", _first_channel),
    Mistake("Whole rows are cut: the columns have limits, too.", _cut(rows_only=True)),
)
