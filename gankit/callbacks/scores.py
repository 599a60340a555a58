"""A callback that scores samples during a training."""

from pathlib import Path

import keras

from gankit import files
from gankit.backend.arguments import check_number


class ScoreCallback(keras.callbacks.Callback):
    """Scores samples from the same latents at regular intervals during a training.

    The scores enter the `logs` of the epoch, where later callbacks and Keras's
    `History` find them by name. Epochs without a scoring have none. Put this callback
    after `gankit.callbacks.HistoryLog`, which then logs only losses, and before
    `Checkpoint`: a run that is killed while scoring then resumes before the scoring.

    Scoring changes nothing in the model, not even its seeds: training ends with the
    same weights with or without it.

    Args:
        scorer: Function from uint8 images `(n, height, width, channels)` and
            `value_range=(0, 255)` to a `gankit.metrics.Score` or a list of them, such
            as a `gankit.metrics.Scorer`.
        every: Steps between two scorings. Each takes place at the end of the first
            epoch of `fit()` that reaches a multiple of it.
        count: Samples to score, at least 2. Do not compare scores of different counts.
        seed: Seed of the latents.
        path: CSV file with a row per scoring; see `gankit.files`. When `fit()` begins,
            rows beyond the model's steps are removed, so a resumed run writes the same
            file as an uninterrupted one. `None` writes no file.

    Attributes:
        scores: List of `(step, list of Score)` from this process, in order.

    Raises:
        ValueError: If `every` or `count` is out of range; from `fit()`, if the file
            has other scores than the scorer returns.

    Example:

    >>> scorer = gankit.metrics.Scorer(test, extractor, value_range=(0, 255))
    >>> score = ScoreCallback(scorer, every=1000)
    >>> gan.fit(batches, steps_per_epoch=250, epochs=40, callbacks=[score])
    >>> step, scores = score.scores[-1]
    """

    def __init__(self, scorer, *, every, count=1000, seed=1, path=None):
        super().__init__()
        check_number("every", every, at_least=1)
        # One image has no distribution to score.
        check_number("count", count, at_least=2)
        self.scorer = scorer
        self.every = every
        self.count = count
        self.seed = seed
        self.path = None if path is None else Path(path)
        self.scores = []

    def on_train_begin(self, logs=None):
        self._steps = self.model.steps_done
        self.scores = [entry for entry in self.scores if entry[0] <= self._steps]
        if self.path is not None:
            files.cut_history(self.path, self._steps)

    def on_epoch_end(self, epoch, logs=None):
        before, self._steps = self._steps, self.model.steps_done
        if self._steps // self.every == before // self.every:
            return
        scores = self.score()
        if not isinstance(scores, list | tuple):
            scores = [scores]
        self.scores.append((self._steps, list(scores)))
        values = {score.name: float(score) for score in scores}
        if self.path is not None:
            files.append_history(self.path, {"step": self._steps, **values})
        logs.update(values)

    def score(self):
        """Scores the current model; returns a `Score` or a list of them."""
        images = self.model.sample(self.count, seed=self.seed)
        return self.scorer(images, value_range=(0, 255))
