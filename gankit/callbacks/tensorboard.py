"""A callback that shows a training in TensorBoard, without TensorFlow."""

import keras

from gankit import plotting
from gankit.callbacks.scores import check_whole_number


class TensorBoardLog(keras.callbacks.Callback):
    """Writes losses, scores and sample grids as events that TensorBoard shows.

    Every number in the logs of an epoch becomes a point at the steps that the model
    has done, on any backend. A run that is resumed in the same folder goes on from its
    checkpoint: TensorBoard drops the events after that. A new training drops all
    that the folder had.

    It belongs after what adds to the logs, such as `gankit.ScoreCallback`, and before
    `gankit.callbacks.Checkpoint`. Events reach the disk within about a second, so a
    process that is killed may lose the last of them. TensorBoard keeps ten images of a
    run, evenly spread, unless it is started with `--samples_per_plugin images=100`.

    Args:
        folder: Where the event files go, one for each call of `fit()`; a folder for
            each run. `tensorboard --logdir` takes it or a folder above it.
        images_every: Steps between two grids of samples from the same latents. One is
            drawn at the end of the first epoch of `fit()` that reaches a multiple of
            it; `None` draws none.
        count: Samples in a grid.
        seed: Seed of the latents.

    Raises:
        ImportError: If tensorboardX is not installed.
        ValueError: If `images_every` or `count` is less than 1.

    Example:

    >>> log = TensorBoardLog("runs/first/tensorboard", images_every=500)
    >>> gan.fit(batches, steps_per_epoch=100, epochs=50, callbacks=[log])
    """

    def __init__(self, folder, *, images_every=None, count=64, seed=0):
        super().__init__()
        if images_every is not None:
            advice = "pass the steps between two grids, or None"
            check_whole_number("images_every", images_every, 1, advice)
        check_whole_number("count", count, 1, "pass the samples in a grid")
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "Expected the package tensorboardX, which writes TensorBoard's files "
                "without TensorFlow, received none: pip install tensorboardX."
            ) from error
        self.folder = str(folder)
        self.images_every = images_every
        self.count = count
        self.seed = seed
        self._open = SummaryWriter
        self._writer = None

    def on_train_begin(self, logs=None):
        self.on_train_end()  # where an exception ended the last fit()
        self._steps = self.model.steps_done
        self._writer = self._open(
            self.folder,
            purge_step=self._steps + 1,  # the first that is dropped
            flush_secs=1,
            # Files of one second would else have one name, and the last one remain.
            filename_suffix=f".{self._steps:09d}",
        )

    def on_epoch_end(self, epoch, logs=None):
        before, self._steps = self._steps, self.model.steps_done
        for name, value in logs.items():
            self._writer.add_scalar(name, float(value), self._steps)
        every = self.images_every
        if every is not None and self._steps // every > before // every:
            grid = plotting.image_grid(self.model.sample(self.count, seed=self.seed))
            layout = "HW" if grid.ndim == 2 else "HWC"
            self._writer.add_image("samples", grid, self._steps, dataformats=layout)

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()
            self._writer = None
