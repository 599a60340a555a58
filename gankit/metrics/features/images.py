"""Prepares images for a score: checks them and yields batches of uint8."""

import warnings

import numpy as np
from keras import ops

from gankit.datasets import to_uint8
from gankit.datasets.checks import check_range, check_shape


def uint8_batches(images, *, value_range=None, channels=None, batch_size=64):
    """Checks images and yields them in batches of uint8.

    All reference implementations of FID score images with 256 levels, as stored in
    files, so floating-point images are rounded to these levels first.

    Args:
        images: Array or tensor `(n, height, width, channels)` with 1 or 3 channels,
            uint8 or floating point; or an iterable of such batches, which may differ
            in size.
        value_range: `(low, high)` of floating-point images, the values of black and
            full intensity. uint8 images need none: they range over (0, 255).
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
    warned, empty = False, True
    for piece in pieces:
        piece = ops.convert_to_numpy(piece)
        check_shape(piece)
        if channels == 1 and piece.shape[-1] == 3:
            raise ValueError(
                "Expected grey images, since the network was trained on those, "
                f"received colour images of shape {piece.shape}: choose a network for "
                "colour."
            )
        repeats = 3 if channels == 3 and piece.shape[-1] == 1 else 1
        if repeats == 3 and not warned:
            warned = True
            warnings.warn(
                "The images are grey and the network expects colour: their channel is "
                "repeated three times.",
                stacklevel=2,
            )
        if empty and piece.size:
            _check_range(piece, value_range)
        for start in range(0, len(piece), batch_size):
            batch = piece[start : start + batch_size]
            if batch.dtype != np.uint8:
                batch = to_uint8(batch, value_range)
            yield batch if repeats == 1 else np.repeat(batch, repeats, axis=-1)
            empty = False
    if empty:
        raise ValueError(
            "Expected at least one image, received none: check the source."
        )


def _check_range(images, value_range):
    """Refuses images whose values suggest that they range from 0 to 1."""
    if images.dtype == np.uint8:
        value_range = (0, 255)
    low, high = check_range(value_range)
    least, most = images.min(), images.max()
    if 0 <= least < most <= 1 < high - low:
        raise ValueError(
            f"Expected {images.dtype} images that fill {value_range}, received values "
            f"from {least:g} to {most:g}, as if they ranged from 0 to 1: pass "
            "value_range=(0, 1) with floats, or convert them with "
            "gankit.datasets.to_uint8 if they are right."
        )
