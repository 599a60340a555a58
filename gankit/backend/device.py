"""What the machine offers, and the settings that follow from it."""

import contextlib
import importlib.metadata
import logging
import os
import platform
from pathlib import Path

import keras


def _is_worth_saying(record):
    """A notebook trains many models, and each compiles a step of its own."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_worth_saying)

PRECISIONS = ("float32", "mixed_bfloat16")
_BACKEND_NAMES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}

# What `setup(jit=...)` said; None leaves the choice to the device.
_jit = None


def setup(seed=0, *, precision=None, jit=None):
    """Seeds everything and chooses precision and compilation for this machine.

    Call it before building networks. It prints one line that says what was chosen and
    why.

    Args:
        seed: Seed of Python, NumPy, the backend and Keras, a whole number from 0.
        precision: `"float32"` or `"mixed_bfloat16"`. `None` chooses bfloat16 where the
            processor computes in it, else float32. Batch normalisation, losses and
            weights stay float32 either way.
        jit: Whether trainers compile with XLA (or `torch.compile`). `None` turns it
            off on TensorFlow with a CPU, where it slows convolutions, and otherwise
            leaves it to Keras.

    Raises:
        ValueError: If `precision` is another word.
    """
    global _jit
    if precision is None:
        precision, why = _best_precision()
    elif precision in PRECISIONS:
        why = "as asked"
    else:
        raise ValueError(
            f"Expected precision to be one of {', '.join(PRECISIONS)}, received "
            f"{precision!r}: choose one of these, or None to let gankit choose."
        )
    _jit = jit
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    print(
        f"gankit: {_BACKEND_NAMES[keras.backend.backend()]} {backend_version()} on "
        f"{name()}; {precision}, {why}; {_compilation()}; seed {seed}."
    )


def default_jit_compile(*, small=False):
    """The `jit_compile` of a trainer that is not told: a bool, or Keras's `"auto"`.

    Args:
        small: Whether a step is of many operations that take less than their calls. XLA
            makes them one, and the step nearly twice as fast; `torch.compile` takes
            longer than the training.
    """
    if _jit is not None:
        return _jit
    if small:
        return keras.backend.backend() != "torch"
    if keras.backend.backend() == "tensorflow" and not has_gpu():
        return False
    return "auto"


def has_gpu():
    """Whether the backend sees an accelerator."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            return bool(tf.config.list_physical_devices("GPU"))
        case "torch":
            import torch

            return torch.cuda.is_available()
        case "jax":
            import jax

            return jax.default_backend() != "cpu"


def distribute(devices):
    """A context in which models are built and trained on several devices.

    Each step's batch is divided among them. On TensorFlow this is a
    `tf.distribute.MirroredStrategy`, on JAX a `keras.distribution.DataParallel`. On a
    machine without accelerators the CPU is divided into that many virtual devices,
    which is no faster: it is for tests.

    Args:
        devices: How many; 1 changes nothing.

    Returns:
        A context manager.

    Raises:
        ValueError: If there are fewer, or the backend cannot distribute.
    """
    if devices == 1:
        return contextlib.nullcontext()
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            kind = "GPU" if has_gpu() else "CPU"
            if kind == "CPU":
                cpu = tf.config.list_physical_devices("CPU")[0]
                parts = [tf.config.LogicalDeviceConfiguration()] * devices
                with contextlib.suppress(RuntimeError):  # divided before
                    tf.config.set_logical_device_configuration(cpu, parts)
            present = [d.name for d in tf.config.list_logical_devices(kind)]
            _check_devices(devices, present)
            return tf.distribute.MirroredStrategy(present[:devices]).scope()
        case "jax":
            import jax

            # It takes effect on CPUs alone, and before JAX first looks for devices.
            with contextlib.suppress(RuntimeError):
                jax.config.update("jax_num_cpu_devices", devices)
            present = keras.distribution.list_devices()
            _check_devices(devices, present)
            return keras.distribution.DataParallel(devices=present[:devices]).scope()
        case "torch":
            raise ValueError(
                f"Expected one device on PyTorch, which Keras cannot distribute, "
                f"received {devices}: set KERAS_BACKEND=tensorflow or jax."
            )


