"""Generators that translate images, and patch discriminators.

The residual generator and `patch70` follow Zhu et al. 2017, appendix 7.2
(https://arxiv.org/abs/1703.10593). The small generator and the discriminators with
three or four layers of stride 2 are those of the CMU course.
"""

import keras
from keras import layers

from gankit.backend.arguments import check_choice
from gankit.layers import instance_norm
from gankit.networks.parts import (
    batch_normalization,
    image_output,
    leaky_relu,
    logits_layer,
    reflection_convolution,
    weight_layer,
)

NORMALIZATIONS = {"instance": instance_norm, "batch": batch_normalization}


def generator(
    image_shape=(None, None, 3),
    width=64,
    blocks=9,
    *,
    dropout=0.0,
    norm="instance",
    name="generator",
):
    """Builds the residual generator of CycleGAN.

    A 7 x 7 convolution, two convolutions of stride 2, residual blocks, two transposed
    convolutions, a 7 x 7 convolution and tanh, with normalisation and ReLU in between.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4; `None` allows
            any such side.
        width: Channels of the first layer, a quarter of the channels in the blocks.
        blocks: Residual blocks; the paper has 6 for 128 x 128 and 9 for 256 x 256.
        dropout: Dropout rate between the two convolutions of a block.
        norm: `"instance"` or `"batch"`.
        name: Name of the model.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] to float32
        images of the same shape in [-1, 1].

    Raises:
        ValueError: If there is no such normalisation.

    Reference:
        Zhu et al. 2017, appendix 7.2 (https://arxiv.org/abs/1703.10593).
    """
    images = keras.Input(image_shape, name="source")
    x = encoder_body(images, width, blocks, dropout=dropout, norm=norm)
    return keras.Model(
        images, decoder_body(x, image_shape[-1], width, norm=norm), name=name
    )


def encoder_body(images, width, blocks, *, dropout=0.0, norm="instance"):
    """Returns the output of the generator's first half, which ends with its blocks.

    Args:
        images: Keras tensor `(n, height, width, channels)`, sides multiples of 4.
        width, blocks, dropout, norm: As in `generator`.

    Returns:
        Feature maps `(n, height / 4, width / 4, 4 * width)`.
    """
    x = _norm_relu(reflection_convolution(images, width, 7), norm)
    for factor in (2, 4):
        x = weight_layer(layers.Conv2D, factor * width, 3, 2, padding="same")(x)
        x = _norm_relu(x, norm)
    return _residual_blocks(x, blocks, dropout=dropout, norm=norm)


def decoder_body(x, channels, width, blocks=0, *, dropout=0.0, norm="instance"):
    """Returns the images of its second half, which may begin with residual blocks.

    Args:
        x: Feature maps from `encoder_body`.
        channels: Channels of the images.
        width, blocks, dropout, norm: As in `generator`.

    Returns:
        float32 images of four times the sides, `(n, height, width, channels)`, in
        [-1, 1].
    """
    x = _residual_blocks(x, blocks, dropout=dropout, norm=norm)
    for factor in (2, 1):
        layer = weight_layer(
            layers.Conv2DTranspose, factor * width, 3, 2, padding="same"
        )
        x = _norm_relu(layer(x), norm)
    return image_output(
        reflection_convolution(x, channels, 7, use_bias=True, name="to_image")
    )


