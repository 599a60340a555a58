"""A callback that logs a training for TensorBoard, without TensorFlow."""

import keras

from gankit import plotting
from gankit.backend.arguments import check_number


class TensorBoardLog(keras.callbacks.Callback):
    """Writes losses, scores and sample grids as TensorBoard events.

    At the end of an epoch, every number in its logs becomes a point at the model's
    current step, on any backend. A run that is resumed in the same folder continues
    from its checkpoint: TensorBoard drops the later events. A new training in the
    folder drops all earlier events.

    Put this callback after those that add to the logs, such as `gankit.ScoreCallback`,
    and before `gankit.callbacks.Checkpoint`. Events are written within about a second,
    so a process that is killed may lose the last ones. TensorBoard shows ten images
    per run, evenly spaced; for more, start it with `--samples_per_plugin images=100`.

    Args:
        folder: Folder for the event files of one run; each call of `fit()` writes one.
            Pass it, or a folder above it, to `tensorboard --logdir`.
        images_every: Steps between two grids of samples from the same latents. Each is
            logged at the end of the first epoch of `fit()` that reaches a multiple of
            it; `None` logs none.
        count: Samples per grid.
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
            check_number("images_every", images_every, at_least=1)
        check_number("count", count, at_least=1)
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
        self.on_train_end()  # in case an exception ended the last fit()
        self._steps = self.model.steps_done
        self._writer = self._open(
            self.folder,
            purge_step=self._steps + 1,  # the first step to drop
            flush_secs=1,
            # Otherwise files of the same second would overwrite each other.
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
