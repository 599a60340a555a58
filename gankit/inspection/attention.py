"""Where the pixels of a network with self-attention look."""

import keras
import numpy as np
from keras import ops

from gankit.layers import SelfAttention2D


def attention_maps(network, inputs, queries):
    """Attention of chosen pixels of an image, as the network has it without training.

    Args:
        network: A built functional `keras.Model` with one
            `gankit.layers.SelfAttention2D` that gives or takes images.
        inputs: What it is called with: an array `(n, ...)`, or a list of these.
        queries: Pixels `(row, column)` of the image, from 0.

    Returns:
        float32 array `(n, queries, height, width)`: for each query the weights of all
        places of the feature map (half its sides if it is pooled), whose sum is 1. A
        place of the map stands for several pixels, all of which have its weights.

    Raises:
        ValueError: If there is not one such layer, or a query is outside the image.
    """
    found = [part for part in network.layers if isinstance(part, SelfAttention2D)]
    if len(found) != 1:
        raise ValueError(
            "Expected a network with one SelfAttention2D among its layers, received "
            f"{network.name!r} with {len(found)}: build one with attention."
        )
    (attention,) = found
    shapes = [tensor.shape[1:] for tensor in (*network.inputs, *network.outputs)]
    rows, columns, _ = next(shape for shape in shapes if len(shape) == 3)
    queries = np.asarray(queries, int).reshape(-1, 2)
    if (queries < 0).any() or (queries >= (rows, columns)).any():
        raise ValueError(
            f"Expected queries within {rows} x {columns} pixels, received "
            f"{queries.tolist()}: pass pairs (row, column) from 0."
        )
    before = keras.Model(network.inputs, attention.input)
    features = before([ops.convert_to_tensor(x) for x in _as_list(inputs)])
    _, weights = attention(features, return_attention=True)
    weights = ops.convert_to_numpy(ops.stop_gradient(weights))

    _, height, width, _ = features.shape
    step = 2 if attention.pool else 1
    places = queries * (height, width) // (rows, columns) @ (width, 1)
    return weights[:, places].reshape(
        len(weights), len(queries), height // step, width // step
    )


def _as_list(inputs):
    return inputs if isinstance(inputs, list | tuple) else [inputs]
