"""Fully connected GANs, as in Goodfellow et al. 2014 (https://arxiv.org/abs/1406.2661)."""

import math

import keras
from keras import layers


def generator(
    image_shape=(28, 28, 1), latent_dim=100, hidden=(256, 512, 1024), name="generator"
):
    """Builds a fully connected generator with LeakyReLU and a tanh output.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Length of a latent vector.
        hidden: Widths of the hidden layers.
        name: Name of the model.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, height, width, channels)` in [-1, 1].

    Reference:
        Goodfellow et al. 2014, section 5 (https://arxiv.org/abs/1406.2661), with other
        activations and without dropout.
    """
    latent = keras.Input((latent_dim,), name="latent")
    x = latent
    for units in hidden:
        x = layers.LeakyReLU(negative_slope=0.2)(layers.Dense(units)(x))
    x = layers.Dense(math.prod(image_shape), name="to_image")(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    images = layers.Reshape(image_shape, dtype="float32", name="images")(x)
    return keras.Model(latent, images, name=name)


def discriminator(image_shape=(28, 28, 1), hidden=(512, 256), name="discriminator"):
    """Builds a fully connected discriminator with LeakyReLU and one logit.

    Args:
        image_shape: `(height, width, channels)`.
        hidden: Widths of the hidden layers.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`.

    Reference:
        Goodfellow et al. 2014, section 5 (https://arxiv.org/abs/1406.2661), with other
        activations and without dropout.
    """
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(images)
    for units in hidden:
        x = layers.LeakyReLU(negative_slope=0.2)(layers.Dense(units)(x))
    logits = layers.Dense(1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name=name)