def fused_generators(
    image_shape=(None, None, 3),
    width=32,
    blocks=3,
    *,
    dropout=0.0,
    norm="instance",
):
    """Builds two generators with one encoder (IISc report, section 6.1).

    The encoder ends with half of the residual blocks. Each of the two decoders begins
    with the other half.

    Args:
        image_shape: As in `generator`.
        width: As in `generator`.
        blocks: Residual blocks of the encoder, and of each decoder.
        dropout: As in `generator`.
        norm: As in `generator`.

    Returns:
        The pair `(g_ab, g_ba)` of models that share their input and encoder.
    """
    images = keras.Input(image_shape, name="source")
    options = {"dropout": dropout, "norm": norm}
    encoder = keras.Model(
        images, encoder_body(images, width, blocks, **options), name="encoder"
    )
    generators = []
    for name, target in (("g_ab", "b"), ("g_ba", "a")):
        code = keras.Input(encoder.output_shape[1:], name="code")
        translated = decoder_body(code, image_shape[-1], width, blocks, **options)
        decoder = keras.Model(code, translated, name=f"decoder_{target}")
        generators.append(keras.Model(images, decoder(encoder(images)), name=name))
    return tuple(generators)


def small_generator(
    image_shape=(None, None, 3),
    filters=(32, 64),
    blocks=3,
    *,
    norm="instance",
    name="generator",
):
    """Builds the small generator of the CMU course.

    4 x 4 convolutions of stride 2, residual blocks of one convolution, then as many
    upsampling layers with 3 x 3 convolutions, and tanh.

    Args:
        image_shape: As in `generator`.
        filters: Channels of the convolutions of stride 2.
        blocks: Residual blocks.
        norm: As in `generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`; see `generator`.

    Raises:
        ValueError: If there is no such normalisation.
    """
    images = keras.Input(image_shape, name="source")
    x = images
    for channels in filters:
        x = weight_layer(layers.Conv2D, channels, 4, 2, padding="same")(x)
        x = _norm_relu(x, norm)
    for _ in range(blocks):
        x = layers.Add()(
            [x, _norm_relu(reflection_convolution(x, filters[-1], 3), norm)]
        )
    for channels in filters[-2::-1]:
        x = _norm_relu(
            reflection_convolution(layers.UpSampling2D()(x), channels, 3), norm
        )
    x = layers.UpSampling2D()(x)
    x = reflection_convolution(x, image_shape[-1], 3, use_bias=True, name="to_image")
    return keras.Model(images, image_output(x), name=name)


def patch_discriminator(
    image_shape,
    filters,
    strides,
    *,
    last_stride=1,
    norm="instance",
    spectral_norm=False,
    name="discriminator",
):
    """Builds a patch discriminator.

    4 x 4 convolutions with LeakyReLU of slope 0.2, normalised except for the first,
    then a convolution that gives the logits. Borders are padded by one pixel.

    Args:
        image_shape: `(height, width, channels)`.
        filters: Channels of all convolutions but the last.
        strides: Their strides.
        last_stride: Stride of the convolution that gives the logits.
        norm: `"instance"`, `"batch"` or `None`.
        spectral_norm: Whether to use spectral normalisation in all layers.
        name: Name of the model.

    Returns:
        A `keras.Model`, images in [-1, 1] to float32 logits `(n, h, w, 1)`. To measure
        the patches, use `gankit.inspection.receptive_field`.

    Raises:
        ValueError: If there is no such normalisation.
    """
    images = keras.Input(image_shape, name="images")
    x = _features(images, filters, strides, norm, spectral_norm)
    x = layers.ZeroPadding2D(1)(x)
    last = logits_layer(layers.Conv2D, 1, 4, last_stride, spectral_norm=spectral_norm)
    return keras.Model(images, last(x), name=name)


def patch70(image_shape=(128, 128, 3), width=64, **options):
    """Builds CycleGAN's discriminator of 70 x 70 patches.

    Args:
        image_shape: `(height, width, channels)`.
        width: Channels of the first convolution, which then double.
        **options: `norm`, `spectral_norm` and `name` of `patch_discriminator`.

    Returns:
        A `keras.Model`; see `patch_discriminator`. Images of 128 x 128 give 14 x 14
        logits.

    Reference:
        Zhu et al. 2017, appendix 7.2 (https://arxiv.org/abs/1703.10593).
    """
    filters = (width, 2 * width, 4 * width, 8 * width)
    return patch_discriminator(image_shape, filters, (2, 2, 2, 1), **options)


