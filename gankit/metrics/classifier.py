"""Small classifiers trained on the data set at hand: features without a download."""

import contextlib
import functools
import hashlib
import json
import math
import os
import re
import sys
import time
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from gankit import device
from gankit.datasets import Batches, ImageData, Split, data_folder
from gankit.metrics.classifier_networks import RECIPES
from gankit.metrics.extractors import Extractor
from gankit.metrics.images import uint8_batches

MINIMUM_STEPS = 100
METADATA = (
    *("data_name", "data_fingerprint", "class_names", "seed", "architecture"),
    *("test_accuracy", "test_n", "tested_on"),
)


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained network, and how good it is on images that it never saw.

    Attributes:
        model: `keras.Model` from images `(n, height, width, channels)` of levels 0 to
            255 to logits `(n, classes)`; float32 whatever the policy.
        data_name: Name of the data set that it was trained on.
        data_fingerprint: Fingerprint of that data set.
        class_names: Names of its classes.
        seed: Seed of its training.
        test_accuracy: Share of real test images that it gets right.
        test_n: How many those were.
        tested_on: Which those were, in words: `"test images"`, or others where the
            data set has none.
        architecture: A key of `gankit.metrics.classifier_networks.RECIPES`.
    """

    model: keras.Model
    data_name: str
    data_fingerprint: str
    class_names: tuple[str, ...]
    seed: int
    test_accuracy: float
    test_n: int
    tested_on: str
    architecture: str = "pooled"

    @functools.cached_property
    def weights_hash(self):
        """The first 8 hexadecimal digits of the SHA-256 of all weights."""
        digest = hashlib.sha256()
        for array in self.model.get_weights():
            digest.update(f"{array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()[:8]

    @property
    def _kind(self):
        suffix = "" if self.architecture == "pooled" else f"/{self.architecture}"
        return self.data_name + suffix

    @property
    def name(self):
        """What the classifier is, in one line."""
        return (
            f"classifier-{self._kind}, {100 * self.test_accuracy:.1f} % on "
            f"{self.test_n:,} {self.tested_on}, weights {self.weights_hash}"
        )

    @functools.cached_property
    def extractor(self):
        """The `Extractor` of what comes just before its logits, 64 features if pooled.

        Those are the means over all positions of rectified maps, as FID's are: a mean
        of many is nearer to the normal distribution that the Fréchet distance assumes
        than one rectified unit. They are few, so that 65 images give a covariance of
        full rank.
        """
        return Extractor(
            name=self.name,
            frechet_name=f"FCD-{self._kind}",
            kernel_name=f"KCD-{self._kind}",
            dimension=self.model.get_layer("features").output.shape[-1],
            channels=self.model.input_shape[-1],
            resize=None,
            compute=lambda images: self._outputs(images)[0],
            logits=lambda images: self._outputs(images)[1],
        )

    def predict_logits(self, images, *, value_range, batch_size=256):
        """The logits of images.

        Args:
            images: As `gankit.metrics.images.uint8_batches` takes them, of the size
                of the data set.
            value_range: Range of floating-point images, `(low, high)`.
            batch_size: Images that the network sees at once.

        Returns:
            float32 array `(n, classes)`.

        Raises:
            ValueError: If the images do not fit.
        """
        batches = uint8_batches(
            images,
            value_range=value_range,
            channels=self.extractor.channels,
            batch_size=batch_size,
        )
        return np.concatenate([self.extractor.logits(batch) for batch in batches])

    def predict(self, images, *, value_range, batch_size=256):
        """The classes of images; arguments as in `predict_logits`.

        Returns:
            Numbers of the likeliest classes, `(n,)`, and the probabilities of all,
            float64 `(n, classes)`.
        """
        logits = self.predict_logits(
            images, value_range=value_range, batch_size=batch_size
        ).astype("float64")
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return logits.argmax(axis=1), odds / odds.sum(axis=1, keepdims=True)

    def save(self, path):
        """Writes the classifier into one `.npz` file, which is never half written."""
        path = Path(path)
        metadata = {key: getattr(self, key) for key in METADATA}
        metadata |= {
            "image_shape": self.model.input_shape[1:],
            "weights_hash": self.weights_hash,
        }
        temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
        with temporary.open("wb") as file:
            np.savez(file, *self.model.get_weights(), metadata=json.dumps(metadata))
        os.replace(temporary, path)

    @classmethod
    def load(cls, path):
        """Reads a classifier that `save` wrote.

        Raises:
            ValueError: If the file is damaged, or its weights are not those that were
                tested.
        """
        advice = "delete it and train the classifier anew."
        try:
            # np.load leaves a damaged file open that it opened itself.
            with Path(path).open("rb") as file, np.load(file) as archive:
                metadata = json.loads(str(archive["metadata"]))
                weights = [archive[f"arr_{i}"] for i in range(len(archive.files) - 1)]
            shape, weights_hash = (
                metadata.pop(key) for key in ("image_shape", "weights_hash")
            )
            metadata["class_names"] = tuple(metadata["class_names"])
            with _float32():
                recipe = RECIPES[metadata.get("architecture", "pooled")]
                model = recipe.build(tuple(shape), len(metadata["class_names"]), 0)
            model.set_weights(weights)
            classifier = cls(model, **metadata)
        except FileNotFoundError:
            raise
        except (
            *(OSError, EOFError, KeyError, TypeError, ValueError),
            zipfile.BadZipFile,
        ) as error:
            raise ValueError(
                f"Expected a classifier in {path}, received a file that is damaged or "
                f"of another kind or version: {advice}"
            ) from error
        if classifier.weights_hash != weights_hash:
            raise ValueError(
                f"Expected weights {weights_hash} in {path}, which are the ones that "
                f"were tested, received {classifier.weights_hash}: {advice}"
            )
        return classifier

    @functools.cached_property
    def _both(self):
        features = self.model.get_layer("features").output
        with _float32():
            both = keras.Model(self.model.input, [features, self.model.output])
        if device.default_jit_compile() != "auto":
            both.jit_compile = device.default_jit_compile()
        return both

    def _outputs(self, images):
        expected = self.model.input_shape[1:]
        if images.shape[1:] != expected:
            raise ValueError(
                f"Expected images of {expected[0]} x {expected[1]} pixels, as "
                f"{self.name} was trained on those, received {images.shape[1]} x "
                f"{images.shape[2]}: resize them, or train a classifier on such images."
            )
        return [np.asarray(y, "float32") for y in self._both.predict_on_batch(images)]


def train_classifier(data, *, seed=0, architecture="pooled"):
    """Trains a small convolutional network to tell the classes of a data set apart.

    It is trained on the training images alone and tested on the test images; where
    there are none, on the validation images, else on a tenth of the training images
    that is held back. Two trainings from one seed give the same weights on one
    machine, and neither global seeds nor the policy of precision are touched, so that
    a training in progress goes on as if nothing had happened. Colour images are
    mirrored and shifted at random. A progress bar on stderr tells the time left.

    Args:
        data: `ImageData` with labels.
        seed: Seed of the weights and of the batches, a whole number from 0.
        architecture: A key of `gankit.metrics.classifier_networks.RECIPES`:
            `"pooled"`, or `"mnist_cnn"` for small grey images.

    Returns:
        A `Classifier`.

    Raises:
        ValueError: If there are no labels, or fewer than two classes; if there is no
            such architecture.
    """
    if architecture not in RECIPES:
        raise ValueError(
            f"Expected architecture to be one of {', '.join(RECIPES)}, received "
            f"{architecture!r}: choose one of these."
        )
    recipe = RECIPES[architecture]
    train, test, tested_on = divide(data, seed)
    with _float32():
        model = recipe.build(data.image_shape, data.num_classes, seed)
        _fit(model, recipe, train, seed, f"training a classifier on {data.name}")
        logits = model.predict(test.images, batch_size=256, verbose=0)
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
    """The classifier of a data set, trained once and kept in the data folder.

    It is kept by the fingerprint of the data and the seed, so that a changed data set
    gets another; and scores of two runs are comparable, as one network gives them.

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
    path = data_folder(folder) / "classifiers"
    kind = "" if architecture == "pooled" else f"-{architecture}"
    path /= f"{name}-{data.fingerprint[:16]}{kind}-seed-{seed}.npz"
    if path.exists():
        return Classifier.load(path)
    start = time.monotonic()
    classifier = train_classifier(data, seed=seed, architecture=architecture)
    seconds = time.monotonic() - start
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        classifier.save(path)
    except OSError as error:
        warnings.warn(
            f"{classifier.name} cannot be kept in {path.parent} ({error.strerror}) "
            "and is trained anew next time: choose another data folder.",
            stacklevel=2,
        )
    else:
        print(
            f"gankit: {classifier.name}; trained in {seconds:.0f} s and kept in {path}",
            file=sys.stderr,
        )
    return classifier


