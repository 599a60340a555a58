"""Callbacks that save or show samples of the same latents during a training."""

import abc
import bisect
from pathlib import Path

import keras

from gankit import plotting


class SampleGrid(keras.callbacks.Callback):
    """Saves grids of samples from the same latents, as frames of an animation.

    Args:
        folder: Folder for the frames, named like `step-000100.png`.
        at: Steps at which to save a frame, in ascending order; 0 is the start. Each is
            saved at the end of the first epoch of `fit()` that reaches it.
        count: Samples per frame.
        columns: Samples per row.
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
        """Returns how many of the steps have been reached."""
        return bisect.bisect_right(self.at, self.model.steps_done)

    def draw(self):
        """Saves a frame of the current generator."""
        images = self.model.sample(self.count, seed=self.seed)
        path = self.folder / f"step-{self.model.steps_done:06d}.png"
        plotting.save_grid(path, images, columns=self.columns)


class LivePicture(keras.callbacks.Callback, abc.ABC):
    """Shows in a notebook, during a training, what `picture()` of a subclass draws.

    It is drawn anew at the end of every epoch of `fit()`.
    """

    @abc.abstractmethod
    def picture(self):
        """Returns a `gankit.plotting.Picture` of `self.model`."""

    def on_train_begin(self, logs=None):
        from IPython.display import display

        self.handle = display(self.picture(), display_id=True)

    def on_epoch_end(self, epoch, logs=None):
        self.handle.update(self.picture())


class LiveSamples(LivePicture):
    """Shows samples of the same latents in a notebook, during a training.

    Args:
        count: Number of samples.
        columns: Samples per row.
        seed: Seed of the latents.
    """

    def __init__(self, *, count=40, columns=10, seed=0):
        super().__init__()
        self.count = count
        self.columns = columns
        self.seed = seed

    def picture(self):
        """Draws samples of the current generator, with the step in the title."""
        images = self.model.sample(self.count, seed=self.seed)
        title = f"Generated after {self.model.steps_done:,} steps"
        return plotting.show_grid(images, columns=self.columns, title=title)
