"""Comparisons: equal budgets, paired intervals, refusals, the picture, the command."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from scipy import stats
from typer.testing import CliRunner

from gankit import GAN, experiments
from gankit.cli import app
from gankit.experiments.running import comparing, registry
from gankit.experiments.running.comparing import budgets
from gankit.metrics import Score
from gankit.networks import mlp

STEPS = {"one": 4, "two": 3}


@pytest.fixture
def register(tmp_path, monkeypatch):
    """Function that registers experiments `one` and `two`, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    demo = registry.find("demo")

    def build(game):
        def made(data):
            shape = data.image_shape
            gan = GAN(
                mlp.generator(shape, 8, (16,)),
                mlp.discriminator(shape, (16,)),
                latent_dim=8,
                **game,
            )
            gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
            return gan

        return made

    def score(model, data, history):
        n = 20
        brightness = model.sample(n, seed=1).mean()
        return [
            Score("brightness", float(brightness), n_fake=n, extractor="pixels"),
            Score("d_loss", float(history["d_loss"][-1])),
        ]

    def made(**games):
        for name, game in games.items():
            budget = registry.Budget(STEPS[name], 2)
            experiment = dataclasses.replace(
                demo,
                name=name,
                build=build(game),
                score=score,
                scorer=None,
                budgets=dict.fromkeys(registry.SIZES, budget),
            )
            monkeypatch.setitem(registry._EXPERIMENTS, name, experiment)

    return made


def _write_run(name, seed, scores, **changes):
    """A run of three steps in size class as its file says it; nothing is trained."""
    folder = experiments.run_folder(name, "class", seed)
    folder.mkdir(parents=True)
    content = {
        "name": name,
        "size": "class",
        "seed": seed,
        "steps": 3,
        "seconds": 1.0,
        "device": "a laptop",
        "devices": 1,
        "threads": 2,
        "backend": "tensorflow",
        "precision": "float32",
        "data": "digits-28",
        "data_fingerprint": "0123456789abcdef",
        "batch_size": 64,
        "versions": {"keras": "3.15.1"},
        "commit": None,
        "scores": [dataclasses.asdict(score) for score in scores],
    }
    (folder / "scores.json").write_text(json.dumps({**content, **changes}))


def _scores_file(folder):
    return json.loads((Path(folder) / "scores.json").read_text())


@pytest.mark.parametrize("n", [2, 3, 10])
def test_paired_intervals_are_those_of_the_paired_t_test(n):
    a, b = np.random.default_rng(n).normal([[0.0], [0.7]], 1.0, (2, n))
    mean, low, high = comparing.paired_differences(a, b)
    expected = stats.ttest_rel(b, a).confidence_interval(0.95)
    np.testing.assert_allclose((low, high), expected, rtol=1e-12)
    assert mean == pytest.approx(np.mean(b - a), rel=1e-12)
    # Zero is excluded where the test says p < 0.05, and only there.
    row = comparing.Row(comparing.Measure("x"), a, b, mean, low, high)
    assert row.excludes_zero == (stats.ttest_rel(b, a).pvalue < 0.05)


def test_one_pair_has_no_interval_and_equal_differences_a_point():
    assert comparing.paired_differences([1.0], [3.0]) == (2.0, None, None)
    assert comparing.paired_differences([1, 2], [3, 4]) == (2.0, 2.0, 2.0)
    for a, b in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match=f"received {len(a)} and {len(b)} values"):
            comparing.paired_differences(a, b)


def test_matched_steps_spend_the_same_and_as_much_as_fits():
    assert comparing.matched_steps("steps", (7, 5), (1, 3)) == (5, 5)
    for limits in ((10, 10), (7, 30), (100, 3), (6, 4)):
        for per_step in ((1, 1), (1, 2), (2, 3), (4, 6)):
            equal = [
                (i, j)
                for i in range(1, limits[0] + 1)
                for j in range(1, limits[1] + 1)
                if i * per_step[0] == j * per_step[1]
            ]
            assert comparing.matched_steps("updates", limits, per_step) == max(equal)
    with pytest.raises(
        ValueError, match="Expected 15 updates .* at most 4 and 2 steps"
    ):
        comparing.matched_steps("updates", (4, 2), (3, 5))
    # 100 steps of 0.1 s are the cheaper budget: 10 s are 40 steps of 0.25 s.
    steps = comparing.matched_steps("compute", (100, 90), (1, 1), (0.1, 0.25))
    assert steps == (100, 40)
    steps = comparing.matched_steps("compute", (10, 5), (1, 1), (0.1, 60.0))
    assert steps == (10, 1)


