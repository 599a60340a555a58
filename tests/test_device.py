"""What `setup` chooses and prints, and what importing gankit does and prints."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from gankit.backend import device


@pytest.fixture(autouse=True)
def _reset_jit():
    yield
    device._jit = None


def test_setup_prints_its_choices(capsys):
    device.setup(3)
    line, choices = capsys.readouterr().out.splitlines()
    names = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}
    assert names[keras.backend.backend()] in line and "seed 3" in line
    assert keras.config.dtype_policy().name in choices and "threads" in line
    assert len(line) < 90 and len(choices) < 110


def test_setup_makes_runs_repeatable():
    drawn = []
    for _ in range(2):
        device.setup(5)
        layer = keras.layers.Dense(3)
        layer.build((None, 4))
        drawn.append(keras.ops.convert_to_numpy(layer.kernel))
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ({"flags": "fpu avx2 avx512_bf16"}, "mixed_bfloat16"),
        ({"flags": "fpu amx_bf16 avx2"}, "mixed_bfloat16"),
        ({"Features": "fp asimd bf16"}, "mixed_bfloat16"),
        ({"flags": "fpu avx2 avx512f"}, "float32"),
        ({}, "float32"),  # not Linux
    ],
)
def test_precision_follows_the_processor(monkeypatch, flags, precision):
    monkeypatch.setattr(device, "_cpu_info", lambda: flags)
    if keras.backend.backend() == "jax":
        precision = "float32"
    assert device._best_precision()[0] == precision


def test_compilation_follows_the_device(make_gan, capsys):
    on_tensorflow = keras.backend.backend() == "tensorflow"
    assert device.default_jit_compile() == (False if on_tensorflow else "auto")
    assert device.default_jit_compile(small=True) is (
        keras.backend.backend() != "torch"
    )
    device.setup(jit=True)
    assert device.default_jit_compile() is True
    assert "jit on, as requested" in capsys.readouterr().out
    assert make_gan().jit_compile


def test_an_unknown_precision_raises():
    with pytest.raises(ValueError, match="float32, mixed_bfloat16, received 'half'"):
        device.setup(precision="half")


def _python(code, tmp_path, **environment):
    variables = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    variables |= {"KERAS_HOME": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={name: value for name, value in variables.items() if value is not None},
    )


HIDE = """
import importlib.util
find = importlib.util.find_spec
hidden = {hidden!r}
importlib.util.find_spec = lambda name, *a: None if name in hidden else find(name, *a)
import gankit
import keras
"""


def test_without_a_backend_the_error_names_a_remedy(tmp_path):
    everything = ["tensorflow", "torch", "jax"]

    def said(hidden, **environment):
        result = _python(HIDE.format(hidden=hidden), tmp_path, **environment)
        return result.stderr.strip().splitlines()[-1]

    expected = "backend to be one of tensorflow, torch, jax that is installed, received"
    last = said(everything)
    assert f"{expected} 'tensorflow': type pip install tensorflow, as none is" in last
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    assert "received 'torch': type pip install" in said(everything)
    # Keras does not take an empty variable for a name, either.
    assert "received 'torch': type pip" in said(everything, KERAS_BACKEND="")
    remedy = "set the environment variable KERAS_BACKEND to tensorflow, which is"
    assert f"'jax': {remedy} installed." in said(["jax"], KERAS_BACKEND="jax")
    # Installed, and no backend; and one of Keras's on which nothing trains.
    for name in ("nope", "os", "numpy"):
        assert f"received {name!r}: {remedy}" in said([], KERAS_BACKEND=name)


def test_another_backend_may_be_chosen_after_a_refusal(tmp_path):
    code = (
        "import gankit, os, importlib.util\n"
        "try:\n    import keras\nexcept ImportError as error:\n    print(error)\n"
        "os.environ['KERAS_BACKEND'] = 'tensorflow'\n"
        "assert importlib.util.find_spec('tensorflow')  # only looks\n"
        "import keras\n"
        "assert 'gankit>GAN' in keras.saving.get_custom_objects()"
    )
    result = _python(code, tmp_path, KERAS_BACKEND="nope", TF_CPP_MIN_LOG_LEVEL=None)
    assert result.returncode == 0 and not result.stderr, result.stderr
    assert result.stdout.count("received 'nope'") == 1


def test_import_gankit_imports_no_keras(tmp_path):
    code = "import gankit, sys; assert 'keras' not in sys.modules; gankit.losses"
    result = _python(code, tmp_path, KERAS_BACKEND=keras.backend.backend())
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("code", ["import keras", "gankit.losses"])
def test_imports_print_nothing(tmp_path, code):
    # Set by the tests' own import of gankit; a new process must do without.
    variables = {"KERAS_BACKEND": keras.backend.backend(), "TF_CPP_MIN_LOG_LEVEL": None}
    result = _python(f"import gankit; {code}", tmp_path, **variables)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_convolutions_run_on_onednn_whatever_the_processor(tmp_path):
    # By itself, TensorFlow leaves it out where the processor has no instructions for
    # neural networks.
    code = (
        "import gankit, keras; keras.layers.Conv2D(3, 3)(keras.ops.ones((1, 9, 9, 3)))"
    )
    variables = {"KERAS_BACKEND": "tensorflow", "ONEDNN_VERBOSE": "1"}
    result = _python(code, tmp_path, TF_ENABLE_ONEDNN_OPTS=None, **variables)
    assert "exec,cpu,convolution" in result.stdout, result.stderr
    result = _python(code, tmp_path, TF_ENABLE_ONEDNN_OPTS="0", **variables)
    assert "exec,cpu,convolution" not in result.stdout
