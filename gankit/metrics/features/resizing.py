"""The three ways in which FID implementations resize images to 299 x 299.

On small images their results differ by many grey levels, so the mode is part of the
name of a score. All are linear and separable, so each needs one matrix per axis.
"""

import functools

import numpy as np

from gankit.backend.arguments import check_choice


def resize_matrix(mode, size_in, size_out):
    """Returns the matrix that resizes one axis of an image.

    Args:
        mode: As in `resize`.
        size_in: Number of pixels along the axis.
        size_out: Number of pixels after resizing.

    Returns:
        Read-only float64 array `(size_out, size_in)`, whose rows sum to 1.

    Raises:
        ValueError: If the mode is unknown.
    """
    check_choice("resize to be one of", mode, MODES)
    return _matrix(mode, int(size_in), int(size_out))


def resize(images, mode, size=299):
    """Resizes images to squares like one of the FID implementations.

    Args:
        images: Array `(n, height, width, channels)`, uint8 or any other real type.
        mode: `"tf1"`, bilinear as in TensorFlow 1, with pixels at their upper left
            corners: the authors' code, torch-fidelity, StyleGAN. `"torch"`, bilinear
            between pixel centres: pytorch-fid. `"clean"`, bicubic with antialiasing,
            as in PIL in floating point, clipped to 0 ... 255: clean-fid.
        size: Height and width of the result in pixels.

    Returns:
        float32 array `(n, size, size, channels)` on the scale of `images`. No mode
        rounds to integer grey levels.

    Raises:
        ValueError: If the mode is unknown.

    References:
        Parmar et al. 2022, section 3 (https://arxiv.org/abs/2104.11222), on the effect
        of resizing on FID.
    """
    n, height, width, channels = images.shape
    # With the axis to resize last, each product is a single call of BLAS. With one call
    # per image, its threads would wait for each other after every image.
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
    """Returns the weights of the two pixels around each position in the source."""
    lower = np.floor(source).astype(int)
    rows = np.arange(len(source))
    matrix = np.zeros((len(source), size_in))
    # Beyond the last pixel, both are the last pixel.
    np.add.at(matrix, (rows, lower), 1 - (source - lower))
    np.add.at(matrix, (rows, np.minimum(lower + 1, size_in - 1)), source - lower)
    return matrix


# Both implementations compute positions in float32. In float64, large images would
# differ by 0.02 levels.
def _tensorflow_1(size_in, size_out):
    scale = np.float32(size_in / size_out)
    return _bilinear(np.arange(size_out, dtype="float32") * scale, size_in)


def _torch(size_in, size_out):
    scale = np.float32(size_in / size_out)
    source = (np.arange(size_out, dtype="float32") + 0.5) * scale - 0.5
    return _bilinear(np.maximum(source, 0), size_in)


def _clean(size_in, size_out):
    scale = size_in / size_out
    # When shrinking, the kernel widens with the scale, which is the antialiasing.
    width = max(scale, 1.0)
    centres = (np.arange(size_out) + 0.5) * scale
    matrix = _cubic((np.arange(size_in) + 0.5 - centres[:, None]) / width)
    return matrix / matrix.sum(axis=1, keepdims=True)


def _cubic(x):
    """Evaluates Keys's cubic kernel, which is zero from a distance of 2."""
    a = -0.5
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


MODES = {"tf1": _tensorflow_1, "torch": _torch, "clean": _clean}
