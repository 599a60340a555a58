"""Scores that most experiments share."""

import dataclasses
import functools
import math

import keras
import numpy as np
from keras import ops

from gankit.metrics import (
    Score,
    Scorer,
    class_imbalance,
    class_profile,
    classifier_for,
    inception_extractor,
)
from gankit.trainers import AdversarialModel, ConditionalGAN

# Samples to score: enough for three digits, and scored in seconds.
COUNT = 1000
# Images in a batch when the discriminator is scored.
BATCH_SIZE = 128


def adversarial_scores(model, data, history):
    """Final scores of an unconditional GAN that need no other network.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        history: Its history, as `gankit.files.read_history` gives it.

    Returns:
        List of `gankit.metrics.Score`: the final losses and those of
        `discriminator_scores`.
    """
    fake = model.sample(COUNT, seed=1)
    return [*final_losses(history), *discriminator_scores(model, data, fake)]


def discriminator_scores(model, data, fake):
    """Scores how well the discriminator tells real images from generated ones.

    The discriminator is called as in training: on batches of one kind, whose own
    statistics batch normalisation uses. The moving statistics mix real and generated
    batches, and would give other logits.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        fake: Its samples, uint8 `(n, height, width, channels)`. Those of a
            `gankit.ConditionalGAN` are of classes 0, 1, ... and start again at 0.

    Returns:
        List of `gankit.metrics.Score`, on training images and on held-out ones. The
        AUC is the probability that a real image gets a higher logit than a sample: 1/2
        for a discriminator that cannot tell, whatever the loss. Cross-entropy (in nats)
        and accuracy are added if the loss is a cross-entropy.
    """
    splits = {"training images": data.train, "held-out images": data.test}
    real = {
        kind: logits_of(model, split.images[:COUNT], split.labels)
        for kind, split in splits.items()
        if split is not None
    }
    fake = logits_of(model, fake, generated=True)
    scores = auc_scores(real, fake)
    if not model.adversarial_loss.in_nats:
        return scores
    # Logits of the right answer.
    for kind, logits in (*real.items(), ("generated images", -fake)):
        count = {"n_fake" if kind == "generated images" else "n_real": len(logits)}
        entropy = float(np.mean(np.logaddexp(0.0, -logits)))
        accuracy = float(np.mean(logits > 0))
        scores += [
            Score(f"discriminator cross-entropy, {kind}", entropy, **count),
            Score(f"discriminator accuracy, {kind}", accuracy, **count),
        ]
    return scores