def test_equal_steps_train_where_no_other_run_is_in_the_way(register, capsys):
    register(one={}, two={"generator_steps": 2})
    # A run that went past the budget of `two` cannot be scored there.
    usual = experiments.run_folder("two", "smoke")
    usual.mkdir(parents=True)
    (usual / "history.csv").write_text("step,d_loss,g_loss\n6,1.0,1.0\n")
    found = comparing.compare("one", "two", seeds=1, size="smoke")
    printed = capsys.readouterr().out
    assert "Run 1 of 2: one" in printed and "Run 2 of 2: two" in printed
    for side, updates in ((found.a, 3), (found.b, 6)):
        assert (side.steps, side.generator_updates) == (3, updates)
        assert side.discriminator_updates == 3
        assert side.folders == (f"runs/compare/{side.name}@smoke-seed0-steps3",)
        scores = _scores_file(side.folders[0])
        assert scores["steps"] == 3 and side.seconds == (scores["seconds"],)
        assert f"{side.name}, seed 0, 3 steps, into {side.folders[0]}:" in printed
    assert "Unequal generator updates: one 3, two 6." in found.notes
    assert "one took 3 steps; its budget in size smoke is 4." in found.notes
    assert not any("two took" in note for note in found.notes)
    assert [(str(row.measure), row.low, row.excludes_zero) for row in found.rows] == [
        ("brightness (pixels)", None, None),
        ("d_loss", None, None),
    ]

    again = comparing.compare("one", "two", seeds=1, size="smoke")
    assert capsys.readouterr().out.count("read from runs/compare/") == 2
    assert "2 of 2 runs were there before" in again.notes[0]
    assert again.rows == found.rows

    with pytest.raises(ValueError, match="match to be one of steps, updates, compute"):
        comparing.compare("one", "two", match="epochs")
    with pytest.raises(ValueError, match="smoke, class, full, received 'huge'"):
        comparing.compare("one", "two", size="huge")
    with pytest.raises(ValueError, match="seeds to be at least 1, received 0"):
        comparing.compare("one", "two", seeds=0)
    with pytest.raises(ValueError, match="steps to be at least 1, received 0"):
        comparing.compare("one", "two", steps=0)
    with pytest.raises(ValueError, match="two experiments, received one twice"):
        comparing.compare("one", "one")


def test_a_folder_with_a_longer_run_is_refused(register):
    register(one={}, two={})
    experiments.run("one", size="smoke", out="runs/compare/one@smoke-seed0-steps3")
    with pytest.raises(ValueError, match="a run of 3 steps .* received one of 4"):
        comparing.compare("one", "two", seeds=1, size="smoke")


def test_the_command_compares_equal_updates(register):
    register(one={}, two={"generator_steps": 2})
    options = "--size smoke --seeds 2 --match updates".split()
    wide = {"COLUMNS": "160"}  # no line of the table is broken
    result = CliRunner().invoke(app, ["compare", "one", "two", *options], env=wide)
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "one and two: smoke, 2 seeds, equal updates of the generator" in lines
    for line in (
        "steps 4 2",
        "generator updates 4 4",
        "discriminator updates 4 2",
        "seeds 0 to 1 0 to 1",
        "size smoke smoke",
        "Unequal discriminator updates: one 4, two 2.",
    ):
        assert line in lines

    folder = Path("runs/compare/one-vs-two@smoke-updates")
    kept = json.loads((folder / "comparison-2-seeds.json").read_text())
    assert kept["a"]["folders"] == ["runs/one@smoke-seed0", "runs/one@smoke-seed1"]
    brightness = kept["rows"][0]
    for side, values in (("a", "values_a"), ("b", "values_b")):
        told = [_scores_file(f)["scores"][0]["value"] for f in kept[side]["folders"]]
        assert brightness[values] == told
    low, high = stats.ttest_rel(
        brightness["values_b"], brightness["values_a"]
    ).confidence_interval(0.95)
    assert (brightness["low"], brightness["high"]) == pytest.approx((low, high))
    (line,) = [line for line in lines if line.startswith("brightness (pixels)")]
    assert f"{low:+.3g} to {high:+.3g}" in line
    with Image.open(folder / "comparison-2-seeds.png") as picture:
        width, height = picture.size
        assert 700 <= width <= 1400 and 400 <= height <= 1400
        assert len(np.unique(np.asarray(picture.convert("L")))) > 50
    result = CliRunner().invoke(app, ["compare", "one", "twoo"])
    assert result.exit_code == 1 and "did you mean two?" in result.output


