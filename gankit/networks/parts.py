"""What the builders of networks share: the DCGAN paper's start and normalisation."""

import keras
from keras import layers

from gankit.backend import device
from gankit.layers import SelfAttention2D, SpectralNormalization

# The side of the map on which pixels attend to each other, in images of 32 x 32.
ATTENTION_SIDE = 16


def initial_weights():
    """N(0, 0.02), from which the weights start (Radford et al. 2016, section 4)."""
    return keras.initializers.RandomNormal(stddev=0.02)


def batch_normalization():
    """Batch normalisation as in the original Torch code."""
    # Keras's momentum of 0.99 would let the moving statistics lag a hundred steps
    # behind the weights.
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=device.synchronizes_batches()
    )


def label_input():
    """The input of the labels, int32 `(n,)`."""
    return keras.Input((), dtype="int32", name="labels")


def self_attention(spectral_norm):
    """The self-attention of a network that has it once."""
    return SelfAttention2D(spectral_normalization=spectral_norm, name="attention")


def leaky_relu():
    """LeakyReLU with the DCGAN paper's slope of 0.2."""
    return layers.LeakyReLU(negative_slope=0.2)


def image_output(x):
    """The generator's tanh, in float32: bfloat16 has steps of half a grey level."""
    return layers.Activation("tanh", dtype="float32", name="images")(x)


def scored_convolution(x, *arguments, padding, batch_norm, spectral_norm):
    """A convolution of a discriminator, with what follows it.

    Args:
        x: What comes before.
        *arguments: Channels, side of the kernel and stride.
        padding: `"same"` or `"valid"`.
        batch_norm: Whether batch normalisation follows, in place of a bias.
        spectral_norm: Whether the kernel is normalised spectrally.

    Returns:
        The map behind the LeakyReLU.
    """
    x = scored_layer(
        layers.Conv2D,
        *arguments,
        padding=padding,
        use_bias=not batch_norm,
        spectral_norm=spectral_norm,
    )(x)
    if batch_norm:
        x = batch_normalization()(x)
    return leaky_relu()(x)


def scored_layer(layer_class, *arguments, use_bias, spectral_norm, **options):
    """A layer with weights, spectrally normalised or not.

    Args:
        layer_class: `keras.layers.Dense` or a convolution.
        *arguments: Its positional arguments.
        use_bias: Whether it has a bias.
        spectral_norm: Whether to wrap it in `gankit.layers.SpectralNormalization`.
        **options: Its keyword arguments.

    Returns:
        The layer, which starts from `initial_weights()` unless told otherwise.
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
