"""Scores during a training: when they come, where they go, and no side effects."""

import keras
import numpy as np
import pytest
from keras import ops

from gankit import files, plotting
from gankit.callbacks import HistoryLog, checkpoint
from gankit.callbacks.scores import ScoreCallback
from gankit.datasets import Batches
from gankit.metrics.score import Score


def _scorer(images, *, value_range):
    """Returns two scores that depend on every pixel."""
    assert images.dtype == np.uint8 and value_range == (0, 255)
    weights = np.random.default_rng(0).normal(size=images.shape)
    values = {"FID/test": images.std(), "KID/test": np.vdot(weights, images)}
    return [Score(name, v, n_real=9, n_fake=len(images)) for name, v in values.items()]


def _train(gan, images, callbacks, *, steps, epoch=2):
    batches = Batches(images, batch_size=8, seed=0, start_step=gan.steps_done)
    return gan.fit(
        batches,
        steps_per_epoch=epoch,
        epochs=(steps - gan.steps_done) // epoch,
        verbose=0,
        callbacks=callbacks,
    )


def _state(gan):
    return [ops.convert_to_numpy(v) for v in (*gan.variables, *gan.optimizer.variables)]


def _by_hand(gan, *, count=8, seed=1):
    scores = _scorer(gan.sample(count, seed=seed), value_range=(0, 255))
    return {score.name: float(score) for score in scores}


