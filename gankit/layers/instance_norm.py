"""Instance normalisation, by the Keras layer that computes it."""

import keras


def instance_norm(name=None):
    """Builds a layer that normalises each channel of each image by itself.

    `(x - mean) / sqrt(variance + 1e-5)` over height and width. It is Keras's
    `GroupNormalization` with a group for every channel, set to what CycleGAN uses:
    neither gain nor bias, and an epsilon of 1e-5 (Keras's is 1e-3).

    Args:
        name: Name of the layer.

    Returns:
        A `keras.layers.GroupNormalization`, images `(n, height, width, channels)` to
        images of the same shape.

    Reference:
        Ulyanov et al. 2016 (https://arxiv.org/abs/1607.08022); Zhu et al. 2017,
        appendix 7.2 (https://arxiv.org/abs/1703.10593).
    """
    return keras.layers.GroupNormalization(
        groups=-1, epsilon=1e-5, center=False, scale=False, name=name
    )
