"""Layers and initial weights that several networks share."""

import keras
from keras import layers

from gankit.backend import device
from gankit.layers import ReflectionPadding2D, SelfAttention2D, SpectralNormalization

# Side of the map with self-attention, for images of 32 x 32.
ATTENTION_SIDE = 16


def initial_weights():
    """Initial weights from N(0, 0.02) (Radford et al. 2016, section 4)."""
    return keras.initializers.RandomNormal(stddev=0.02)


def batch_normalization():
    """Batch normalisation with the settings of the authors' Torch code."""
    # With Keras's momentum of 0.99, the moving statistics would lag a hundred steps
    # behind the weights.
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=device.synchronizes_batches()
    )


def label_input():
    """Input for labels, int32 `(n,)`."""
    return keras.Input((), dtype="int32", name="labels")


def self_attention(spectral_norm):
    """Self-attention, for networks with one such layer."""
    return SelfAttention2D(spectral_normalization=spectral_norm, name="attention")


def leaky_relu(negative_slope=0.2):
    """LeakyReLU, by default with the DCGAN paper's slope."""
    return layers.LeakyReLU(negative_slope=negative_slope)


def image_output(x):
    """Applies tanh in float32, as bfloat16 is accurate only to half a grey level."""
    return layers.Activation("tanh", dtype="float32", name="images")(x)


def logits_layer(*arguments, spectral_norm, name="logits", **options):
    """Builds the last layer of a discriminator: with a bias, and in float32.

    Args:
        *arguments: The class of the layer and its positional arguments.
        spectral_norm: Whether to use spectral normalisation.
        name: Name of the layer.
        **options: Its other keyword arguments.

    Returns:
        The layer.
    """
    options |= {"use_bias": True, "dtype": "float32", "name": name}
    return weight_layer(*arguments, spectral_norm=spectral_norm, **options)


def reflection_convolution(x, channels, kernel_size, **options):
    """Convolves with reflection padding, which preserves the sides.

    Args:
        x: Feature maps `(n, height, width, channels)`.
        channels: Channels of the result.
        kernel_size: Side of the kernel, odd.
        **options: Those of `weight_layer`.

    Returns:
        Feature maps of the same sides.
    """
    x = ReflectionPadding2D(kernel_size // 2)(x)
    return weight_layer(layers.Conv2D, channels, kernel_size, **options)(x)


def convolution_block(
    x, *arguments, padding, batch_norm, spectral_norm, negative_slope=0.2
):
    """Applies a discriminator's convolution, batch normalisation and LeakyReLU.

    Args:
        x: Input tensor.
        *arguments: Channels, kernel size and stride.
        padding: `"same"` or `"valid"`.
        batch_norm: Whether to use batch normalisation instead of a bias.
        spectral_norm: Whether to use spectral normalisation.
        negative_slope: Of LeakyReLU; 0.0 makes it ReLU.

    Returns:
        Output tensor.
    """
    x = weight_layer(
        layers.Conv2D,
        *arguments,
        padding=padding,
        use_bias=not batch_norm,
        spectral_norm=spectral_norm,
    )(x)
    if batch_norm:
        x = batch_normalization()(x)
    return leaky_relu(negative_slope)(x)


def weight_layer(
    layer_class, *arguments, use_bias=False, spectral_norm=False, **options
):
    """Builds a layer with weights, with or without spectral normalisation.

    By default it has no bias, as the normalisation after it would subtract it.

    Args:
        layer_class: `keras.layers.Dense` or a convolution.
        *arguments: Its positional arguments.
        use_bias: Whether it has a bias.
        spectral_norm: Whether to wrap it in `gankit.layers.SpectralNormalization`.
        **options: Its keyword arguments; `kernel_initializer` defaults to
            `initial_weights()`.

    Returns:
        The layer.
    """
    options.setdefault("kernel_initializer", initial_weights())
    if not spectral_norm:
        return layer_class(*arguments, use_bias=use_bias, **options)
    name = options.pop("name", None)
    return SpectralNormalization(
        layer_class(*arguments, use_bias=False, **options),
        use_bias=use_bias,
        name=name,
    )