def _check_devices(devices, present):
    if devices > len(present):
        raise ValueError(
            f"Expected at most {len(present)} devices, which is what there are, "
            f"received {devices}: ask for fewer, and before anything is computed."
        )


def replicas():
    """How many replicas compute a step together, and which of them this one is.

    Only TensorFlow shows each replica its own share of the batch; elsewhere, and
    outside a distributed step, the pair is `(1, 0)`.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            return context.num_replicas_in_sync, context.replica_id_in_sync_group
    return 1, 0


def count():
    """How many devices a model that is built now will train on."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            return tf.distribute.get_strategy().num_replicas_in_sync
        case "jax":
            distribution = keras.distribution.distribution()
            return 1 if distribution is None else distribution.device_mesh.devices.size
    return 1


def synchronizes_batches():
    """Whether batch normalisation must gather its statistics from several replicas.

    On JAX a batch is one array, however many devices hold it.
    """
    return keras.backend.backend() == "tensorflow" and count() > 1


def threads():
    """How many threads the backend computes with on the CPU."""
    chosen = 0
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            # 0 stands for all of them.
            chosen = tf.config.threading.get_intra_op_parallelism_threads()
        case "torch":
            import torch

            chosen = torch.get_num_threads()
    return chosen or _available_cpus()


def _available_cpus():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def name():
    """The device in words: the GPU's name, or the CPU's with its threads."""
    if not has_gpu():
        return f"{_processor()} ({threads()} threads)"
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            gpu = tf.config.list_physical_devices("GPU")[0]
            return tf.config.experimental.get_device_details(gpu).get(
                "device_name", "GPU"
            )
        case "torch":
            import torch

            return torch.cuda.get_device_name()
        case "jax":
            import jax

            return jax.devices()[0].device_kind


def backend_version():
    """Version of the backend's package."""
    return importlib.metadata.version(keras.backend.backend())


def _cpu_info():
    """What the kernel says of the last CPU: `flags`, `model name` and more."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return {}
    lines = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _processor():
    return _cpu_info().get("model name") or platform.processor() or "CPU"


def _best_precision():
    """The precision that is fast here, and why."""
    if has_gpu():
        if _gpu_computes_in_bfloat16():
            return "mixed_bfloat16", "which this GPU computes in"
        return "float32", "as this GPU has no bfloat16"
    if keras.backend.backend() == "jax":
        return "float32", "as bfloat16 gains nothing with XLA on a CPU"
    info = _cpu_info()
    # x86 lists "flags", 64-bit Arm "Features".
    flags = set((info.get("flags") or info.get("Features") or "").split())
    found = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16", "bf16": "Arm's BF16"}
    for flag, instructions in found.items():
        if flag in flags:
            return "mixed_bfloat16", f"as the processor has {instructions}"
    return "float32", "as the processor has no bfloat16 arithmetic"


def _gpu_computes_in_bfloat16():
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            gpu = tf.config.list_physical_devices("GPU")[0]
            details = tf.config.experimental.get_device_details(gpu)
            return details.get("compute_capability", (0, 0)) >= (8, 0)
        case "torch":
            import torch

            return torch.cuda.get_device_capability() >= (8, 0)
        case "jax":
            import jax

            capability = getattr(jax.devices()[0], "compute_capability", "0")
            return float(capability) >= 8


def _compilation():
    choice = default_jit_compile()
    if choice == "auto":
        return {
            "tensorflow": "XLA on",
            "torch": "no torch.compile",
            "jax": "compiled",
        }[keras.backend.backend()]
    if _jit is not None:
        return f"jit {'on' if _jit else 'off'}, as asked"
    return "XLA off, as it slows convolutions on CPUs"