class _Seen(keras.callbacks.Callback):
    """Records the logs that a callback after the scoring finds."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        names = [name for name in logs if name.endswith("test")]
        self.seen.append((self.model.steps_done, names))


def test_scores_come_at_their_steps_and_enter_the_logs(make_gan, images, tmp_path):
    gan = make_gan()
    path = tmp_path / "scores.csv"
    callback = ScoreCallback(_scorer, every=5, count=8, path=path)
    log = HistoryLog(tmp_path / "history.csv")
    seen = _Seen()
    names = ["FID/test", "KID/test"]
    # Epochs of 2 steps: 5 is reached at 6, 10 at 10, 15 at 16.
    kept = _train(gan, images, [log, callback, seen], steps=16)
    assert [step for step, _ in callback.scores] == [6, 10, 16]
    assert [step for step, found in seen.seen if found == names] == [6, 10, 16]
    assert all(len(kept.history[name]) == 3 for name in names)
    rows = files.read_history(path)
    assert list(rows) == ["step", *names]
    np.testing.assert_array_equal(rows["step"], [6, 10, 16])
    expected = _by_hand(gan)
    step, scores = callback.scores[-1]
    assert {score.name: score.value for score in scores} == expected
    assert [score.n_fake for score in scores] == [8, 8]
    for name in names:
        assert rows[name][-1] == kept.history[name][-1] == expected[name]
        assert len(set(rows[name])) == 3
    assert list(files.read_history(tmp_path / "history.csv")) == [
        "step",
        "d_loss",
        "g_loss",
    ]


@pytest.mark.parametrize("ema", [None, 0.9])
def test_scoring_changes_nothing(make_gan, images, tmp_path, ema):
    gan = make_gan(ema=ema)  # with batch norm
    checkpoint.save(gan, tmp_path / "start.npz")
    states = []
    for callbacks in ([], [ScoreCallback(_scorer, every=2, count=8)]):
        checkpoint.restore(gan, tmp_path / "start.npz")
        _train(gan, images, callbacks, steps=8)
        states.append(_state(gan))
    assert len(callbacks[0].scores) == 4
    for without, scored in zip(*states, strict=True):
        np.testing.assert_array_equal(without, scored)


def test_a_resumed_run_writes_the_file_of_an_uninterrupted_one(
    make_gan, images, tmp_path
):
    whole, torn = tmp_path / "whole.csv", tmp_path / "torn.csv"
    state = tmp_path / "state.npz"
    gan = make_gan(ema=0.9)
    checkpoint.save(gan, state)
    _train(gan, images, [ScoreCallback(_scorer, every=3, count=8, path=whole)], steps=8)

    checkpoint.restore(gan, state)
    callback = ScoreCallback(_scorer, every=3, count=8, path=torn)
    _train(gan, images, [callback], steps=4)
    checkpoint.save(gan, state)
    # Killed at 6, after scoring and before the checkpoint.
    _train(gan, images, [callback], steps=6)
    with torn.open("a") as file:
        file.write("8,0.1")
    assert [step for step, _ in callback.scores] == [4, 6]

    other = make_gan(ema=0.9)
    checkpoint.restore(other, state)
    resumed = ScoreCallback(_scorer, every=3, count=8, path=torn)
    _train(other, images, [resumed], steps=8)
    assert [step for step, _ in resumed.scores] == [6]
    assert torn.read_bytes() == whole.read_bytes()
    np.testing.assert_array_equal(files.read_history(whole)["step"], [4, 6])
    # Back at the checkpoint, the same callback forgets later scores.
    checkpoint.restore(gan, state)
    _train(gan, images, [callback], steps=8)
    assert [step for step, _ in callback.scores] == [4, 6]
    assert torn.read_bytes() == whole.read_bytes()


class _Sampler:
    """A model with only steps and samples."""

    steps_done = 0

    def sample(self, count, *, seed):
        rng = np.random.default_rng(seed)
        return rng.integers(0, 256, (count, 4, 4, 1), dtype="uint8")


def _epoch(callback):
    """The logs after an epoch of 2 steps."""
    model, logs = _Sampler(), {}
    callback.set_model(model)
    callback.on_train_begin()
    model.steps_done += 2
    callback.on_epoch_end(0, logs)
    return logs


def test_a_scorer_may_return_a_single_score():
    score = Score("mean", 0.5)
    callback = ScoreCallback(lambda images, value_range: score, every=1, count=2)
    assert _epoch(callback) == {"mean": 0.5}
    assert callback.scores == [(2, [score])]


def test_bad_arguments_raise(tmp_path):
    for wrong in (0, 2.5):
        with pytest.raises(ValueError, match=f"every to be .* 1 up, received {wrong}"):
            ScoreCallback(_scorer, every=wrong)
    with pytest.raises(ValueError, match="count to be .* 2 up, received 1"):
        ScoreCallback(_scorer, every=5, count=1)
    path = tmp_path / "scores.csv"
    files.append_history(path, {"step": 0, "FID/other": 3.0})
    callback = ScoreCallback(_scorer, every=2, count=8, path=path)
    with pytest.raises(ValueError, match="FID/test, KID/test, received step, FID/oth"):
        _epoch(callback)


# Score curves.


def _run(values, **rest):
    rest = {"n_real": 1000, "n_fake": 500, **rest}
    return [(100 * i, Score("FID/test", v, **rest)) for i, v in enumerate(values, 1)]


def test_score_curves_have_labels_and_legends():
    interval = {"interval": (2.5, 4.0), "spread": "halves of the pictures"}
    runs = {"seed 0": _run([9.0, 5.0, 3.0], **interval), "seed 1": _run([8.0, 7.0])}
    baselines = {
        "real against real": _run([0.52], std=0.1, spread="9 subsets")[0][1],
        "doing nothing": _run([11.0])[0][1],
    }
    figure = plotting.score_curves(
        runs, baselines=baselines, title="a run", better="lower"
    )
    (axes,), (legend,) = figure.axes, figure.legends
    assert axes.get_title() == "a run" and axes.get_xlabel() == "step"
    assert axes.get_ylabel() == "FID/test (lower is better)"
    assert axes.get_yscale() == "linear"
    assert [text.get_text() for text in legend.get_texts()] == [
        "seed 0",
        "seed 1",
        "real against real: 0.52",
        "doing nothing: 11",
    ]
    assert legend.get_title().get_text().split("\n") == [
        "n = 1,000 real, 500 generated images",
        "band: 95 %, halves of the pictures",
        "band: standard deviation, 9 subsets",
    ]
    solid = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert [list(line.get_xdata()) for line in solid] == [[100, 200, 300], [100, 200]]
    assert [list(line.get_ydata()) for line in solid] == [[9, 5, 3], [8, 7]]
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in dashed] == [0.52, 11.0]
    assert len({line.get_color() for line in axes.lines}) == 4
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (2.5, 4.0)
    span = axes.patches[0]
    ends = (span.get_y(), span.get_y() + span.get_height())
    assert ends == pytest.approx((0.42, 0.62))
    # The legend lies below the axes, clear of all lines.
    figure.draw_without_rendering()
    assert legend.get_window_extent().y1 < axes.get_window_extent().y0


def test_score_curves_over_decades_are_logarithmic():
    def scale(values, **level):
        baselines = {name: _run([value])[0][1] for name, value in level.items()}
        figure = plotting.score_curves(
            {"a": _run(values)}, baselines=baselines, title="", better="lower"
        )
        return figure.axes[0].get_yscale()

    assert scale([200.0, 2.0]) == scale([200.0, 2.0], level=0.1) == "log"
    assert scale([200.0, 2.1]) == scale([200.0, 2.1], level=0.1) == "linear"
    # An unbiased distance may be negative.
    assert scale([200.0, -1.0]) == scale([200.0, 2.0], level=-0.1) == "linear"


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ({"n_fake": 1000}, "one n_fake, received 500 for 'a' and 1000 for 'b'"),
        ({"n_real": None}, "one n_real, received 1000 for 'a' and None for 'b'"),
        ({"resize": "tf1"}, "one resize, received None for 'a' and tf1 for 'b'"),
        ({"extractor": "x"}, "one extractor, received None for 'a' and x for 'b'"),
    ],
)
def test_incomparable_scores_raise(rest, sentence):
    one, other = _run([3.0, 2.0]), _run([3.0], **rest)
    draw = {"title": "", "better": "lower"}
    with pytest.raises(ValueError, match=f"{sentence}: score all in the same way"):
        plotting.score_curves({"a": one, "b": other}, **draw)
    with pytest.raises(ValueError, match=sentence):
        plotting.score_curves({"a": one}, baselines={"b": other[0][1]}, **draw)
    with pytest.raises(ValueError, match="one name, received FID/test for 'a' and KID"):
        plotting.score_curves({"a": [*one, (300, Score("KID", 0.1))]}, **draw)
    for nothing in ({}, {"a": one, "b": []}):
        with pytest.raises(ValueError, match="for every run, received none"):
            plotting.score_curves(nothing, **draw)
    with pytest.raises(ValueError, match="lower or higher, received 'less'"):
        plotting.score_curves({"a": one}, title="", better="less")
