"""Prepares images for a score: checks them and yields batches of uint8."""

import warnings

import numpy as np
from keras import ops

from gankit.datasets import to_uint8


def uint8_batches(images, *, value_range, channels=None, batch_size=64):
    """Checks images and yields them in batches of uint8.

    All reference implementations of FID score images with 256 levels, as stored in
    files, so floating-point images are rounded to these levels first.

    Args:
        images: Array or tensor `(n, height, width, channels)` with 1 or 3 channels,
            uint8 or floating point; or an iterable of such batches, which may differ
            in size.
        value_range: `(low, high)` of floating-point images, the values of black and
            full intensity. uint8 images always range over (0, 255).
        channels: 3 repeats the channel of grey images, with a warning; 1 refuses
            colour images; `None` accepts both.
        batch_size: Maximum number of images in a batch.

    Yields:
        NumPy uint8 arrays `(m, height, width, channels)`, m of at most `batch_size`.

    Raises:
        ValueError: If there are no images, or some have the wrong rank or number of
            channels, contain NaN or are out of range.
    """
    pieces = [images] if hasattr(images, "shape") else images
    tiles = False
    empty = True
    for piece in pieces:
        piece = ops.convert_to_numpy(piece)
        _check(piece, channels)
        if channels == 3 and piece.shape[-1] == 1 and not tiles:
            tiles = True
            warnings.warn(
                "The images are grey and the network expects colour: their channel is "
                "repeated three times.",
                stacklevel=2,
            )
        for start in range(0, len(piece), batch_size):
            batch = _levels(piece[start : start + batch_size], value_range)
            yield np.repeat(batch, 3, axis=-1) if tiles else batch
            empty = False
    if empty:
        raise ValueError(
            "Expected at least one image, received none: check the source."
        )


def _check(images, channels):
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "Expected images (n, height, width, channels) with 1 or 3 channels, "
            f"received the shape {images.shape}: add or move an axis, as "
            "images[..., None] does for grey images."
        )
    if channels == 1 and images.shape[-1] == 3:
        raise ValueError(
            "Expected grey images, since the network was trained on those, received "
            f"colour images of shape {images.shape}: choose a network for colour."
        )


def _levels(images, value_range):
    low, high = value_range
    if images.dtype != np.uint8:
        return to_uint8(images, value_range)
    # Probably images of 0 and 1 in uint8, with value_range=(0, 1).
    if (low, high) != (0, 255) and 0 < images.max(initial=0) <= high:
        raise ValueError(
            f"Expected uint8 images to range over (0, 255), received levels of at most "
            f"{images.max()} with value_range={value_range}: convert them to floating "
            "point, or scale them to 255."
        )
    return images
