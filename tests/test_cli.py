"""The command line: help, list, show, run, sample, publish, report."""

import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import gankit
from gankit import experiments
from gankit.cli import app
from gankit.cli import experiments as cli_experiments
from gankit.cli.app import PANELS
from gankit.experiments import tables


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory, as `runs/` and `results/` are relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def by_name(monkeypatch):
    """The command is called gankit, whatever runs the tests."""
    monkeypatch.setattr("sys.argv", ["gankit"])


def _gankit(*arguments):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, arguments)


def _output(*arguments):
    result = _gankit(*arguments)
    assert result.exit_code == 0, result.output
    too_long = [line for line in result.output.splitlines() if len(line) > 80]
    assert not too_long
    return result.output


def test_help_puts_every_command_into_a_panel():
    output = _output("--help")
    places = [output.index(f"─ {panel} ─") for panel in PANELS]
    assert places == sorted(places)
    commands = {
        command.name or command.callback.__name__: command
        for command in (*app.registered_commands, *app.registered_groups)
    }
    assert set(commands) == {name for names in PANELS.values() for name in names}
    for name, command in commands.items():
        if command not in app.registered_groups:
            line = command.help or command.callback.__doc__.strip().splitlines()[0]
            assert len(line) <= 60 and line in output, name
        _output(name, "--help")


def test_version():
    version = f"gankit {gankit.__version__}\n"
    assert _output("--version") == version
    command = [sys.executable, "-m", "gankit", "--version"]
    variables = os.environ | {"PYTHONPATH": str(Path(gankit.__file__).parents[1])}
    assert subprocess.check_output(command, text=True, env=variables) == version


