"""Instance normalisation."""

import keras


def instance_norm(name=None):
    """Builds a layer that normalises each channel of each image separately.

    It computes `(x - mean) / sqrt(variance + 1e-5)` over height and width. This is
    Keras's `GroupNormalization` with one group per channel and CycleGAN's settings: no
    gain, no bias and an epsilon of 1e-5 (Keras's default is 1e-3).

    Args:
        name: Name of the layer.

    Returns:
        A `keras.layers.GroupNormalization` for images `(n, height, width, channels)`.

    Reference:
        Ulyanov et al. 2016 (https://arxiv.org/abs/1607.08022); Zhu et al. 2017,
        appendix 7.2 (https://arxiv.org/abs/1703.10593).
    """
    return keras.layers.GroupNormalization(
        groups=-1, epsilon=1e-5, center=False, scale=False, name=name
    )
