"""Trains small classifiers on your data set: features without a download."""

import math
import re
import sys
import time

import keras
import numpy as np

from gankit.backend import device
from gankit.backend.arguments import check_choice
from gankit.backend.prediction import predict
from gankit.backend.progress_bar import progress_bar
from gankit.datasets import Batches, ImageData, Split, data_folder
from gankit.files import SHIPPED, save_if_possible
from gankit.metrics.classifiers.classifier import Classifier, float32_policy
from gankit.metrics.classifiers.networks import RECIPES

MINIMUM_STEPS = 100


def train_classifier(data, *, seed=0, architecture="pooled"):
    """Trains a small convolutional network to classify a data set.

    It is trained on the training images and tested on the test images, or else on the
    validation images, or else on a tenth of the training images, which is held out.
    Training twice with one seed gives the same weights on the same machine. Global
    seeds and the dtype policy do not change, so a training in progress is not affected.
    Colour images are randomly mirrored and shifted. A progress bar is shown on stderr.

    Args:
        data: `ImageData` with labels.
        seed: Seed of the weights and of the batches, an integer from 0.
        architecture: A key of `gankit.metrics.classifiers.networks.RECIPES`:
            `"pooled"`, or `"mnist_cnn"` for small grey images.

    Returns:
        A `Classifier`.

    Raises:
        ValueError: If there are no labels or fewer than two classes, or the
            architecture is unknown.
    """
    check_choice("architecture to be one of", architecture, RECIPES)
    recipe = RECIPES[architecture]
    train, test, tested_on = train_test_split(data, seed)
    with float32_policy():
        model = recipe.build(data.image_shape, data.num_classes, seed)
        _fit(model, recipe, train, seed, f"training a classifier on {data.name}")
        logits = predict(model, test.images, batch_size=256)
    return Classifier(
        model,
        data_name=data.name,
        data_fingerprint=data.fingerprint,
        class_names=data.class_names or tuple(map(str, range(data.num_classes))),
        seed=seed,
        test_accuracy=float(np.mean(logits.argmax(axis=1) == test.labels)),
        test_n=len(test),
        tested_on=tested_on,
        architecture=architecture,
    )


def classifier_for(data, *, seed=0, folder=None, architecture="pooled"):
    """Returns the classifier of a data set: one that comes with gankit, or a new one.

    gankit brings the classifiers of the data sets in its saved results, because another
    machine would train another network, whose scores cannot be compared. A classifier
    of other data is trained once and saved in the data folder. The file name contains
    the fingerprint of the data and the seed, so a changed data set gets a new one.

    Args:
        data: `ImageData` with labels.
        seed: Seed of its training.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.
        architecture: As in `train_classifier`.

    Returns:
        A `Classifier`.

    Raises:
        ValueError: If there are no labels, or the file is damaged.
    """
    _check_labels(data)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", data.name)
    kind = "" if architecture == "pooled" else f"-{architecture}"
    file = f"{name}-{data.fingerprint[:16]}{kind}-seed-{seed}.npz"
    path = data_folder(folder) / "classifiers" / file
    for known in (*(place / "weights/classifiers" / file for place in SHIPPED), path):
        if known.exists():
            return Classifier.load(known)
    start = time.monotonic()
    classifier = train_classifier(data, seed=seed, architecture=architecture)
    seconds = time.monotonic() - start
    if save_if_possible(path, classifier.save, classifier.name):
        print(
            f"gankit: {classifier.name}; trained in {seconds:.0f} s, saved in {path}",
            file=sys.stderr,
        )
    return classifier


def _check_labels(data):
    if not isinstance(data, ImageData) or data.train.labels is None:
        raise ValueError(
            f"Expected images with labels to train a classifier on, received "
            f"{data.name} without: choose a data set with labels such as mnist() or "
            "digits(), domain_classifier_for for two domains, or score with "
            "inception_extractor(features=768), which needs no labels."
        )
    if data.num_classes < 2:
        raise ValueError(
            f"Expected at least two classes to classify, received "
            f"{data.num_classes} in {data.name}: choose another data set, or score "
            "with inception_extractor(features=768), which needs no labels."
        )


def train_test_split(data, seed):
    """Divides a labelled data set into the training and test images of a classifier.

    Args:
        data: `ImageData` with labels.
        seed: Seed of the random choice, if training images must be held out.

    Returns:
        `Split` to train on, `Split` to test on, and a description of the latter.

    Raises:
        ValueError: If there are no labels, or fewer than two classes.
    """
    _check_labels(data)
    if data.test is not None:
        return data.train, data.test, "test images"
    if data.validation is not None:
        return data.train, data.validation, "validation images"
    train = data.train
    # As in `Batches`, every version of NumPy gives this order.
    order = np.argsort(np.random.Philox(seed).random_raw(len(train)), kind="stable")
    count = -(-len(train) // 10)
    held_out, rest = order[:count], order[count:]
    return (
        Split(train.images[rest], train.labels[rest]),
        Split(train.images[held_out], train.labels[held_out]),
        # This wording is part of the names of saved classifiers and scores.
        "training images held back",
    )


def _fit(model, recipe, train, seed, caption):
    height, width, channels = model.input_shape[1:]
    # A hundred large images would not fit into memory.
    batch_size = 128 if max(height, width) <= 64 else 32
    steps = math.ceil(recipe.epochs(channels) * len(train) / batch_size)
    steps = max(MINIMUM_STEPS, steps)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=device.default_jit_compile(),
    )
    batches = Batches(train.images, train.labels, batch_size=batch_size, seed=seed)
    for step in progress_bar(range(steps), desc=caption, unit="step"):
        images, labels = batches[step]
        if channels == 3:
            images = _mirror_and_shift(images, np.random.default_rng((seed, step)))
        model.train_on_batch(images, labels)


def _mirror_and_shift(images, random):
    """Shifts images by up to an eighth, with reflected borders, and mirrors half."""
    sides = images.shape[1:3]
    margins = [(side // 8, side // 8) for side in sides]
    padded = np.pad(images, ((0, 0), *margins, (0, 0)), mode="reflect")
    shifted = random_crops(padded, sides, random)
    mirrored = random.random((len(images), 1, 1, 1)) < 0.5
    return np.where(mirrored, shifted[:, :, ::-1], shifted)


def random_crops(images, sides, random):
    """Crops each image at a random place.

    Args:
        images: Array `(n, height, width, channels)`.
        sides: Height and width of a crop, at most those of the images.
        random: NumPy generator of the places.

    Returns:
        Array `(n, *sides, channels)`.
    """
    rows, columns = (
        random.integers(0, whole - side + 1, (len(images), 1)) + np.arange(side)
        for whole, side in zip(images.shape[1:3], sides, strict=True)
    )
    n = np.arange(len(images))[:, None, None]
    return images[n, rows[:, :, None], columns[:, None]]
