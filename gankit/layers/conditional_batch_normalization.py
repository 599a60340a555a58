"""Batch normalisation with a gain and a bias for each class."""

import contextlib

import keras
from keras import ops

from gankit.backend.arguments import check_labels, check_number, check_real


@keras.saving.register_keras_serializable("gankit")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Normalises over the batch, then scales and shifts each image by its class.

    All classes share the batch statistics. Two embeddings map the label of an image to
    the gain and the bias of each channel. Everything is computed in float32.

    Args:
        num_classes: Number of classes, at least 1.
        momentum: Momentum of the moving statistics, in (0, 1).
        epsilon: Number added to the variance, above 0.
        synchronized: Whether replicas share their statistics, as in
            `keras.layers.BatchNormalization` (TensorFlow only).
        **kwargs: As in `keras.layers.Layer`.

    Input shape: a list `[images, labels]`, `(n, height, width, channels)` and integers
    `(n,)` in [0, num_classes).

    Output shape: that of the images.

    Raises:
        ValueError: If an argument is out of range, or labels are not integers of shape
            `(n,)`; outside of traced steps, also if one is not in [0, num_classes).

    Example:

    >>> layer = ConditionalBatchNormalization(num_classes=10)
    >>> layer([np.ones((2, 8, 8, 3)), np.array([0, 7])]).shape
    (2, 8, 8, 3)

    Reference:
        De Vries et al. 2017, section 3 (https://arxiv.org/abs/1707.00683); for
        classes in a GAN, Miyato and Koyama 2018 (https://arxiv.org/abs/1802.05637).
    """

    def __init__(
        self, num_classes, momentum=0.9, epsilon=1e-5, synchronized=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_classes = check_number("num_classes", num_classes, 1)
        self.momentum = check_real("momentum", momentum, above=0, below=1)
        self.epsilon = check_real("epsilon", epsilon, above=0)
        self.synchronized = synchronized
        self.normalize = keras.layers.BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype="float32",
            name="normalize",
        )

    def build(self, input_shape):
        images_shape, labels_shape = input_shape
        if len(labels_shape) != 1:
            raise ValueError(
                "Expected [images, labels] with labels of shape (n,), received labels "
                f"of shape {tuple(labels_shape)}: pass one integer per image."
            )
        self.gain, self.bias = (
            keras.layers.Embedding(
                self.num_classes,
                images_shape[-1],
                embeddings_initializer=initializer,
                dtype="float32",
                name=name,
            )
            for name, initializer in (("gain", "ones"), ("bias", "zeros"))
        )
        self.normalize.build(images_shape)
        self.gain.build(labels_shape)
        self.bias.build(labels_shape)

    def call(self, inputs, training=False):
        images, labels = inputs
        if labels.shape[0] not in (None, images.shape[0]) or "int" not in str(
            keras.backend.standardize_dtype(labels.dtype)
        ):
            raise ValueError(
                f"Expected one integer label per image, received {labels.dtype} "
                f"{labels.shape} for images {images.shape}: pass one for each."
            )
        values = None
        with contextlib.suppress(NotImplementedError, TypeError):  # of a traced step
            values = ops.convert_to_numpy(labels)
        if values is not None:
            check_labels(values, len(values), self.num_classes)
        # One gain and one bias per image and channel: (n, 1, 1, channels).
        gain = self.gain(labels)[:, None, None, :]
        bias = self.bias(labels)[:, None, None, :]
        outputs = self.normalize(images, training=training) * gain + bias
        return ops.cast(outputs, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "synchronized": self.synchronized,
        }
