"""Residual networks for CIFAR-10, with optional labels and self-attention.

The architecture is SNGAN's (Miyato et al. 2018, table 4,
https://arxiv.org/abs/1802.05957), with the projection of Miyato and Koyama 2018
(https://arxiv.org/abs/1802.05637) and the self-attention of SAGAN (Zhang et al. 2019,
https://arxiv.org/abs/1805.08318).
"""

import keras
from keras import layers

from gankit.backend import device
from gankit.layers import ConditionalBatchNormalization
from gankit.networks.cgan import projection
from gankit.networks.parts import (
    ATTENTION_SIDE,
    batch_normalization,
    image_output,
    label_input,
    self_attention,
    weight_layer,
)


def generator(
    image_shape=(32, 32, 3),
    latent_dim=128,
    width=128,
    *,
    attention=True,
    spectral_norm=True,
    batch_norm=True,
    num_classes=None,
):
    """Builds a residual generator.

    A dense layer to 4 x 4, residual blocks that double the sides, batch normalisation,
    ReLU and a convolution with tanh.

    Args:
        image_shape: `(side, side, channels)`, the side 4 times a power of 2.
        latent_dim: Length of a latent vector.
        width: Channels of all maps; 256 in SNGAN.
        attention: Whether to use self-attention on the map of 16 x 16.
        spectral_norm: Whether to use spectral normalisation, as in SAGAN.
        batch_norm: Whether to use batch normalisation, as in both papers.
        num_classes: Number of classes, each with its own gain and bias in batch
            normalisation. `None` builds an unconditional network.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)`, or a list of these and labels
        `(n,)`, to float32 images `(n, side, side, channels)` in [-1, 1].

    Reference:
        Miyato et al. 2018, table 4 (https://arxiv.org/abs/1802.05957); self-attention:
        Zhang et al. 2019, section 4 (https://arxiv.org/abs/1805.08318).
    """
    side, _, channels = image_shape
    latent = keras.Input((latent_dim,), name="latent")
    labels = None if num_classes is None else label_input()
    convolution = _convolutions(spectral_norm)

    def norm_relu(x):
        if not batch_norm:
            return layers.ReLU()(x)
        if labels is None:
            return layers.ReLU()(batch_normalization()(x))
        normalization = ConditionalBatchNormalization(
            num_classes, synchronized=device.synchronizes_batches()
        )
        return layers.ReLU()(normalization([x, labels]))

    x = _layer(layers.Dense, 4 * 4 * width, spectral_norm=spectral_norm)(latent)
    x = layers.Reshape((4, 4, width))(x)
    while x.shape[1] < side:
        # A 1 x 1 convolution gives the same result before or after upsampling.
        shortcut = layers.UpSampling2D()(convolution(x, width, 1))
        x = layers.UpSampling2D()(norm_relu(x))
        # Batch normalisation would subtract a bias.
        x = convolution(x, width, 3, use_bias=not batch_norm)
        x = convolution(norm_relu(x), width, 3)
        x = layers.Add()([x, shortcut])
        if attention and x.shape[1] == ATTENTION_SIDE:
            x = self_attention(spectral_norm)(x)
    x = convolution(norm_relu(x), channels, 3, name="to_image")
    inputs = latent if labels is None else [latent, labels]
    return keras.Model(inputs, image_output(x), name="generator")


def discriminator(
    image_shape=(32, 32, 3),
    width=128,
    *,
    attention=True,
    spectral_norm=True,
    num_classes=None,
):
    """Builds a residual discriminator, with a projection term if there are labels.

    Two residual blocks that halve the sides, two that preserve them, ReLU, and the sum
    h over all pixels. The logit is `w . h + b`, or `w . h + b + v_y . h` with labels,
    where v_y is an embedding of the label y.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        width: Channels of all maps; 128 in SNGAN.
        attention: Whether to use self-attention after the first block.
        spectral_norm: Whether to use spectral normalisation in all layers, including
            the embedding.
        num_classes: Number of classes; `None` builds an unconditional network.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1], or a list of
        these and labels `(n,)`, to float32 logits `(n, 1)`.

    Reference:
        Miyato et al. 2018, table 4 (https://arxiv.org/abs/1802.05957); projection:
        Miyato and Koyama 2018, section 3 (https://arxiv.org/abs/1802.05637).
    """
    images = keras.Input(image_shape, name="images")
    convolution = _convolutions(spectral_norm)
    x = _first_block(images, width, convolution)
    if attention:
        x = self_attention(spectral_norm)(x)
    x = _block(x, width, convolution, halved=True)
    for _ in range(2):
        x = _block(x, width, convolution, halved=False)
    _, height, breadth, _ = x.shape
    # The sum over all pixels, in float32.
    x = layers.GlobalAveragePooling2D(dtype="float32")(layers.ReLU()(x))
    x = layers.Rescaling(height * breadth, dtype="float32", name="features")(x)
    logits = _layer(layers.Dense, 1, spectral_norm=spectral_norm, dtype="float32")(x)
    if num_classes is None:
        return keras.Model(images, logits, name="discriminator")
    labels = label_input()
    term = projection(x, labels, num_classes, spectral_norm)
    logits = layers.Add(dtype="float32", name="logits")([logits, term])
    return keras.Model([images, labels], logits, name="discriminator")


def networks(
    image_shape=(32, 32, 3), latent_dim=128, width=128, *, batch_norm=True, **form
):
    """Builds both residual networks.

    Args:
        image_shape: As in `generator`.
        latent_dim: Length of a latent vector.
        width: Channels of all maps in both networks.
        batch_norm: As in `generator`.
        **form: `attention`, `spectral_norm` and `num_classes` of both networks.

    Returns:
        The pair `(generator, discriminator)`.

    Reference:
        Miyato et al. 2018, table 4 (https://arxiv.org/abs/1802.05957).
    """
    return (
        generator(image_shape, latent_dim, width, batch_norm=batch_norm, **form),
        discriminator(image_shape, width, **form),
    )


def _first_block(images, width, convolution):
    """The first block, which starts with a convolution, as images need no ReLU."""
    x = layers.ReLU()(convolution(images, width, 3))
    x = layers.AveragePooling2D(2)(convolution(x, width, 3))
    shortcut = convolution(layers.AveragePooling2D(2)(images), width, 1)
    return layers.Add()([x, shortcut])


def _block(x, width, convolution, *, halved):
    """ReLU and convolution, twice, then optional downsampling."""
    shortcut = x
    for _ in range(2):
        x = convolution(layers.ReLU()(x), width, 3)
    if halved:
        x = layers.AveragePooling2D(2)(x)
        # A 1 x 1 convolution gives the same result before or after pooling.
        shortcut = convolution(layers.AveragePooling2D(2)(shortcut), width, 1)
    return layers.Add()([x, shortcut])


def _convolutions(spectral_norm):
    """Returns a function that applies a convolution."""

    def convolution(x, filters, size, **options):
        options |= {"padding": "same", "spectral_norm": spectral_norm}
        return _layer(layers.Conv2D, filters, size, **options)(x)

    return convolution


def _layer(*arguments, use_bias=True, **options):
    return weight_layer(
        *arguments, use_bias=use_bias, kernel_initializer="glorot_uniform", **options
    )
