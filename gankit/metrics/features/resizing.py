"""The three ways in which implementations of FID resize images to 299 x 299.

They differ by many grey levels on small images, so the mode is part of a score's name.
Each is linear and treats the axes alike, and therefore is one matrix per axis.
"""

import functools

import numpy as np


def resize_matrix(mode, size_in, size_out):
    """The matrix that resizes one axis of an image.

    Args:
        mode: As in `resize`.
        size_in: Pixels along the axis.
        size_out: Pixels wanted.

    Returns:
        float64 array `(size_out, size_in)`, read-only, whose rows sum to 1.

    Raises:
        ValueError: If the mode is unknown.
    """
    if mode not in MODES:
        raise ValueError(
            f"Expected resize to be one of {', '.join(MODES)}, received {mode!r}: "
            "choose the one of the implementation to compare with."
        )
    return _matrix(mode, int(size_in), int(size_out))


def resize(images, mode, size=299):
    """Resizes images to squares as one of the implementations of FID does.

    Args:
        images: `(n, height, width, channels)`, uint8 or any other real type.
        mode: `"tf1"`, bilinear of TensorFlow 1, whose pixels lie at their upper left
            corners: the authors' code, torch-fidelity, StyleGAN. `"torch"`, bilinear
            between pixel centres: pytorch-fid. `"clean"`, bicubic with antialiasing,
            as PIL computes it in floating point, clipped to 0 ... 255: clean-fid.
        size: Height and width of the result in pixels.

    Returns:
        float32 array `(n, size, size, channels)` in the units of `images`. No mode
        rounds to whole grey levels.

    Raises:
        ValueError: If the mode is unknown.

    References:
        Parmar et al. 2022, section 3 (https://arxiv.org/abs/2104.11222), on what the
        resizing does to FID.
    """
    n, height, width, channels = images.shape
    # The axis to resize comes last, so that each product is one call of BLAS, whose
    # threads would otherwise wait for each other image after image.
    x = images.transpose(0, 2, 3, 1).astype("float32", order="C").reshape(-1, height)
    x = x @ resize_matrix(mode, height, size).astype("float32").T
    x = x.reshape(n, width, channels, size).transpose(0, 3, 2, 1).reshape(-1, width)
    x = x @ resize_matrix(mode, width, size).astype("float32").T
    x = x.reshape(n, size, channels, size).transpose(0, 1, 3, 2)
    resized = np.ascontiguousarray(x)
    if mode == "clean":
        np.clip(resized, 0, 255, out=resized)
    return resized


@functools.lru_cache(maxsize=64)
def _matrix(mode, size_in, size_out):
    matrix = MODES[mode](size_in, size_out)
    matrix.flags.writeable = False
    return matrix


def _bilinear(source, size_in):
    """Weights of the two pixels around each position in the source."""
    lower = np.floor(source).astype(int)
    rows = np.arange(len(source))
    matrix = np.zeros((len(source), size_in))
    # Beyond the last pixel both are the last one.
    np.add.at(matrix, (rows, lower), 1 - (source - lower))
    np.add.at(matrix, (rows, np.minimum(lower + 1, size_in - 1)), source - lower)
    return matrix


# Both round positions to float32; in float64 large images would differ by 0.02 levels.
def _tensorflow_1(size_in, size_out):
    scale = np.float32(size_in / size_out)
    return _bilinear(np.arange(size_out, dtype="float32") * scale, size_in)


def _torch(size_in, size_out):
    scale = np.float32(size_in / size_out)
    source = (np.arange(size_out, dtype="float32") + 0.5) * scale - 0.5
    return _bilinear(np.maximum(source, 0), size_in)


def _clean(size_in, size_out):
    scale = size_in / size_out
    # On the way down the kernel widens with the scale, which is the antialiasing.
    width = max(scale, 1.0)
    centres = (np.arange(size_out) + 0.5) * scale
    matrix = _cubic((np.arange(size_in) + 0.5 - centres[:, None]) / width)
    return matrix / matrix.sum(axis=1, keepdims=True)


def _cubic(x, a=-0.5):
    """Keys's cubic kernel, zero from a distance of 2."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


MODES = {"tf1": _tensorflow_1, "torch": _torch, "clean": _clean}
