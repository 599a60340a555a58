"""Studies: gathered runs, a stop on the way, rows that were published."""

import csv
import dataclasses

import keras
import numpy as np
import PIL.Image
import pytest
from typer.testing import CliRunner

from gankit import experiments
from gankit.cli import app
from gankit.experiments.running import registry, study
from gankit.metrics.resampling import mean_interval


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


def test_a_study_gathers_runs_and_goes_on_where_it_stopped(two, monkeypatch):
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
    assert "one seed" in output and len(calls) == 3


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
    known = "cats64, inversion, losses, two"
    with pytest.raises(ValueError, match=f"'three': choose one of {known}"):
        experiments.run_study("three")
    with pytest.raises(FileNotFoundError, match="run one with gankit study"):
        experiments.load_study("nowhere")
    with pytest.raises(FileNotFoundError, match="keep it with gankit publish"):
        experiments.saved_folder("nowhere")


def test_the_interval_of_a_mean_is_students():
    from scipy import stats

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
