"""Files that hold the weights of the FID network, read and folded."""

import zipfile
import zlib

import numpy as np

from gankit.datasets.downloads import sha256_of
from gankit.metrics.inception.frozen_graph import read_constants
from gankit.metrics.inception.layers import LAYERS, SOFTMAX, TAPS, arrays_up_to
from gankit.metrics.inception.recognition import (
    PORT,
    PORT_SHA256,
    check_array,
    recognised,
)
from gankit.metrics.inception.torch_file import read_state_dict

# Constant that the network's batch normalisation adds to the variance.
EPSILON = 1e-3
# Names of kernel, gamma, beta, mean and variance, and of the classes' weights.
PORT_NAMES = (
    "{module}.conv.weight",
    "{module}.bn.weight",
    "{module}.bn.bias",
    "{module}.bn.running_mean",
    "{module}.bn.running_var",
)
PORT_SOFTMAX = ("fc.weight", "fc.bias")
GRAPH_NAMES = (
    "{scope}/conv2d_params",
    "{scope}/batchnorm/gamma",
    "{scope}/batchnorm/beta",
    "{scope}/batchnorm/moving_mean",
    "{scope}/batchnorm/moving_variance",
)
GRAPH_SOFTMAX = ("softmax/weights", "softmax/biases")


def read_weights(path):
    """Reads the weights of the FID network from a file of any kind.

    Args:
        path: `pathlib.Path` of an .npz file of folded weights, whose names are those
            that this function returns; of the port to PyTorch (.pth); or of the graph
            of TensorFlow (.pb, .tgz), which needs that backend.

    Returns:
        Dict of finite float32 arrays: `"<layer>/kernel"` (height, width, in, out) and
        `"<layer>/bias"`, with the batch normalisation folded in, of all layers up to
        the highest tap that the file reaches; where that is the last one and the file
        holds them, also `"softmax/kernel"` (2048, 1008) and `"softmax/bias"`.

    Raises:
        ImportError: If the file is a graph and TensorFlow is not the backend.
        ValueError: If the file is damaged, or not of these weights.
    """
    if path.suffix == ".npz":
        found = _read_npz(path)
    elif path.suffix == ".pth":
        found = _read_port(path)
    elif path.suffix in (".pb", ".tgz"):
        found = _folded(read_constants(path), GRAPH_NAMES, GRAPH_SOFTMAX, path)
    else:
        raise ValueError(
            "Expected weights of the FID network as .npz, .pth, .pb or .tgz, received "
            f"{path}: give one of these; weights of Keras (.h5) are those of another "
            "training, whose distances are not FID."
        )
    return recognised(found, path)


def names_in_npz(path):
    """Names of the arrays in an .npz file."""
    return _open_npz(path, lambda archive: archive.files)


def _read_npz(path):
    wanted = [*arrays_up_to(TAPS[-1]), *SOFTMAX]
    return _open_npz(
        path,
        lambda archive: {name: archive[name] for name in wanted if name in archive},
    )


def _open_npz(path, use):
    try:
        # Given a path, np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file) as archive:
            return use(archive)
    except (
        EOFError,
        KeyError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"Expected {path} to be a NumPy .npz file, received one that is cut, "
            f"damaged or of another kind ({type(error).__name__}): make it again with "
            "gankit fid-weights convert."
        ) from error


def _read_port(path):
    if path.name == PORT and (found := sha256_of(path)) != PORT_SHA256:
        raise ValueError(
            f"Expected the sha256 {PORT_SHA256} of {path}, received {found}: it is cut "
            "or changed, so delete it, and the next call fetches it."
        )
    # PyTorch's order of axes is (out, in, height, width), or (out, in).
    state = {
        name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
        for name, array in read_state_dict(path).items()
    }
    return _folded(state, PORT_NAMES, PORT_SOFTMAX, path)


def _folded(arrays, names, softmax, path):
    """Multiplies the batch normalisation into the kernels, in float64."""
    found = {}
    for name, layer in LAYERS.items():
        keys = [pattern.format(**layer._asdict()) for pattern in names]
        if not arrays.keys() >= set(keys):
            continue
        for key in keys:
            shape = layer.kernel if key is keys[0] else layer.kernel[-1:]
            check_array(arrays[key], shape, key, path)
        kernel, gamma, beta, mean, variance = (
            arrays[key].astype("float64") for key in keys
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = gamma / np.sqrt(variance + EPSILON)
            found[f"{name}/kernel"] = kernel * scale
            found[f"{name}/bias"] = beta - mean * scale
    if arrays.keys() >= set(softmax):
        found |= {name: arrays[key] for name, key in zip(SOFTMAX, softmax, strict=True)}
    return found
