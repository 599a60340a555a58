"""Networks of the CMU report, part 1: a GAN from two hundred pictures of one cat.

Upsampling and convolution in the generator, strided convolutions in the discriminator,
instance normalisation in both. The report gives sizes and kinds of layers only in part;
what it leaves open follows the hand-out of its course, as far as we know it, and is our
reading: the widths, ReLU in the discriminator, and N(0, 0.02) for the weights' start.
"""

import keras
from keras import layers

from gankit.layers import ReflectionPadding2D, instance_norm
from gankit.networks.parts import image_output, initial_weights, scored_layer

LATENT_DIM = 100
# The map from which a generator grows, and the one that a discriminator judges.
BASE = 4
# Next to the latent first; the image's block follows. At 256 x 256 the two further
# blocks keep the widest maps' channels, our reading.
WIDTHS = {64: (256, 128, 64, 32), 256: (256, 256, 256, 128, 64, 32)}


def generator(
    image_shape=(64, 64, 3),
    latent_dim=LATENT_DIM,
    *,
    widths=WIDTHS[64],
    convolutions=1,
    reflection=False,
    name="generator",
):
    """Builds a generator of upsampling and convolution.

    From a map of 4 x 4 every block doubles the sides, each pixel four times the same,
    and convolves with 3 x 3. Instance normalisation and ReLU follow, in the last block
    tanh. Upsampling covers all pixels alike, where a transposed convolution whose
    stride does not divide its kernel leaves a chequered pattern.

    Args:
        image_shape: `(height, width, channels)`; both sides are 4 doubled as often as
            there are `widths`.
        latent_dim: Length of a latent vector.
        widths: Channels of the first map and of the maps between the blocks.
        convolutions: Convolutions in each block, at least 1.
        reflection: Whether to pad by reflection in place of zeros.
        name: Name of the model.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` to float32 images
        `(n, height, width, channels)` in [-1, 1].

    Raises:
        ValueError: If `widths` do not lead to the image's sides.
    """
    _check_side(image_shape, widths)
    latent = keras.Input((latent_dim,), name="latent")
    # What a convolution of 4 x 4 makes of one pixel with three zeros around it.
    x = layers.Dense(
        BASE * BASE * widths[0],
        use_bias=False,
        kernel_initializer=initial_weights(),
        name="project",
    )(latent)
    x = _activated(layers.Reshape((BASE, BASE, widths[0]))(x))
    for width in widths[1:]:
        x = layers.UpSampling2D()(x)
        for _ in range(convolutions):
            x = _activated(_convolution(x, width, reflection))
    x = layers.UpSampling2D()(x)
    for _ in range(convolutions - 1):
        x = _activated(_convolution(x, widths[-1], reflection))
    x = _convolution(x, image_shape[-1], reflection, use_bias=True, name="to_image")
    return keras.Model(latent, image_output(x), name=name)


def _activated(x):
    return layers.ReLU()(instance_norm()(x))


def _convolution(x, width, reflection, *, use_bias=False, name=None):
    """A convolution of 3 x 3 that keeps the sides.

    It has no bias where instance normalisation follows, which would subtract it again.
    """
    if reflection:
        x = ReflectionPadding2D(1)(x)
    return layers.Conv2D(
        width,
        3,
        padding="valid" if reflection else "same",
        use_bias=use_bias,
        kernel_initializer=initial_weights(),
        name=name,
    )(x)


def discriminator(
    image_shape=(64, 64, 3),
    *,
    widths=WIDTHS[64][::-1],
    spectral_norm=False,
    augmentation=None,
    name="discriminator",
):
    """Builds the DC discriminator: strided convolutions down to one logit.

    Convolutions of 4 x 4 halve the sides until 4 x 4 are left, and one more, without
    padding, gives the logit. Each but the first and the last is followed by instance
    normalisation, all but the last by ReLU. The logit of an image depends on no other
    image.

    Args:
        image_shape: `(height, width, channels)`; both sides are 4 doubled as often as
            there are `widths`.
        widths: Channels of each convolution but the last.
        spectral_norm: Whether to normalise all convolutions spectrally; instance
            normalisation stays, our reading.
        augmentation: Layer in front of the first, such as
            `gankit.layers.DifferentiableAugmentation`, through which all images
            pass, real and generated; `None` for none.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        logits `(n, 1)`.

    Raises:
        ValueError: If `widths` do not lead from the image's sides to 4.
    """
    _check_side(image_shape, widths)
    images = keras.Input(image_shape, name="images")
    x = images if augmentation is None else augmentation(images)
    for i, width in enumerate(widths):
        x = scored_layer(
            layers.Conv2D,
            width,
            4,
            2,
            padding="same",
            use_bias=i == 0,
            spectral_norm=spectral_norm,
        )(x)
        x = layers.ReLU()(x) if i == 0 else _activated(x)
    logits = scored_layer(
        layers.Conv2D,
        1,
        BASE,
        use_bias=True,
        spectral_norm=spectral_norm,
        dtype="float32",
        name="logits",
    )(x)
    return keras.Model(images, layers.Flatten(dtype="float32")(logits), name=name)


def networks(image_shape=(64, 64, 3), latent_dim=LATENT_DIM, **judging):
    """Builds the report's pair for 64 x 64 (section 2.3) or 256 x 256 (section 2.7).

    The large generator has two more blocks, two convolutions in each and padding by
    reflection. That its discriminator has two more convolutions is our reading.

    Args:
        image_shape: `(64, 64, channels)` or `(256, 256, channels)`.
        latent_dim: Length of a latent vector.
        **judging: `spectral_norm` and `augmentation` of the `discriminator`.

    Returns:
        The pair `(generator, discriminator)`.

    Raises:
        ValueError: If the images are of another size.
    """
    side = image_shape[0]
    if side not in WIDTHS:
        raise ValueError(
            f"Expected images of 64 x 64 or 256 x 256, received {side} x "
            f"{image_shape[1]}: resize them, or call generator and discriminator with "
            "widths of your own."
        )
    large = side == 256
    form = {"convolutions": 2, "reflection": True} if large else {}
    return (
        generator(image_shape, latent_dim, widths=WIDTHS[side], **form),
        discriminator(image_shape, widths=WIDTHS[side][::-1], **judging),
    )


def _check_side(image_shape, widths):
    side = BASE * 2 ** len(widths)
    if tuple(image_shape[:2]) != (side, side):
        raise ValueError(
            f"Expected images of {side} x {side}, which {len(widths)} widths make, "
            f"received {image_shape[0]} x {image_shape[1]}: resize them or give "
            "as many widths as 4 is doubled."
        )
