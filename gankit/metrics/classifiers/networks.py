"""The networks of the classifiers, and how each is trained."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

FEATURES = 64


def pooled(image_shape, classes, seed):
    """Builds convolutions with batch normalisation and global average pooling.

    Args:
        image_shape: `(height, width, channels)`.
        classes: Number of classes.
        seed: Seed of the weights.

    Returns:
        A `keras.Model` from images with levels 0 to 255 to logits `(n, classes)`, with
        a layer `features` before the logits.
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
    """Builds the network of Keras's old MNIST example, cited by the Imperial report.

    Two 3 x 3 convolutions with 32 and 64 channels, 2 x 2 max pooling, dropout of 0.25,
    128 dense units, dropout of 0.5. Arguments and result are those of `pooled`.

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
    # Every initializer has its own seed. Without one, it would use Python's generator.
    return iter(np.random.SeedSequence(seed).generate_state(16).tolist())


def _logits(x, classes, seeds):
    return layers.Dense(
        classes,
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        name="logits",
    )(x)


@dataclass(frozen=True)
class Recipe:
    """A network and its training by Adam with cosine decay of the learning rate to 0.

    Attributes:
        build: Function `(image_shape, classes, seed) -> keras.Model`.
        epochs: Function from the number of channels to the number of epochs.
        learning_rate: Initial learning rate.
    """

    build: Callable
    epochs: Callable
    learning_rate: float


RECIPES = {
    # Digits need fewer epochs than photographs.
    "pooled": Recipe(pooled, {1: 2, 3: 4}.__getitem__, 5e-3),
    # The number of epochs is that of the example, which uses Adadelta.
    "mnist_cnn": Recipe(mnist_cnn, lambda channels: 12, 1e-3),
}
