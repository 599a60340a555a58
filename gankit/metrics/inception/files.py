"""Reads files with the weights of the FID network and folds batch normalisation."""

import numpy as np

from gankit.datasets.downloads import sha256_of
from gankit.files import open_npz
from gankit.metrics.inception.frozen_graph import read_constants
from gankit.metrics.inception.layers import LAYERS, SOFTMAX, TAPS, arrays_up_to
from gankit.metrics.inception.recognition import (
    PORT,
    PORT_SHA256,
    check_array,
    recognise,
)
from gankit.metrics.inception.torch_file import read_state_dict

# Constant that batch normalisation in this network adds to the variance.
EPSILON = 1e-3
# Names of kernel, gamma, beta, mean and variance, and of the weights of the classes.
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
        path: `pathlib.Path` of an .npz file of folded weights, with the names that
            this function returns; of the PyTorch port (.pth); or of the TensorFlow
            graph (.pb, .tgz), which requires that backend.

    Returns:
        Dict of finite float32 arrays: `"<layer>/kernel"` (height, width, in, out) and
        `"<layer>/bias"`, with batch normalisation folded in, for all layers up to the
        last feature layer in the file. If that is the last one of the network and the
        file contains them, also `"softmax/kernel"` (2048, 1008) and `"softmax/bias"`.

    Raises:
        ImportError: If the file is a graph and TensorFlow is not the backend.
        ValueError: If the file is damaged or contains other weights.
    """
    if path.suffix == ".npz":
        with _open(path) as archive:
            wanted = [*arrays_up_to(TAPS[-1]), *SOFTMAX]
            found = {name: archive[name] for name in wanted if name in archive}
    elif path.suffix == ".pth":
        found = _read_port(path)
    elif path.suffix in (".pb", ".tgz"):
        found = _fold(read_constants(path), GRAPH_NAMES, GRAPH_SOFTMAX, path)
    else:
        raise ValueError(
            "Expected weights of the FID network as .npz, .pth, .pb or .tgz, received "
            f"{path}: pass one of these; weights of Keras (.h5) come from a different "
            "training, and distances with them are not FID."
        )
    return recognise(found, path)


def names_in_npz(path):
    """Returns the names of the arrays in an .npz file."""
    with _open(path) as archive:
        return archive.files


def _open(path):
    return open_npz(path, "create it again with gankit fid-weights convert")


def _read_port(path):
    if path.name == PORT and (found := sha256_of(path)) != PORT_SHA256:
        raise ValueError(
            f"Expected {path} to have the sha256 {PORT_SHA256}, received {found}: it "
            "is truncated or changed, so delete it, and the next call downloads it."
        )
    # The order of axes in PyTorch is (out, in, height, width), or (out, in).
    state = {
        name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
        for name, array in read_state_dict(path).items()
    }
    return _fold(state, PORT_NAMES, PORT_SOFTMAX, path)


def _fold(arrays, names, softmax, path):
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
