"""Deep convolutional GANs: strided convolutions, batch normalisation, no pooling.

Guidelines and initialisation follow Radford et al. 2016, section 3 and 4
(https://arxiv.org/abs/1511.06434); Shallow and Deep are those of the Imperial College
report, for 28 x 28 digits, `photographs` is the paper's own.
"""

import math

import keras
from keras import layers

from gankit.networks.parts import (
    batch_normalization,
    image_output,
    initial_weights,
    scored_convolution,
    scored_layer,
)


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
        ValueError: If the strides do not divide the image's sides, or are not as many
            as `filters`.
    """
    latent = keras.Input((latent_dim,), name="latent")
    images = generated(
        latent, filters, strides, image_shape=image_shape, kernel_size=kernel_size
    )
    return keras.Model(latent, images, name=name)


def generated(
    x,
    filters,
    strides,
    *,
    image_shape,
    kernel_size=5,
    normalization=batch_normalization,
):
    """The images of a generator, layer by layer, for networks with further inputs.

    Args:
        x: What the generator starts from, `(n, d)`.
        filters, strides, image_shape, kernel_size: As in `generator`.
        normalization: Function without arguments that gives what follows each layer
            but the last: a layer, or a function on its maps.

    Returns:
        Images `(n, height, width, channels)`.

    Raises:
        ValueError: As `generator`.
    """
    _check_pairs(filters, strides)
    height, width, channels = image_shape
    scale = math.prod(strides)
    if height % scale or width % scale:
        raise ValueError(
            f"Expected height and width to be multiples of {scale}, the product of "
            f"the strides, received {height} x {width}: choose other strides or size."
        )
    base = (height // scale, width // scale, filters[0])
    # No bias before batch normalisation, which would subtract it again.
    x = layers.Dense(
        math.prod(base),
        use_bias=False,
        kernel_initializer=initial_weights(),
        name="project",
    )(x)
    x = layers.Reshape(base)(x)
    for width_out, stride in zip(filters[1:], strides[:-1], strict=True):
        x = layers.ReLU()(normalization()(x))
        x = layers.Conv2DTranspose(
            width_out,
            kernel_size,
            stride,
            padding="same",
            use_bias=False,
            kernel_initializer=initial_weights(),
        )(x)
    x = layers.ReLU()(normalization()(x))
    x = layers.Conv2DTranspose(
        channels,
        kernel_size,
        strides[-1],
        padding="same",
        kernel_initializer=initial_weights(),
        name="to_image",
    )(x)
    return image_output(x)


def discriminator(
    filters,
    strides,
    *,
    image_shape=(28, 28, 1),
    kernel_size=5,
    batch_norm=True,
    spectral_norm=False,
    name="discriminator",
):
    """Builds a discriminator: convolutions, then one logit.

    Each convolution but the first is followed by batch normalisation, all by LeakyReLU
    of slope 0.2. As a Wasserstein critic it needs bounded slopes: spectral
    normalisation gives them, and batch normalisation, which divides by the spread of
    the batch, takes them away again.

    Args:
        filters: Channels of each convolution, such as `(64, 128)`.
        strides: Stride of each convolution, as many as `filters`.
        image_shape: `(height, width, channels)`.
        kernel_size: Side of the kernels.
        batch_norm: Whether to normalise batches.
        spectral_norm: Whether to normalise all weights spectrally.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`.

    Raises:
        ValueError: If the strides are not as many as `filters`.
    """
    images = keras.Input(image_shape, name="images")
    norms = {"batch_norm": batch_norm, "spectral_norm": spectral_norm}
    features = judged(images, filters, strides, kernel_size=kernel_size, **norms)
    logits = to_logits(features, spectral_norm=spectral_norm)
    return keras.Model(images, logits, name=name)


def judged(x, filters, strides, *, kernel_size=5, batch_norm=True, spectral_norm=False):
    """The features from which a discriminator judges, for one with further inputs.

    Args:
        x: Images `(n, height, width, channels)`.
        filters, strides, kernel_size, batch_norm, spectral_norm: As in
            `discriminator`.

    Returns:
        Features `(n, d)`.

    Raises:
        ValueError: As `discriminator`.
    """
    _check_pairs(filters, strides)
    for i, (width_out, stride) in enumerate(zip(filters, strides, strict=True)):
        x = scored_convolution(
            x,
            width_out,
            kernel_size,
            stride,
            padding="same",
            batch_norm=batch_norm and i > 0,
            spectral_norm=spectral_norm,
        )
    return layers.Flatten()(x)


def to_logits(features, *, spectral_norm=False):
    """One float32 logit `(n, 1)` of features `(n, d)`."""
    return scored_layer(
        layers.Dense,
        1,
        use_bias=True,
        spectral_norm=spectral_norm,
        dtype="float32",
        name="logits",
    )(features)


def _check_pairs(filters, strides):
    if len(filters) != len(strides):
        raise ValueError(
            "Expected as many strides as filters, received "
            f"{len(strides)} and {len(filters)}: give one of each for every layer."
        )


def shallow(image_shape=(28, 28, 1), latent_dim=100, **critic):
    """Builds the Shallow DCGAN of the Imperial College report (section 2.1).

    Two transposed convolutions (128 to 64 to the image) against two convolutions (64,
    128), all 5 x 5 with stride 2.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        latent_dim: Length of a latent vector.
        **critic: `batch_norm` and `spectral_norm` of the `discriminator`.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        generator((128, 64), (2, 2), image_shape=image_shape, latent_dim=latent_dim),
        discriminator((64, 128), (2, 2), image_shape=image_shape, **critic),
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


def photographs(image_shape=(64, 64, 3), latent_dim=100, width=64):
    """Builds a DCGAN for photographs of 64 x 64 pixels.

    From 4 x 4 over three further layers to the image, 8, 4, 2 and 1 times `width`
    channels, against the mirror image, as in figure 1 of the paper. Kernels are 4 x 4
    with stride 2, where the paper has 5 x 5: a stride that divides the kernel covers
    all pixels evenly.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 16.
        latent_dim: Length of a latent vector.
        width: Channels next to the image; the paper's generator has 128.

    Returns:
        The pair `(generator, discriminator)`.
    """
    widths = (8 * width, 4 * width, 2 * width, width)
    form = {"image_shape": image_shape, "kernel_size": 4}
    return (
        generator(widths, (2,) * 4, latent_dim=latent_dim, **form),
        discriminator(widths[::-1], (2,) * 4, **form),
    )
