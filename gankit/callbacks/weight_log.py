"""A callback that logs norms of weights during a training."""

from pathlib import Path

import keras

from gankit import files
from gankit.inspection.weight_norms import attention_gains, layer_norms

# Significant digits; few, so that the CSV files of long trainings stay small.
DIGITS = 5


class WeightLog(keras.callbacks.Callback):
    """Appends the norms of all layers and the gains of attention to a CSV file.

    It writes a row before the first step, then at the end of every epoch of `fit()`, or
    only of those that reach a multiple of `every` steps. The columns are `step` and,
    with the network's name in front, for example for layer `3 conv2d`,

    - `3 conv2d`: the largest singular value of its kernel;
    - `3 conv2d, normalised`: with spectral normalisation, the largest singular value of
      the normalised kernel, which the layer uses;
    - `3 conv2d, at bound`: with weight clipping, the share of entries at the bound;

    and `gamma` for self-attention, then `gamma 2` and so on.
    `gankit.inspection.layer_norms` describes the matrix of a convolution.

    When `fit()` begins, rows beyond the model's steps are removed, so a resumed run
    writes the same file as an uninterrupted one.

    Args:
        path: The file; see `gankit.files`.
        every: Steps between two rows; `None` writes one per epoch. On a GPU, measuring
            a large network takes as long as many training steps.

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
        self._count = self._multiples()

    def on_epoch_end(self, epoch, logs=None):
        before, self._count = self._count, self._multiples()
        if self._count > before:
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