def classifier_scorer(data, folder=None):
    """Scorer of samples by a small classifier of the data set; needs no download.

    Args:
        data: The `gankit.datasets.ImageData` that the model is trained on, with labels
            and test images.
        folder: The data folder, where the classifier is saved once it is trained.

    Returns:
        A `gankit.metrics.Scorer` against the first n test images. Its baseline takes n
        other images: the rest of the test images and then validation images, which
        neither network is trained on. n is 1,000 or as many as there are.
    """
    test = data.test.images
    extra = () if data.validation is None else (data.validation.images,)
    spare = np.concatenate([test, *extra])
    n = min(COUNT, len(test), len(spare) // 2)
    return Scorer(
        test[:n],
        classifier_for(data, folder=folder).extractor,
        value_range=(0, 255),
        other_real=spare[n : 2 * n],
    )


def fid_scorer(data, folder=None):
    """Scorer of photographs by the network of FID, at 768 features.

    Smoke runs have fewer than 200 test images, which a classifier of the data set
    scores.

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
    """Scores whether all classes are generated, and equally often.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        scorer: A scorer; only the classifier of the data set can be its extractor here.

    Returns:
        The `gankit.metrics.ClassProfile` of ten times as many samples as the scorer
        takes, and a list with the `Score` of their class imbalance. If the extractor is
        no classifier of the data, `None` and an empty list.
    """
    extractor = getattr(scorer, "extractor", None)
    if (
        not data.class_names
        or getattr(extractor, "logits", None) is None
        or not extractor.name.startswith(f"classifier-{data.name}")
    ):
        return None, []
    fake, real = (
        profile_of(images, extractor, data.class_names)
        for images in (model.sample(10 * scorer.n, seed=2), data.test.images)
    )
    return fake, [class_imbalance(fake, real, extractor=extractor.name)]


def profile_of(images, extractor, class_names):
    """The classes of images, as a classifier sees them.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        extractor: A `gankit.metrics.Extractor` with logits of these classes.
        class_names: Their names.

    Returns:
        A `gankit.metrics.ClassProfile`.
    """
    return class_profile(class_logits(images, extractor), class_names)


def class_logits(images, extractor):
    """The logits of many images by a `gankit.metrics.Extractor`, `(n, classes)`."""
    parts = np.array_split(images, math.ceil(len(images) / 256))
    return np.concatenate([extractor.logits(part) for part in parts])


def logits_of(model, images, labels=None, generated=False):
    """The discriminator's logits, computed as in training.

    Args:
        model: A `gankit.GAN`.
        images: uint8 array `(n, height, width, channels)`.
        labels: Their classes, for a `gankit.ConditionalGAN`; `None` for classes 0, 1,
            ... that start again at 0.
        generated: Whether the images are samples, which are not preprocessed.

    Returns:
        float64 array `(n,)`: the mean logit of each image.
    """
    count = math.ceil(len(images) / BATCH_SIZE)
    batches = [np.array_split(images, count)]
    # The model's own preprocessing, such as a crop, is for real images only.
    prepare = model.prepare
    if generated:
        prepare = functools.partial(AdversarialModel.prepare, model)
    if isinstance(model, ConditionalGAN):
        if labels is None:
            labels = np.arange(len(images), dtype="int32") % model.num_classes
        batches.append(np.array_split(labels[: len(images)], count))
    found = []
    for arrays in zip(*batches, strict=True):
        # Updates of the network's state are dropped with the scope.
        with keras.StatelessScope():
            batch = prepare([ops.convert_to_tensor(array) for array in arrays])
            logits = model.discriminator(
                list(batch) if isinstance(batch, tuple) else batch, training=True
            )
            logits = ops.cast(ops.stop_gradient(logits), "float32")
        found.append(ops.convert_to_numpy(logits))
    return np.concatenate(found).astype("float64").reshape(len(images), -1).mean(axis=1)


def auc_scores(real, fake):
    """Probability that a real image gets a higher logit than a sample; ties count half.

    Args:
        real: Dict from the kind of real images to their logits `(n,)`.
        fake: Logits of samples `(m,)`.

    Returns:
        List of `gankit.metrics.Score`, in the order of `real`.
    """
    ascending = np.sort(fake)
    scores = []
    for kind, logits in real.items():
        below = np.searchsorted(ascending, logits, "left")
        not_above = np.searchsorted(ascending, logits, "right")
        value = float(np.mean(below + not_above) / (2 * len(fake)))
        count = {"n_real": len(logits), "n_fake": len(fake)}
        scores.append(Score(f"discriminator AUC, {kind}", value, **count))
    return scores


def final_losses(history, names=("d_loss", "g_loss")):
    """Losses at the end: the mean of the last tenth of a history.

    Args:
        history: As `gankit.files.read_history` gives it.
        names: Names of the losses.

    Returns:
        List of `gankit.metrics.Score`.
    """
    rows = max(1, len(history["step"]) // 10)
    steps = int(history["step"][-1])
    note = f"mean of the last {rows} logged epochs of fit(), to step {steps}"
    return [
        Score(name, float(np.mean(history[name][-rows:])), warnings=(note,))
        for name in names
    ]


def with_suffix(scores, suffix):
    """Scores with a suffix to their names, such as `"n = 10,000"`."""
    return [dataclasses.replace(s, name=f"{s.name}, {suffix}") for s in scores]
