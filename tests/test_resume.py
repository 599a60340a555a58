"""Exact resume: processes that are killed end like an uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from gankit import files
from gankit.callbacks import checkpoint
from gankit.datasets import Batches

SCRIPT = Path(__file__).with_name("training_process.py")


def _start(folder, precision, *where):
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    return subprocess.Popen(
        [sys.executable, SCRIPT, folder, precision, *where],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(folder, precision):
    process = _start(folder, precision)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


def _die(folder, precision, where):
    """Starts a process that kills itself at a given point."""
    process = _start(folder, precision, where)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, errors


def _kill(folder, precision, after):
    """Kills a process `after` seconds from its first new checkpoint."""
    state = folder / "checkpoint.npz"
    before = state.stat().st_mtime_ns
    process = _start(folder, precision)
    deadline = time.monotonic() + 300
    while state.stat().st_mtime_ns == before:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(after)
    process.kill()
    process.communicate()


def _arrays(path):
    with np.load(path) as file:
        return [file[name] for name in file if name.startswith("arr_")]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_killed_run_ends_like_an_uninterrupted_one(tmp_path, precision):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _finish(whole, precision)
    _die(killed, precision, "writing")
    _die(killed, precision, "moving")
    _die(killed, precision, "logged")
    moment = random.SystemRandom().uniform(0, 0.3)
    _kill(killed, precision, moment)
    _finish(killed, precision)

    expected, arrays = (_arrays(f / "checkpoint.npz") for f in (whole, killed))
    # Weights, moments of two optimizers, average, seeds of latents and dropout.
    assert len(arrays) == len(expected) > 60
    differing = [
        i
        for i, pair in enumerate(zip(expected, arrays, strict=True))
        if not np.array_equal(*pair)
    ]
    assert not differing, f"killed {moment:.3f} s after a checkpoint: {differing}"
    for file in ("history.csv", "scores.csv", "samples.png", "training.webp"):
        assert (whole / file).read_bytes() == (killed / file).read_bytes(), file


def test_a_checkpoint_holds_the_whole_state(make_gan, images, tmp_path):
    gan = make_gan(ema=0.9)
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=2, verbose=0)
    checkpoint.save(gan, tmp_path / "state.npz")
    other = make_gan(ema=0.9)
    assert checkpoint.restore(other, tmp_path / "state.npz") == 2
    for one, two in zip(
        [*gan.variables, *gan.optimizer.variables],
        [*other.variables, *other.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(two)
        )


def test_a_file_that_is_no_checkpoint_of_the_model_raises(make_gan, tmp_path):
    gan = make_gan()
    path = tmp_path / "state.npz"
    checkpoint.save(gan, path)
    for content in (b"no archive", b"", path.read_bytes()[:1000]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="state.npz to be a complete"):
            checkpoint.restore(gan, path)
    checkpoint.save(make_gan(ema=0.9), path)
    with pytest.raises(ValueError, match="build the model that was saved"):
        checkpoint.restore(gan, path)


def test_a_history_of_other_columns_is_not_continued(tmp_path):
    path = tmp_path / "history.csv"
    files.append_history(path, {"step": 1, "d_loss": 0.5})
    with pytest.raises(ValueError, match="columns step, g_loss, received step, d_loss"):
        files.append_history(path, {"step": 2, "g_loss": 0.7})
    assert files.read_history(path)["step"] == [1]


def test_history_is_cut_to_the_checkpoint(tmp_path):
    path = tmp_path / "history.csv"
    for step in (2, 4, 6):
        files.append_history(
            path, {"step": step, "d_loss": step / 3, "g_loss": -step / 7}
        )
    before = path.read_text().split("\n")
    with path.open("a") as file:
        file.write("8,0.12")  # a row cut off by a kill
    files.cut_history(path, 4)
    assert path.read_text().split("\n") == [*before[:3], ""]
    columns = files.read_history(path)
    assert list(columns) == ["step", "d_loss", "g_loss"]
    np.testing.assert_array_equal(columns["d_loss"], [2 / 3, 4 / 3])
    files.cut_history(path, 0)
    assert not path.exists() and files.read_history(path) == {}
