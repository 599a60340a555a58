"""Studies: gathered runs, a stop, published rows, paired differences, equal compute."""

import csv
import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import PIL.Image
import pytest
from scipy import stats
from typer.testing import CliRunner

from gankit import GAN, experiments
from gankit.cli import app
from gankit.experiments.running import registry, study
from gankit.experiments.running.task import task_of
from gankit.metrics import Score
from gankit.metrics.resampling import mean_interval
from gankit.networks import mlp

STEPS = {"one": 4, "two": 3}


@pytest.fixture
def register(tmp_path, monkeypatch):
    """Function that registers experiments `one` and `two`, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    demo = registry.find("demo")

    def score(model, data, history):
        n = 20
        brightness = model.sample(n, seed=1).mean()
        return [
            Score("brightness", float(brightness), n_fake=n, extractor="pixels"),
            Score("d_loss", float(history["d_loss"][-1])),
        ]

    def build_with(options):
        def build(data):
            shape = data.image_shape
            networks = mlp.generator(shape, 8, (16,)), mlp.discriminator(shape, (16,))
            gan = GAN(*networks, latent_dim=8, **options)
            gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
            return gan

        return build

    def register(**options):
        for name, each in options.items():
            experiment = dataclasses.replace(
                demo,
                name=name,
                build=build_with(each),
                score=score,
                scorer=None,
                budgets=dict.fromkeys(registry.SIZES, registry.Budget(STEPS[name], 2)),
            )
            monkeypatch.setitem(registry._EXPERIMENTS, name, experiment)

    return register


def _write_run(name, seed, scores, **changes):
    """Writes the files of a run of three steps in size class, which is not trained."""
    folder = experiments.run_folder(name, "class", seed)
    folder.mkdir(parents=True)
    content = {
        "name": name,
        "size": "class",
        "seed": seed,
        "steps": 3,
        "budget": STEPS[name],
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
        "commit": "abc",
        "scores": [dataclasses.asdict(score) for score in scores],
    }
    (folder / "scores.json").write_text(json.dumps({**content, **changes}))


def _steps(folder):
    return json.loads((Path(folder) / "scores.json").read_text())["steps"]


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A study of two experiments, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    names = ("losses/minimax-2e-4", "losses/wasserstein-clipping-2e-4")
    each = study.Study("two", "two losses", names, seeds=1)
    monkeypatch.setitem(study._STUDIES, "two", each)
    return each


def _table(folder):
    with (folder / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_gathers_runs_and_resumes_where_it_stopped(two, monkeypatch):
    real, calls = study.run, []

    def run(name, **options):
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(name, **options)

    monkeypatch.setattr(study, "run", run)
    with pytest.raises(KeyboardInterrupt):
        experiments.run_study("two", size="smoke")
    folder = experiments.run_study("two", size="smoke")
    assert calls == [two.experiments[0], two.experiments[1], two.experiments[1]]
    rows = _table(folder)
    assert [row["experiment"] for row in rows] == list(two.experiments)
    for row in rows:
        run = experiments.load(f"runs/{row['experiment']}@smoke-seed0")
        fcd = next(s for s in run.scores["scores"] if s["name"] == "FCD-digits-28")
        assert float(row["FCD-digits-28"]) == pytest.approx(fcd["value"], rel=1e-5)
    result = experiments.load_study(folder)
    # A critic of the Wasserstein loss has no accuracy.
    assert len(result.values(two.experiments[0], "FCD-digits-28")) == 1
    name = "discriminator accuracy, generated images"
    assert list(result.summary(name)) == [two.experiments[0]]
    np.testing.assert_array_equal(result.curves[two.experiments[0], 0]["step"], [1, 2])
    assert result.samples.exists()
    output = CliRunner().invoke(app, ["study", "two", "--size", "smoke"]).output
    assert "one run each" in output and len(calls) == 3


def test_all_runs_of_a_study_have_the_precision_that_was_set(two):
    keras.config.set_dtype_policy("mixed_bfloat16")
    rows = experiments.load_study(experiments.run_study("two", size="smoke")).rows
    assert [row["dtype_policy"] for row in rows] == ["mixed_bfloat16"] * 2


def test_a_run_that_ends_in_nan_is_a_row_and_not_the_end(two, monkeypatch):
    name = two.experiments[0]
    sound = registry.find(name)

    def build(images):
        gan = sound.build(images)
        gan.generator_loss = lambda real: keras.ops.mean(real) * float("nan")
        return gan

    faulty = dataclasses.replace(sound, build=build)
    monkeypatch.setitem(registry._EXPERIMENTS, name, faulty)
    for _ in range(2):  # the second call finds the run that had stopped
        folder = experiments.run_study("two", size="smoke")
        stopped, other = experiments.load_study(folder).rows
        assert stopped["experiment"] == name and stopped["steps"] == 0
        assert "NaN or infinity" in stopped["stopped"] and not other["stopped"]
        (folder / "table.csv").unlink()
    result = experiments.load_study(experiments.run_study("two", size="smoke"))
    assert list(result.summary("FCD-digits-28")) == [two.experiments[1]]


def test_published_rows_are_not_trained_again(two, tmp_path, monkeypatch):
    for name in two.experiments:  # smoke's rows are to pass for those of a full study
        full = dataclasses.replace(
            registry.find(name),
            budgets=dict.fromkeys(registry.SIZES, registry.Budget(2, 1)),
        )
        monkeypatch.setitem(registry._EXPERIMENTS, name, full)
    folder = experiments.run_study("two", size="smoke")
    with pytest.raises(ValueError, match="gankit study two --size full first"):
        experiments.publish_study("two")
    full = folder.with_name("two@full")
    folder.rename(full)
    assert str(experiments.publish_study("two")) == "results/two"
    for file in full.iterdir():
        file.unlink()
    monkeypatch.setattr(study, "run", lambda *a, **k: pytest.fail("trained again"))
    again = experiments.run_study("two", size="full")
    assert _table(again) == _table(tmp_path / "results" / "two")
    assert experiments.saved_folder("two") == (
        tmp_path / "results" / "two"
    ).relative_to(tmp_path)


def test_unknown_studies_get_a_sentence(two):
    known = "cats64, inversion, losses, stacked, two"
    with pytest.raises(ValueError, match=f"'three': choose one of {known}"):
        experiments.run_study("three")
    with pytest.raises(FileNotFoundError, match="run one with gankit study"):
        experiments.load_study("nowhere")
    with pytest.raises(FileNotFoundError, match="save its results with gankit publish"):
        experiments.saved_folder("nowhere")


def test_the_interval_of_a_mean_is_students():
    values = np.array([1.0, 2.5, 4.0, 3.0])
    mean, low, high = mean_interval(values)
    expected = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose((mean, low, high), (values.mean(), *expected))
    assert mean_interval([2.0]) == (2.0, None, None)
    with pytest.raises(ValueError, match="at least one value"):
        mean_interval([])


def test_a_study_of_translators_counts_inverted_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = experiments.find_study("inversion")
    first = dataclasses.replace(whole, experiments=whole.experiments[:1])
    monkeypatch.setitem(study._STUDIES, "inversion", first)
    folder = experiments.run_study("inversion", size="smoke", seeds=1)
    (row,) = experiments.load_study(folder).rows
    model = experiments.load("runs/inversion/cycle@smoke-seed0").model
    images = experiments.find("inversion/cycle").data("smoke", None)
    sources = {"ab": images.test_a, "ba": images.test_b}
    for direction, way in (("ab", "plain to striped"), ("ba", "striped to plain")):
        pairs = sources[direction], model.translate(sources[direction], direction)
        grey = [x @ np.array([0.299, 0.587, 0.114]) for x in pairs]
        inverted = [
            np.corrcoef(x.ravel(), y.ravel())[0, 1] < 0
            for x, y in zip(*grey, strict=True)
        ]
        assert row[f"inverted colours, {way}"] == pytest.approx(np.mean(inverted))
    with PIL.Image.open(folder / "samples.png") as picture:
        shown = np.asarray(picture.convert("RGB"))[2:-2]
    side = len(shown)
    strip = shown[:, -(side + 2) * study.COLUMNS :]
    sources = strip.reshape(side, study.COLUMNS, side + 2, 3)[:, ::3, :side]
    nearest = [
        np.abs(images.test_a.astype(int) - source).mean(axis=(1, 2, 3)).min()
        for source in sources.swapaxes(0, 1)
    ]
    assert max(nearest) < 5  # grey levels, as the picture has 256 colours


def _result(a, b):
    """A study of one score, from its values by seed."""
    rows = [
        {"experiment": name, "seed": float(seed), "x": value}
        for name, values in (("a", a), ("b", b))
        for seed, value in enumerate(values)
    ]
    return study.StudyResult(rows, {}, Path("samples.png"))


@pytest.mark.parametrize("n", [2, 3, 10])
def test_paired_intervals_are_those_of_the_paired_t_test(n):
    a, b = np.random.default_rng(n).normal([[0.0], [0.7]], 1.0, (2, n))
    mean, low, high, seeds = _result(a, b).differences("x", "a", "b")
    test = stats.ttest_rel(b, a)
    expected = test.confidence_interval(0.95)
    np.testing.assert_allclose((low, high), expected, rtol=1e-12)
    assert mean == pytest.approx(np.mean(b - a), rel=1e-12) and seeds == n
    # Zero is excluded where the test says p < 0.05, and only there.
    assert (low > 0 or high < 0) == (test.pvalue < 0.05)


def test_one_pair_has_no_interval_and_equal_differences_a_point():
    assert _result([1], [3]).differences("x", "a", "b") == (2.0, None, None, 1)
    assert _result([1, 2], [3, 4]).differences("x", "a", "b") == (2.0, 2.0, 2.0, 2)
    # Seeds that only one of the two was trained with have no pair.
    assert _result([1], [3, 7]).differences("x", "a", "b") == (2.0, None, None, 1)
    # A score of 0 is a value, such as the recall of a collapsed model.
    assert _result([0.0], [0.0]).differences("x", "a", "b") == (0.0, None, None, 1)
    with pytest.raises(ValueError, match="a finite x in all runs of a and b"):
        _result([1], []).differences("x", "a", "b")


def test_equal_compute_spends_the_same_and_as_much_as_fits():
    # 100 steps of 0.1 s are the smaller budget: 10 s are 40 steps of 0.25 s.
    assert study.equal_compute([100, 90], [0.1, 0.25]) == [100, 40]
    assert study.equal_compute([10, 5, 8], [0.1, 60.0, 0.2]) == [10, 1, 5]


def test_equal_steps_train_where_no_other_run_is_in_the_way(
    register, capsys, monkeypatch
):
    register(one={}, two={"generator_steps": 2})
    # A run that went past the budget of `two` cannot be scored there.
    usual = experiments.run_folder("two", "smoke")
    experiments.run("two", size="smoke", steps=5)
    folder = experiments.run_study(["one", "two"], size="smoke", seeds=1)
    assert str(folder) == "runs/studies/one-vs-two@smoke"
    assert _steps(usual) == 5
    for name in STEPS:
        assert _steps(f"runs/studies/{name}@smoke-seed0-steps3") == 3
        assert f"{name}, seed 0, 3 steps" in capsys.readouterr().out or name == "two"
    result = experiments.load_study(folder)
    assert [row["steps"] for row in result.rows] == [3, 3]
    assert result.unequal()["generator updates per step"] == ["1", "2"]
    a, b = (result.values(name, "brightness")[0] for name in STEPS)
    assert result.differences("brightness", "one", "two") == (b - a, None, None, 1)
    with PIL.Image.open(result.samples) as picture:
        assert picture.height == 2 + 2 * (28 + 2)

    # Neither a gathered run is trained again nor one that is not in the table.
    monkeypatch.setattr(study, "run", lambda *a, **k: pytest.fail("trained again"))
    before = _table(folder)
    experiments.run_study(["one", "two"], size="smoke", seeds=1)
    (folder / "table.csv").unlink()
    experiments.run_study(["one", "two"], size="smoke", seeds=1)
    assert _table(folder) == before

    with pytest.raises(ValueError, match="one of steps, compute, received 'epochs'"):
        experiments.run_study(["one", "two"], match="epochs")
    with pytest.raises(ValueError, match="smoke, class, full, received 'huge'"):
        experiments.run_study(["one", "two"], size="huge")
    for names in (["one"], ["one", "one"]):
        with pytest.raises(ValueError, match="Expected two or more experiments"):
            experiments.run_study(names)


def test_a_folder_with_a_longer_run_is_refused(register):
    register(one={}, two={})
    experiments.run("one", size="smoke", out="runs/studies/one@smoke-seed0-steps3")
    with pytest.raises(ValueError, match="a run of 3 steps .* received one of 4"):
        experiments.run_study(["one", "two"], seeds=1, size="smoke")


def test_steps_are_timed_alternately_and_a_slow_round_does_not_count(monkeypatch):
    clock, calls = [0.0], []
    monkeypatch.setattr(study.time, "perf_counter", lambda: clock[0])
    images = registry.find("demo").data("smoke", None)

    class Model:
        discriminator_steps = 2

        def __init__(self, cost):
            self.cost = cost

        def fit(self, batches, steps_per_epoch, verbose):
            assert batches[0].shape == (2 * 64, 28, 28, 1)
            slow = 50.0 if len(calls) in (0, 16) else 1.0  # compilation, a neighbour
            clock[0] += slow * self.cost * steps_per_epoch
            calls.append((self.cost, steps_per_epoch))

    tasks = [task_of(Model(cost), images) for cost in (0.25, 0.04)]
    seconds = study._timed(tasks, [64, 64], [1000, 20])
    assert seconds == pytest.approx([0.25, 0.04])
    # A round takes a second, four steps of the one; twenty steps of the other are all.
    assert calls[-10:] == [(0.25, 4), (0.04, 32)] * 5


def test_equal_compute_follows_the_times_of_steps(register, monkeypatch):
    register(one={}, two={"generator_steps": 3})
    options = {"seeds": 1, "match": "compute", "size": "smoke"}
    folder = experiments.run_study(["one", "two"], **options)
    assert str(folder) == "runs/studies/one-vs-two@smoke-compute"
    timing = json.loads((folder / "timing.json").read_text())
    seconds = timing["seconds_of_a_step"]
    assert min(seconds) > 0
    # The cheaper budget is used up; the other gets the steps that take as long.
    budget = min(4 * seconds[0], 3 * seconds[1])
    rows = experiments.load_study(folder).rows
    for row, each in zip(rows, seconds, strict=True):
        assert row["steps"] == max(1, round(budget / each))

    # The times are saved: the same call finds its runs.
    monkeypatch.setattr(study, "_timed", None)
    again = experiments.run_study(["one", "two"], **options)
    assert experiments.load_study(again).rows == rows


def test_scores_that_were_not_measured_alike_are_refused(register):
    register(one={}, two={"loss": "hinge"})
    values = np.random.default_rng(0).normal(size=(2, 3)).round(4)
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
    result = experiments.load_study(experiments.run_study(["one", "two"]))
    mean, low, high, n = result.differences("recall", "one", "two")
    interval = stats.ttest_rel(*values[::-1]).confidence_interval(0.95)
    np.testing.assert_allclose((low, high), interval)
    assert n == 3 and mean == pytest.approx(np.mean(values[1] - values[0]))
    refused = {
        "precision": "extractor classifier.* against .*extractor pixels",
        "FID": "n_fake 1000 against .*n_fake 500",
        "KID": "resize tf1 against .*resize torch",
        "d_loss": "loss hinge against .*loss non_saturating",
        **dict.fromkeys(
            ("density", "coverage", "of one alone", "of two alone"), "Expected a finite"
        ),
    }
    result_of_command = CliRunner().invoke(app, ["study", "one", "two"])
    assert result_of_command.exit_code == 0, result_of_command.output
    for score, reason in refused.items():
        with pytest.raises(ValueError, match=reason) as error:
            result.differences(score, "one", "two")
        assert f"Not compared: {error.value}\n" in result_of_command.output
    assert set(result.scores) == {"recall", *refused}


def test_every_inequality_is_said(register):
    register(one={}, two={"discriminator_steps": 2})
    for seed in range(2):
        _write_run("one", seed, [], commit=("abc", "abd")[seed])
        _write_run(
            "two",
            seed,
            [],
            device=("a laptop", "a cluster")[seed],
            batch_size=32,
            data_fingerprint="fedcba9876543210",
            versions={"keras": "3.16.0"},
        )
    result = experiments.load_study(experiments.run_study(["one", "two"], seeds=2))
    assert result.unequal("one") == {"commit": ["abc", "abd"]}
    assert result.unequal() == {
        "commit": ["abc", "abd"],
        "device": ["a cluster", "a laptop"],
        "data": ["digits-28 (01234567)", "digits-28 (fedcba98)"],
        "batch_size": ["32", "64"],
        "versions": ["keras 3.15.1", "keras 3.16.0"],
        "discriminator updates per step": ["1", "2"],
    }
    options = ["--seeds", "2"]
    output = CliRunner().invoke(app, ["study", "one", "two", *options]).output
    assert "Unequal: device (a cluster, a laptop); commit (abc, abd); " in output


def test_the_command_compares_experiments_that_are_not_a_study(register):
    register(one={}, two={"generator_steps": 2})
    arguments = "study one two --size smoke --seeds 2 --steps 2".split()
    wide = {"COLUMNS": "160"}  # no line of the table is broken
    result = CliRunner().invoke(app, arguments, env=wide)
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "one-vs-two@smoke-to2, equal steps" in lines
    study_of_two = experiments.load_study("runs/studies/one-vs-two@smoke-to2")
    assert [row["steps"] for row in study_of_two.rows] == [2] * 4
    a, b = (study_of_two.values(name, "brightness") for name in STEPS)
    low, high = stats.ttest_rel(b, a).confidence_interval(0.95)
    (line,) = [line for line in lines if line.startswith("brightness")]
    assert f"{low:.3g} to {high:.3g}" in line
    result = CliRunner().invoke(app, ["study", "one", "twoo"])
    assert result.exit_code == 1 and "did you mean two?" in result.output


@pytest.mark.parametrize("name", ["losses", "cats64", "inversion"])
def test_studies_saved_before_are_read_and_need_no_training(
    name, monkeypatch, tmp_path
):
    saved = experiments.load_study(experiments.saved_folder(name))
    asked = experiments.find_study(name)
    assert saved.experiments == list(asked.experiments)
    assert len(saved.details) in (0, len(saved.rows))
    first, second, *_ = asked.experiments
    *_, n = saved.differences("d_loss", first, second)
    assert n == asked.seeds
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "run", lambda *a, **k: pytest.fail("trained again"))
    again = experiments.load_study(experiments.run_study(name, size="full"))
    assert again.rows == saved.rows and again.samples.exists()


def test_models_with_different_logs_share_one_file_of_curves(tmp_path):
    (tmp_path / "table.csv").write_text("experiment,seed,steps\none,0,2\ntwo,0,2\n")
    (tmp_path / "curves.csv").write_text(
        "experiment,seed,step,d_loss,r1\none,0,1,0.5,\none,0,2,0.25,\ntwo,0,2,0.5,3.0\n"
    )
    curves = experiments.load_study(tmp_path).curves
    assert {key: list(curve) for key, curve in curves.items()} == {
        ("one", 0): ["step", "d_loss"],
        ("two", 0): ["step", "d_loss", "r1"],
    }
    np.testing.assert_array_equal(curves["one", 0]["d_loss"], [0.5, 0.25])
    assert curves["two", 0]["r1"] == 3.0
