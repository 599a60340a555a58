"""Scores of GANs that learn from so few pictures that hardly any are kept back."""

import dataclasses
import warnings

import numpy as np

from gankit.experiments.scoring.adversarial import final_losses
from gankit.experiments.scoring.few_image_measures import (
    discriminator_scores,
    roughness,
    spreads,
)
from gankit.metrics import (
    Extractor,
    FIDWeightsUnavailable,
    Scorer,
    copy_score,
    feature_set,
    inception_extractor,
    nearest,
)
from gankit.metrics.copying import EXPECTED, share_within

FEATURES = 768
RANGE = {"value_range": (0, 255)}
# Fewer pictures are for tests alone, which need no network of FID.
FEWEST = 150
THUMBNAIL = 8


def few_image_scorer(data, folder=None):
    """Scores samples on the way against one half of all pictures there are.

    The other half is the baseline, at an equal number of images. Halves are of all
    pictures, kept back or trained on: a generator that returns its training pictures
    scores best, so read the scores beside the shares of copies of `few_image_scores`.

    Args:
        data: The `gankit.datasets.ImageData`.
        folder: The data folder; not needed.

    Returns:
        A `gankit.metrics.Scorer`.
    """
    pictures = _all_pictures(data)
    half = len(pictures) // 2
    order = np.random.default_rng(0).permutation(len(pictures))
    first, second = pictures[order[:half]], pictures[order[half : 2 * half]]
    return Scorer(first, _extractor(data), other_real=second, **RANGE)


def few_image_scores(model, data, history):
    """Scores at the end of a GAN that learned from few pictures.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on, with or without test
            images.
        history: Its history, as `gankit.files.read_history` gives it.

    Returns:
        List of `gankit.metrics.Score`: losses, what the discriminator makes of
        training, held-out and generated images, how rough the generator's loss went,
        how much samples differ from each other, the distances of as many samples as
        there are pictures from all of these, and which share of samples are copies.
    """
    pictures = _all_pictures(data)
    fake = model.sample(len(pictures), seed=1)
    held_out = None if data.test is None else data.test.images
    return [
        *final_losses(history),
        *discriminator_scores(model, data.train.images, held_out, fake),
        *roughness(history),
        *spreads(fake, pictures),
        *_scores_of_features(fake, pictures, data),
    ]


def leave_one_out_copy_score(fake, train, *, extractor=None):
    """The share of samples that lie as near to a training picture as few others do.

    `gankit.metrics.copy_score` compares with pictures that were kept back. Where all
    were trained on, this compares with each of them left out in turn: a sample counts
    as a copy if its nearest training picture is at most as far away as only 5 % of
    the training pictures have their nearest other one.

    Args:
        fake: Features of generated images, `(m, d)`.
        train: Features of the training images, `(n, d)`.
        extractor: Name of what gave the features.

    Returns:
        A `gankit.metrics.Score`.
    """
    others = [
        nearest(train[i : i + 1], np.delete(train, i, axis=0))[1][0]
        for i in range(len(train))
    ]
    threshold = np.quantile(others, EXPECTED, method="weibull")
    return share_within(
        "copy score, one left out", threshold, fake, train, extractor=extractor
    )


def _scores_of_features(fake, pictures, data):
    """Distances from all pictures, and shares of copies of those trained on."""
    extractor = _extractor(data)
    fake, real = (feature_set(x, extractor, **RANGE) for x in (fake, pictures))
    scores = [
        dataclasses.replace(score, name=f"{score.name}, n = {fake.n:,}")
        for score in Scorer(real, extractor, **RANGE)(fake, **RANGE)
    ]
    # Those kept back come last.
    train, held_out = np.split(real.features, [len(data.train)])
    names = {"extractor": extractor.name}
    scores.append(leave_one_out_copy_score(fake.features, train, **names))
    if data.test is not None:
        copies = copy_score(fake.features, train=train, held_out=held_out, **names)
        scores.append(copies)
    return scores


def _all_pictures(data):
    """Training images, then those kept back."""
    if data.test is None:
        return data.train.images
    return np.concatenate([data.train.images, data.test.images])


def _extractor(data):
    if len(_all_pictures(data)) < FEWEST:
        return _thumbnails()
    try:
        return inception_extractor(FEATURES)
    except FIDWeightsUnavailable as error:
        warnings.warn(f"{error} Thumbnails take its place for now.", stacklevel=2)
        return _thumbnails()


def _thumbnails():
    """The pixels of 8 x 8 images, which tell little but need no network."""
    return Extractor(
        name=f"thumbnails:{THUMBNAIL}x{THUMBNAIL}",
        frechet_name="Fréchet distance of thumbnails",
        kernel_name="kernel distance of thumbnails",
        dimension=3 * THUMBNAIL**2,
        channels=3,
        resize=None,
        compute=_shrunk,
    )


def _shrunk(images):
    n, side, _, channels = images.shape
    step = side // THUMBNAIL
    blocks = images.reshape(n, THUMBNAIL, step, THUMBNAIL, step, channels)
    return blocks.mean(axis=(2, 4), dtype="float32").reshape(n, -1) / 255
