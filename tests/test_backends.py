"""TensorFlow, torch and JAX take the same steps."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("same_steps.py")
BACKENDS = [b for b in ("tensorflow", "torch", "jax") if importlib.util.find_spec(b)]


# Once is enough, whichever backend the other tests run on.
@pytest.mark.skipif(
    len(BACKENDS) < 2 or keras.backend.backend() != BACKENDS[-1],
    reason="compares the installed backends, in the run of the last of them",
)
@pytest.mark.parametrize(("optimizer", "tolerance"), [("sgd", 1e-6), ("adam", 1e-5)])
def test_backends_take_the_same_steps(tmp_path, optimizer, tolerance):
    results = {}
    for backend in BACKENDS:
        path = tmp_path / f"{backend}.npz"
        subprocess.run(
            [sys.executable, SCRIPT, optimizer, path],
            env={**os.environ, "KERAS_BACKEND": backend},
            check=True,
            capture_output=True,
        )
        with np.load(path) as file:
            results[backend] = list(file.values())
    first, *others = BACKENDS
    for other in others:
        for one, two in zip(results[first], results[other], strict=True):
            np.testing.assert_allclose(
                one, two, atol=tolerance, rtol=1e-6, err_msg=other
            )
