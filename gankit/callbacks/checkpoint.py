"""Checkpoints: one file that holds the whole state of a training."""

import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import ops

from gankit.files import atomic


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole state at the end of every epoch of `fit()`.

    Args:
        path: The file; see `save`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_epoch_end(self, epoch, logs=None):
        save(self.model, self.path)


def save(model, path):
    """Writes weights, optimizers, seeds and averages of `model` into one file.

    The file replaces the old one in one step, so whatever happens `path` holds either
    the old state or the new one.

    Args:
        model: A compiled `gankit.AdversarialModel`.
        path: Where to, a file that ends in `.npz`.
    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, *(ops.convert_to_numpy(v) for v in _state(model)))


def restore(model, path):
    """Gives `model` the state that `save` wrote.

    Args:
        model: A compiled `gankit.AdversarialModel` of the same networks and
            optimizers.
        path: A file that `save` wrote.

    Returns:
        The number of steps done.

    Raises:
        ValueError: If the file is damaged or belongs to another model.
    """
    path = Path(path)
    try:
        # np.load leaves a damaged file open that it opened itself.
        with path.open("rb") as file, np.load(file) as archive:
            arrays = list(archive.values())
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"Expected a checkpoint in {path}, received a file that cannot be read: "
            "move it away to start anew."
        ) from error
    variables = _state(model)
    expected = [tuple(v.shape) for v in variables]
    if [array.shape for array in arrays] != expected:
        raise ValueError(
            f"Expected {path} to hold the {len(expected)} arrays of this model, "
            f"received {len(arrays)} of other shapes: build the model that was saved, "
            "or move the file away to start anew."
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return model.steps_done


def _state(model):
    # Weights, moving statistics, averages and seeds; then both optimizers.
    return [*model.variables, *model.optimizer.variables]
