"""The DCGAN of the DTU report, which has no dense layers."""

import keras
from keras import layers

from gankit.networks.parts import (
    batch_normalization,
    convolution_block,
    image_output,
    logits_layer,
    weight_layer,
)

# The generator's layers; the discriminator has them in reverse order.
KERNELS = (3, 3, 4, 4)
STRIDES = (1, 2, 2, 2)
# "valid" enlarges 1 to 3 and 3 to 7; "same" doubles 7 to 14 and 14 to 28.
PADDINGS = ("valid", "valid", "same", "same")


def generator(latent_dim=100, filters=(1024, 512, 256), channels=1):
    """Builds the generator: four transposed convolutions of a 1 x 1 map, the latent.

    Batch normalisation and ReLU follow all but the last layer, which ends in tanh. The
    sides are 1, 3, 7, 14 and 28. The report gives the widths, from 100 to 1024 and then
    halving. The kernel sizes 3, 3, 4 and 4 are our reading.

    Args:
        latent_dim: Length of a latent vector.
        filters: Channels of all layers but the last.
        channels: Channels of the image.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, 28, 28, channels)` in [-1, 1].

    Reference:
        The DTU report, section 1.1.
    """
    latent = keras.Input((latent_dim,), name="latent")
    x = layers.Reshape((1, 1, latent_dim))(latent)
    *hidden, last = zip((*filters, channels), KERNELS, STRIDES, PADDINGS, strict=True)
    for *form, padding in hidden:
        x = weight_layer(layers.Conv2DTranspose, *form, padding=padding)(x)
        x = layers.ReLU()(batch_normalization()(x))
    *form, padding = last
    options = {"padding": padding, "use_bias": True, "name": "to_image"}
    x = weight_layer(layers.Conv2DTranspose, *form, **options)(x)
    return keras.Model(latent, image_output(x), name="generator")


def discriminator(
    filters=(128, 256, 512), channels=1, *, batch_norm=True, spectral_norm=False
):
    """Builds the discriminator: four convolutions, the last of which gives the logit.

    LeakyReLU follows all but the last. Batch normalisation follows all but the first
    and the last.

    Args:
        filters: Channels of all layers but the last.
        channels: Channels of the image.
        batch_norm: Whether to use batch normalisation.
        spectral_norm: Whether to use spectral normalisation in all layers.

    Returns:
        A `keras.Model`, images `(n, 28, 28, channels)` in [-1, 1] to float32 logits
        `(n, 1)`.

    Reference:
        The DTU report, sections 1.1 and 1.2.
    """
    images = keras.Input((28, 28, channels), name="images")
    reverse = (KERNELS[::-1], STRIDES[::-1], PADDINGS[::-1])
    *hidden, last = zip((*filters, 1), *reverse, strict=True)
    x = images
    for i, (*form, padding) in enumerate(hidden):
        options = {"padding": padding, "spectral_norm": spectral_norm}
        x = convolution_block(x, *form, batch_norm=batch_norm and i > 0, **options)
    *form, padding = last
    options = {"padding": padding, "spectral_norm": spectral_norm}
    x = logits_layer(layers.Conv2D, *form, name="to_logit", **options)(x)
    logits = layers.Flatten(dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="discriminator")
