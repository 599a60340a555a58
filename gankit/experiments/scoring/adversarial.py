"""Scores that the experiments share."""

import functools
import math

import keras
import numpy as np
from keras import ops

from gankit.metrics import (
    Score,
    Scorer,
    class_imbalance,
    classifier_for,
    inception_extractor,
)
from gankit.metrics import class_profile
from gankit.trainers import AdversarialModel, ConditionalGAN

# Samples that are scored: enough for three digits, few enough for seconds.
COUNT = 1000
# Images that the discriminator sees at once when it is scored.
BATCH_SIZE = 128


def adversarial_scores(model, data, history):
    """Scores of an unconditional GAN that need no other network.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        history: Its history, as `gankit.files.read_history` gives it.

    Returns:
        List of `gankit.metrics.Score`: the losses at the end, and what the
        discriminator makes of training, held-out and generated images.
    """
    return [
        *final_losses(history),
        *discriminator_scores(model, data, model.sample(COUNT, seed=1)),
    ]


def discriminator_scores(model, data, fake):
    """What the discriminator makes of training, held-out and generated images.

    It is called as in the game, on batches of one kind whose statistics batch
    normalisation takes: by its moving statistics, which mix real and generated
    batches, it would judge all else.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        fake: Its samples, uint8 `(n, height, width, channels)`; of a
            `gankit.ConditionalGAN` of its classes in turn.

    Returns:
        List of `gankit.metrics.Score`. AUC is the probability that a real image is
        rated above a sample: 1/2 for a discriminator that cannot tell, whatever the
        loss. Cross-entropy (in nats) and accuracy are added where the loss has them.
    """
    splits = {"training images": data.train, "held-out images": data.test}
    logits = {
        what: logits_of(model, split.images[:COUNT], split.labels)
        for what, split in splits.items()
        if split is not None
    }
    generated = logits_of(model, fake, generated=True)
    scores = auc_scores(logits, generated)
    if not model.adversarial_loss.in_nats:
        return scores
    for what, signed in (*logits.items(), ("generated images", -generated)):
        count = {"n_fake" if what == "generated images" else "n_real": len(signed)}
        entropy = float(np.mean(np.logaddexp(0.0, -signed)))
        accuracy = float(np.mean(signed > 0))
        scores += [
            Score(f"discriminator cross-entropy, {what}", entropy, **count),
            Score(f"discriminator accuracy, {what}", accuracy, **count),
        ]
    return scores


