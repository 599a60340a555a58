"""The networks that classify a data set, and how long each is trained."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

FEATURES = 64


def pooled(image_shape, classes, seed):
    """Convolutions with batch normalisation, and the mean of each of 64 maps.

    Args:
        image_shape: `(height, width, channels)`.
        classes: Number of classes.
        seed: Seed of the weights.

    Returns:
        A `keras.Model`, images of levels 0 to 255 to logits `(n, classes)`, with a
        layer `features` before them.
    """
    seeds = _seeds(seed)

    def convolution(x, filters, size=3, strides=1):
        x = layers.Conv2D(
            filters,
            size,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(next(seeds)),
        )(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        return layers.ReLU()(x)

    images = keras.Input(image_shape, name="images")
    x = layers.Rescaling(1 / 127.5, -1.0)(images)
    while max(x.shape[1:3]) > 32:
        x = convolution(x, 16, strides=2)
    x = convolution(x, 32, 5, strides=2)
    for filters in (64, 128):
        x = convolution(x, filters)
        x = layers.MaxPooling2D(padding="same")(x)
    x = convolution(x, FEATURES)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(images, _logits(x, classes, seeds), name="classifier")


def mnist_cnn(image_shape, classes, seed):
    """The network of Keras's old example for MNIST, which the Imperial report names.

    Two convolutions, 3 x 3 with 32 and 64 channels, the largest of 2 x 2, dropout of a
    quarter, 128 dense units, dropout of a half. Arguments and result as in `pooled`.

    Reference:
        `examples/mnist_cnn.py` of Keras 2 (https://github.com/keras-team/keras).
    """
    seeds = _seeds(seed)

    def glorot():
        return keras.initializers.GlorotUniform(next(seeds))

    images = keras.Input(image_shape, name="images")
    x = layers.Rescaling(1 / 255)(images)
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, activation="relu", kernel_initializer=glorot())(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(layers.Dropout(0.25, seed=next(seeds))(x))
    x = layers.Dense(
        128, activation="relu", kernel_initializer=glorot(), name="features"
    )(x)
    x = layers.Dropout(0.5, seed=next(seeds))(x)
    return keras.Model(images, _logits(x, classes, seeds), name="classifier")


def _seeds(seed):
    # Every initializer has its own seed: one without would draw from Python's.
    return iter(np.random.SeedSequence(seed).generate_state(16).tolist())


def _logits(x, classes, seeds):
    return layers.Dense(
        classes,
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        name="logits",
    )(x)


@dataclass(frozen=True)
class Recipe:
    """A network and its training by Adam, whose rate falls to 0 as a cosine.

    Attributes:
        build: Function `(image_shape, classes, seed) -> keras.Model`.
        passes: Function from the number of channels to passes over the images.
        learning_rate: Of Adam, at the start.
    """

    build: Callable
    passes: Callable
    learning_rate: float


RECIPES = {
    # Digits need fewer passes than photographs.
    "pooled": Recipe(pooled, {1: 2, 3: 4}.__getitem__, 5e-3),
    # The example's number of passes; it has Adadelta.
    "mnist_cnn": Recipe(mnist_cnn, lambda channels: 12, 1e-3),
}
