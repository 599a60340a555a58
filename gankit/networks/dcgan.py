"""Deep convolutional GANs: strided convolutions, batch normalisation, no pooling.

Architecture and initialisation follow Radford et al. 2016, sections 3 and 4
(https://arxiv.org/abs/1511.06434). `shallow` and `deep` are the Imperial College
report's networks for digits of 28 x 28; `photographs` is the paper's.
"""

import math

import keras
from keras import layers

from gankit.networks.parts import (
    batch_normalization,
    convolution_block,
    image_output,
    logits_layer,
    weight_layer,
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
    """Builds a generator: a dense layer to a small map, then transposed convolutions.

    Batch normalisation and ReLU follow all layers but the last, which ends in tanh.

    Args:
        filters: Channels of the first map and of all layers but the last, such as
            `(128, 64)`.
        strides: Strides of the transposed convolutions, as many as `filters`.
        image_shape: `(height, width, channels)`; height and width must be multiples of
            the product of the strides.
        latent_dim: Length of a latent vector.
        kernel_size: Side of the kernels.
        name: Name of the model.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, height, width, channels)` in [-1, 1].

    Raises:
        ValueError: If the product of the strides does not divide the image's sides, or
            there are not as many strides as filters.

    Reference:
        Radford et al. 2016, section 3 (https://arxiv.org/abs/1511.06434).
    """
    latent = keras.Input((latent_dim,), name="latent")
    images = generator_body(
        latent, filters, strides, image_shape=image_shape, kernel_size=kernel_size
    )
    return keras.Model(latent, images, name=name)


def generator_body(
    x,
    filters,
    strides,
    *,
    image_shape,
    kernel_size=5,
    normalization=batch_normalization,
):
    """Applies all layers of a generator, for networks with more inputs.

    Args:
        x: Input of the first layer, `(n, d)`.
        filters, strides, image_shape, kernel_size: As in `generator`.
        normalization: Function without arguments that returns the normalisation after
            each layer but the last: a Keras layer, or a function of feature maps.

    Returns:
        Images `(n, height, width, channels)`.

    Raises:
        ValueError: As in `generator`.
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
    x = weight_layer(layers.Dense, math.prod(base), name="project")(x)
    x = layers.Reshape(base)(x)
    for width_out, stride in zip(filters[1:], strides[:-1], strict=True):
        x = layers.ReLU()(normalization()(x))
        x = weight_layer(
            layers.Conv2DTranspose, width_out, kernel_size, stride, padding="same"
        )(x)
    x = layers.ReLU()(normalization()(x))
    last = {"padding": "same", "use_bias": True, "name": "to_image"}
    x = weight_layer(
        layers.Conv2DTranspose, channels, kernel_size, strides[-1], **last
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
    negative_slope=0.2,
    name="discriminator",
):
    """Builds a discriminator: convolutions, then one logit.

    Batch normalisation follows all convolutions but the first; LeakyReLU of slope 0.2
    follows all. A Wasserstein critic needs bounded slopes. Spectral normalisation
    bounds them, but batch normalisation, which divides by the standard deviation of
    the batch, removes the bound.

    Args:
        filters: Channels of the convolutions, such as `(64, 128)`.
        strides: Strides of the convolutions, as many as `filters`.
        image_shape: `(height, width, channels)`.
        kernel_size: Side of the kernels.
        batch_norm: Whether to use batch normalisation.
        spectral_norm: Whether to use spectral normalisation in all layers.
        negative_slope: Of LeakyReLU; 0.0 makes it ReLU.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`.

    Raises:
        ValueError: If there are not as many strides as filters.

    Reference:
        Radford et al. 2016, section 3 (https://arxiv.org/abs/1511.06434).
    """
    images = keras.Input(image_shape, name="images")
    features = discriminator_features(
        images,
        filters,
        strides,
        kernel_size=kernel_size,
        batch_norm=batch_norm,
        spectral_norm=spectral_norm,
        negative_slope=negative_slope,
    )
    logits = to_logits(features, spectral_norm=spectral_norm)
    return keras.Model(images, logits, name=name)


def discriminator_features(
    x,
    filters,
    strides,
    *,
    kernel_size=5,
    batch_norm=True,
    spectral_norm=False,
    negative_slope=0.2,
):
    """Applies a discriminator except its last layer, for networks with more inputs.

    Args:
        x: Images `(n, height, width, channels)`.
        filters, strides, kernel_size, batch_norm, spectral_norm, negative_slope: As in
            `discriminator`.

    Returns:
        Features `(n, d)`.

    Raises:
        ValueError: As in `discriminator`.
    """
    _check_pairs(filters, strides)
    for i, (width_out, stride) in enumerate(zip(filters, strides, strict=True)):
        x = convolution_block(
            x,
            width_out,
            kernel_size,
            stride,
            padding="same",
            batch_norm=batch_norm and i > 0,
            spectral_norm=spectral_norm,
            negative_slope=negative_slope,
        )
    return layers.Flatten()(x)


def to_logits(features, *, spectral_norm=False):
    """Maps features `(n, d)` to float32 logits `(n, 1)` with a dense layer.

    Args:
        features: Result of `discriminator_features`.
        spectral_norm: Whether to use spectral normalisation.

    Returns:
        The logits.
    """
    return logits_layer(layers.Dense, 1, spectral_norm=spectral_norm)(features)


def _check_pairs(filters, strides):
    if len(filters) != len(strides):
        raise ValueError(
            "Expected as many strides as filters, received "
            f"{len(strides)} and {len(filters)}: pass one of each for every layer."
        )


def shallow(image_shape=(28, 28, 1), latent_dim=100, **critic):
    """Builds the Shallow DCGAN of the Imperial College report (section 2.1).

    The generator has two transposed convolutions (from 128 to 64 channels, then to the
    image), the discriminator two convolutions (64 and 128 channels), all 5 x 5 with
    stride 2.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        latent_dim: Length of a latent vector.
        **critic: `batch_norm`, `spectral_norm` and `negative_slope` of the
            `discriminator`.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        generator((128, 64), (2, 2), image_shape=image_shape, latent_dim=latent_dim),
        discriminator((64, 128), (2, 2), image_shape=image_shape, **critic),
    )


def deep(image_shape=(28, 28, 1), latent_dim=100):
    """Builds the Deep DCGAN of the Imperial College report (section 2.2).

    The generator has four transposed convolutions from 7 x 7 x 256 (to 128 and 64
    channels with stride 2, then to 32 and the image with stride 1), the discriminator
    four convolutions (32 and 64 channels with stride 2, then 128 and 256 with stride
    1), all 5 x 5. The report does not give the order of the generator's widths;
    decreasing is our reading.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        latent_dim: Length of a latent vector.

    Returns:
        The pair `(generator, discriminator)`.
    """
    filters, strides = (256, 128, 64, 32), (2, 2, 1, 1)
    return (
        generator(filters, strides, image_shape=image_shape, latent_dim=latent_dim),
        discriminator(filters[::-1], strides, image_shape=image_shape),
    )


def photographs(image_shape=(64, 64, 3), latent_dim=100, width=64):
    """Builds a DCGAN for photographs of 64 x 64 pixels.

    The generator's maps have 8, 4, 2 and 1 times `width` channels, starting at 4 x 4,
    as in figure 1 of the paper. The discriminator has them in reverse order. Kernels
    are 4 x 4 with stride 2 instead of the paper's 5 x 5, because a stride that divides
    the kernel size covers all pixels evenly.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 16.
        latent_dim: Length of a latent vector.
        width: Channels of the map next to the image; 128 in the paper's generator.

    Returns:
        The pair `(generator, discriminator)`.

    Reference:
        Radford et al. 2016, figure 1 (https://arxiv.org/abs/1511.06434).
    """
    widths = (8 * width, 4 * width, 2 * width, width)
    form = {"image_shape": image_shape, "kernel_size": 4}
    return (
        generator(widths, (2,) * 4, latent_dim=latent_dim, **form),
        discriminator(widths[::-1], (2,) * 4, **form),
    )