def classifier_scorer(data, folder=None):
    """Scores samples by a small classifier of the data set, which needs no network.

    Args:
        data: The `gankit.datasets.ImageData` that the model is trained on, with labels
            and test images.
        folder: The data folder, where the classifier is kept once it is trained.

    Returns:
        A `gankit.metrics.Scorer` against the first test images, at most 1,000 and so
        many that as many others are left for its baseline: of the test images and,
        after these, of the validation images, which neither network was trained on.
    """
    extractor = classifier_for(data, folder=folder).extractor
    test = data.test.images
    spare = (
        test
        if data.validation is None
        else np.concatenate([test, data.validation.images])
    )
    n = min(COUNT, len(test), len(spare) // 2)
    return Scorer(
        test[:n], extractor, value_range=(0, 255), other_real=spare[n : 2 * n]
    )


def fid_scorer(data, folder=None):
    """Scores photographs by the network of FID, at 768 features.

    Where fewer than 200 test images say that these are for tests alone, a classifier
    of the data set takes its place.

    Args:
        data: The `gankit.datasets.ImageData` that the model is trained on, with test
            images.
        folder: The data folder.

    Returns:
        A `gankit.metrics.Scorer` against one half of the test images, whose baseline
        is the other half.
    """
    test = data.test.images
    half = len(test) // 2
    if half < 100:
        return classifier_scorer(data, folder)
    return Scorer(
        test[:half],
        inception_extractor(768),
        value_range=(0, 255),
        other_real=test[half : 2 * half],
    )


def class_scores(model, data, scorer):
    """Classes of many samples: is every class made, and as often as it should be?

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        scorer: A scorer whose extractor may be that of a classifier of the data.

    Returns:
        The `gankit.metrics.ClassProfile` of ten times as many samples as are scored
        otherwise, and a list with the `Score` of the imbalance; `None` and an empty
        list where there is no such classifier.
    """
    extractor = getattr(scorer, "extractor", None)
    if not data.class_names or getattr(extractor, "logits", None) is None:
        return None, []
    if not extractor.name.startswith(f"classifier-{data.name}"):
        return None, []
    fake, real = (
        profile_of(images, extractor, data.class_names)
        for images in (model.sample(10 * scorer.n, seed=2), data.test.images)
    )
    return fake, [class_imbalance(fake, real, extractor=extractor.name)]


def profile_of(images, extractor, class_names):
    """The `gankit.metrics.ClassProfile` of images by a classifier.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        extractor: A `gankit.metrics.Extractor` with logits of these classes.
        class_names: Their names.
    """
    return class_profile(class_logits(images, extractor), class_names)


def class_logits(images, extractor):
    """The logits of many images by a `gankit.metrics.Extractor`, `(n, classes)`."""
    parts = np.array_split(images, math.ceil(len(images) / 256))
    return np.concatenate([extractor.logits(part) for part in parts])


def logits_of(model, images, labels=None, generated=False):
    """The discriminator's logits, as in the game.

    Args:
        model: A `gankit.GAN`.
        images: uint8 array `(n, height, width, channels)`.
        labels: Their classes; of a `gankit.ConditionalGAN` alone, and `None` for all
            classes in turn.
        generated: Whether they are samples, which the model does not preprocess.

    Returns:
        float64 array `(n,)`: the mean of each image's logits.
    """
    parts = math.ceil(len(images) / BATCH_SIZE)
    batches = [np.array_split(images, parts)]
    # What a model does to real images alone, such as to crop them, is for those.
    prepare = (
        functools.partial(AdversarialModel.prepare, model)
        if generated
        else model.prepare
    )
    if isinstance(model, ConditionalGAN):
        if labels is None:
            labels = np.arange(len(images), dtype="int32") % model.num_classes
        batches.append(np.array_split(labels[: len(images)], parts))
    found = []
    for part in zip(*batches, strict=True):
        # What the call changes in the network stays in the scope.
        with keras.StatelessScope():
            batch = prepare([ops.convert_to_tensor(array) for array in part])
            logits = model.discriminator(
                list(batch) if isinstance(batch, tuple) else batch, training=True
            )
            logits = ops.cast(ops.stop_gradient(logits), "float32")
        found.append(ops.convert_to_numpy(logits))
    return np.concatenate(found).astype("float64").reshape(len(images), -1).mean(axis=1)


def auc_scores(logits, generated):
    """How often real images are rated above samples; ties count half.

    Args:
        logits: Dict from what real images are to their logits `(n,)`.
        generated: Logits of samples `(m,)`.

    Returns:
        List of `gankit.metrics.Score`, in that order.
    """
    ordered = np.sort(generated)
    scores = []
    for what, real in logits.items():
        below = np.searchsorted(ordered, real, "left")
        not_above = np.searchsorted(ordered, real, "right")
        value = float(np.mean(below + not_above) / (2 * len(generated)))
        count = {"n_real": len(real), "n_fake": len(generated)}
        scores.append(Score(f"discriminator AUC, {what}", value, **count))
    return scores


def final_losses(history):
    rows = max(1, len(history["step"]) // 10)
    steps = int(history["step"][-1])
    note = f"mean of the last {rows} logged epochs of fit(), to step {steps}"
    return [
        Score(name, float(np.mean(history[name][-rows:])), warnings=(note,))
        for name in ("d_loss", "g_loss")
    ]
