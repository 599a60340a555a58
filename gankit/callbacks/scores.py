"""A callback that scores samples while a GAN is trained."""

from pathlib import Path

import keras

from gankit import files


class ScoreCallback(keras.callbacks.Callback):
    """Scores samples from the same latents again and again during a training.

    The scores go into the `logs` of the epoch, where callbacks that come after this
    one and Keras's `History` find them by name; epochs without a scoring have none.
    So it belongs after `gankit.callbacks.HistoryLog`, whose columns stay the losses,
    and before `Checkpoint`: a run that is killed while it scores then goes on from
    before, and scores again.

    Scoring changes nothing in the model, its seeds included: a training with it ends
    with the weights of one without.

    Args:
        scorer: Function from uint8 images `(n, height, width, channels)` and
            `value_range=(0, 255)` to a `gankit.metrics.Score` or a list of them, such
            as a `gankit.metrics.Scorer`.
        every: Steps between two scorings. One takes place at the end of the first
            epoch of `fit()` that reaches a multiple of it.
        count: Samples to score, at least 2. Scores of different counts are not to be
            compared.
        seed: Seed of the latents.
        path: CSV file for the scores, a row per scoring; see `gankit.files`. Rows
            after the model's steps are dropped when `fit()` begins, so a resumed run
            leaves the file of an uninterrupted one. `None` writes none.

    Attributes:
        scores: List of `(step, list of Score)`, in order, of this process.

    Raises:
        ValueError: If `every` or `count` is out of its range; out of `fit()`, if the
            file holds other scores than those that the scorer gives.

    Example:

    >>> scorer = gankit.metrics.Scorer(test, extractor, value_range=(0, 255))
    >>> score = ScoreCallback(scorer, every=1000)
    >>> gan.fit(batches, steps_per_epoch=250, epochs=40, callbacks=[score])
    >>> step, scores = score.scores[-1]
    """

    def __init__(self, scorer, *, every, count=1000, seed=1, path=None):
        super().__init__()
        check_whole_number("every", every, 1, "pass the steps between two scorings")
        check_whole_number("count", count, 2, "one image has no distribution to score")
        self.scorer = scorer
        self.every = every
        self.count = count
        self.seed = seed
        self.path = None if path is None else Path(path)
        self.scores = []

    def on_train_begin(self, logs=None):
        self._steps = self.model.steps_done
        self.scores = [scored for scored in self.scores if scored[0] <= self._steps]
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
            self._append(values)
        logs.update(values)

    def score(self):
        """Scores the model as it is now; returns a `Score` or a list of them."""
        images = self.model.sample(self.count, seed=self.seed)
        return self.scorer(images, value_range=(0, 255))

    def _append(self, values):
        _, *known = files.read_history(self.path) or ("step", *values)
        if known != list(values):
            raise ValueError(
                f"Expected the scores {', '.join(known)} that are in {self.path}, "
                f"received {', '.join(values)}: go on with the scorer of before, or "
                "move the file away."
            )
        files.append_history(self.path, {"step": self._steps, **values})


def check_whole_number(name, value, least, advice):
    """Refuses a `value` that is no whole number of at least `least`.

    Raises:
        ValueError: With `advice` on what to do.
    """
    if not isinstance(value, int) or value < least:
        raise ValueError(
            f"Expected {name} to be a whole number of at least {least}, received "
            f"{value!r}: {advice}."
        )
