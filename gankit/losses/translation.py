"""Losses of image translation, next to the adversarial ones.

Images are float `(n, height, width, channels)` in [-1, 1]. Every loss is a float32
scalar, the mean over images, pixels and channels.
"""

import keras
import numpy as np
from keras import ops

from gankit.backend.arguments import check_choice
from gankit.layers.augmentation import random_translation

# Side and standard deviation of SSIM's window, and its two constants.
SSIM_SIDE = 11
SSIM_SIGMA = 1.5
SSIM_CONSTANTS = (0.01, 0.03)
# The weight of SSIM in its mixture with L1.
SSIM_SHARE = 0.84
# The largest shift of consistency regularisation, in pixels.
SHIFT = 4


def l1(images, others):
    """Mean absolute difference, minimised by the median.

    Args:
        images, others: Images of one shape.

    Returns:
        A float32 scalar, 0 to 2.
    """
    return ops.mean(ops.abs(_float32(images) - _float32(others)))


def l2(images, others):
    """Mean squared difference, minimised by the mean.

    Args:
        images, others: Images of one shape.

    Returns:
        A float32 scalar, 0 to 4.
    """
    return ops.mean(ops.square(_float32(images) - _float32(others)))


def ssim(images, others):
    """Structural similarity (SSIM), 1 for equal images.

    Means, variances and covariances are computed for each channel in Gaussian windows
    of 11 x 11 pixels with a standard deviation of 1.5, all inside the image.

    Args:
        images: Images with sides of at least 11 pixels.
        others: The images to compare them with, of the same shape.

    Returns:
        A float32 scalar of at most 1.

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
            "images or the l1 loss."
        )
    x, y = _float32(images), _float32(others)
    moments = ops.concatenate([x, y, x * x, y * y, x * y], axis=-1)
    mean_x, mean_y, xx, yy, xy = ops.split(_gaussian_means(moments), 5, axis=-1)
    c1, c2 = ((2.0 * k) ** 2 for k in SSIM_CONSTANTS)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    covariance, variances = xy - mean_x * mean_y, xx - mean_x**2 + yy - mean_y**2
    return ops.mean(luminance * (2 * covariance + c2) / (variances + c2))


def ssim_l1(images, others):
    """`0.84 (1 - SSIM) + 0.16 L1`.

    Unlike Zhao et al., this uses a single scale of SSIM and no Gaussian weights in L1.

    Args:
        images, others: As in `ssim`, which may raise a `ValueError`.

    Returns:
        A float32 scalar, 0 for equal images.

    Reference:
        Zhao et al. 2017, section 3.4 (https://arxiv.org/abs/1511.08861).
    """
    dissimilarity = 1.0 - ssim(images, others)
    return SSIM_SHARE * dissimilarity + (1.0 - SSIM_SHARE) * l1(images, others)


PIXEL_LOSSES = {"l1": l1, "l2": l2, "ssim": ssim_l1}


def get(name):
    """Returns the loss between images called `name`, a key of `PIXEL_LOSSES`.

    Args:
        name: Such as `"l1"`.

    Raises:
        ValueError: If there is no such loss.
    """
    check_choice("the loss between images to be one of", name, PIXEL_LOSSES)
    return PIXEL_LOSSES[name]


def shift_and_flip(images, seed_generator):
    """Shifts each image by up to 4 pixels and flips half of them horizontally.

    Args:
        images: Float images `(n, height, width, channels)`.
        seed_generator: A `keras.random.SeedGenerator`.

    Returns:
        The pair `(images, flips)`: images of the same shape, and booleans
        `(n, 1, 1, 1)` that are true where an image was flipped.
    """
    images = random_translation(images, seed_generator, most=SHIFT)
    shape = (ops.shape(images)[0], 1, 1, 1)
    flips = keras.random.uniform(shape, seed=seed_generator) < 0.5
    return ops.where(flips, ops.flip(images, axis=2), images), flips


def consistency(logits, new_logits, flips=None):
    """Mean squared difference between logits before and after augmentation.

    Args:
        logits: Logits of images, any shape.
        new_logits: Logits of the same images after `shift_and_flip`.
        flips: Which images were flipped. Their maps of logits are flipped back first.
            `None` compares the maps position by position.

    Returns:
        A float32 scalar.

    Reference:
        Zhang et al. 2020, equation 3 (https://arxiv.org/abs/1910.12027), with a mean
        instead of a sum over logits.
    """
    if flips is not None and len(new_logits.shape) == 4:
        new_logits = ops.where(flips, ops.flip(new_logits, axis=2), new_logits)
    return l2(logits, new_logits)


def _float32(x):
    return ops.cast(x, "float32")


def _gaussian_means(x):
    """Computes Gaussian-weighted means of `(n, h, w, c)`, without padding."""
    offset = np.arange(SSIM_SIDE) - SSIM_SIDE // 2
    weights = np.exp(-(offset**2) / (2 * SSIM_SIGMA**2))
    weights = np.tile((weights / weights.sum())[:, None], x.shape[-1])
    # Depthwise convolutions are not computed in TensorFloat-32, which is too inaccurate
    # for the difference of two squares.
    for shape in ((SSIM_SIDE, 1, -1, 1), (1, SSIM_SIDE, -1, 1)):
        kernel = weights.reshape(shape).astype("float32")
        x = ops.depthwise_conv(x, kernel, padding="valid", data_format="channels_last")
    return x
