"""The MNIST networks of the IISc report, which break two guidelines of its section 3.

Both networks have a hidden dense layer of 1,024 units, and the generator ends in a
sigmoid. Its output is rescaled from [0, 1] to [-1, 1], the range of images in gankit.
As `2 sigmoid(x) - 1 = tanh(x / 2)`, the sigmoid only halves the slope of the output.
"""

import keras
from keras import layers

from gankit.networks.parts import (
    batch_normalization,
    initial_weights,
    leaky_relu,
    weight_layer,
)

HIDDEN = 1024
KERNEL = 4


def generator(image_shape=(28, 28, 1), latent_dim=62):
    """Builds the generator: two dense layers, then two transposed convolutions.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        latent_dim: Length of a latent vector.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, height, width, channels)` in [-1, 1].
    """
    height, width, channels = image_shape
    base = (height // 4, width // 4, 128)
    start = {"use_bias": False, "kernel_initializer": initial_weights()}
    latent = keras.Input((latent_dim,), name="latent")
    x = layers.Dense(HIDDEN, **start)(latent)
    x = layers.ReLU()(batch_normalization()(x))
    x = layers.Dense(base[0] * base[1] * base[2], **start)(x)
    x = layers.ReLU()(batch_normalization()(x))
    x = layers.Reshape(base)(x)
    x = layers.Conv2DTranspose(64, KERNEL, 2, padding="same", **start)(x)
    x = layers.ReLU()(batch_normalization()(x))
    last = {"padding": "same", "use_bias": True, "name": "to_image"}
    x = weight_layer(layers.Conv2DTranspose, channels, KERNEL, 2, **last)(x)
    x = layers.Activation("sigmoid", dtype="float32")(x)
    images = layers.Rescaling(2.0, -1.0, dtype="float32", name="images")(x)
    return keras.Model(latent, images, name="generator")


def discriminator(image_shape=(28, 28, 1), *, batch_norm=True, sigmoid=False):
    """Builds the discriminator: two convolutions, a dense layer, one logit.

    Args:
        image_shape: `(height, width, channels)`.
        batch_norm: Whether to use batch normalisation, instead of biases.
        sigmoid: Whether to end in a sigmoid, like the report's critic. Use it only with
            the Wasserstein loss, as the other losses expect logits.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`, or numbers in (0, 1).
    """
    images = keras.Input(image_shape, name="images")
    start = {"kernel_initializer": initial_weights()}

    def activated(x):
        return leaky_relu()(batch_normalization()(x) if batch_norm else x)

    x = layers.Rescaling(0.5, 0.5)(images)
    x = layers.Conv2D(64, KERNEL, 2, padding="same", **start)(x)
    x = leaky_relu()(x)
    hidden = {"use_bias": not batch_norm, **start}
    x = activated(layers.Conv2D(128, KERNEL, 2, padding="same", **hidden)(x))
    x = activated(layers.Dense(HIDDEN, **hidden)(layers.Flatten()(x)))
    logits = layers.Dense(1, dtype="float32", name="logits", **start)(x)
    if sigmoid:
        logits = layers.Activation("sigmoid", dtype="float32")(logits)
    return keras.Model(images, logits, name="discriminator")
