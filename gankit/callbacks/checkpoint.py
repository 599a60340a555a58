"""Checkpoints: files with the complete state of a training."""

import fnmatch
from pathlib import Path, PurePosixPath

import keras
import numpy as np
from keras import ops

from gankit.files import atomic, open_npz

# Names of arrays that hold the content of another file begin so.
_FILE = "file/"
_ADVICE = "move the folder away, or move this file away to start again from step 0"


class Checkpoint(keras.callbacks.Callback):
    """Saves the complete state at the end of every epoch of `fit()`.

    Args:
        path: The file; see `save`.
        beside: As in `save`. Put this callback after those that write these files.
    """

    def __init__(self, path, beside=()):
        super().__init__()
        self.path = Path(path)
        self.beside = beside

    def on_epoch_end(self, epoch, logs=None):
        save(self.model, self.path, self.beside)


def save(model, path, beside=()):
    """Saves weights, optimizers, seeds and averages of `model` in one file.

    The file is replaced in one step, so `path` always holds either the old state or
    the new one, even after a power cut.

    Args:
        model: A compiled `gankit.AdversarialModel`.
        path: Name of the file, which ends in `.npz`.
        beside: Patterns of small files in the same folder, such as `"history.csv"` or
            `"samples/*.png"`, whose content is saved as well.
    """
    path = Path(path)
    files = {
        _FILE + name: np.frombuffer(file.read_bytes(), "uint8")
        for name, file in _files(path.parent, beside).items()
    }
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, *(ops.convert_to_numpy(v) for v in _state(model)), **files)


def restore(model, path, beside=()):
    """Loads the state that `save` wrote into `model`.

    Args:
        model: A compiled `gankit.AdversarialModel` with the same networks and
            optimizers.
        path: A file that `save` wrote.
        beside: Patterns of files that become what they were when the state was saved:
            damaged ones are written anew, and later ones are removed.

    Returns:
        The number of training steps done.

    Raises:
        ValueError: If the file is damaged or belongs to another model.
        OSError: If the file cannot be opened.
    """
    path = Path(path)
    with open_npz(path, _ADVICE) as archive:
        names = [name for name in archive if not name.startswith(_FILE)]
        arrays = [archive[name] for name in names]
        saved = {
            name.removeprefix(_FILE): archive[name].tobytes()
            for name in archive
            if name not in names
        }
    variables = _state(model)
    expected = [tuple(v.shape) for v in variables]
    if [array.shape for array in arrays] != expected:
        raise ValueError(
            f"Expected {path} to hold the {len(expected)} arrays of this model, "
            f"received {len(arrays)} of other shapes: build the model that was saved, "
            f"or {_ADVICE}."
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    if saved:  # earlier versions saved the arrays alone
        _put_back(path.parent, beside, saved)
    return model.steps_done


def saved_file(path, name):
    """The content of a file that `save` found beside the checkpoint `path`.

    Returns:
        Its bytes; `None` if the checkpoint does not hold it.

    Raises:
        ValueError: If the checkpoint is damaged.
        OSError: If it cannot be opened.
    """
    with open_npz(path, _ADVICE) as archive:
        return archive[_FILE + name].tobytes() if _FILE + name in archive else None


def _put_back(folder, beside, saved):
    found = _files(folder, beside)
    for name in found.keys() - saved.keys():
        found[name].unlink()
    for name, content in saved.items():
        # The second condition: an untrusted checkpoint writes nowhere else.
        wanted = any(fnmatch.fnmatchcase(name, pattern) for pattern in beside)
        if not wanted or ".." in PurePosixPath(name).parts:
            continue
        path = folder / name
        if name not in found or path.read_bytes() != content:
            path.parent.mkdir(exist_ok=True)
            with atomic(path) as temporary:
                temporary.write_bytes(content)


def _files(folder, patterns):
    """The files that match one of the patterns, by their name within the folder."""
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    return {path.relative_to(folder).as_posix(): path for path in found}


def _state(model):
    # Weights, moving statistics, averages and seeds; then both optimizers.
    return [*model.variables, *model.optimizer.variables]
