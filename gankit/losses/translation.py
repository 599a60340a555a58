"""The losses of translators beside the adversarial ones.

Images are float `(n, height, width, channels)` in [-1, 1]; every loss is a float32
scalar, a mean over images, pixels and channels.
"""

import keras
import numpy as np
from keras import ops

from gankit.layers.augmentation import random_translation

# Side and standard deviation of the window of SSIM, and its constants.
SSIM_SIDE = 11
SSIM_SIGMA = 1.5
SSIM_CONSTANTS = (0.01, 0.03)
# The share of SSIM in its mixture with L1.
SSIM_SHARE = 0.84
# The largest shift of consistency regularisation.
SHIFT = 4


def l1(images, others):
    """Mean absolute difference; its minimiser is a median."""
    return ops.mean(ops.abs(_float32(images) - _float32(others)))


def l2(images, others):
    """Mean squared difference; its minimiser is a mean."""
    return ops.mean(ops.square(_float32(images) - _float32(others)))


def ssim(images, others):
    """Structural similarity, 1 for equal images.

    Means, variances and covariance are taken in Gaussian windows of 11 x 11 pixels
    with a standard deviation of 1.5 that lie within the image, channel by channel.

    Args:
        images: Images with sides of at least 11.
        others: As many other images.

    Returns:
        A float32 scalar, at most 1.

    Raises:
        ValueError: If the images are smaller than the window.

    Reference:
        Wang et al. 2004, equations 13 to 16
        (https://doi.org/10.1109/TIP.2003.819861), with L = 2 for the range [-1, 1].
    """
    if min(images.shape[1:3]) < SSIM_SIDE:
        raise ValueError(
            f"Expected images of at least {SSIM_SIDE} x {SSIM_SIDE} pixels, the window "
            f"of SSIM, received {images.shape[1]} x {images.shape[2]}: use larger "
            "images or the loss l1."
        )
    x, y = _float32(images), _float32(others)
    moments = ops.concatenate([x, y, x * x, y * y, x * y], axis=-1)
    mean_x, mean_y, xx, yy, xy = ops.split(_windowed(moments), 5, axis=-1)
    c1, c2 = ((2.0 * k) ** 2 for k in SSIM_CONSTANTS)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    covariance, variances = xy - mean_x * mean_y, xx - mean_x**2 + yy - mean_y**2
    return ops.mean(luminance * (2 * covariance + c2) / (variances + c2))


def ssim_l1(images, others):
    """`0.84 (1 - SSIM) + 0.16 L1`.

    Zhao et al. have SSIM on several scales and a Gaussian weight in L1; this has one
    scale and none.

    Reference:
        Zhao et al. 2017, section 3.4 (https://arxiv.org/abs/1511.08861).
    """
    dissimilarity = 1.0 - ssim(images, others)
    return SSIM_SHARE * dissimilarity + (1.0 - SSIM_SHARE) * l1(images, others)


PIXEL_LOSSES = {"l1": l1, "l2": l2, "ssim": ssim_l1}


def get(name):
    """Looks a loss between images up.

    Args:
        name: A key of `PIXEL_LOSSES`.

    Returns:
        Function of two batches of images that gives a scalar.

    Raises:
        ValueError: If there is no such loss.
    """
    if name not in PIXEL_LOSSES:
        raise ValueError(
            f"Expected the loss between images to be one of "
            f"{', '.join(PIXEL_LOSSES)}, received {name!r}: choose one of these names."
        )
    return PIXEL_LOSSES[name]


def shifted_and_flipped(images, seed_generator):
    """Shifts each image by up to 4 pixels and mirrors half of them.

    Args:
        images: Float images `(n, height, width, channels)`.
        seed_generator: A `keras.random.SeedGenerator`.

    Returns:
        The images of the same shape, and which were mirrored, booleans
        `(n, 1, 1, 1)`.
    """
    moved = random_translation(images, seed_generator, most=SHIFT)
    shape = (ops.shape(images)[0], 1, 1, 1)
    mirrored = keras.random.uniform(shape, seed=seed_generator) < 0.5
    return ops.where(mirrored, ops.flip(moved, axis=2), moved), mirrored


def consistency(logits, moved_logits, mirrored=None):
    """Mean squared difference of a discriminator's logits of images and moved images.

    Args:
        logits: Logits of images, of any shape.
        moved_logits: Those of `shifted_and_flipped` images.
        mirrored: Which images were mirrored: their maps of logits are mirrored back
            first. `None` compares maps place by place, though what they show moved.

    Returns:
        A float32 scalar.

    Reference:
        Zhang et al. 2020, equation 3 (https://arxiv.org/abs/1910.12027), with a mean
        in place of the sum over logits.
    """
    if mirrored is not None and len(moved_logits.shape) == 4:
        moved_logits = ops.where(mirrored, ops.flip(moved_logits, axis=2), moved_logits)
    return l2(logits, moved_logits)


def _float32(x):
    return ops.cast(x, "float32")


def _windowed(x):
    """Gaussian means of `(n, h, w, c)` within the borders."""
    offset = np.arange(SSIM_SIDE) - SSIM_SIDE // 2
    weights = np.exp(-(offset**2) / (2 * SSIM_SIGMA**2))
    weights = np.tile((weights / weights.sum())[:, None], x.shape[-1])
    # Channel by channel: such convolutions are not computed in TensorFloat-32, which
    # would leave little of the difference of two squares.
    for shape in ((SSIM_SIDE, 1, -1, 1), (1, SSIM_SIDE, -1, 1)):
        kernel = weights.reshape(shape).astype("float32")
        x = ops.depthwise_conv(x, kernel, padding="valid", data_format="channels_last")
    return x
