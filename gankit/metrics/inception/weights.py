"""The weights of the FID network: looked for, fetched, named and converted.

There is one network of FID, which was trained in December 2015. Other weights of the
same architecture give other distances, so none but these are ever loaded.
"""

import hashlib
import os
from pathlib import Path

import keras
import numpy as np

from gankit.datasets import data_folder
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
    """The weights of the FID network are neither here nor can they be fetched."""


def load_weights(source="auto", *, features=2048, folder=None):
    """Loads the weights of the FID network up to a tap.

    Args:
        source: A file, as `read_weights` takes it; or `"auto"`: the file that
            `find_weights` finds, else the port to PyTorch, which is fetched into the
            data folder (96 MB) and needs no PyTorch.
        features: The tap, by the length of its features: 64, 192, 768 or 2048.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        `(weights, name)`. Weights are a dict of float32 arrays: `"<layer>/kernel"`
        (height, width, in, out) and `"<layer>/bias"`, batch normalisation folded in,
        of `layers_up_to(features)`; for 2048 also `"softmax/kernel"` (2048, 1008) and
        `"softmax/bias"`, where the file holds them. The name says which weights they
        are; see `weights_name`.

    Raises:
        FIDWeightsUnavailable: If there is no file, or it does not reach the tap.
        ImportError: If a graph of TensorFlow is to be read by another backend.
        ValueError: If the file is damaged or of other weights, or there is no such tap.

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
    """Looks for a file of the weights, without fetching one.

    Args:
        features: The tap that it must reach.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        The first of: the file that the environment variable `GANKIT_FID_WEIGHTS` names,
        even if it does not exist; in the data folder, the port to PyTorch, the .npz
        file that `convert` made of it, a part of it (`fid_inception_2015*.npz`) or, on
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
    """The name of weights, with a hash of all that a tap depends on.

    Args:
        weights: Dict as `load_weights` returns it, up to this tap or a higher one.
        features: The tap.

    Returns:
        `"inception-2015-12-05, weights 1234abcd"`: the first 8 hexadecimal digits of
        the sha256 over names and float32 bytes, in the order of `LAYERS`. A part and
        the whole of the same precision agree; float16 and float32 do not.
    """
    digest = hashlib.sha256()
    for name in arrays_up_to(features):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name], "<f4"))
    return f"inception-2015-12-05, weights {digest.hexdigest()[:8]}"


def save_weights(path, weights):
    """Writes weights to an .npz file, which every backend reads and nothing runs.

    Args:
        path: The file, which appears once it is whole.
        weights: Dict of arrays as `load_weights` returns it.

    Raises:
        ValueError: If the file's name does not end in .npz.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(
            f"Expected a file to write that ends in .npz, received {path}: name it "
            f"{path.with_suffix('.npz').name}."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **weights)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def convert(source, target):
    """Makes an .npz file of another file of the weights.

    Args:
        source: A file, as `read_weights` takes it.
        target: The .npz file to write; in the data folder, `inception-2015-12-05.npz`
            is found by itself.

    Returns:
        `(features, name)`: the highest tap that the weights reach, and their name
        there.

    Raises:
        FileNotFoundError: If there is no such source.
        ImportError: If the source is a graph and TensorFlow is not the backend.
        ValueError: If the source is damaged or of other weights, or the target does
            not end in .npz.
    """
    source = Path(source).expanduser()
    if not source.is_file():
        raise FileNotFoundError(
            f"Expected a file of weights, received {source}, which is none: check the "
            "spelling."
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
        f"{data_folder(folder)}, which needs no PyTorch; without a network, set "
        f"{VARIABLE} to an .npz file of the lower layers and ask for features=768, 192 "
        "or 64, or use gankit.metrics.classifier_for(data), whose distance is called "
        "FCD."
    )
