"""A small classifier of a data set: its network, its accuracy and its file."""

import contextlib
import functools
import hashlib
import json
from dataclasses import dataclass, fields

import keras
import numpy as np
from scipy.special import softmax

from gankit.backend import device
from gankit.files import atomic, open_npz
from gankit.metrics.classifiers.networks import RECIPES
from gankit.metrics.features.extractor import Extractor
from gankit.metrics.features.images import uint8_batches


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained network, and its accuracy on images that it never saw.

    Attributes:
        model: `keras.Model` from images `(n, height, width, channels)` with levels 0 to
            255 to logits `(n, classes)`; float32 under any policy.
        data_name: Name of the data set that it was trained on.
        data_fingerprint: Fingerprint of that data set.
        class_names: Names of its classes.
        seed: Seed of its training.
        test_accuracy: Share of correctly classified real test images.
        test_n: Number of these test images.
        tested_on: Which images these were, in words: `"test images"`, or others if the
            data set has none.
        architecture: A key of `gankit.metrics.classifiers.networks.RECIPES`.
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
        """Data set, accuracy and weights of the classifier, in one line."""
        return (
            f"classifier-{self._kind}, {100 * self.test_accuracy:.1f} % on "
            f"{self.test_n:,} {self.tested_on}, weights {self.weights_hash}"
        )

    @functools.cached_property
    def extractor(self):
        """The `Extractor` of the layer before the logits, 64 features if `"pooled"`.

        As in FID, a feature is the mean of a ReLU feature map over all positions. Such
        a mean is closer to the normal distribution, which the Fréchet distance assumes,
        than a single ReLU unit. With so few features, 65 images are enough for a
        covariance of full rank.
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
            sliced_name=f"MCD-{self._kind}",
        )

    def predict_logits(self, images, *, value_range=None, batch_size=256):
        """Computes the logits of images.

        Args:
            images: Images of the size of the data set, in any form that
                `features.images.uint8_batches` accepts.
            value_range: Range of floating-point images, `(low, high)`.
            batch_size: Number of images in one call of the network.

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

    def predict(self, images, *, value_range=None, batch_size=256):
        """Predicts the classes of images. The arguments are those of `predict_logits`.

        Returns:
            Numbers of the most likely classes, `(n,)`, and the probabilities of all
            classes, float64 `(n, classes)`.
        """
        logits = self.predict_logits(
            images, value_range=value_range, batch_size=batch_size
        ).astype("float64")
        return logits.argmax(axis=1), softmax(logits, axis=1)

    def save(self, path):
        """Writes the classifier to one `.npz` file, which is replaced in one step."""
        names = [field.name for field in fields(self) if field.name != "model"]
        metadata = {name: getattr(self, name) for name in names}
        metadata |= {
            "image_shape": self.model.input_shape[1:],
            "weights_hash": self.weights_hash,
        }
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.savez(file, *self.model.get_weights(), metadata=json.dumps(metadata))

    @classmethod
    def load(cls, path):
        """Reads a classifier that `save` wrote.

        Raises:
            ValueError: If the file is damaged, or its weights are not those that were
                tested.
        """
        advice = "delete it and train the classifier again"
        with open_npz(path, advice) as archive:
            metadata = json.loads(str(archive["metadata"]))
            weights = [archive[f"arr_{i}"] for i in range(len(archive.files) - 1)]
            shape, weights_hash = (
                metadata.pop(key) for key in ("image_shape", "weights_hash")
            )
            metadata["class_names"] = tuple(metadata["class_names"])
            recipe = RECIPES[metadata.get("architecture", "pooled")]
            with float32_policy():
                model = recipe.build(tuple(shape), len(metadata["class_names"]), 0)
            model.set_weights(weights)
            classifier = cls(model, **metadata)
        if classifier.weights_hash != weights_hash:
            raise ValueError(
                f"Expected the tested weights {weights_hash} in {path}, received "
                f"{classifier.weights_hash}: {advice}."
            )
        return classifier

    @functools.cached_property
    def _both(self):
        features = self.model.get_layer("features").output
        with float32_policy():
            both = keras.Model(self.model.input, [features, self.model.output])
        if device.default_jit_compile() != "auto":
            both.jit_compile = device.default_jit_compile()
        return both

    def _outputs(self, images):
        expected = self.model.input_shape[1:]
        if images.shape[1:] != expected:
            raise ValueError(
                f"Expected images of {expected[0]} x {expected[1]} pixels, which "
                f"{self.name} was trained on, received {images.shape[1]} x "
                f"{images.shape[2]}: resize them, or train a classifier on such images."
            )
        outputs = self._both.predict_on_batch(images)
        # In distributed training each replica returns all rows of the batch.
        return [np.asarray(y[: len(images)], "float32") for y in outputs]


@contextlib.contextmanager
def float32_policy():
    """Sets the float32 policy for a `with` block, since the caller may use another."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
