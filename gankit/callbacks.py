"""Keras callbacks: progress, history, pictures, checkpoints, Ctrl-C."""

import bisect
import itertools
import signal
import sys
import threading
from pathlib import Path

import keras
from tqdm import tqdm

from gankit import checkpoint, history, plotting


class Progress(keras.callbacks.Callback):
    """A progress bar over a whole training, with the time left, losses and a score.

    Keras's own bar ends with each epoch; this one, a context manager, spans every
    `fit()` of a training.

    Args:
        steps: Steps of the whole training.
        start: Steps done before, by an earlier process.
    """

    def __init__(self, steps, *, start=0):
        super().__init__()
        self.steps = steps
        self.start = start
        self.shown = {}

    def __enter__(self):
        if _in_notebook():
            place = {"file": _NotebookLine(), "ncols": 100, "mininterval": 0.5}
        elif sys.stderr.isatty():
            place = {"dynamic_ncols": True}
        else:
            place = {"ncols": 100, "mininterval": 30.0}  # a log file
        self.bar = tqdm(
            total=self.steps,
            initial=self.start,
            unit="step",
            smoothing=0.05,
            **place,
        )
        return self

    def __exit__(self, *exception):
        self.bar.close()

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.model.steps_per_execution)

    def on_epoch_end(self, epoch, logs=None):
        # Scores come now and then: the last one stays. There is room for the first.
        self.shown.update((name, f"{value:.3g}") for name, value in logs.items())
        self.bar.set_postfix(
            dict(itertools.islice(self.shown.items(), 3)), refresh=False
        )


def _in_notebook():
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _NotebookLine:
    """A file for tqdm that shows its last line alone, so that a notebook keeps one."""

    encoding = "utf-8"  # tqdm then draws a smooth bar

    def __init__(self):
        from IPython.display import display

        self.handle = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text):
        if line := text.strip():
            self.handle.update({"text/plain": line}, raw=True)

    def flush(self):
        """Nothing is held back."""


class HistoryLog(keras.callbacks.Callback):
    """Appends the mean losses of every epoch of `fit()` to a CSV file.

    Args:
        path: The file; see `gankit.history`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_epoch_end(self, epoch, logs=None):
        losses = {name: float(value) for name, value in logs.items()}
        history.append(self.path, {"step": self.model.steps_done, **losses})


class SampleGrid(keras.callbacks.Callback):
    """Draws samples from the same latents again and again, as frames of a film.

    Args:
        folder: Where the frames go, as `step-000100.png`.
        at: Steps at which to draw, in rising order; 0 is the start. A frame is drawn
            at the end of the first epoch of `fit()` that reaches one of them.
        count: Samples in a frame.
        columns: Samples in a row.
        seed: Seed of the latents.
    """

    def __init__(self, folder, *, at, count=64, columns=8, seed=0):
        super().__init__()
        self.folder = Path(folder)
        self.at = list(at)
        self.count = count
        self.columns = columns
        self.seed = seed
        self.reached = None

    def on_train_begin(self, logs=None):
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.reached is None:
            self.reached = self._frames()
            if self.model.steps_done == 0 and self.reached:
                self.draw()

    def on_epoch_end(self, epoch, logs=None):
        before, self.reached = self.reached, self._frames()
        if self.reached > before:
            self.draw()

    def _frames(self):
        """How many of the steps were reached."""
        return bisect.bisect_right(self.at, self.model.steps_done)

    def draw(self):
        """Writes a frame of the generator as it is now."""
        images = self.model.sample(self.count, seed=self.seed)
        path = self.folder / f"step-{self.model.steps_done:06d}.png"
        plotting.save_grid(path, images, columns=self.columns)


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole state at the end of every epoch of `fit()`.

    Args:
        path: The file; see `gankit.checkpoint`.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_epoch_end(self, epoch, logs=None):
        checkpoint.save(self.model, self.path)


class StopOnInterrupt(keras.callbacks.Callback):
    """Lets Ctrl-C end a training at the end of the epoch, when its state is saved.

    A context manager around `fit()`. A second Ctrl-C interrupts as Python does without
    it. Outside the main thread, where Python delivers no signals, it does nothing.

    Attributes:
        requested: Whether Ctrl-C was pressed.
    """

    def __init__(self):
        super().__init__()
        self.requested = False
        self._previous = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *exception):
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _interrupted(self, number, frame):
        # A flag, as an exception raised here may get lost inside a compiled step.
        self.requested = True
        signal.signal(signal.SIGINT, self._previous)
        tqdm.write(
            "Stopping at the next checkpoint; Ctrl-C again stops at once and loses the "
            "steps since the last one.",
            file=sys.stderr,
        )

    def on_epoch_end(self, epoch, logs=None):
        if self.requested:
            self.model.stop_training = True
