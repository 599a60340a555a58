"""Finds, downloads, identifies and converts the weights of the FID network.

FID is defined by one network, trained in December 2015. Other weights of the same
architecture give other distances, so they are never loaded.
"""

import hashlib
import os
from pathlib import Path

import keras
import numpy as np

from gankit.datasets import data_folder
from gankit.files import atomic
from gankit.metrics.inception.files import names_in_npz, read_weights
from gankit.metrics.inception.frozen_graph import GRAPH
from gankit.metrics.inception.layers import (
    SOFTMAX,
    TAPS,
    arrays_up_to,
    layers_up_to,
    tap_reached,
)
from gankit.metrics.inception.recognition import PORT, PORT_SHA256, PORT_SIZE, PORT_URL
from gankit.metrics.inception.resumed_download import fetch

VARIABLE = "GANKIT_FID_WEIGHTS"
CONVERTED = "inception-2015-12-05.npz"


class FIDWeightsUnavailable(FileNotFoundError):
    """The weights of the FID network can be neither found nor downloaded."""


def load_weights(source="auto", *, features=2048, folder=None):
    """Loads the weights of the FID network up to a tap.

    Args:
        source: A file that `read_weights` accepts; or `"auto"` for the file that
            `find_weights` finds or else the PyTorch port, which is downloaded into the
            data folder (96 MB) and does not require PyTorch.
        features: The tap, by its number of features: 64, 192, 768 or 2048.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        `(weights, name)`. `weights` is a dict of float32 arrays: `"<layer>/kernel"`
        (height, width, in, out) and `"<layer>/bias"`, with batch normalisation folded
        in, for `layers_up_to(features)`; for 2048 also `"softmax/kernel"` (2048, 1008)
        and `"softmax/bias"`, if the file contains them. `name` identifies the weights;
        see `weights_name`.

    Raises:
        FIDWeightsUnavailable: If there is no file, or it ends before the tap.
        ImportError: If the file is a TensorFlow graph and the backend is another one.
        ValueError: If the file is damaged or contains other weights, or `features` is
            unknown.

    Reference:
        Heusel et al. 2017 (https://arxiv.org/abs/1706.08500); Szegedy et al. 2015, the
        architecture (https://arxiv.org/abs/1512.00567).
    """
    wanted = arrays_up_to(features)
    if source != "auto":
        path = Path(source).expanduser()
    else:
        path = find_weights(features, folder=folder) or _fetch(features, folder)
    if not path.is_file():
        raise _unavailable(features, f"no file {path}", folder)
    found = read_weights(path)
    reached = tap_reached(found)
    if reached < features:
        raise _unavailable(
            features, f"only the layers up to features={reached} in {path}", folder
        )
    if features == TAPS[-1]:
        wanted += [name for name in SOFTMAX if name in found]
    weights = {name: found[name] for name in wanted}
    return weights, weights_name(weights, features)


def find_weights(features=2048, *, folder=None):
    """Looks for a file with the weights, without downloading one.

    Args:
        features: The tap that it must contain.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        The first of: the file named by the environment variable `GANKIT_FID_WEIGHTS`,
        even if it does not exist; in the data folder, the PyTorch port, the .npz file
        that `convert` created from it, a part of it (`fid_inception_2015*.npz`) or, on
        TensorFlow, its graph. `None` if there is none of these.
    """
    layers_up_to(features)
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).expanduser()
    folder = data_folder(folder)
    whole = [folder / PORT]
    parts = [folder / CONVERTED, *sorted(folder.glob("fid_inception_2015*.npz"))]
    graphs = []
    if keras.backend.backend() == "tensorflow":
        graphs = [folder / GRAPH, folder / "inception-2015-12-05.tgz"]
    for path in (*whole, *parts, *graphs):
        if not path.is_file():
            continue
        if path not in parts or tap_reached(names_in_npz(path)) >= features:
            return path
    return None


def weights_name(weights, features):
    """Returns the name of weights, with a hash of all arrays that a tap depends on.

    Args:
        weights: Dict as returned by `load_weights`, up to this tap or a later one.
        features: The tap.

    Returns:
        `"inception-2015-12-05, weights 1234abcd"`, with the first 8 hexadecimal digits
        of the sha256 over names and float32 bytes, in the order of `LAYERS`. A partial
        and a full file of the same precision agree; float16 and float32 do not.
    """
    digest = hashlib.sha256()
    for name in arrays_up_to(features):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name], "<f4"))
    return f"inception-2015-12-05, weights {digest.hexdigest()[:8]}"


def save_weights(path, weights):
    """Writes weights to an .npz file, which every backend reads and contains no code.

    Args:
        path: The file, which is replaced in one step.
        weights: Dict of arrays as returned by `load_weights`.

    Raises:
        ValueError: If the file's name does not end in .npz.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(
            f"Expected a file name that ends in .npz, received {path}: name it "
            f"{path.with_suffix('.npz').name}."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as temporary:
        np.savez(temporary, **weights)


def convert(source, target):
    """Converts a file of the weights to .npz.

    Args:
        source: A file that `read_weights` accepts.
        target: The .npz file to write. `find_weights` finds it if it is named
            `inception-2015-12-05.npz` and is in the data folder.

    Returns:
        `(features, name)`: the last tap that the weights contain, and their name there.

    Raises:
        FileNotFoundError: If the source does not exist.
        ImportError: If the source is a graph and TensorFlow is not the backend.
        ValueError: If the source is damaged or contains other weights, or the target
            does not end in .npz.
    """
    source = Path(source).expanduser()
    if not source.is_file():
        raise FileNotFoundError(
            f"Expected a file of weights, received {source}, which does not exist: "
            "check the spelling."
        )
    weights = read_weights(source)
    save_weights(target, weights)
    features = tap_reached(weights)
    return features, weights_name(weights, features)


def _fetch(features, folder):
    path = data_folder(folder) / PORT
    try:
        fetch(PORT_URL, path, sha256=PORT_SHA256, size=PORT_SIZE)
    except (OSError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise _unavailable(features, f"none ({reason})", folder) from error
    return path


def _unavailable(features, received, folder):
    return FIDWeightsUnavailable(
        f"Expected weights of the FID network up to features={features}, received "
        f"{received}: put {PORT} (sha256 {PORT_SHA256}) from {PORT_URL} into "
        f"{data_folder(folder)}, which does not require PyTorch; without a network, "
        f"set {VARIABLE} to an .npz file of the lower layers and use features=768, 192 "
        "or 64, or use gankit.metrics.classifier_for(data), whose distance is called "
        "FCD."
    )
