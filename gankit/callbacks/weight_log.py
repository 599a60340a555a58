"""A callback that measures what a training does to the weights."""

from pathlib import Path

import keras

from gankit import files
from gankit.inspection.layer_norms import attention_gains, layer_norms

# Significant digits that are kept: the CSV files of long trainings stay small.
DIGITS = 5


class WeightLog(keras.callbacks.Callback):
    """Appends norms of all layers and gains of attention to a CSV file.

    There is a row before the first step, and then at the end of every epoch of `fit()`,
    or of the first that reaches a multiple of `every` steps.
    Its columns are `step` and, behind the network's name, for layer `3 conv2d`

    - `3 conv2d`: the largest singular value of its kernel;
    - `3 conv2d, normalised`: under spectral normalisation, that of the kernel divided
      by its estimated norm, with which the layer computes;
    - `3 conv2d, at bound`: under weight clipping, the share of entries at the bound;

    and `gamma` for self-attention, numbered from the second on. See
    `gankit.inspection.layer_norms` for which matrix a convolution's kernel is.

    A resumed run leaves the file of an uninterrupted one: rows after the model's steps
    are dropped when `fit()` begins.

    Args:
        path: The file; see `gankit.files`.
        every: Steps between two rows; `None` for one an epoch. Measuring a large
            network takes as long as many steps of it on a GPU.

    Example:

    >>> log = WeightLog("weights.csv")
    >>> gan.fit(batches, steps_per_epoch=50, epochs=10, callbacks=[log])
    >>> gankit.files.read_history("weights.csv")["generator gamma"]
    """

    def __init__(self, path, *, every=None):
        super().__init__()
        self.path = Path(path)
        self.every = every

    def on_train_begin(self, logs=None):
        files.cut_history(self.path, self.model.steps_done)
        if self.model.steps_done == 0 and not self.path.exists():
            self._append()
        self._seen = self._multiples()

    def on_epoch_end(self, epoch, logs=None):
        before, self._seen = self._seen, self._multiples()
        if self._seen > before:
            self._append()

    def _multiples(self):
        return self.model.steps_done // (self.every or 1)

    def _append(self):
        row = {}
        for network in (*self.model.generators, *self.model.discriminators):
            for name, value in _measures(network).items():
                row[f"{network.name} {name}"] = float(f"{value:.{DIGITS}g}")
        files.append_history(self.path, {"step": self.model.steps_done, **row})


def _measures(network):
    measures = {}
    for norm in layer_norms(network):
        measures[norm.name] = norm.kernel
        if norm.normalised is not None:
            measures[f"{norm.name}, normalised"] = norm.normalised
        if norm.at_bound is not None:
            measures[f"{norm.name}, at bound"] = norm.at_bound
    for i, gamma in enumerate(attention_gains(network), 1):
        measures["gamma" if i == 1 else f"gamma {i}"] = gamma
    return measures
