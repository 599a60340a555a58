"""gankit: build, train, measure and teach generative adversarial networks.

`gankit.setup` chooses seed, precision and compilation; `gankit.GAN`,
`gankit.ConditionalGAN` and `gankit.CycleGAN` are the trainers. Everything else is in a
module of its own, which is imported when it is first used: `import gankit` takes no
time. `__init__.pyi` lists the names for editors and type checkers.
"""

import contextlib
import importlib.util
import json
import os
import sys
from pathlib import Path

import lazy_loader

__version__ = "0.2.0"

# TensorFlow's C++ log is meant for its own developers; errors are raised anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


class _QuietTensorFlow:
    """Finds TensorFlow for the import system and mutes stderr while it is imported.

    TensorFlow writes notices about its CUDA libraries and processor when it is
    imported, some of them before any of its settings has been read.
    """

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_quietly(module):
                with _muted_stderr():
                    execute(module)

            spec.loader.exec_module = execute_quietly
        return spec


@contextlib.contextmanager
def _muted_stderr():
    # At the level of the operating system, as native code does not use sys.stderr.
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def _chosen_backend():
    """The backend that `import keras` will load, as Keras itself decides it."""
    if "KERAS_BACKEND" in os.environ:
        return os.environ["KERAS_BACKEND"]
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        return json.loads((home / "keras.json").read_text("utf-8")).get("backend")
    except (OSError, ValueError):
        return None


def _require_backend():
    # Otherwise `import keras` would fail with "No module named 'tensorflow'", which
    # does not say that another backend would do, or how to choose one.
    chosen = _chosen_backend() or "tensorflow"
    if importlib.util.find_spec(chosen) is not None:
        return
    present = [
        name for name in ("jax", "torch") if importlib.util.find_spec(name) is not None
    ]
    remedy = (
        f"set KERAS_BACKEND={present[0]}, which is installed"
        if present
        else "install one with pip install tensorflow"
    )
    raise ModuleNotFoundError(
        f"gankit needs a Keras backend, and '{chosen}' is chosen but not installed: "
        f"{remedy}."
    )


_require_backend()
if "tensorflow" not in sys.modules:
    sys.meta_path.insert(0, _QuietTensorFlow())
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
