"""Experiments by name: folders, refusals, epochs, publishing, the command line."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gankit import experiments, files, plotting
from gankit.cli import app
from gankit.experiments.running import registry, runner
from gankit.metrics import ClassProfile


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory, as `runs/` and `results/` are relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _gankit(*arguments):
    return CliRunner().invoke(app, arguments)


def test_a_run_leaves_what_it_promises(here):
    run = experiments.run("demo", size="smoke")
    assert str(run.folder) == "runs/demo@smoke-seed0" and run.finished
    names = {path.name for path in run.folder.iterdir()}
    assert names >= {
        "run.json",
        "checkpoint.npz",
        "history.csv",
        "scores.json",
        "generator.keras",
        "samples.png",
        "losses.png",
        "scores.csv",
        "scores.png",
        "classes.csv",
        "training.webp",
    }
    with Image.open(run.folder / "samples.png") as grid:
        side = 2 * (10 * 30 + 2)  # ten digits of 28 + 2 pixels and a border, twice
        assert grid.size == (side, side)
    with Image.open(run.folder / "training.webp") as film:
        assert film.n_frames == 1 + 2  # the start, and an epoch of two steps each
    scores = json.loads((run.folder / "scores.json").read_text())
    assert scores["steps"] == scores["budget"] == 4 and scores["seconds"] > 0
    assert scores["data"] == "digits-28" and scores["backend"] == keras.config.backend()
    for score in scores["scores"]:
        assert {"name", "value", "report", "n_real", "n_fake", "extractor"} <= {*score}
        assert np.isfinite(score["value"])
    np.testing.assert_array_equal(run.history["step"], [2, 4])
    # The classifier scores the samples after every epoch, and at the end once more.
    on_the_way = files.read_history(run.folder / "scores.csv")
    np.testing.assert_array_equal(on_the_way["step"], [2, 4])
    named = {score["name"]: score for score in scores["scores"]}
    fcd = named["FCD-digits-28"]
    # What the discriminator knows is logged on the way too.
    auc = "discriminator AUC, held-out images"
    assert 0 <= on_the_way[auc][-1] <= 1 and auc in named
    profile = ClassProfile.load(run.folder / "classes.csv")
    assert profile.n == named["class imbalance"]["n_fake"] == 2000
    assert fcd["value"] == pytest.approx(on_the_way["FCD-digits-28"][-1])
    assert fcd["n_real"] == fcd["n_fake"] == 200
    (lines,) = scores["baselines"].values()
    baseline = next(line for line in lines if line["name"] == "FCD-digits-28")
    assert baseline["n_fake"] == 200 and baseline["value"] < fcd["value"] / 10

    loaded = experiments.load(run.folder)
    np.testing.assert_array_equal(loaded.model.sample(4), run.model.sample(4))
    generator = keras.saving.load_model(run.folder / "generator.keras")
    assert generator.output_shape == (None, 28, 28, 1)


def test_the_curves_of_all_seeds_are_drawn(here, monkeypatch):
    drawn = []
    draw = plotting.score_curves

    def spy(curves, **options):
        drawn.append(list(curves))
        return draw(curves, **options)

    monkeypatch.setattr(plotting, "score_curves", spy)
    for seed in (0, 1):
        experiments.run("demo", size="smoke", seed=seed)
    assert drawn == [["seed 0"], ["seed 1", "seed 0"]]


def test_parts_of_a_run_are_the_whole(here):
    """Stops at steps that are no multiple of an epoch change no weight."""
    for steps in (1, 3, 4):
        run = experiments.run("demo", size="smoke", steps=steps, out="parts")
        assert run.scores["steps"] == steps
    whole = experiments.run("demo", size="smoke", out="whole")
    for one, other in zip(
        run.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    again = experiments.run("demo", size="smoke", out="whole")
    assert again.scores["scores"] == whole.scores["scores"]
    assert again.scores["seconds"] == whole.scores["seconds"]  # scored, not trained


def test_epochs_end_at_multiples_wherever_a_run_stopped():
    for done, steps, size in ((0, 10, 5), (3, 21, 5), (5, 7, 5), (4, 5, 5), (0, 3, 5)):
        ends = [done]
        for length, count in runner._epochs(done, steps, size):
            ends += [ends[-1] + length * (i + 1) for i in range(count)]
        multiples = [s for s in range(done + 1, steps + 1) if s % size == 0]
        assert ends == sorted({done, *multiples, steps})


def test_other_settings_are_refused_and_nothing_is_lost(here):
    experiments.run("demo", size="smoke", steps=2, out="kept")
    before = (here / "kept" / "checkpoint.npz").read_bytes()
    for change, sentence in (
        ({"seed": 1}, "whose seed is 0, received 1: .*--out"),
        ({"size": "class", "steps": 2}, "whose size is smoke, received class"),
    ):
        with pytest.raises(ValueError, match=sentence):
            experiments.run("demo", **{"size": "smoke", "out": "kept", **change})
    keras.config.set_dtype_policy("mixed_bfloat16")
    with pytest.raises(ValueError, match="precision is float32, received mixed_bf"):
        experiments.run("demo", size="smoke", out="kept")
    assert (here / "kept" / "checkpoint.npz").read_bytes() == before
    (here / "other").mkdir()
    (here / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="other to be empty or to hold a run"):
        experiments.run("demo", size="smoke", out="other")


def test_nan_stops_a_run_and_the_same_command_refuses(here, monkeypatch):
    demo = registry.find("demo")

    def build(data):
        gan = demo.build(data)
        loss = gan.generator_loss
        # The fault sets in at step 2, after a good epoch of two steps.
        gan.generator_loss = lambda real: (
            loss(real)
            / (keras.ops.cast(gan.generator_optimizer.iterations < 2, "float32"))
        )
        return gan

    faulty = dataclasses.replace(demo, build=build)
    monkeypatch.setitem(registry._EXPERIMENTS, "demo", faulty)
    result = _gankit("run", "demo", "--size", "smoke")
    assert result.exit_code == 1
    assert "Stopped after step 4. NaN or infinity in d_loss, g_loss" in result.output
    folder = here / "runs" / "demo@smoke-seed0"
    np.testing.assert_array_equal(
        files.read_history(folder / "history.csv")["step"], [2]
    )
    with np.load(folder / "checkpoint.npz") as archive:
        assert all(np.isfinite(array).all() for array in archive.values())
    result = _gankit("run", "demo", "--size", "smoke")
    assert result.exit_code == 1
    assert "Its last good state is saved: --steps 2 scores it" in result.output
    result = _gankit("run", "demo", "--size", "smoke", "--steps", "2")
    assert result.exit_code == 0 and "holds, after step 2" in result.output
    record = json.loads((folder / "run.json").read_text())
    assert [finding["kind"] for finding in record["findings"]] == ["not_finite"]


def test_unknown_names_and_sizes_get_a_sentence(here):
    with pytest.raises(ValueError, match="did you mean imperial/dcgan-shallow?"):
        experiments.run("imperial/dcgan-shalow")
    # Three at most, the shortest first.
    nearest = "did you mean imperial/cgan-shallow or imperial/dcgan-shallow or "
    with pytest.raises(ValueError, match=nearest) as found:
        experiments.run("shallow")
    assert str(found.value).count(" or ") == 2
    with pytest.raises(ValueError, match="see gankit list"):
        experiments.run("zzzz")
    with pytest.raises(ValueError, match="smoke, class, full, received 'huge'"):
        experiments.run("demo", size="huge")
    with pytest.raises(
        ValueError, match="steps to be a whole number from 1 up, received 0"
    ):
        experiments.run("demo", steps=0)
    demo = registry.find("demo")
    with pytest.raises(ValueError, match="'demo', which is registered"):
        registry.register(demo)
    with pytest.raises(FileNotFoundError, match="train one with gankit run"):
        experiments.load(here)
    assert not (here / "runs").exists()


def test_ctrl_c_saves_and_says_how_to_go_on(here):
    """A real process and a real signal, as a person would send it."""
    code = (
        "import sys; from gankit.experiments import demo; "
        "from gankit.experiments.running import registry; "
        "import dataclasses; e = registry._EXPERIMENTS; "
        "e['demo'] = dataclasses.replace(e['demo'], batch_size=4, budgets="
        "dict.fromkeys(registry.SIZES, registry.Budget(100000, 3))); "
        "from gankit.cli import app; sys.argv = ['gankit', 'run', 'demo']; app()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "KERAS_BACKEND": keras.config.backend()},
    )
    timer = threading.Timer(240, process.kill)
    timer.start()
    log = here / "runs" / "demo" / "history.csv"
    while not log.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate()
    timer.cancel()
    assert process.returncode == 130, output
    assert "Stopping at the next checkpoint" in output
    steps = files.read_history(log)["step"]
    assert f"state of step {int(steps[-1]):,}; the same command resumes" in output
    assert int(steps[-1]) % 3 == 0
    with np.load(here / "runs" / "demo" / "checkpoint.npz") as archive:
        assert len(archive.files) > 20


def test_stages_are_the_same_shares_of_every_budget(here):
    """Of VGAN's 20 epochs the 5th and the last; of two steps the first and the last."""
    run = experiments.run("dtu/vgan", size="smoke")
    frames = {path.stem for path in (run.folder / "samples").iterdir()}
    assert frames >= {"step-000001", "step-000002"}
    with Image.open(run.folder / "stages.png") as picture:
        assert picture.width == 2 * (8 * 30 + 2) + 8  # eight digits each, and a gap
    experiments.publish("dtu/vgan", size="smoke")
    place = here / "results" / "dtu" / "vgan@smoke-seed0"
    assert (place / "stages.png").exists()

    with pytest.raises(ValueError, match="run with seed 1 .*, received seed 0"):
        experiments.publish("dtu/vgan", size="smoke", seed=1, out=run.folder)

    # A shorter run does not replace it.
    short = experiments.run("dtu/vgan", size="smoke", steps=1, out=here / "short")
    other = experiments.publish("dtu/vgan", size="smoke", out=short.folder)
    assert other.name == "vgan@smoke-seed0-steps1"
    steps = [scores["steps"] for _, scores in experiments.find_runs("dtu/vgan")]
    assert {1, 2} <= set(steps)


@pytest.mark.parametrize(
    "prefix", ["dtu/d", "dtu/v", "iisc/d", "iisc/w", "imperial", "losses"]
)
@pytest.mark.tensorflow
def test_every_experiment_builds_what_it_can_train(prefix):
    for name in experiments.names(prefix):
        experiment = experiments.find(name)
        images = experiment.data("smoke", None)
        model = experiment.build(images)
        assert tuple(model.generator.output_shape[1:]) == images.image_shape
        assert len(images.train) >= experiment.batch_size
