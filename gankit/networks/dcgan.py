"""Deep convolutional GANs: strided convolutions, batch normalisation, no pooling.

Guidelines and initialisation follow Radford et al. 2016, section 3 and 4
(https://arxiv.org/abs/1511.06434); Shallow and Deep are those of the Imperial College
report, for 28 x 28 digits.
"""

import math

import keras
from keras import layers

from gankit import device


def _batch_normalization():
    # Momentum and epsilon of the original Torch code; Keras's momentum of 0.99 would
    # let the moving statistics lag a hundred steps behind the weights.
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=device.synchronizes_batches()
    )


def _weights():
    return keras.initializers.RandomNormal(stddev=0.02)


def generator(
    filters,
    strides,
    *,
    image_shape=(28, 28, 1),
    latent_dim=100,
    kernel_size=5,
    name="generator",
):
    """Builds a generator: dense to a small map, then transposed convolutions.

    Each layer but the last is followed by batch normalisation and ReLU; the last gives
    the image through tanh.

    Args:
        filters: Channels of the first map and of every layer but the last, such as
            `(128, 64)`.
        strides: Stride of each transposed convolution, as many as `filters`.
        image_shape: `(height, width, channels)`; height and width must be multiples of
            the product of the strides.
        latent_dim: Length of a latent vector.
        kernel_size: Side of the kernels.
        name: Name of the model.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, height, width, channels)` in [-1, 1].

    Raises:
        ValueError: If the strides do not divide the image's sides.
    """
    height, width, channels = image_shape
    scale = math.prod(strides)
    if height % scale or width % scale:
        raise ValueError(
            f"Expected height and width to be multiples of {scale}, the product of "
            f"the strides, received {height} x {width}: choose other strides or size."
        )
    base = (height // scale, width // scale, filters[0])
    latent = keras.Input((latent_dim,), name="latent")
    # No bias before batch normalisation, which would subtract it again.
    x = layers.Dense(
        math.prod(base), use_bias=False, kernel_initializer=_weights(), name="project"
    )(latent)
    x = layers.Reshape(base)(x)
    for width_out, stride in zip(filters[1:], strides[:-1], strict=True):
        x = layers.ReLU()(_batch_normalization()(x))
        x = layers.Conv2DTranspose(
            width_out,
            kernel_size,
            stride,
            padding="same",
            use_bias=False,
            kernel_initializer=_weights(),
        )(x)
    x = layers.ReLU()(_batch_normalization()(x))
    x = layers.Conv2DTranspose(
        channels,
        kernel_size,
        strides[-1],
        padding="same",
        kernel_initializer=_weights(),
        name="to_image",
    )(x)
    # In float32: bfloat16 has steps of half a grey level near white.
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latent, images, name=name)


def discriminator(
    filters,
    strides,
    *,
    image_shape=(28, 28, 1),
    kernel_size=5,
    name="discriminator",
):
    """Builds a discriminator: convolutions, then one logit.

    Each convolution but the first is followed by batch normalisation, all by LeakyReLU
    of slope 0.2.

    Args:
        filters: Channels of each convolution, such as `(64, 128)`.
        strides: Stride of each convolution, as many as `filters`.
        image_shape: `(height, width, channels)`.
        kernel_size: Side of the kernels.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`.
    """
    images = keras.Input(image_shape, name="images")
    x = images
    for i, (width_out, stride) in enumerate(zip(filters, strides, strict=True)):
        x = layers.Conv2D(
            width_out,
            kernel_size,
            stride,
            padding="same",
            use_bias=i == 0,
            kernel_initializer=_weights(),
        )(x)
        if i > 0:
            x = _batch_normalization()(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    logits = layers.Dense(
        1, kernel_initializer=_weights(), dtype="float32", name="logits"
    )(layers.Flatten()(x))
    return keras.Model(images, logits, name=name)


def shallow(image_shape=(28, 28, 1), latent_dim=100):
    """Builds the Shallow DCGAN of the Imperial College report (section 2.1).

    Two transposed convolutions (128 to 64 to the image) against two convolutions (64,
    128), all 5 x 5 with stride 2.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        latent_dim: Length of a latent vector.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        generator((128, 64), (2, 2), image_shape=image_shape, latent_dim=latent_dim),
        discriminator((64, 128), (2, 2), image_shape=image_shape),
    )


def deep(image_shape=(28, 28, 1), latent_dim=100):
    """Builds the Deep DCGAN of the Imperial College report (section 2.2).

    Four transposed convolutions from 7 x 7 x 256 (to 128 and 64 channels with stride
    2, to 32 and to the image with stride 1) against four convolutions (32, 64 with
    stride 2, 128, 256 with stride 1), all 5 x 5. The report gives widths and strides
    but not the order of the generator's widths: falling is our reading.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        latent_dim: Length of a latent vector.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        generator(
            (256, 128, 64, 32),
            (2, 2, 1, 1),
            image_shape=image_shape,
            latent_dim=latent_dim,
        ),
        discriminator((32, 64, 128, 256), (2, 2, 1, 1), image_shape=image_shape),
    )