def test_steps_are_timed_in_turns_and_a_slow_turn_does_not_count(monkeypatch):
    clock, turns = [0.0], []
    monkeypatch.setattr(budgets.time, "perf_counter", lambda: clock[0])
    images = registry.find("demo").data("smoke", None)

    class Model:
        discriminator_steps = 2

        def __init__(self, cost):
            self.cost = cost

        def fit(self, batches, steps_per_epoch, verbose):
            assert batches[0].shape == (2 * 64, 28, 28, 1)
            slow = 50.0 if len(turns) in (0, 16) else 1.0  # compilation, a neighbour
            clock[0] += slow * self.cost * steps_per_epoch
            turns.append((self.cost, steps_per_epoch))

    models = [Model(0.25), Model(0.04)]
    demo = registry.find("demo")
    seconds = budgets._timed([demo] * 2, [images] * 2, models, [1000, 20])
    assert seconds == pytest.approx([0.25, 0.04])
    # Turns last a second, four steps of the one; twenty steps of the other are all.
    assert turns[-10:] == [(0.25, 4), (0.04, 32)] * 5


def test_equal_compute_follows_the_times_of_steps(register, monkeypatch):
    register(one={}, two={"generator_steps": 3})
    found = comparing.compare("one", "two", seeds=1, match="compute", size="smoke")
    timing = json.loads((found.folder / "timing.json").read_text())
    seconds = timing["seconds_of_a_step"]
    assert min(seconds) > 0 and "timed 5 times in turns" in found.notes[0]
    assert f"one {1000 * seconds[0]:.3g} ms" in found.notes[0]
    # The cheaper budget is used up; the other gets the steps that take as long.
    budget = min(4 * seconds[0], 3 * seconds[1])
    for side, each in zip((found.a, found.b), seconds, strict=True):
        assert side.steps == max(1, round(budget / each))
        assert _scores_file(side.folders[0])["steps"] == side.steps
    a, b = found.a.mean_seconds, found.b.mean_seconds
    said = any("Unequal seconds of training, by over 10 %" in n for n in found.notes)
    assert said == (max(a, b) > 1.1 * min(a, b))

    # What was timed is kept: the same call finds its runs.
    monkeypatch.setattr(budgets, "_timed", None)
    again = comparing.compare("one", "two", seeds=1, match="compute", size="smoke")
    assert (again.a, again.b, again.rows) == (found.a, found.b, found.rows)
    assert "timing.json, which may be removed" in again.notes[0]


