"""Networks of the CMU report, part 1: a GAN trained on 200 pictures of one cat.

The generator has upsampling and convolutions, the discriminator strided convolutions;
both have instance normalisation, unless the generator gets another. The report
describes the layers only in part. The rest follows its course's handout, as far as we
know it, and is our reading: the widths, ReLU in the discriminator, and initial weights
from N(0, 0.02).
"""

import keras
from keras import layers

from gankit.layers import instance_norm
from gankit.networks.parts import (
    image_output,
    logits_layer,
    reflection_convolution,
    weight_layer,
)

LATENT_DIM = 100
# Side of the generator's first map and of the discriminator's last.
BASE = 4
# Channels from the latent to the image, without the image's own. At 256 x 256 the two
# additional blocks have as many channels as the widest; this is our reading.
WIDTHS = {64: (256, 128, 64, 32), 256: (256, 256, 256, 128, 64, 32)}


def generator(
    image_shape=(64, 64, 3),
    latent_dim=LATENT_DIM,
    *,
    widths=WIDTHS[64],
    convolutions=1,
    reflection=False,
    normalization=instance_norm,
    name="generator",
):
    """Builds a generator of upsampling layers and convolutions.

    Starting from 4 x 4, each block doubles the sides by repeating pixels and applies a
    3 x 3 convolution. Normalisation and ReLU follow, in the last block tanh.
    Upsampling covers all pixels evenly. A transposed convolution whose stride does not
    divide its kernel size would leave a checkerboard pattern.

    Args:
        image_shape: `(height, width, channels)`; both sides are 4, doubled once for
            each entry of `widths`.
        latent_dim: Length of a latent vector.
        widths: Channels of the first map and of the maps between the blocks.
        convolutions: Convolutions per block, at least 1.
        reflection: Whether to use reflection padding instead of zeros.
        normalization: Function without arguments that returns the normalisation after
            each layer but the last. Instance normalisation gives all maps of an image
            the same mean and contrast, so its images hardly differ in brightness.
        name: Name of the model.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, height, width, channels)` in [-1, 1].

    Raises:
        ValueError: If `widths` do not fit the image's sides.
    """
    _check_side(image_shape, widths)
    latent = keras.Input((latent_dim,), name="latent")
    # Equal to a 4 x 4 convolution of one pixel padded with three zeros on each side.
    x = weight_layer(layers.Dense, BASE * BASE * widths[0], name="project")(latent)
    x = _norm_relu(layers.Reshape((BASE, BASE, widths[0]))(x), normalization)
    for width in widths[1:]:
        x = layers.UpSampling2D()(x)
        for _ in range(convolutions):
            x = _norm_relu(_convolution(x, width, reflection), normalization)
    x = layers.UpSampling2D()(x)
    for _ in range(convolutions - 1):
        x = _norm_relu(_convolution(x, widths[-1], reflection), normalization)
    x = _convolution(x, image_shape[-1], reflection, use_bias=True, name="to_image")
    return keras.Model(latent, image_output(x), name=name)


def _norm_relu(x, normalization=instance_norm):
    return layers.ReLU()(normalization()(x))


def _convolution(x, width, reflection, **options):
    """Applies a 3 x 3 convolution that preserves the sides."""
    if reflection:
        return reflection_convolution(x, width, 3, **options)
    return weight_layer(layers.Conv2D, width, 3, padding="same", **options)(x)


def discriminator(
    image_shape=(64, 64, 3),
    *,
    widths=WIDTHS[64][::-1],
    spectral_norm=False,
    augmentation=None,
    name="discriminator",
):
    """Builds the DC discriminator: strided convolutions down to one logit.

    4 x 4 convolutions halve the sides down to 4 x 4. One more, without padding, gives
    the logit. Instance normalisation follows all but the first and the last, ReLU all
    but the last. Each logit depends only on its own image.

    Args:
        image_shape: `(height, width, channels)`; both sides are 4, doubled once for
            each entry of `widths`.
        widths: Channels of all convolutions but the last.
        spectral_norm: Whether to use spectral normalisation in all layers. Instance
            normalisation stays; this is our reading.
        augmentation: First layer, for real and generated images alike, such as a
            `gankit.layers.DifferentiableAugmentation`; `None` for none.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`.

    Raises:
        ValueError: If `widths` do not fit the image's sides.
    """
    _check_side(image_shape, widths)
    images = keras.Input(image_shape, name="images")
    x = images if augmentation is None else augmentation(images)
    for i, width in enumerate(widths):
        options = {"use_bias": i == 0, "spectral_norm": spectral_norm}
        x = weight_layer(layers.Conv2D, width, 4, 2, padding="same", **options)(x)
        x = layers.ReLU()(x) if i == 0 else _norm_relu(x)
    logits = logits_layer(layers.Conv2D, 1, BASE, spectral_norm=spectral_norm)(x)
    return keras.Model(images, layers.Flatten(dtype="float32")(logits), name=name)


def networks(
    image_shape=(64, 64, 3),
    latent_dim=LATENT_DIM,
    *,
    widths=None,
    normalization=instance_norm,
    **discriminator_options,
):
    """Builds the report's pair for 64 x 64 (section 2.3) or 256 x 256 (section 2.7).

    The large generator has two more blocks, two convolutions per block and reflection
    padding. Its discriminator has two more convolutions, which is our reading.

    Args:
        image_shape: `(64, 64, channels)` or `(256, 256, channels)`.
        latent_dim: Length of a latent vector.
        widths: Channels, as in `generator`, of a smaller or narrower network in the
            form of 256 x 256; `None` takes those of the report's pair.
        normalization: As in `generator`.
        **discriminator_options: `spectral_norm` and `augmentation`, as in
            `discriminator`.

    Returns:
        The pair `(generator, discriminator)`.

    Raises:
        ValueError: If the images are of another size.
    """
    side = image_shape[0]
    if widths is None and side not in WIDTHS:
        raise ValueError(
            f"Expected images of 64 x 64 or 256 x 256, received {side} x "
            f"{image_shape[1]}: resize them, or call generator and discriminator with "
            "your own widths."
        )
    large = widths is not None or side == 256
    form = {"convolutions": 2, "reflection": True} if large else {}
    form |= {"normalization": normalization, "widths": widths or WIDTHS[side]}
    return (
        generator(image_shape, latent_dim, **form),
        discriminator(
            image_shape, widths=form["widths"][::-1], **discriminator_options
        ),
    )


def _check_side(image_shape, widths):
    side = BASE * 2 ** len(widths)
    if tuple(image_shape[:2]) != (side, side):
        raise ValueError(
            f"Expected images of {side} x {side} for {len(widths)} widths, received "
            f"{image_shape[0]} x {image_shape[1]}: resize them, or pass one width for "
            "each doubling of 4."
        )