def patch46(image_shape=(64, 64, 3), width=32, **options):
    """Builds the CMU course's discriminator of 46 x 46 patches.

    For images of 64 x 64 it returns 4 x 4 logits.

    Args:
        image_shape: `(height, width, channels)`.
        width: Channels of the first convolution, which then double.
        **options: `norm`, `spectral_norm` and `name` of `patch_discriminator`.

    Returns:
        A `keras.Model`; see `patch_discriminator`.
    """
    filters = (width, 2 * width, 4 * width)
    return patch_discriminator(
        image_shape, filters, (2, 2, 2), last_stride=2, **options
    )


def patch22(image_shape=(64, 64, 3), width=32, **options):
    """Builds a discriminator of 22 x 22 patches, one layer shorter than `patch46`.

    For images of 64 x 64 it returns 8 x 8 logits.

    Args:
        image_shape, width, **options: As in `patch46`.

    Returns:
        A `keras.Model`; see `patch_discriminator`.
    """
    filters = (width, 2 * width)
    return patch_discriminator(image_shape, filters, (2, 2), last_stride=2, **options)


def patch94(image_shape=(256, 256, 3), width=64, **options):
    """Builds `patch70` with stride 2 in its last two layers: 94 x 94 patches.

    For images of 256 x 256 it returns 8 x 8 logits.

    Args:
        image_shape, width, **options: As in `patch70`.

    Returns:
        A `keras.Model`; see `patch_discriminator`.
    """
    filters = (width, 2 * width, 4 * width, 8 * width)
    return patch_discriminator(image_shape, filters, (2,) * 4, last_stride=2, **options)


def dc_discriminator(
    image_shape=(64, 64, 3),
    width=32,
    *,
    norm="instance",
    spectral_norm=False,
    name="discriminator",
):
    """Builds the CMU course's DC discriminator, which sees the whole image.

    Four 4 x 4 convolutions of stride 2, then one as large as the remaining map.

    Args:
        image_shape: `(side, side, channels)`, the side a multiple of 16.
        width: Channels of the first convolution, which then double.
        norm: As in `patch_discriminator`.
        spectral_norm: As in `patch_discriminator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, images in [-1, 1] to float32 logits `(n, 1, 1, 1)`.

    Raises:
        ValueError: If there is no such normalisation.
    """
    images = keras.Input(image_shape, name="images")
    filters = (width, 2 * width, 4 * width, 8 * width)
    x = _features(images, filters, (2,) * 4, norm, spectral_norm)
    last = logits_layer(layers.Conv2D, 1, x.shape[1], spectral_norm=spectral_norm)
    return keras.Model(images, last(x), name=name)


def _normalization(norm):
    check_choice("norm to be one of", norm, NORMALIZATIONS)
    return NORMALIZATIONS[norm]()


def _norm_relu(x, norm):
    return layers.ReLU()(_normalization(norm)(x))


def _residual_blocks(x, blocks, *, dropout, norm):
    channels = x.shape[-1]
    for _ in range(blocks):
        y = _norm_relu(reflection_convolution(x, channels, 3), norm)
        if dropout:
            y = layers.Dropout(dropout)(y)
        y = _normalization(norm)(reflection_convolution(y, channels, 3))
        x = layers.Add()([x, y])
    return x


def _features(x, filters, strides, norm, spectral_norm):
    """Returns the features of a discriminator."""
    for i, (channels, stride) in enumerate(zip(filters, strides, strict=True)):
        normalizes = norm is not None and i > 0
        options = {"use_bias": not normalizes, "spectral_norm": spectral_norm}
        convolution = weight_layer(layers.Conv2D, channels, 4, stride, **options)
        x = convolution(layers.ZeroPadding2D(1)(x))
        x = leaky_relu()(_normalization(norm)(x) if normalizes else x)
    return x