def _check_labels(data):
    if not isinstance(data, ImageData) or data.train.labels is None:
        raise ValueError(
            f"Expected images with labels to train a classifier on, received "
            f"{data.name} without: choose a data set with labels such as mnist() or "
            "digits(), train_domain_classifier for two domains, or score with "
            "inception_extractor(features=768), which needs no labels."
        )
    if data.num_classes < 2:
        raise ValueError(
            f"Expected at least two classes to tell apart, received "
            f"{data.num_classes} in {data.name}: choose another data set, or score "
            "with inception_extractor(features=768), which needs no labels."
        )


def divide(data, seed):
    """Divides a labelled data set into what classifiers are trained and tested on.

    Args:
        data: `ImageData` with labels.
        seed: Seed of the choice where training images must be held back.

    Returns:
        `Split` to train on, `Split` to test on, and in words which the latter is.

    Raises:
        ValueError: If there are no labels, or fewer than two classes.
    """
    _check_labels(data)
    if data.test is not None:
        return data.train, data.test, "test images"
    if data.validation is not None:
        return data.train, data.validation, "validation images"
    train = data.train
    # Batches' own way to an order that every version of NumPy gives.
    order = np.argsort(np.random.Philox(seed).random_raw(len(train)), kind="stable")
    count = -(-len(train) // 10)
    held_back, rest = order[:count], order[count:]
    return (
        Split(train.images[rest], train.labels[rest]),
        Split(train.images[held_back], train.labels[held_back]),
        "training images held back",
    )


@contextlib.contextmanager
def _float32():
    """The policy of whoever calls is not the classifier's."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def _fit(model, recipe, train, seed, caption):
    height, width, channels = model.input_shape[1:]
    # Large images would not fit into memory by the hundred.
    batch_size = 128 if max(height, width) <= 64 else 32
    steps = math.ceil(recipe.passes(channels) * len(train) / batch_size)
    steps = max(MINIMUM_STEPS, steps)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=device.default_jit_compile(),
    )
    batches = Batches(train.images, train.labels, batch_size=batch_size, seed=seed)
    for step in tqdm(range(steps), desc=caption, unit="step"):
        images, labels = batches[step]
        if channels == 3:
            images = _mirror_and_shift(images, np.random.default_rng((seed, step)))
        model.train_on_batch(images, labels)


def _mirror_and_shift(images, random):
    """Shifts each image by up to an eighth, its border reflected; mirrors half."""
    n, height, width, _ = images.shape
    margins = (height // 8, width // 8)
    padded = np.pad(
        images, ((0, 0), *((m, m) for m in margins), (0, 0)), mode="reflect"
    )
    rows, columns = (
        random.integers(0, 2 * margin + 1, (n, 1)) + np.arange(size)
        for margin, size in zip(margins, (height, width), strict=True)
    )
    mirrored = random.random((n, 1)) < 0.5
    columns = np.where(mirrored, columns[:, ::-1], columns)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None]]
