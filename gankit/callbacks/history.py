"""A callback that writes the losses of a training to a CSV file."""

from pathlib import Path

import keras

from gankit import files


class HistoryLog(keras.callbacks.Callback):
    """Appends the mean losses of every epoch of `fit()` to a CSV file.

    When `fit()` begins, rows beyond the model's steps are removed, so a resumed run
    writes the same file as an uninterrupted one.

    Args:
        path: The file; see `gankit.files.read_history`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        files.cut_history(self.path, self.model.steps_done)

    def on_epoch_end(self, epoch, logs=None):
        losses = {name: float(value) for name, value in logs.items()}
        files.append_history(self.path, {"step": self.model.steps_done, **losses})
