"""Attention maps of a network with self-attention."""

import keras
import numpy as np
from keras import ops

from gankit.layers import SelfAttention2D


def attention_maps(network, inputs, queries):
    """Computes the attention of selected pixels of an image, in inference mode.

    Args:
        network: A built functional `keras.Model` with one
            `gankit.layers.SelfAttention2D` that takes or returns images.
        inputs: Its inputs: an array `(n, ...)`, or a list of arrays.
        queries: Pixels `(row, column)` of the image, counted from 0.

    Returns:
        float32 array `(n, queries, height, width)`: for each query, the weights of all
        positions of the feature map (with half its sides if it is pooled), which sum to
        1. A position covers several pixels of the image, which share its weights.

    Raises:
        ValueError: If there is not exactly one such layer, or a query is outside the
            image.
    """
    matches = [layer for layer in network.layers if isinstance(layer, SelfAttention2D)]
    if len(matches) != 1:
        raise ValueError(
            "Expected a network with one SelfAttention2D among its layers, received "
            f"{network.name!r} with {len(matches)}: build one with attention."
        )
    (attention,) = matches
    shapes = [tensor.shape[1:] for tensor in (*network.inputs, *network.outputs)]
    rows, columns, _ = next(shape for shape in shapes if len(shape) == 3)
    queries = np.asarray(queries, int).reshape(-1, 2)
    if (queries < 0).any() or (queries >= (rows, columns)).any():
        raise ValueError(
            f"Expected queries within {rows} x {columns} pixels, received "
            f"{queries.tolist()}: pass pairs (row, column) from 0."
        )
    before = keras.Model(network.inputs, attention.input)
    features = before([ops.convert_to_tensor(x) for x in keras.tree.flatten(inputs)])
    _, weights = attention(features, return_attention=True)
    weights = ops.convert_to_numpy(ops.stop_gradient(weights))

    _, height, width, _ = features.shape
    step = 2 if attention.pool else 1
    positions = queries * (height, width) // (rows, columns) @ (width, 1)
    return weights[:, positions].reshape(
        len(weights), len(queries), height // step, width // step
    )