def test_a_command_without_a_backend_prints_one_sentence(tmp_path):
    variables = os.environ | {"PYTHONPATH": str(Path(gankit.__file__).parents[1])}

    def run(*arguments, backend):
        return subprocess.run(
            [sys.executable, "-m", "gankit", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=variables | {"KERAS_BACKEND": backend},
        )

    for backend in ("nope", "os"):
        refused = run("show", "demo", backend=backend)
        assert refused.returncode == 1 and not refused.stdout
        (line,) = refused.stderr.splitlines()
        assert line.startswith("Expected Keras's backend to be one of tensorflow, ")
    _, _, named = line.partition("KERAS_BACKEND to ")
    assert run("show", "demo", backend=named.split(",")[0]).returncode == 0
    assert run("--help", backend="nope").returncode == 0


# How TensorFlow, CUDA, XLA and abseil write: I0000 00:00:17 file.cc:227] ...
NATIVE = re.compile(r"^[IWEF]\d{4} |^\d{4}-\d\d-\d\d .*: [IWEF] |\.cc:\d+\]|cuda", re.I)


def test_commands_print_no_line_of_native_code(tmp_path):
    """Neither when it is loaded nor when it draws, translates or trains."""
    Image.new("RGB", (40, 32), "tan").save(tmp_path / "in.png")
    variables = os.environ | {"PYTHONPATH": str(Path(gankit.__file__).parents[1])}
    # Set by the tests' own import of gankit; a new process must do without.
    for name in ("TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES"):
        variables.pop(name, None)
    for arguments in (
        ("sample", "demo", "--count", "2", "--to", "out.png"),
        ("translate", "dtu/stripes", "in.png", "translated.png"),
        ("run", "demo", "--size", "smoke"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "gankit", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=variables,
        )
        assert done.returncode == 0, done.stderr
        lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        assert not list(filter(NATIVE.search, lines)), arguments
    for line in (
        "I0000 00:00:1764000000.0 1234 cpu_feature_guard.cc:210] This binary is",
        "WARNING: All log messages before absl::InitializeLog() (foo.cc:1] x)",
        "2026-01-01 10:00:00.1: E external/local_xla/xla/stream.cc:467] Unable",
        "W tensorflow/stream_executor/platform: Could not load libcudart.so",
    ):
        assert NATIVE.search(line), line


def test_list_prints_a_line_for_each_experiment():
    lines = _output("list", "--all").splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    full = [n for n in experiments.names() if experiments.find(n).width == "full"]
    assert sorted(listed) == full
    halves = [line.split()[0] for line in lines if " * " in line]
    assert sorted(f"{name}-half" for name in halves) == sorted(
        set(experiments.names()) - set(full)
    )
    some = [line for line in _output("list").splitlines() if line.startswith("  ")]
    assert 40 <= len(some) <= 55 and not any("…" in line for line in some)
    of_losses = _output("list", "losses")
    assert "losses/minimax-1e-3" in of_losses and "imperial" not in of_losses
    result = _gankit("list", "imperiel")
    assert result.exit_code == 1 and "did you mean imperial/" in result.output


def test_show_says_what_is_known_of_an_experiment(here):
    output = _output("show", "imperial/cgan-deep-c3")
    for said in (
        "batch size  128",
        "full 8,593",
        "conditional accuracy, class 5 0.8313",
        "full, seed 0: 430 of 8,593 steps in 515 s on Intel",
        "0.968 [0.955, 0.977]",
        "of 10,000 generated images:",
        "run imperial/cgan-deep-c3 --size full",
        "8,593 steps, about ",
    ):
        assert said in output
    assert "gankit show buffalo/dcgan --width half" in _output("show", "buffalo/dcgan")
    half = _output("show", "buffalo/dcgan", "--width", "half")
    assert half == _output("show", "buffalo/dcgan-half")
    assert "run buffalo/dcgan --width half --size full" in half
    result = _gankit("show", "demo", "--width", "half")
    assert result.exit_code == 1 and "half-width" in result.output


def test_the_tables_state_what_the_experiments_state():
    for report in tables.REPORTS.values():
        for table in report.tables:
            for row in table.rows:
                experiment = experiments.find(row.experiment)
                half = f"{row.experiment}-half" in experiments.names()
                assert row.baseline or row.half == half
                for column in table.columns[: not row.baseline]:
                    for score in row.scores or column.scores:
                        stated = experiment.reported.get(score)
                        ours = row.label.startswith("ours")
                        if stated is not None and column.scale == 100 and not ours:
                            assert f"{100 * stated:.2f}" == row.report
    fid = {
        row.experiment: row.report
        for table in tables.REPORTS["cmu"].tables
        for row in table.rows
        if row.report
    }
    for name in experiments.names("cmu/"):
        stated = experiments.find(name).reported.values()
        assert fid.get(name, "") == " / ".join(f"{value:g}" for value in stated)


def test_report_prints_the_saved_results_anywhere(here):
    output = _output("report", "imperial")
    lines = [line.split() for line in output.splitlines()]
    at = lines.index(["Shallow,", "label", "smoothing", "98.04", "88.76", "–"])
    assert lines[at + 5] == ["real", "test", "images", "99.21", "99.32", "–"]
    filled = tables.table("imperial", 1)
    assert filled.rows[1] == ("Shallow, label smoothing", "98.04", "88.76", "–")
    assert filled == tables.table("imperial", "table 1") == tables.tables("imperial")[1]
    assert "| Shallow | 93.94 | 89.17 | – |" in filled._repr_markdown_()
    zebras = tables.table("dtu", "Figure 6").rows
    assert zebras[0][2:4] == ("1.32 / 1.13", "2.0 / 1.6")
    assert zebras[3][2:4] == ("1.18 / 1.18", "1.8 / 1.8")
    course = tables.table("buffalo", "Section 5.4")
    assert course.rows[0] == (
        *("DCGAN", "245 → 220", "17.6 → 5.5", "0.75", "0.0 %", "–"),
    )
    assert course.notes[-1] == "Saved runs: half width."
    cats = tables.table("cmu", 2)
    assert cats.rows[0][1:4] == ("122 / 67", "2.97 / 1.73", "8.8 / 4.6")
    assert "3,000 of 10,000 steps" in cats.notes[-1]
    for report in tables.REPORTS:
        assert report in _output("report") and _output("report", report)
    result = _gankit("report", "imperiel")
    assert result.exit_code == 1 and "imperial, dtu, iisc" in result.output
    with pytest.raises(ValueError, match="Section 2, Table 1, Figure 12"):
        tables.table("imperial", 2)


def test_report_shows_your_runs_and_skips_damaged_ones(here):
    folder = here / "runs" / "imperial" / "cgan-deep"
    folder.mkdir(parents=True)
    scores = experiments.load_saved("imperial/cgan-deep").scores
    scores |= {"size": "class", "steps": 400, "budget": 400, "data": "[b]digits"}
    (folder / "scores.json").write_text(json.dumps(scores))
    yours = tables.table("imperial", 1).rows[3][-1]
    assert yours == "92.10 (class, [b]digits, 400 steps)"
    assert "[b]digits" in _output("report", "imperial")
    (folder / "scores.json").write_text('{"size": "cla')
    output = _output("report", "imperial")
    assert output.count("is damaged and is skipped.") == 1
    assert "runs/imperial/cgan-deep/scores.json" in output
    with pytest.warns(UserWarning, match="is damaged"):
        assert tables.table("imperial", 1).rows[3][-1] == "–"


def test_publish_saves_little(here):
    result = _gankit("publish", "demo")
    assert result.exit_code == 1 and "gankit run demo --size full" in result.output
    experiments.run("demo", size="smoke", steps=2)
    result = _gankit("publish", "demo", "--size", "smoke")
    assert result.exit_code == 0
    target = here / "results" / "demo@smoke-seed0"
    assert {p.name for p in target.iterdir()} == {
        *("scores.json", "history.csv", "samples.png"),
        *("scores.csv", "weights.csv", "classes.csv"),
    }
    saved = experiments.load_saved("demo@smoke-seed0")
    assert saved.values["FCD-digits-28"] > saved.baseline["FCD-digits-28"]
    np.testing.assert_array_equal(saved.history["step"], [2])
    output = _output("show", "demo")
    assert "smoke, seed 0: 2 of 4 steps" in output
    assert "(results/demo@smoke-seed0)" in output
    assert "FCD-digits-28" in output and "Features of classifier-digits-28, " in output


def test_sample_writes_images_and_errors_are_sentences(here, monkeypatch):
    result = _gankit("run", "demos")
    assert result.exit_code == 1
    assert result.output == (
        "Expected the name of an experiment, received 'demos': did you mean demo?\n"
    )
    experiments.run("demo", size="smoke", steps=2)
    size = ("--size", "smoke")
    result = _gankit("sample", "demo", *size, "--count", "3", "--to", "each")
    assert result.exit_code == 0, result.output
    written = sorted((here / "each").iterdir())
    model = experiments.load("runs/demo@smoke-seed0").model
    for path, image in zip(written, model.sample(3, seed=0), strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), image[..., 0])
    # Without a run the saved model draws, where there is one.
    saved = _gankit("sample", "demo", "--count", "2", "--to", "saved")
    assert saved.output.startswith("No run in runs/demo: the saved model draws.")
    drawn = gankit.pretrained("demo").sample(2, seed=0)
    image = np.asarray(Image.open(here / "saved/000001.png"))
    np.testing.assert_array_equal(image, drawn[1, ..., 0])
    assert _gankit("sample", "iisc/dcgan-mnist").exit_code == 1
    # One class needs a model of classes, and older samples would be counted too.
    of_a_class = _gankit("sample", "demo", *size, "--label", "1")
    assert of_a_class.exit_code == 1 and "leave --label out" in of_a_class.output
    fewer = _gankit("sample", "demo", *size, "--count", "2", "--to", "each")
    assert fewer.exit_code == 1 and "1 more, such as 000002.png" in fewer.output
    assert _gankit("sample", "demo", *size, "--to", "s.jpg").exit_code == 0
    with Image.open(here / "s.jpg") as grid:
        assert grid.format == "JPEG"

    class Digits:
        def sample_labels(self, n):
            raise AssertionError("The class is given.")

        def sample(self, n, *, seed, labels):
            assert labels == [1] * n
            return np.zeros((n, 8, 8, 1), "uint8")

    run = types.SimpleNamespace(model=Digits())
    monkeypatch.setattr(experiments, "load", lambda folder: run)
    assert _gankit("sample", "demo", *size, "--label", "1").exit_code == 0


def test_commands_to_try_next_fit_how_gankit_was_called(monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", [str(Path(gankit.__file__).with_name("__main__.py"))]
    )
    cli_experiments._suggest("list", "lists the other experiments")
    assert capsys.readouterr().out.splitlines()[0] == "  python -m gankit list"
