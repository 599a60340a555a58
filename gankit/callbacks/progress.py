"""A progress bar for a whole training, and a safe way to stop with Ctrl-C."""

import itertools
import signal
import sys
import threading

import keras
from tqdm import tqdm

from gankit.backend.progress_bar import progress_bar


class Progress(keras.callbacks.Callback):
    """A progress bar for a whole training, with time left, losses and a score.

    Keras's own bar ends with each epoch. This one is a context manager that spans all
    calls of `fit()` in a training.

    Args:
        steps: Steps of the whole training.
        start: Steps already done by an earlier process.
    """

    def __init__(self, steps, *, start=0):
        super().__init__()
        self.steps = steps
        self.start = start
        self.values = {}

    def __enter__(self):
        self.bar = progress_bar(
            total=self.steps, initial=self.start, unit="step", smoothing=0.05
        )
        return self

    def __exit__(self, *exception):
        self.bar.close()

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.model.steps_per_execution)

    def on_epoch_end(self, epoch, logs=None):
        # Only some epochs have scores, so keep the last ones. The bar has room for
        # three values.
        self.values.update((name, f"{value:.3g}") for name, value in logs.items())
        self.bar.set_postfix(
            dict(itertools.islice(self.values.items(), 3)), refresh=False
        )


class StopOnInterrupt(keras.callbacks.Callback):
    """Makes Ctrl-C stop a training at the end of the epoch, when its state is saved.

    Use it as a context manager around `fit()`. A second Ctrl-C interrupts immediately.
    Outside the main thread, where Python delivers no signals, it does nothing.

    Attributes:
        requested: Whether Ctrl-C was pressed.
    """

    def __init__(self):
        super().__init__()
        self.requested = False
        self._previous = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *exception):
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _on_interrupt(self, number, frame):
        # An exception raised here may get lost inside a compiled step.
        self.requested = True
        signal.signal(signal.SIGINT, self._previous)
        tqdm.write(
            "Stopping at the next checkpoint. Press Ctrl-C again to stop immediately "
            "and lose the steps since the last one.",
            file=sys.stderr,
        )

    def on_epoch_end(self, epoch, logs=None):
        if self.requested:
            self.model.stop_training = True
