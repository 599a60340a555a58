"""Checkpoints: files with the complete state of a training."""

import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import ops

from gankit.files import atomic


class Checkpoint(keras.callbacks.Callback):
    """Saves the complete state at the end of every epoch of `fit()`.

    Args:
        path: The file; see `save`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_epoch_end(self, epoch, logs=None):
        save(self.model, self.path)


def save(model, path):
    """Saves weights, optimizers, seeds and averages of `model` in one file.

    The file is replaced in one step, so `path` always holds either the old state or
    the new one.

    Args:
        model: A compiled `gankit.AdversarialModel`.
        path: Name of the file, which ends in `.npz`.
    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, *(ops.convert_to_numpy(v) for v in _state(model)))


def restore(model, path):
    """Loads the state that `save` wrote into `model`.

    Args:
        model: A compiled `gankit.AdversarialModel` with the same networks and
            optimizers.
        path: A file that `save` wrote.

    Returns:
        The number of training steps done.

    Raises:
        ValueError: If the file is damaged or belongs to another model.
    """
    path = Path(path)
    try:
        # If np.load opened a damaged file itself, it would leave it open.
        with path.open("rb") as file, np.load(file) as archive:
            arrays = list(archive.values())
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"Expected a checkpoint in {path}, received a file that cannot be read: "
            "move it away to start again."
        ) from error
    variables = _state(model)
    expected = [tuple(v.shape) for v in variables]
    if [array.shape for array in arrays] != expected:
        raise ValueError(
            f"Expected {path} to hold the {len(expected)} arrays of this model, "
            f"received {len(arrays)} of other shapes: build the model that was saved, "
            "or move the file away to start again."
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return model.steps_done


def _state(model):
    # Weights, moving statistics, averages and seeds; then both optimizers.
    return [*model.variables, *model.optimizer.variables]
