"""Scores of GANs that learn from two hundred pictures, few of which can be kept back."""

import warnings

import keras
import numpy as np
from keras import ops

from gankit.experiments.scoring import adversarial_scores
from gankit.metrics import (
    Extractor,
    FIDWeightsUnavailable,
    Score,
    Scorer,
    baselines,
    copy_score,
    inception_extractor,
    nearest,
)
from gankit.metrics.classifier_scores import share_score
from gankit.metrics.copying import EXPECTED
from gankit.trainers import AdversarialModel

FEATURES = 768
RANGE = {"value_range": (0, 255)}
# Fewer pictures are for tests alone, which need no network of FID.
FEWEST = 150
THUMBNAIL = 8
# Values of a discriminator above which it takes an image for real; elsewhere 0.
HALFWAY = {"least_squares": 0.5}


def few_image_scorer(data, folder=None):
    """Scores samples against all pictures there are, kept back or trained on.

    A generator that returns its training pictures scores best, so read the scores
    beside `few_image_scores`' shares of copies.

    Args:
        data: The `gankit.datasets.ImageData`.
        folder: The data folder; not needed.

    Returns:
        A `gankit.metrics.Scorer` whose baseline is one half of the pictures against
        the other: at half the number of images its kernel distance, which has no
        bias, can be compared, its Fréchet distance cannot.
    """
    pictures = _all_pictures(data)
    extractor = _extractor(data)
    scorer = Scorer(pictures, extractor, **RANGE)
    scorer.baselines = baselines(pictures, extractor, **RANGE)
    return scorer


def few_image_scores(model, data, history):
    """Scores at the end of a GAN that learned from few pictures.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on. Test images that are
            the training images themselves count as none.
        history: Its history, as `gankit.history.read` gives it.

    Returns:
        List of `gankit.metrics.Score`: losses, what the discriminator makes of
        training, held-out and generated images, how rough the generator's loss went,
        how much samples differ from each other, and which share of them are copies.
    """
    pictures = _all_pictures(data)
    fake = model.sample(len(pictures), seed=1)
    scores = adversarial_scores(model, data, history)
    if not _keeps_back(data):
        scores = [score for score in scores if "held-out" not in score.name]
    return [
        *scores,
        *_accuracies(model, data, fake),
        *roughness(history),
        *_spreads(fake, pictures),
        *_copies(fake, data),
    ]


def roughness(history):
    """How rough the generator's loss went.

    Args:
        history: As `gankit.history.read` gives it.

    Returns:
        List with one `gankit.metrics.Score`: the mean size of the second difference
        of the logged losses, divided by their mean. Empty where fewer than three were
        logged, or where the mean, as that of the hinge loss, may be anything.
    """
    losses = history["g_loss"]
    if len(losses) < 3 or np.min(losses) <= 0:
        return []
    value = np.mean(np.abs(np.diff(losses, n=2))) / np.mean(losses)
    note = f"of {len(losses):,} losses, each a mean of as many steps"
    return [Score("roughness of g_loss", float(value), warnings=(note,))]


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
    _, distances = nearest(fake, train)
    return share_score(
        "copy score, one left out",
        np.sum(distances <= threshold),
        len(distances),
        n_real=len(train),
        n_fake=len(distances),
        extractor=extractor,
    )


def _copies(fake, data):
    extractor = _extractor(data)
    fake, train = (extractor(x, **RANGE) for x in (fake, data.train.images))
    scores = [leave_one_out_copy_score(fake, train, extractor=extractor.name)]
    if _keeps_back(data):
        held_out = extractor(data.test.images, **RANGE)
        names = {"extractor": extractor.name}
        scores.append(copy_score(fake, train=train, held_out=held_out, **names))
    return scores


def _accuracies(model, data, fake):
    """Shares of images that the discriminator takes for what they are."""
    sets = {"training": data.train.images}
    if _keeps_back(data):
        sets["held-out"] = data.test.images
    halfway = HALFWAY.get(model.losses_name, 0.0)

    def accuracy(what, prepare, images, *, real):
        # What the call changes in the network stays in the scope.
        with keras.StatelessScope():
            prepared = prepare(ops.convert_to_tensor(images))
            logits = model.discriminator(prepared, training=True)
        logits = ops.convert_to_numpy(ops.cast(ops.stop_gradient(logits), "float32"))
        right = (logits > halfway) == real
        count = {"n_real" if real else "n_fake": len(images)}
        name = f"discriminator accuracy, {what} images"
        return share_score(name, right.sum(), right.size, **count)

    def as_they_are(images):
        return AdversarialModel.prepare(model, images)

    return [
        *(accuracy(w, model.prepare, images, real=True) for w, images in sets.items()),
        accuracy("generated", as_they_are, fake, real=False),
    ]


def _spreads(fake, real):
    """How much samples differ from each other, as multiples of what real ones do."""
    count = {"n_real": len(real), "n_fake": len(fake)}
    fake, real = (images.astype("float32") for images in (fake, real))
    measures = {
        # The root of the mean squared distance of two pictures, up to one factor.
        "pairwise distance": lambda x: np.sqrt(np.var(x, axis=0, ddof=1).sum()),
        "spread of brightness": lambda x: np.std(x.mean((1, 2, 3))),
        "spread of contrast": lambda x: np.std(x.std((1, 2, 3))),
        "spread of saturation": lambda x: np.std(x.std(axis=3).mean((1, 2))),
    }
    return [
        Score(f"{name}, relative to real", float(of(fake) / of(real)), **count)
        for name, of in measures.items()
    ]


def _keeps_back(data):
    return data.test.images is not data.train.images


def _all_pictures(data):
    if not _keeps_back(data):
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
    return blocks.mean(axis=(2, 4), dtype="float32").reshape(n, -1)
