"""gankit: generative adversarial networks to build, train, measure and teach with.

`gankit.setup` chooses seed, precision and compilation; everything else is a module:
`gankit.losses`, `gankit.networks`, `gankit.trainers`, `gankit.datasets`,
`gankit.callbacks`, `gankit.plotting`, `gankit.experiments`. A module is imported when
it is first used, so that `import gankit` costs nothing.
"""

import importlib
import importlib.util
import json
import os
from pathlib import Path

__version__ = "0.1.0"

_FROM_MODULE = {
    "setup": "device",
    "AdversarialModel": "trainers",
    "AugmentedGAN": "trainers",
    "ConditionalGAN": "trainers",
    "CycleGAN": "trainers",
    "GAN": "trainers",
    "ScoreCallback": "score_callback",
    "SeparateUpdatesConditionalGAN": "trainers",
    "SeparateUpdatesGAN": "trainers",
    "TensorBoardLog": "tensorboard",
    "TrainingDoctor": "doctor",
    "WeightLog": "weight_log",
    "explore": "explorer",
    "traversal": "directions",
}
_MODULES = (
    "augmentation",
    "callbacks",
    "checkpoint",
    "claims",
    "clinic",
    "constraints",
    "datasets",
    "device",
    "diagrams",
    "directions",
    "doctor",
    "experiments",
    "explorer",
    "faces",
    "history",
    "image_pool",
    "inspection",
    "latents",
    "layers",
    "losses",
    "metrics",
    "networks",
    "penalties",
    "plotting",
    "rendering",
    "schedules",
    "score_callback",
    "tensorboard",
    "toys",
    "trainers",
    "translation_losses",
    "weight_log",
)
__all__ = sorted([*_FROM_MODULE, *_MODULES])

# TensorFlow's C++ log is for its own developers; what concerns users is raised.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _chosen_backend():
    """The backend that `import keras` will load, as Keras itself decides it."""
    if "KERAS_BACKEND" in os.environ:
        return os.environ["KERAS_BACKEND"]
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        return json.loads((home / "keras.json").read_text()).get("backend")
    except (OSError, ValueError):
        return None


def _require_backend():
    # Without this, `import keras` dies with "No module named 'tensorflow'", which
    # says neither that another backend would do nor how to choose it.
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


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module 'gankit' has no attribute '{name}'")
    # First, as it imports Keras without TensorFlow's native notices.
    importlib.import_module("gankit.device")
    module = importlib.import_module(f"gankit.{_FROM_MODULE.get(name, name)}")
    return getattr(module, name) if name in _FROM_MODULE else module


def __dir__():
    return __all__
