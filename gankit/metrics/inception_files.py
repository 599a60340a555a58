"""Files that hold the weights of the FID network: read, folded and recognised."""

import zipfile
import zlib

import numpy as np

from gankit.datasets.downloads import _sha256
from gankit.metrics.frozen_graph import read_constants
from gankit.metrics.inception_layers import CLASSES, LAYERS, TAPS, layers_up_to
from gankit.metrics.torch_file import read_state_dict

# The port to PyTorch that pytorch-fid publishes.
PORT = "pt_inception-2015-12-05-6726825d.pth"
PORT_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
PORT_URL = (
    f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{PORT}"
)
PORT_SIZE = 95_628_359

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
SOFTMAX = {"softmax/kernel": (TAPS[-1], CLASSES), "softmax/bias": (CLASSES,)}

# Of some layers up to the tap of 768: the norms of kernel and bias, each followed by
# its `_wave`, as the true weights have them once they are folded. They were taken from
# kernels in float16, whose rounding moves a wave by about 1e-4 of the norm. Of mixed_8
# to mixed_10 no true weights were at hand: they are recognised by the checksum of the
# port where the file is that one, else by what lies below them in the same file.
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
    return _recognised(found, path)


def tap_reached(names):
    """The highest of `TAPS` whose layers are all among these names; 0 if none."""
    names = set(names)
    return max(
        (tap for tap in TAPS if names.issuperset(arrays_up_to(tap))),
        default=0,
    )


def arrays_up_to(features):
    """Names of the kernels and biases that a tap needs, in order."""
    return [
        f"{name}/{part}"
        for name in layers_up_to(features)
        for part in ("kernel", "bias")
    ]


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
    if path.name == PORT and (found := _sha256(path)) != PORT_SHA256:
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
            _check_array(arrays[key], shape, key, path)
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


def _recognised(found, path):
    """The weights up to the highest tap, or a refusal of what is not FID's."""
    tap = tap_reached(found)
    if not tap:
        raise ValueError(
            f"Expected weights of the FID network in {path}, received a file without "
            f"its first layers: fetch {PORT} from {PORT_URL}."
        )
    shapes = {}
    for name, layer in layers_up_to(tap).items():
        shapes |= {f"{name}/kernel": layer.kernel, f"{name}/bias": layer.kernel[-1:]}
    if tap == TAPS[-1] and found.keys() >= SOFTMAX.keys():
        shapes |= SOFTMAX
    weights = {}
    for name, shape in shapes.items():
        _check_array(found[name], shape, name, path)
        with np.errstate(over="ignore"):
            weights[name] = np.ascontiguousarray(found[name], "float32")
        if not np.isfinite(weights[name]).all():
            raise ValueError(
                f"Expected finite weights in {path}, received NaN or infinity in "
                f"{name}: the file is damaged, fetch or make it again."
            )
    for name, expected in FINGERPRINTS.items():
        if LAYERS[name].features <= tap and not _resembles(
            fingerprint(weights, name), expected
        ):
            raise ValueError(
                "Expected the weights of the FID network of 2015-12-05, received "
                f"others in {path}, as those of {name} differ: fetch {PORT} from "
                f"{PORT_URL}; distances with other weights are not FID."
            )
    return weights


def fingerprint(weights, name):
    """Four numbers of a layer: norm and wave of its kernel, and of its bias."""
    numbers = []
    for part in ("kernel", "bias"):
        array = weights[f"{name}/{part}"].astype("float64")
        numbers += [float(np.linalg.norm(array)), _wave(array)]
    return tuple(numbers)


def _wave(array):
    # Unlike the norm it changes when values change places.
    return float(array.ravel() @ np.cos(np.arange(array.size)))


def _resembles(found, expected):
    return all(
        abs(found[i] - expected[i]) <= FINGERPRINT_TOLERANCE * expected[i // 2 * 2]
        for i in range(len(expected))
    )


def _check_array(array, shape, name, path):
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(
            f"Expected {name} in {path} to hold floating-point numbers of shape "
            f"{shape}, received {array.dtype} of shape {array.shape}: the file is not "
            f"of the FID network, fetch {PORT} from {PORT_URL}."
        )
