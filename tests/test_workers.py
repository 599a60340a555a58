"""Two workers train like one process, and resume after one of them was killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from gankit import files
from gankit.backend import device
from gankit.cli import app
from gankit.experiments.running import workers

SCRIPT = Path(__file__).with_name("worker_process.py")
# A checkpoint after every two.
STEPS = "6"
# Most of the time goes into compiling.
FAST = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
on_jax = pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="JAX alone joins processes"
)


def _start(place, *arguments, **variables):
    place.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, SCRIPT, "--steps", STEPS, *arguments],
        cwd=place,
        env={**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": FAST, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def _end(processes):
    """The exit status, output and errors of each, none of which outlives the test."""
    try:
        return [(p.communicate(timeout=600), p.returncode) for p in processes]
    finally:
        for process in processes:
            with process:
                process.kill()


def _two_workers(here, variables, **of_worker_1):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = {}, of_worker_1
    return [
        _start(
            here / f"worker {i}",
            *("--workers", "--out", "run"),
            **{key: text.format(port=port, i=i) for key, text in variables.items()},
            **more[i],
        )
        for i in (0, 1)
    ]


BY_HAND = {
    "KERAS_DISTRIBUTION_JOB_ADDRESSES": "127.0.0.1:{port}",
    "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    "KERAS_DISTRIBUTION_PROCESS_ID": "{i}",
}
BY_SLURM = {
    "SLURM_JOB_ID": "1",
    "SLURM_STEP_NODELIST": "127.0.0.1",
    "SLURM_NTASKS": "2",
    "SLURM_PROCID": "{i}",
    "SLURM_LOCALID": "0",
    "JAX_COORDINATOR_PORT": "{port}",
}


@on_jax
def test_two_workers_train_like_one_process_though_one_was_killed(tmp_path):
    """With batch norm, dropout, Adam and an average, and without a shared folder."""
    alone = _start(tmp_path / "alone", "--out", "run")
    killed = _two_workers(tmp_path, BY_HAND, DIE="logged")
    ((_, errors), status), *two = _end([alone, *killed])
    assert status == 0, errors
    ((_, errors), status), (_, status_1) = two
    assert (status, status_1) == (1, -signal.SIGKILL), errors
    sentence = "Expected 2 workers until the end, received an error"
    assert sentence in errors and "Traceback" not in errors
    run, whole = tmp_path / "worker 0" / "run", tmp_path / "alone" / "run"
    assert (run / "checkpoint.npz").exists() and not (run / "scores.json").exists()

    resumed = _end(_two_workers(tmp_path, BY_SLURM))
    for (_, errors), status in resumed:
        assert status == 0, errors
    assert "Worker 1 is done: worker 0 has the files." in resumed[1][0][0]
    assert not list((tmp_path / "worker 1").iterdir())
    scores = json.loads((run / "scores.json").read_text("utf-8"))
    assert scores["steps"] == 6 and scores["devices"] == 2
    with np.load(whole / "checkpoint.npz") as one, np.load(run / "checkpoint.npz") as n:
        names = [name for name in one if name.startswith("arr_")]
        assert len(names) > 60
        for name in names:
            np.testing.assert_allclose(one[name], n[name], atol=1e-5)
    for table in ("history.csv", "scores.csv"):
        one, n = (files.read_history(folder / table) for folder in (whole, run))
        assert list(one) == list(n) and len(one["step"]) > 0
        for column in one:
            np.testing.assert_allclose(one[column], n[column], rtol=1e-5)


def _sentence(*arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1 and "Traceback" not in result.output
    return result.output


def test_workers_that_cannot_join_get_a_sentence(monkeypatch):
    run = ("run", "demo", "--workers")
    said = _sentence(*run, "--devices", "2")
    assert "without --devices" in said and "received --devices 2" in said
    if keras.backend.backend() != "jax":
        assert "Expected the backend JAX" in _sentence(*run)
        return

    def initialize():
        raise ValueError("coordinator_address should be defined.")

    monkeypatch.setattr(keras.distribution, "initialize", initialize)
    assert "KERAS_DISTRIBUTION_PROCESS_ID" in _sentence(*run)


def test_workers_with_other_settings_or_data_get_a_sentence(
    monkeypatch, tmp_path, images, make_gan
):
    monkeypatch.setattr(device, "workers", lambda: (2, 1))
    theirs = json.dumps({"seed": 0, "threads": 4, "steps": 6}).encode()
    monkeypatch.setattr(workers, "_of_worker_0", lambda content: theirs)
    with pytest.raises(ValueError, match="with seed 0 as on worker 0, received 1"):
        with workers.own_folder(tmp_path, {"seed": 1, "threads": 2}, 6):
            pass
    with pytest.raises(ValueError, match="Batches, .* received ndarray: pass Batches"):
        make_gan().fit(images)
