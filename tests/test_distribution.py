"""Two virtual devices train like one, with the same global batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from gankit.backend import device

SCRIPT = Path(__file__).with_name("distributed_steps.py")


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras cannot distribute on torch"
)
def test_two_devices_train_like_one(tmp_path):
    """With synchronised batch norm and without dropout; the average included."""
    results = []
    for devices in (1, 2):
        path = tmp_path / f"{devices}.npz"
        environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
        process = subprocess.run(
            [sys.executable, SCRIPT, str(devices), path],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr
        with np.load(path) as file:
            results.append(list(file.values()))
    (losses, steps, samples, *weights), (losses2, steps2, samples2, *weights2) = results
    np.testing.assert_allclose(losses, losses2, atol=1e-6)
    assert steps == steps2 == 4
    for one, two in zip(weights, weights2, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)
    # Rounded to grey levels, a sample may differ by one of them.
    assert np.abs(samples.astype(int) - samples2).max() <= 1


@pytest.mark.tensorflow
def test_the_demo_runs_whole_on_two_devices(tmp_path):
    """To its scores, for which each replica returns all images of a batch."""
    command = "-m gankit run demo --devices 2 --size smoke --out run"
    process = subprocess.run(
        [sys.executable, *command.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert process.returncode == 0, process.stderr
    scores = json.loads((tmp_path / "run" / "scores.json").read_text("utf-8"))
    assert scores["steps"] == 4 and scores["devices"] == 2
    sides = {(s["n_real"], s["n_fake"]) for s in scores["scores"] if s["interval"]}
    assert sides == {(200, 200)}


def test_more_devices_than_there_are_get_a_sentence():
    if keras.backend.backend() == "torch":
        with pytest.raises(ValueError, match="where Keras cannot distribute"):
            device.distribute(2)
        return
    keras.ops.convert_to_numpy(keras.ops.ones(1) + 1)  # devices are counted by now
    with pytest.raises(ValueError, match=r"Expected at most \d+ devices"):
        device.distribute(1000)


def test_one_device_changes_nothing():
    with device.distribute(1):
        assert device.count() == 1 and device.replicas() == (1, 0)
