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
    """To the scores of one device; each replica returns all images of a batch.

    On one device and two, the distances differed by 3e-5 of their value on TensorFlow
    and by 5e-4 on JAX, the losses by 6e-4 and 3e-3. JAX is left out here: a run
    takes more than a minute, as it compiles each operation of the scoring for itself.
    """
    values = []
    for devices in (1, 2):
        command = f"-m gankit run demo --devices {devices} --size smoke --out {devices}"
        process = subprocess.run(
            [sys.executable, *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert process.returncode == 0, process.stderr
        scores = json.loads((tmp_path / f"{devices}/scores.json").read_text("utf-8"))
        assert scores["steps"] == 4 and scores["devices"] == devices
        sides = {(s["n_real"], s["n_fake"]) for s in scores["scores"] if s["interval"]}
        assert sides == {(200, 200)}
        values.append({s["name"]: s["value"] for s in scores["scores"]})
    one, two = values
    assert {"recall", "FCD-digits-28", "KCD-digits-28"} < set(one)
    for name in one:
        distance = name in ("FCD-digits-28", "KCD-digits-28")
        tolerance = {"rel": 2e-4} if distance else {"rel": 5e-3, "abs": 5e-3}
        assert two[name] == pytest.approx(one[name], **tolerance), name


SIZES = """
from gankit.backend import device
scope = device.distribute(2)  # before any computation
import keras, numpy as np
from gankit import GAN
from gankit.datasets import Batches
from gankit.networks import mlp
shape = (4, 4, 1)
images = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype="uint8")
with scope:
    networks = mlp.generator(shape, 4, (8,)), mlp.discriminator(shape, (8,))
    gan = GAN(*networks, latent_dim=4)
    gan.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))

def fits(x, **options):
    try:
        gan.fit(x, verbose=0, **options)
    except ValueError as error:
        assert "multiple of 2 images (discriminator_steps=1, devices=2)" in str(error)
        return False
    return True

batches = {size: Batches(images, batch_size=size, seed=0) for size in (1, 2, 3, 4, 5)}
assert [fits(batches[size]) for size in batches] == [False, True, False, True, False]
sizes = (1, 3, 5, 6, 8)
assert [fits(images, batch_size=size) for size in sizes] == [False] * 3 + [True] * 2
# The last batch holds 1, 3 or 2 images.
cut = (images[:9], images[:11], images[:10])
assert [fits(x, batch_size=4) for x in cut] == [False, False, True]
assert all(np.isfinite(weight).all() for weight in gan.get_weights())
"""


@pytest.mark.tensorflow
def test_batches_that_two_devices_cannot_divide_are_refused(tmp_path):
    process = subprocess.run(
        [sys.executable, "-c", SIZES], capture_output=True, text=True, timeout=600
    )
    assert process.returncode == 0, process.stderr


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
