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
import re
import sys
from pathlib import Path

import lazy_loader

__version__ = "0.2.0"

# TensorFlow's C++ log is meant for its own developers; errors are raised anyway.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow computes convolutions by oneDNN only where the processor has instructions
# for neural networks. With AVX2 alone, DCGANs train faster with it, too.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# The classes that a saved model may hold. Keras looks for them in its registry, where
# only those stand whose module was imported.
_SAVED_CLASSES = (
    "constraints.WeightClipping",
    "experiments.separate_updates.SeparateUpdatesConditionalGAN",
    "experiments.separate_updates.SeparateUpdatesGAN",
    *("layers.AdaptiveAugmentation", "layers.ConditionalBatchNormalization"),
    "layers.DifferentiableAugmentation",
    *("layers.ImagePool", "layers.ReflectionPadding2D", "layers.SelfAttention2D"),
    *("layers.SpectralNormalization", "losses.GradientPenalty", "losses.R1"),
    *("losses.R2", "networks.cgan.OneHot", "trainers.AugmentedGAN"),
    *("trainers.ConditionalGAN", "trainers.ConstantThenLinearDecay"),
    *("trainers.CycleGAN", "trainers.GAN"),
)


class _SavedClass:
    """Stands for a class in Keras's registry, and imports it when a file holds one."""

    def __init__(self, path):
        self._module, _, self.name = f"{__name__}.{path}".rpartition(".")

    def from_config(self, config):
        module = importlib.import_module(self._module)
        return getattr(module, self.name).from_config(config)


class _Around:
    """Finds a module for the import system and executes it within a context."""

    def __init__(self, name, context):
        self._name, self._context = name, context

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:  # whoever only looks, or fails to import, may ask again
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_within(module):
                with self._context():
                    execute(module)

            spec.loader.exec_module = execute_within
        return spec


@contextlib.contextmanager
def _saved_classes():
    _require_backend()
    yield
    registry = sys.modules["keras"].saving.get_custom_objects()
    for saved in map(_SavedClass, _SAVED_CLASSES):
        registry.setdefault(f"gankit>{saved.name}", saved)


@contextlib.contextmanager
def _muted_stderr():
    # TensorFlow writes notices about its CUDA libraries and processor when it is
    # imported, some of them before any of its settings has been read. They are muted
    # at the level of the operating system: native code does not use sys.stderr.
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
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        return json.loads((home / "keras.json").read_text("utf-8")).get("backend")
    except (OSError, ValueError):
        return None


def _require_backend():
    # Keras would say no more than "No module named 'tensorflow'", and it takes backends
    # on which nothing here trains. Not earlier than Keras, so that a command can print
    # the sentence.
    chosen = _chosen_backend() or "tensorflow"
    backends = ("tensorflow", "torch", "jax")
    installed = [each for each in backends if importlib.util.find_spec(each)]
    if chosen in installed:
        return
    remedy = (
        f"set the environment variable KERAS_BACKEND to {installed[0]}, which is"
        if installed
        else "type pip install tensorflow, as none is"
    )
    raise ImportError(
        f"Expected Keras's backend to be one of {', '.join(backends)} that is "
        f"installed, received {chosen!r}: {remedy} installed."
    )


for _name, _context in (("tensorflow", _muted_stderr), ("keras", _saved_classes)):
    if _name not in sys.modules:
        sys.meta_path.insert(0, _Around(_name, _context))
    elif _name == "keras":
        with _context():
            pass
_find, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name):
    if name in __all__ or name.startswith("_"):
        return _find(name)
    place = _place(name)
    advice = f"it is {place}" if place else "dir(gankit) lists its names"
    raise AttributeError(
        f"Expected a name of gankit, received gankit.{name}: {advice}."
    )


def _place(name):
    """Where in the package a name stands that was looked for at the top, or ""."""
    package = Path(__file__).parent
    public = re.compile(rf'\bas {name}$|"{name}"', re.MULTILINE)
    found = [*package.rglob(f"{name}.py"), *package.rglob(f"{name}/__init__.py")]
    paths = [p.parent if p.stem == "__init__" else p.with_suffix("") for p in found]
    for file in package.rglob("__init__.py*"):
        if public.search(file.read_text(encoding="utf-8")):
            paths.append(file.parent / name)
    places = [path.relative_to(package.parent).parts for path in paths]
    # Commands have the names of what they call.
    return ".".join(min(places, key=lambda p: ("cli" in p, len(p)), default=()))
