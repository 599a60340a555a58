"""Recognises the weights of the FID network and refuses all others."""

import numpy as np

from gankit.metrics.inception.layers import (
    LAYERS,
    SOFTMAX,
    TAPS,
    layers_up_to,
    tap_reached,
)

# The PyTorch port published by pytorch-fid.
PORT = "pt_inception-2015-12-05-6726825d.pth"
PORT_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
PORT_URL = (
    f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{PORT}"
)
PORT_SIZE = 95_628_359

# For some layers up to 768 features: the norms of kernel and bias, each followed by its
# `_wave`, of the true folded weights. They were computed from kernels in float16, whose
# rounding changes a wave by about 1e-4 of the norm. No true weights of mixed_8 to
# mixed_10 were available. These are recognised by the checksum if the file is the port,
# and otherwise by the layers below them in the same file.
FINGERPRINTS = {
    "conv": (19.73241, 11.18859, 9.185401, 15.42441),
    "conv_2": (8.831027, -12.97579, 28.01706, 15.83520),
    "conv_3": (8.741609, -1.167556, 18.48471, -14.44009),
    "conv_4": (14.34872, 16.73885, 31.17640, -3.360538),
    "mixed_tower_conv_1": (5.537152, 4.158225, 13.82872, -9.207061),
    "mixed_2_tower_1_conv_1": (10.27192, 0.7946041, 4.728687, 1.778776),
    "mixed_3_conv": (20.40379, 11.20193, 22.80489, -7.046129),
    "mixed_4_tower_1_conv_3": (13.36940, -6.904408, 9.854782, -12.30198),
    "mixed_7_conv": (23.09998, -9.926739, 4.882504, -2.577812),
    "mixed_7_tower_1_conv_4": (18.66435, -18.34009, 6.415286, 6.447298),
}
FINGERPRINT_TOLERANCE = 1e-3


def recognise(found, path):
    """Recognises the weights of the FID network.

    Args:
        found: Dict of arrays with the names that `read_weights` returns.
        path: The file that contains them.

    Returns:
        Dict of finite float32 arrays up to the last tap whose layers are all present.

    Raises:
        ValueError: If the first layers are missing, or an array has the wrong shape or
            is not finite, or these are not the weights of 2015-12-05.
    """
    tap = tap_reached(found)
    if not tap:
        raise ValueError(
            f"Expected weights of the FID network in {path}, received a file without "
            f"its first layers: download {PORT} from {PORT_URL}."
        )
    shapes = {}
    for name, layer in layers_up_to(tap).items():
        shapes |= {f"{name}/kernel": layer.kernel, f"{name}/bias": layer.kernel[-1:]}
    if tap == TAPS[-1] and found.keys() >= SOFTMAX.keys():
        shapes |= SOFTMAX
    weights = {}
    for name, shape in shapes.items():
        check_array(found[name], shape, name, path)
        with np.errstate(over="ignore"):
            weights[name] = np.ascontiguousarray(found[name], "float32")
        if not np.isfinite(weights[name]).all():
            raise ValueError(
                f"Expected finite weights in {path}, received NaN or infinity in "
                f"{name}: the file is damaged, download or create it again."
            )
    for name, expected in FINGERPRINTS.items():
        if LAYERS[name].features <= tap and not _resembles(
            fingerprint(weights, name), expected
        ):
            raise ValueError(
                "Expected the weights of the FID network of 2015-12-05, received "
                f"others in {path}, since those of {name} differ: download {PORT} from "
                f"{PORT_URL}; distances with other weights are not FID."
            )
    return weights


def fingerprint(weights, name):
    """Returns the norm and the wave of the kernel of a layer, and of its bias."""
    numbers = []
    for part in ("kernel", "bias"):
        array = weights[f"{name}/{part}"].astype("float64")
        numbers += [float(np.linalg.norm(array)), _wave(array)]
    return tuple(numbers)


def _wave(array):
    # Unlike the norm, it depends on the order of the values.
    return float(array.ravel() @ np.cos(np.arange(array.size)))


def _resembles(found, expected):
    return all(
        abs(found[i] - expected[i]) <= FINGERPRINT_TOLERANCE * expected[i // 2 * 2]
        for i in range(len(expected))
    )


def check_array(array, shape, name, path):
    """Refuses an array that has another shape or is not floating point."""
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(
            f"Expected {name} in {path} to hold floating-point numbers of shape "
            f"{shape}, received {array.dtype} of shape {array.shape}: download {PORT} "
            f"from {PORT_URL}, since this file belongs to another network."
        )
