"""Scores of GANs that learn from so few images that hardly any are held out."""

import numpy as np

from gankit.experiments.scoring.adversarial import final_losses, with_suffix
from gankit.experiments.scoring.few_image_measures import (
    discriminator_scores,
    roughness,
    spreads,
)
from gankit.experiments.scoring.photographs import RANGE, available_inception
from gankit.metrics import Extractor, Scorer, copy_score, feature_set, nearest
from gankit.metrics.copying import EXPECTED, share_within

# Data sets with fewer images are for tests only, which need no network of FID.
FEWEST = 150
THUMBNAIL = 8


def few_image_scorer(data, folder=None):
    """Scorer of samples during training, against one half of all images.

    The other half gives the baseline with as many images. Both halves are drawn from
    all images, held out or trained on. A generator that returns its training images
    therefore scores best, so read these scores together with the shares of copies in
    `few_image_scores`.

    Args:
        data: The `gankit.datasets.ImageData`.
        folder: The data folder; not needed.

    Returns:
        A `gankit.metrics.Scorer`.
    """
    images = _all_images(data)
    half = len(images) // 2
    order = np.random.default_rng(0).permutation(len(images))
    first, second = images[order[:half]], images[order[half : 2 * half]]
    return Scorer(first, few_image_extractor(data), other_real=second, **RANGE)


def few_image_scores(model, data, history):
    """Final scores of a GAN that learned from few images.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on, with or without test
            images.
        history: Its history, as `gankit.files.read_history` gives it.

    Returns:
        List of `gankit.metrics.Score`: the final losses, scores of the discriminator,
        the roughness of the generator's loss, the variety of samples, distances between
        all images and as many samples, and the share of samples that are copies.
    """
    images = _all_images(data)
    fake = model.sample(len(images), seed=1)
    held_out = None if data.test is None else data.test.images
    return [
        *final_losses(history),
        *discriminator_scores(model, data.train.images, held_out, fake),
        *roughness(history),
        *spreads(fake, images),
        *_scores_of_features(fake, images, data),
    ]


def few_image_extractor(data):
    """The network of FID at 768 features, or thumbnails where there are few images.

    Args:
        data: The `gankit.datasets.ImageData`. Fewer than 150 images are for tests.

    Returns:
        A `gankit.metrics.Extractor`. Its features are thumbnails of 8 x 8 pixels for so
        few images, or if the weights of the network of FID are not at hand.
    """
    found = None
    if len(_all_images(data)) >= FEWEST:
        found = available_inception("Thumbnails take its place for now.")
    # Thumbnails tell little, but need no network.
    return found or Extractor(
        name=f"thumbnails:{THUMBNAIL}x{THUMBNAIL}",
        frechet_name="Fréchet distance of thumbnails",
        kernel_name="kernel distance of thumbnails",
        dimension=3 * THUMBNAIL**2,
        channels=3,
        resize=None,
        compute=_thumbnails,
    )


def leave_one_out_copy_score(fake, train, *, extractor=None):
    """The share of samples that are copies of training images, without held-out images.

    `gankit.metrics.copy_score` needs held-out images for comparison. If there are none,
    this function leaves out each training image in turn and measures its distance from
    the nearest other one. A sample counts as a copy if it is nearer to a training image
    than the 5 % quantile of these distances.

    Args:
        fake: Features of generated images, `(m, d)`.
        train: Features of the training images, `(n, d)`.
        extractor: Name of the extractor of the features.

    Returns:
        A `gankit.metrics.Score`.
    """
    others = [
        nearest(train[i : i + 1], np.delete(train, i, axis=0))[1][0]
        for i in range(len(train))
    ]
    threshold = np.quantile(others, EXPECTED, method="weibull")
    name = "copy score, one left out"
    return share_within(name, threshold, fake, train, extractor=extractor)


def _scores_of_features(fake, images, data):
    """Distances from all images, and shares of copies of the training images."""
    extractor = few_image_extractor(data)
    fake, real = (feature_set(x, extractor, **RANGE) for x in (fake, images))
    scores = Scorer(real, extractor, **RANGE)(fake, **RANGE)
    scores = with_suffix(scores, f"n = {fake.n:,}")
    # The held-out images come last.
    train, held_out = np.split(real.features, [len(data.train)])
    name = {"extractor": extractor.name}
    scores.append(leave_one_out_copy_score(fake.features, train, **name))
    if data.test is not None:
        copies = copy_score(fake.features, train=train, held_out=held_out, **name)
        scores.append(copies)
    return scores


def _all_images(data):
    """The training images, then the held-out ones."""
    if data.test is None:
        return data.train.images
    return np.concatenate([data.train.images, data.test.images])


def _thumbnails(images):
    n, side, _, channels = images.shape
    step = side // THUMBNAIL
    blocks = images.reshape(n, THUMBNAIL, step, THUMBNAIL, step, channels)
    return blocks.mean(axis=(2, 4), dtype="float32").reshape(n, -1) / 255
