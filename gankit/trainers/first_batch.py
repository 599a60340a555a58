"""Reads the first batch of the data that `fit()` received, whatever their form."""

import itertools

import keras
import numpy as np
from keras import ops


def first_batch(x):
    """Returns the first batch of some data.

    Args:
        x: What `keras.Model.fit` accepts: an array, a tuple of arrays, a
            `keras.utils.PyDataset`, a `tf.data.Dataset`, a `DataLoader` or a generator.

    Returns:
        The batch, a tuple of NumPy arrays `(n, ...)`, and the data to train on, which
        still begin with it. Arrays are one batch, all of them, and so are those of
        `gankit.datasets.Batches`, as they must all be right.

    Raises:
        ValueError: If there is no batch, or it does not consist of arrays.
    """
    batch = x
    if hasattr(x, "arrays"):
        batch = x.arrays
    elif isinstance(x, list | tuple):
        x = batch = tuple(p if hasattr(p, "shape") else np.asarray(p) for p in x)
    elif isinstance(x, keras.utils.PyDataset):
        batch = x[0]
    elif not hasattr(x, "shape") and not isinstance(x, dict) and hasattr(x, "__iter__"):
        batch = next(iter(x), None)
        if hasattr(x, "__next__"):
            x = _with_first(batch, x)
    while isinstance(batch, list | tuple) and len(batch) == 1:
        (batch,) = batch
    parts = batch if isinstance(batch, list | tuple) else (batch,)
    specs = keras.tree.flatten(getattr(x, "element_spec", ()))
    if not all(hasattr(p, "shape") and len(p.shape) for p in parts) or not all(
        hasattr(p, "shape") and p.shape.rank for p in specs
    ):
        received = sorted(batch) if isinstance(batch, dict) else type(batch).__name__
        raise ValueError(
            "Expected arrays, gankit.datasets.Batches, or a data set of batches whose "
            f"number of axes is known, received {type(x).__name__} with the first "
            f"batch {received}: map a data set to the images alone, or with "
            "tf.ensure_shape(images, (None, height, width, channels))."
        )
    return tuple(ops.convert_to_numpy(part) for part in parts), x


def batch_sizes(x, n, batch_size, devices):
    """Returns the sizes of the batches that must be divided.

    Args:
        x: The data, as `first_batch` returns them.
        n: The number of images in the batch that it returns.
        batch_size: As in `keras.Model.fit`.
        devices: Number of devices.

    Returns:
        Tuple: the size of the first batch and, for several devices, that of the last,
        which is `"unknown"` for a `tf.data.Dataset` that may end in a short one.
    """
    size = getattr(x, "batch_size", None) or n  # `Batches`, which are always full
    if isinstance(x, tuple) or hasattr(x, "shape"):
        size = min(batch_size or 32, n)
        last = n % size or size
    elif devices > 1 and isinstance(x, keras.utils.PyDataset) and x.num_batches:
        last = len(keras.tree.flatten(x[x.num_batches - 1])[0])
    else:
        specs = keras.tree.flatten(getattr(x, "element_spec", ()))
        last = size if all(spec.shape[0] for spec in specs) else "unknown"
    # Of a short last batch, one of several devices might get no image.
    return (size, last)[:devices]


def _with_first(first, rest):
    """A generator of tuples, the only iterator that Keras accepts."""
    for batch in itertools.chain([first], rest):
        yield batch if isinstance(batch, tuple) else (batch,)
