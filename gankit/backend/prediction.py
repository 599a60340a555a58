"""Outputs of networks for many examples."""

import keras
import numpy as np

from gankit.backend.arguments import check_number


def predict(network, inputs, *, batch_size):
    """Computes the output of a network batch by batch, a NumPy array `(n, ...)`.

    This is `network.predict` without the data set that Keras creates on TensorFlow.
    Closing that data set may take longer than computing a few batches; see
    `gankit.datasets.tensorflow_batches`. `inputs` is an array `(n, ...)`, or a list of
    arrays if the network has several inputs.

    Raises:
        ValueError: If there are no examples, or `batch_size` is less than 1.
    """
    check_number("batch_size", batch_size, 1)
    n = len(keras.tree.flatten(inputs)[0])
    check_number("the number of examples", n, 1)
    outputs = []
    for start in range(0, n, batch_size):
        rows = slice(start, min(start + batch_size, n))
        batch = keras.tree.map_structure(lambda array, rows=rows: array[rows], inputs)
        # In distributed training each replica returns all rows of the batch.
        outputs.append(network.predict_on_batch(batch)[: rows.stop - rows.start])
    return np.concatenate(outputs)
