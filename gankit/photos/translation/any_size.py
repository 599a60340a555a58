"""Translates images of any size, whatever the strides of the generator."""

import math

import numpy as np
from keras import layers

from gankit.backend.layer_tree import all_layers

TRANSPOSED = (layers.Conv2DTranspose, layers.UpSampling2D)


def translate(model, images, direction, *, batch_size=8):
    """Translates images of any size into the other domain.

    Reflection pads the sides at both ends to the next multiple of the product of the
    network's strides (4 for the residual generator and the small one), and the
    translations are cropped to the original size. Images whose sides are such
    multiples are not padded. Instance normalisation includes the padding in its
    statistics.

    All batches, including the last, have one shape, so the network is compiled once.

    Args:
        model: A `gankit.CycleGAN`.
        images: uint8 array `(n, height, width, channels)`.
        direction: `"ab"` or `"ba"`.
        batch_size: Number of images in a batch.

    Returns:
        NumPy uint8 array of the same shape.

    Raises:
        ValueError: If there is no such direction, the type or channels of the images
            are wrong, or the network was built for images of another size.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(
            "Expected images (n, height, width, channels), received an array of shape "
            f"{images.shape}: add an axis to a single image with image[None]."
        )
    network = model.g_ba if direction == "ba" else model.g_ab
    height, width, channels = images.shape[1:]
    *fixed, expected = network.input_shape[1:]
    if channels != expected:
        raise ValueError(
            f"Expected images of {expected} channels, as in training, received "
            f"{channels}: convert them first."
        )
    if any(a not in (None, b) for a, b in zip(fixed, (height, width), strict=True)):
        raise ValueError(
            f"Expected images of {fixed[0]} x {fixed[1]} pixels, the only size that "
            f"this network takes, received {height} x {width}: scale them, or train a "
            "generator with image_shape=(None, None, channels)."
        )
    borders = [(0, 0)] * 4
    if None in fixed:
        multiple = strides(network)
        borders[1:3] = [_border(side, multiple) for side in (height, width)]
    padded = np.pad(images, borders, mode="reflect")
    translated = model.translate(padded, direction, batch_size=batch_size)
    (top, _), (left, _) = borders[1:3]
    return translated[:, top : top + height, left : left + width]


def strides(network):
    """The number whose multiples a network takes as sides of images.

    Args:
        network: A `keras.Model` on images, without branches of different strides.

    Returns:
        The product of the strides of its convolutions and poolings.
    """
    parts = all_layers(network)
    return math.prod(
        part.strides[0]
        for part in parts
        if hasattr(part, "strides") and not isinstance(part, TRANSPOSED)
    )


def _border(side, multiple):
    """Pixels to add before and after a side."""
    # After all strides two pixels must remain, or there would be nothing to reflect.
    spare = max(-side % multiple, 2 * multiple - side)
    return spare // 2, spare - spare // 2