def test_scores_of_unlike_measurement_are_refused(register):
    register(one={}, two={"loss": "hinge"})
    values = np.random.default_rng(0).normal(size=(2, 3))
    for seed in range(3):
        for name, value, extractor, n in (
            ("one", values[0][seed], "pixels", 1000),
            ("two", values[1][seed], "classifier", 500),
        ):
            scores = [
                Score("precision", value, n_real=100, n_fake=100, extractor=extractor),
                Score("FID", value, n_real=100, n_fake=n, extractor="Inception"),
                Score("KID", value, resize="tf1" if name == "one" else "torch"),
                Score("recall", value, n_real=100, n_fake=100, extractor="pixels"),
                Score("d_loss", value),
                Score("density", np.nan if (name, seed) == ("two", 1) else value),
                Score(f"of {name} alone", value, extractor="pixels"),
            ]
            scores += [Score("coverage", value)] if (name, seed) != ("one", 2) else []
            _write_run(name, seed, scores)
    found = comparing.compare("one", "two")
    (row,) = found.rows
    assert str(row.measure) == "recall (pixels)"
    np.testing.assert_array_equal([row.values_a, row.values_b], values)
    interval = stats.ttest_rel(*values[::-1]).confidence_interval(0.95)
    np.testing.assert_allclose((row.low, row.high), interval)
    refused = dict(found.refused)
    assert refused == {
        "precision": "one: extractor pixels; two: extractor classifier",
        "FID": "one: n_fake 1000; two: n_fake 500",
        "KID": "one: resize tf1; two: resize torch",
        "d_loss": "one: sum of two cross-entropies; two: sum of two hinges",
        "density": "NaN or infinite for some seed",
        "coverage": "not every seed has it",
        "of one alone (pixels)": "only one has it",
        "of two alone (pixels)": "only two has it",
    }
    result = CliRunner().invoke(app, ["compare", "one", "two"])
    assert result.exit_code == 0, result.output
    for score, reason in found.refused:
        assert f"Not compared: {score}: {reason}.\n" in result.output


def test_every_inequality_is_said(register):
    register(one={}, two={"discriminator_steps": 2})
    for seed in range(2):
        _write_run("one", seed, [], seconds=10.0 + 0.2 * seed)
        _write_run(
            "two",
            seed,
            [],
            seconds=11.5,
            device=("a laptop", "a cluster")[seed],
            batch_size=32,
            data_fingerprint="fedcba9876543210",
            versions={"keras": "3.16.0"},
        )
    found = comparing.compare("one", "two", seeds=2)
    assert found.notes == (
        "4 of 4 runs were there before and are read; their seconds were measured then.",
        "Unequal discriminator updates: one 3, two 6.",
        "Unequal seconds of training, by over 10 %: one 10.1, two 11.5.",
        "one took 3 steps; its budget in size class is 4.",
        "Unequal device: one: a laptop; two: a cluster and a laptop.",
        "Unequal data: one: digits-28 (01234567); two: digits-28 (fedcba98).",
        "Unequal batch size: one: 64; two: 32.",
        "Unequal versions: one: keras 3.15.1; two: keras 3.16.0.",
    )
    with pytest.raises(ValueError, match="a score that one and two share"):
        comparing.plot(found)
    (path,) = comparing.save(found)
    assert json.loads(path.read_text())["notes"] == list(found.notes)


def test_the_picture_shows_six_scores_with_those_of_features_first(register):
    register(one={}, two={})
    rng = np.random.default_rng(0)
    own = ("cross-entropy", "a")
    for seed in range(3):
        for name in ("one", "two"):
            scores = [
                Score(what, rng.normal(), extractor=None if what in own else "x")
                for what in (*own, *"bcdefg")
            ]
            _write_run(name, seed, scores)
    found = comparing.compare("one", "two")
    figure = comparing.plot(found)
    panels = [axes for axes in figure.axes if axes.axison]
    labels = [axes.get_ylabel() for axes in panels]
    assert labels == [f"{n} (x)" for n in "bcdefg"]
    by_name = {row.measure.name: row for row in found.rows}
    for axes, name in zip(panels, "bcdefg", strict=True):
        row = by_name[name]
        *joins, dots_a, dots_b = axes.lines
        np.testing.assert_array_equal(dots_a.get_ydata(), row.values_a)
        np.testing.assert_array_equal(dots_b.get_ydata(), row.values_b)
        assert (dots_a.get_color(), dots_b.get_color()) == ("tab:blue", "tab:orange")
        pairs = np.transpose([row.values_a, row.values_b])
        np.testing.assert_array_equal([line.get_ydata() for line in joins], pairs)
        assert f"{row.low:+.3g} to {row.high:+.3g}" in axes.get_title()
    assert "6 of 8 scores" in figure.get_suptitle()
    (legend,) = figure.legends
    assert legend.get_texts()[1].get_text().startswith("B: two\n3 steps, 3 updates")
