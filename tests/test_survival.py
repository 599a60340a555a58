"""What a run survives: power cuts, damage, other processes, edits, other machines."""

import ast
import dataclasses
import errno
import json
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import training_process
import typer
from PIL import Image
from typer.testing import CliRunner

from gankit import experiments, files, plotting
from gankit.backend import device
from gankit.callbacks import checkpoint
from gankit.cli import app, output
from gankit.course import clinic, report_kit
from gankit.course.toys import modes
from gankit.experiments import data, retraining
from gankit.experiments.running import record, registry, study
from gankit.metrics import feature_set

NAME = "tests/training-process"
STEPS = 4
PACKAGE = Path(__file__).parents[1] / "gankit"


def _eager(build):
    """The same model without compiling, which would take most of the time here."""

    def built(images):
        policy = keras.config.dtype_policy()
        keras.utils.clear_session()  # which numbers layers as in a new process
        keras.config.set_dtype_policy(policy)
        gan = build(images)
        gan.run_eagerly = True
        return gan

    return built


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory with a small experiment of a few steps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["gankit"])
    # Commands and calls from Python meet in one folder here.
    monkeypatch.setattr(device, "_best_precision", lambda: ("float32", "for tests"))
    _register(monkeypatch)
    return tmp_path


def _register(monkeypatch, **changes):
    changes = {
        "build": training_process._build,
        "budgets": dict.fromkeys(registry.SIZES, registry.Budget(STEPS, 2)),
        **changes,
    }
    changes["build"] = _eager(changes["build"])
    small = dataclasses.replace(registry.find(NAME), **changes)
    monkeypatch.setitem(registry._EXPERIMENTS, NAME, small)


def _gankit(*arguments):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, list(map(str, arguments)))


def _sentence(*arguments):
    """What a command that fails prints, without the line that names the device."""
    result = _gankit(*arguments)
    assert isinstance(result.exception, SystemExit), (arguments, result.exception)
    assert result.exit_code in (1, 2) and "Traceback" not in result.output
    words = result.output.replace("│", " ")
    return " ".join(line for line in words.split() if line != "gankit:")


