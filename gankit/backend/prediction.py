"""What networks answer to many examples."""

import keras
import numpy as np


def predict(network, inputs, *, batch_size):
    """Computes the outputs of a network batch by batch.

    As `network.predict`, without the data set that Keras makes for it on TensorFlow,
    whose end may take longer than a few batches to compute: see
    `gankit.datasets.tensorflow_batches`.

    Args:
        network: A `keras.Model` of one output.
        inputs: Array `(n, ...)`, or a list of them for a network of several inputs.
        batch_size: How many examples are computed at once.

    Returns:
        NumPy array `(n, ...)`.
    """
    n = len(keras.tree.flatten(inputs)[0])
    outputs = []
    for start in range(0, n, batch_size):
        rows = slice(start, min(start + batch_size, n))
        batch = keras.tree.map_structure(lambda array, rows=rows: array[rows], inputs)
        # Each replica of a distributed training gives all rows of the batch.
        outputs.append(network.predict_on_batch(batch)[: rows.stop - rows.start])
    return np.concatenate(outputs)
