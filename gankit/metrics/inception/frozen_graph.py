"""Reads the constants in TensorFlow's frozen graph of the FID network."""

import tarfile
import zlib
from pathlib import Path

import keras

GRAPH = "classify_image_graph_def.pb"


def read_constants(path):
    """Reads the constants of a frozen graph. Requires TensorFlow.

    Args:
        path: A graph (`classify_image_graph_def.pb`), or the archive that contains a
            graph of this name (`inception-2015-12-05.tgz`).

    Returns:
        Dict of NumPy arrays by the names of their nodes; see `Layer.scope`.

    Raises:
        ImportError: If TensorFlow is not the backend.
        ValueError: If the file is truncated, damaged or of another kind.
    """
    path = Path(path)
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"Expected the TensorFlow backend to read {path}, received "
            f"{keras.backend.backend()}: convert it once to an .npz file, which every "
            "backend reads, with KERAS_BACKEND=tensorflow gankit fid-weights convert "
            f"{path} inception-2015-12-05.npz."
        )
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(_content(path))
        return {
            node.name: tf.make_ndarray(node.attr["value"].tensor)
            for node in graph.node
            if node.op == "Const"
        }
    except (
        *(EOFError, KeyError, TypeError, ValueError),
        *(DecodeError, tarfile.TarError, zlib.error),
    ) as error:
        raise ValueError(
            f"Expected {path} to hold a frozen graph of TensorFlow, received a file "
            f"that is truncated, damaged or of another kind ({type(error).__name__}): "
            "download it again."
        ) from error


def _content(path):
    if path.suffix == ".pb":
        return path.read_bytes()
    with tarfile.open(path) as archive, archive.extractfile(GRAPH) as file:
        return file.read()