def _survivors(folder):
    """What must be equal after whatever happened: all but times and their record."""
    with np.load(folder / record.CHECKPOINT) as archive:
        state = {
            name: archive[name].tobytes()
            for name in archive
            if not name.endswith(record.RECORD)
        }
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    tables = ("history.csv", "scores.csv", "weights.csv", "training.webp")
    pictures = sorted((folder / "samples").iterdir())
    for path in (*(folder / name for name in tables), *pictures):
        state[path.relative_to(folder).as_posix()] = path.read_bytes()
    return {**state, "scores": scores["scores"], "steps": scores["steps"]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing happened to."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _register(monkeypatch)
        folder = tmp_path_factory.mktemp("whole") / "run"
        experiments.run(NAME, out=folder)
        return _survivors(folder)


def _truncate(paths):
    for path in paths:
        path.write_bytes(b"")


@pytest.mark.parametrize("steps", [0, 2, STEPS])
def test_a_power_cut_loses_no_row_and_no_bit(here, whole, steps):
    """A file that was not flushed may be empty afterwards: each, and all of them."""
    experiments.run(NAME, steps=steps or 2, out="cut")
    flushed = [record.CHECKPOINT, ".lock"]
    if steps == 0:  # as before the first checkpoint
        Path("cut", record.CHECKPOINT).unlink()
        flushed.append(record.RECORD)
    names = [
        path.relative_to("cut")
        for path in sorted(Path("cut").rglob("*"))
        if path.is_file() and path.name not in flushed
    ]
    assert {"history.csv", "step-000002.png"} <= {name.name for name in names}
    # Each alone takes long, and what only the end writes is not read.
    read = ("run.json", "history.csv", "scores.csv", "weights.csv", "step-000002.png")
    lost = [names, *([n] for n in names if steps == 2 and n.name in read)]
    for number, some in enumerate(lost):
        folder = Path(f"cut-{number}")
        shutil.copytree("cut", folder)
        _truncate(folder / name for name in some)
        experiments.run(NAME, out=folder)
        assert _survivors(folder) == whole, some


def test_what_is_flushed_stays_and_its_name_too(here, monkeypatch):
    flushed = []
    fsync = files.os.fsync
    monkeypatch.setattr(
        files.os, "fsync", lambda n: flushed.append(Path(f"/dev/fd/{n}").resolve())
    )
    files.write_json(here / "one.json", {})
    monkeypatch.setattr(files.os, "fsync", fsync)
    assert [path.name[:8] for path in flushed] == [".partial", here.name[:8]]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ext4 is Linux's")
def test_a_run_resumes_from_the_image_of_a_disk(here, whole):
    """Copies the image of a mounted file system under a run, as a power cut leaves it.

    What a process wrote and did not flush is in memory alone, so the copy lacks it.
    """
    image, copy = here / "disk.img", here / "copy.img"
    first, second = here / "first", here / "second"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    for place in (first, second):
        place.mkdir()
    commands = (
        f"mkfs.ext4 -q -F {image}",
        f"mount -o loop {image} {first}",
    )
    for command in commands:
        try:
            done = subprocess.run(command.split(), capture_output=True)
        except FileNotFoundError as error:
            pytest.skip(f"no {error.filename} here")
        if done.returncode:
            pytest.skip(f"not allowed here: {command}: {done.stderr.decode()}")
    mounted = [first]
    try:
        copied = []

        def save(model, path, beside=()):
            checkpoint_save(model, path, beside)
            if model.steps_done == 2:
                shutil.copyfile(image, copy)
                copied.append(model.steps_done)

        checkpoint_save = checkpoint.save
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(checkpoint, "save", save)
            experiments.run(NAME, out=first / "run")
        assert copied == [2]
        subprocess.run(["mount", "-o", "loop", copy, second], check=True)
        mounted.append(second)
        assert checkpoint.saved_file(second / "run" / record.CHECKPOINT, "history.csv")
        experiments.run(NAME, out=second / "run")
        assert _survivors(second / "run") == whole
    finally:
        for place in mounted:
            subprocess.run(["umount", place], check=True)


def test_a_broken_frame_is_left_out(tmp_path):
    for step in (0, 10, 20):
        images = np.full((4, 8, 8, 1), step, "uint8")
        plotting.save_grid(tmp_path / f"step-{step:06d}.png", images, columns=2)
    _truncate([tmp_path / "step-000010.png"])
    with pytest.warns(UserWarning, match="step-000010.png is left out of the film"):
        plotting.save_film(tmp_path / "film.webp", tmp_path)
    with pytest.warns(UserWarning, match="left out"):
        assert plotting.save_stages(tmp_path / "s.png", tmp_path, [0, 5]) == [0, 20]
    _truncate(tmp_path.glob("step-*.png"))
    with pytest.warns(UserWarning, match="left out"):
        plotting.save_film(tmp_path / "none.webp", tmp_path)
    assert not (tmp_path / "none.webp").exists()


def test_a_checkpoint_writes_nothing_outside_its_folder(make_gan, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    gan = make_gan()
    state = folder / "state.npz"
    checkpoint.save(gan, state)
    with np.load(state) as archive:
        arrays = list(archive.values())
    names = ("../a.csv", "samples/../../a.csv", "/tmp/a.csv", "evil.py", "a.csv")
    content = {f"file/{name}": np.frombuffer(b"x", "uint8") for name in names}
    with state.open("wb") as file:
        np.savez(file, *arrays, **content)
    checkpoint.restore(gan, state, ("*.csv", "samples/*.csv"))
    found = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"state.npz", "a.csv"} and (folder / "a.csv").exists()


def test_one_process_a_folder(here):
    Path("run").mkdir()
    code = (
        "import sys; from gankit.files import only_process\n"
        "with only_process('run'): print(flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    said = _sentence("run", NAME, "--out", "run", "--steps", 2)
    assert "no other process to work in run, received one that does: wait" in said
    process.kill()
    process.communicate()
    experiments.run(NAME, steps=2, out="run")
    assert list(files.read_history("run/history.csv")["step"]) == [2]


def _retraining(monkeypatch):
    """A retraining of three mixes without any training, and what it wrote."""

    class Trainer:
        def __init__(self, images):
            pass

        def accuracies(self, phases, steps, seed):
            values = len(phases) / 3, 1 / 7, 100
            return dict(zip(retraining.COLUMNS[-3:], values, strict=True))

    mixes = [
        retraining.Mix(13, "real first", n, 9, n > 1, [None] * n) for n in (1, 2, 3)
    ]
    model = types.SimpleNamespace(num_classes=2)
    run = types.SimpleNamespace(model=model)
    monkeypatch.setattr(retraining, "load", lambda folder: run)
    monkeypatch.setattr(retraining, "_synthetic", lambda *_: {})
    monkeypatch.setattr(retraining, "_mixes", lambda *_: mixes)
    monkeypatch.setattr(retraining, "MixTrainer", Trainer)
    return lambda folder: retraining.retrain(NAME, out=folder), [retraining.FILE]


def _modes(monkeypatch):
    """A benchmark of two games without any training, and what it wrote."""

    def search(place, loss, *, steps, rate, seeds):
        points = np.full((5, 2), rate, "float32")
        known = (place, loss, rate)
        return [
            dict(zip(modes.COLUMNS, (*known, s, steps, 8, 8, s / 7), strict=True))
            for s in seeds
        ], points

    setting = {"steps": 7, "rates": (1.0, 2.0), "seeds": (0, 1)}
    picture = types.SimpleNamespace(png=lambda dpi: b"picture")
    monkeypatch.setattr(modes, "FULL", {"ring": setting})
    monkeypatch.setattr(modes, "LOSSES", {"Wasserstein, clipping": None})
    monkeypatch.setattr(modes, "search", search)
    monkeypatch.setattr(modes, "draw", lambda samples: picture)
    names = [f"ring-Wasserstein-clipping-{rate}.npy" for rate in (1, 2)]
    return modes.search_all, [modes.TABLE, *names]


@pytest.mark.parametrize("tabulated", [_retraining, _modes])
def test_a_table_survives_a_power_cut(here, monkeypatch, tabulated):
    write, names = tabulated(monkeypatch)
    flushed, fsync = set(), files.os.fsync

    def flush(number):
        name = Path(f"/dev/fd/{number}").resolve().name
        flushed.add(re.sub(r"^\.partial-\d+-", "", name))
        fsync(number)

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", flush)
        write(here / "whole")
    assert {*names} <= flushed
    table = here / "whole" / names[0]
    content = table.read_bytes()
    for end in {0, 5, *range(len(content) // 3, len(content), 11), len(content) - 1}:
        for lost in (content[:end], content[:end] + bytes(20)):  # as ext4 leaves them
            table.write_bytes(lost)
            write(here / "whole")
            assert table.read_bytes() == content, end


def test_every_writer_has_its_folder_for_itself(here, monkeypatch):
    pair = (NAME, "demo")
    studied = study.FOLDER / f"{'-vs-'.join(pair).replace('/', '-')}@class"
    retrain, _ = _retraining(monkeypatch)
    search_all, _ = _modes(monkeypatch)
    for folder, write in {
        "run": lambda: experiments.run(NAME, steps=2, out="run"),
        studied: lambda: experiments.run_study(pair),
        "mixes": lambda: retrain("mixes"),
        "modes": lambda: search_all("modes"),
        "clinic": lambda: clinic.train("patient-1", folder="clinic"),
    }.items():
        Path(folder).mkdir(parents=True)
        with (
            files.only_process(folder),
            pytest.raises(RuntimeError, match="no other process to work in"),
        ):
            write()
        assert [path.name for path in Path(folder).iterdir()] == [".lock"]


def test_an_edited_experiment_and_another_checkpoint_are_refused(here, monkeypatch):
    experiments.run(NAME, steps=2, out="run")
    before = (here / "run" / record.CHECKPOINT).read_bytes()
    build = training_process._build

    def rate(images):
        gan = build(images)
        gan.compile(keras.optimizers.Adam(3e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
        return gan

    def kind(images):
        gan = build(images)
        gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.SGD(1e-3))
        return gan

    def loss(images):
        return dataclasses_of(build(images), loss="least_squares")

    def slope(images):
        gan = build(images)
        (dropout,) = (
            layer
            for layer in gan.discriminator.layers
            if isinstance(layer, keras.layers.Dropout)
        )
        dropout.rate = 0.5
        return gan

    def dataclasses_of(gan, **changes):
        config = {**gan.get_config(), **changes}
        changed = type(gan).from_config(config)
        changed.compile(
            keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5)
        )
        return changed

    for edited, named in (
        (rate, "generator_optimizer's learning_rate is 0.001"),
        (kind, "discriminator_optimizer's kind is Adam, received SGD"),
        (loss, "loss is non_saturating, received least_squares"),
        (slope, "discriminator's configuration"),
    ):
        _register(monkeypatch, build=edited)
        said = _sentence("run", NAME, "--out", "run")
        assert named in said and "undo the change, or choose another" in said
    assert (here / "run" / record.CHECKPOINT).read_bytes() == before
    _register(monkeypatch)
    experiments.run(NAME, seed=1, steps=2, out="other")
    shutil.copy("other/checkpoint.npz", "run/checkpoint.npz")
    said = _sentence("run", NAME, "--out", "run")
    assert "checkpoint.npz, whose seed is 1, received 0: move this file away" in said
    (here / "run" / record.CHECKPOINT).unlink()
    assert experiments.run(NAME, out="run").finished


def test_every_description_is_the_same_in_every_process(here):
    """Names of layers and optimizers are numbered anew, other versions add keys."""
    images = training_process._data("class", None)
    one, two = (record.describe(training_process._build(images)) for _ in range(2))
    assert one == two
    later = {**one, "generator_optimizer's new": 3}
    record.compare("run", {"built": 1, **one}, later)
    assert one["discriminator_steps"] == 2 and one["loss"] == "non_saturating"


def test_another_machine_may_go_on_and_says_so(here, monkeypatch):
    experiments.run(NAME, steps=2, out="run")
    monkeypatch.setattr(device, "threads", lambda: 99)
    with pytest.raises(ValueError, match="threads is .*, received 99: .*other-machine"):
        experiments.run(NAME, out="run")
    with pytest.raises(ValueError, match="whose seed is 0, received 1: use the same"):
        experiments.run(NAME, seed=1, out="run", other_machine=True)
    keras.config.set_dtype_policy("mixed_bfloat16")
    with pytest.warns(UserWarning, match="bits will differ"):
        done = experiments.run(NAME, out="run", other_machine=True)
    (before,) = done.scores["earlier_machines"]
    assert before["until_step"] == 2 and before["precision"] == "float32"
    assert done.scores["threads"] == 99 and done.finished
    assert experiments.run(NAME, out="run").finished  # it is at home here now


def test_a_folder_of_data_that_is_not_there_is_refused(here, capsys, monkeypatch):
    said = _sentence("run", "imperial/dcgan-shallow", "--data", "nope")
    assert "an existing folder of data sets, received nope: check the spelling" in said
    for command in (
        ("run", "few", "--data", "nope", "--size", "smoke"),
        ("run", "demo", "--data", "nope"),
        ("study", "demo", "dtu/vgan", "--data", "nope"),
        ("baselines", "mnist:test", "--data", "nope"),
    ):
        assert "received nope" in _sentence(*command)
    with monkeypatch.context() as patch:
        patch.setenv("GANKIT_DATA", "nope")
        for command in (("run", "demo"), ("baselines", "mnist:test")):
            said = _sentence(*command)
            assert "received nope in GANKIT_DATA: check the spelling, or cr" in said
    assert not list(here.iterdir())
    # What is asked for is not replaced by what is embedded.
    for name in ("few", "own-other", "cmu/cats64-basic"):
        with pytest.raises((FileNotFoundError, ValueError), match=str(here)):
            experiments.find(name).data("smoke", here)
    data.stand_in.cache_clear()
    capsys.readouterr()
    for _ in range(2):
        assert data.mnist("smoke", None).name == "digits-28"
    said = capsys.readouterr().out
    assert said.count("stand in for mnist.npz") == 1 and "--size full takes" in said


DAMAGES = {
    "empty": lambda text: "",
    "torn": lambda text: text[: len(text) // 2],
    "zeros": lambda text: "\0" * len(text),
    "a list": lambda text: "[]",
    "a word": lambda text: '"[/b]"',
    "deep": lambda text: "[" * 100_000,
}


def test_damage_gets_a_sentence_and_its_remedy_works(here):
    run = ("run", NAME, "--out", "run")
    assert _gankit(*run, "--steps", 2).exit_code == 0
    folder = here / "run"
    good = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    names = ("run.json", "scores.json", "history.csv", "scores.csv")
    for name, damage in DAMAGES.items():
        # Recovered from the checkpoint, or written anew.
        for file in names:
            text = damage(good[folder / file].decode())
            (folder / file).write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="scores.json to be whole"):
            experiments.load(folder)
        with pytest.raises(ValueError, match="history.csv, received a damaged"):
            files.read_history(folder / "history.csv")
        settings = json.loads(good[folder / "run.json"])
        for key in ("seconds", "device", "built", "findings"):
            del settings[key]
        with record.opened(folder, settings) as recovered:
            assert recovered == json.loads(good[folder / "run.json"]) | settings, name
        # Without a checkpoint nothing is left of the run.
        alone = here / f"alone {name}"
        alone.mkdir()
        shutil.copy(folder / "run.json", alone)
        said = _sentence("run", NAME, "--out", alone)
        assert "run.json to be whole" in said and "move the folder away" in said
    for command in ("sample", "publish"):
        assert "scores.json to be whole" in _sentence(
            command, NAME, "--out", "run", "--size", "class"
        )
    result = _gankit(*run, "--steps", 2)
    assert result.exit_code == 0, result.output
    for file in names[2:]:
        assert (folder / file).read_bytes() == good[folder / file]
    text = json.loads(good[folder / "run.json"])
    for change in (
        {"seconds": "long"},
        {"versions": 3},
        {"seed": None},
        {"data_fingerprint": []},
        {"findings": None},
        {"findings": ["[/b]"]},
        {"findings": [{"kind": "rate", "step": None, "sentence": "[/b]"}]},
        {"built": 3},
        {"device": 3},
        {"stopped": 3},
        {"earlier_machines": None},
        {"earlier_machines": 3},
        {"earlier_machines": [3]},
    ):
        (folder / "run.json").write_text(json.dumps({**text, **change}), "utf-8")
        with record.opened(folder, settings) as recovered:
            assert recovered == text, change
        if change.keys() & {"findings", "stopped", "earlier_machines"}:
            with pytest.raises(ValueError, match="run.json to be whole"):
                report_kit.find_runs(here)
    (folder / "run.json").write_text(json.dumps({**text, "name": "[/b]"}), "utf-8")
    assert f"whose name is [/b], received {NAME}: use the" in _sentence(*run)
    (folder / "run.json").write_bytes(good[folder / "run.json"])
    for damage in (b"", good[folder / "gan.keras"][:500]):
        (folder / "gan.keras").write_bytes(damage)
        assert "gan.keras, received a missing or damaged one" in _sentence(
            "sample", NAME, "--out", "run"
        )
    assert _gankit(*run, "--steps", 2).exit_code == 0
    (folder / "history.csv").write_text("step,d_loss\n2,0.", encoding="utf-8")
    said = _sentence("publish", NAME, "--size", "class", "--out", "run")
    assert "history.csv, received a damaged one" in said
    (folder / "checkpoint.npz").write_bytes(good[folder / "checkpoint.npz"][:900])
    assert "move this file away to start again" in _sentence(*run)
    (folder / "checkpoint.npz").unlink()
    assert _gankit(*run, "--steps", 2).exit_code == 0


def test_scores_of_another_form_stop_no_report(here):
    folder = here / "runs" / "imperial" / "cgan-deep"
    folder.mkdir(parents=True)
    scores = experiments.load_saved("imperial/cgan-deep").scores
    part = {**scores["scores"][0]}
    for change in (
        {"scores": None},
        {"scores": [3]},
        {"scores": [{**part, "value": "[/b]"}]},
        {"steps": "many"},
        {"device": 3},
        {"seconds": "long"},
    ):
        text = json.dumps({**scores, "size": "class", **change})
        (folder / "scores.json").write_text(text, encoding="utf-8")
        for command in (("report", "imperial"), ("show", "imperial/cgan-deep")):
            result = _gankit(*command)
            assert result.exit_code == 0, (change, result.exception)
            assert "is damaged and is skipped" in result.output
    scores |= {"size": "class", "data": "[/b]", "device": "[/b] [bold]"}
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    for command in (("report", "imperial"), ("show", "imperial/cgan-deep")):
        assert "[/b]" in _gankit(*command).output


def test_errors_of_the_system_are_sentences(here, monkeypatch):
    (here / "file").write_text("mine", encoding="utf-8")
    for out in ("file", "file/run"):
        said = _sentence("run", NAME, "--out", out, "--steps", 2)
        assert "Expected to read or write file" in said and "check its name" in said
    for seed in (2**32, -1):
        said = _sentence("run", NAME, "--seed", seed)
        assert "Invalid value for '--seed'" in said and "or equal to" in said
        with pytest.raises(ValueError, match="from 0 to 4294967295, received"):
            experiments.run(NAME, seed=seed)
    assert "Expected" in _sentence("baselines", "x.npz")
    np.savez(here / "x.npz", a=np.zeros(3))
    assert "Expected" in _sentence("baselines", here / "x.npz")
    np.save(here / "y.npy", np.zeros(3))
    assert "Expected" in _sentence("baselines", here / "y.npy")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        said = _sentence("run", NAME, "--out", "run", "--steps", 2)
    assert "received No space left on device: check" in said and "repeat" in said
    assert not list((here / "run").glob(".partial*"))
    assert _gankit("run", NAME, "--out", "run", "--steps", 2).exit_code == 0
    state = here / "run" / record.CHECKPOINT

    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("gankit.files.open", refuse, raising=False)
        said = _sentence("run", NAME, "--out", "run")
    assert "Permission denied: check its name, its permissions" in said
    assert "move" not in said and state.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_what_a_builtin_says_is_said_by_the_system(here, capsys):
    """Its last frame is one of gankit, which called open, write or fsync."""
    with pytest.raises(typer.Exit), output.sentences():
        files.append_table("/dev/full", ["step"], [{"step": 1}])
    said = capsys.readouterr().err
    assert "received No space left on device: check its name" in said
    state = here / "run" / record.CHECKPOINT
    state.mkdir(parents=True)
    said = _sentence("run", NAME, "--out", "run", "--steps", 2)
    assert f"Expected to read or write run/{state.name}, received Is a dir" in said
    state.rmdir()
    assert _gankit("run", NAME, "--out", "run", "--steps", 2).exit_code == 0


def test_a_cache_that_cannot_be_written_is_a_warning(here, monkeypatch):
    scorer = training_process._scorer(training_process._data("class", None), None)
    (here / "statistics").write_text("in the way", encoding="utf-8")
    images = np.zeros((4, 8, 8, 1), "uint8")
    with pytest.warns(UserWarning, match="Features of x cannot be saved in .* again"):
        found = feature_set(
            images,
            scorer.extractor,
            value_range=(0, 255),
            cache_name="x",
            folder=here,
        )
    assert found.n == 4


def test_nan_before_any_checkpoint_promises_nothing(here, monkeypatch):
    def build(images):
        gan = training_process._build(images)
        gan.generator_loss = lambda batch: keras.ops.convert_to_tensor(float("nan"))
        return gan

    _register(monkeypatch, build=build)
    run = ("run", NAME, "--out", "run")
    assert "NaN or infinity" in _sentence(*run)
    assert not (here / "run" / record.CHECKPOINT).exists()
    said = _sentence(*run)
    assert "No state was saved before: mend the experiment and start anew" in said
    assert "--steps" not in said


def test_printed_commands_work_when_typed(here):
    folder, data_sets = here / "a run", here / "my data"
    data_sets.mkdir()
    given = ("--seed", 3, "--out", folder, "--data", data_sets, "--steps", 2)
    result = _gankit("run", NAME, *given)
    assert result.exit_code == 0, result.output
    commands = [
        shlex.split(line)
        for line in result.output.splitlines()
        if line.startswith("  gankit ")
    ]
    assert [words[1] for words in commands] == ["sample", "run", "list"]
    assert commands[1][2:] == [
        *(NAME, "--seed", "3", "--out", str(folder)),
        *("--data", str(data_sets), "--steps", str(STEPS)),
    ]
    for _, *words in commands:
        typed = _gankit(*words)
        assert typed.exit_code == 0, (words, typed.output)
    assert experiments.load(folder).finished
    assert f"--logdir {shlex.quote(str(folder))}" in result.output


def test_commands_for_a_translator_and_for_faces_work_when_typed(here, monkeypatch):
    folder = here / "my horses"
    Image.new("RGB", (40, 32), "tan").save("IN.png")
    given = ("dtu/stripes", "--size", "smoke", "--out", folder)
    typed = _gankit("run", *given, "--steps", 1)
    assert typed.exit_code == 0, typed.output
    refused = _sentence("sample", *given)
    for said in (typed.output, refused):
        (words,) = re.findall(r"gankit (translate .* OUT\.png)", said)
        assert _gankit(*shlex.split(words)).exit_code == 0, words
        with Image.open("OUT.png") as translated:
            assert translated.size == (40, 32)
        Path("OUT.png").unlink()
    # A run whose folder was named is published from there.
    named = ("publish", "dtu/stripes", "--size", "smoke", "--out", here / "not run")
    (words,) = re.findall(r"run gankit (run .*) first", _sentence(*named))
    assert shlex.split(words)[-2:] == ["--out", str(here / "not run")]
    faces = types.SimpleNamespace(kept=[], dropped={}, limit=None, folder=folder)
    monkeypatch.setattr(
        "gankit.photos.faces.folder.prepare_faces", lambda *_, **__: faces
    )
    lines = _gankit("dataset", "prepare", here, folder).output.splitlines()
    assert shlex.split(lines[-1]) == ["gankit", "run", "few", "--data", str(folder)]


OTHERS = ("Image", "os", "tarfile", "archive")
TEXT = ("read_text", "write_text", "savetxt", "TextIOWrapper")


def _without_encoding(path):
    """Lines that read or write text in the encoding of the machine."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        keys = {keyword.arg: keyword.value for keyword in node.keywords}
        words = [ast.unparse(arg) for arg in (*node.args, *keys.values())]
        if "encoding" in keys or "'utf-8'" in words:
            continue
        owner = ast.unparse(node.func).rpartition(".")[0]
        opens = name == "open" and owner not in OTHERS
        binary = re.search(r"'[rwa]b\+?'", " ".join(words))
        if name in TEXT or (opens and not binary) or "text" in keys:
            yield f"{path.name}:{node.lineno} {name}"


def test_text_is_utf_8_on_every_machine(tmp_path):
    found = [
        line
        for place in (PACKAGE, PACKAGE.parent / "benchmarks")
        for path in sorted(place.rglob("*.py"))
        for line in _without_encoding(path)
    ]
    assert not found
    example = tmp_path / "example.py"
    code = "p.read_text()\nopen(p)\np.open('w')\nrun(text=True)\nopen(p, 'rb')\n"
    example.write_text(code, encoding="utf-8")
    assert len(list(_without_encoding(example))) == 4
