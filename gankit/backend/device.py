"""Chooses precision, compilation and devices for this machine."""

import contextlib
import importlib.metadata
import logging
import os
import platform
from pathlib import Path

import keras

# A notebook trains many models, each of which compiles its own step: TensorFlow's
# warning about retracing would be a false alarm.
logging.getLogger("tensorflow").addFilter(
    lambda record: "triggered tf.function retracing" not in record.getMessage()
)

PRECISIONS = ("float32", "mixed_bfloat16")
_BACKEND_NAMES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}

# The `jit` given to `setup`; None leaves the choice to the device.
_jit = None


def setup(seed=0, *, precision=None, jit=None):
    """Sets all seeds and chooses precision and compilation for this machine.

    Call it before you build networks. It prints its choices and the reasons.

    Args:
        seed: Seed of Python, NumPy, the backend and Keras, an integer of at least 0.
        precision: `"float32"` or `"mixed_bfloat16"`. `None` chooses bfloat16 if the
            device has bfloat16 arithmetic, else float32. Batch normalisation, losses
            and weights stay float32 either way.
        jit: Whether trainers compile with XLA (or `torch.compile`). `None` turns it
            off for TensorFlow on a CPU, where XLA slows convolutions, and otherwise
            leaves the choice to Keras.

    Raises:
        ValueError: If `precision` has another value.
    """
    global _jit
    if precision is None:
        precision, why = _best_precision()
    elif precision in PRECISIONS:
        why = "as requested"
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
        f"{name()}, seed {seed};\n{precision}, {why}; {_compilation()}."
    )


def default_jit_compile(*, small=False):
    """Returns the default `jit_compile` of trainers: a bool, or Keras's `"auto"`.

    Networks are `small` if calling an operation takes longer than computing it. XLA
    fuses the operations, which makes a step nearly twice as fast; `torch.compile` takes
    longer than the whole training.
    """
    if _jit is not None:
        return _jit
    if small:
        return keras.backend.backend() != "torch"
    if keras.backend.backend() == "tensorflow" and not has_gpu():
        return False
    return "auto"


def has_gpu():
    """Returns whether the backend finds an accelerator."""
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
    """Returns a context in which models are built and trained on several devices.

    Each batch is divided among the devices. TensorFlow uses a
    `tf.distribute.MirroredStrategy`, JAX a `keras.distribution.DataParallel`. Without
    accelerators, the CPU is divided into virtual devices. This is no faster and serves
    tests. One device changes nothing.

    Raises:
        ValueError: If there are fewer devices, or the backend is PyTorch.
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
                with contextlib.suppress(RuntimeError):  # already divided
                    tf.config.set_logical_device_configuration(cpu, parts)
            present = [d.name for d in tf.config.list_logical_devices(kind)]
            _check_devices(devices, present)
            return tf.distribute.MirroredStrategy(present[:devices]).scope()
        case "jax":
            import jax

            # This affects CPUs only, and only before JAX first looks for devices.
            with contextlib.suppress(RuntimeError):
                jax.config.update("jax_num_cpu_devices", devices)
            present = keras.distribution.list_devices()
            _check_devices(devices, present)
            return keras.distribution.DataParallel(devices=present[:devices]).scope()
        case "torch":
            raise ValueError(
                "Expected one device on PyTorch, where Keras cannot distribute "
                f"training, received {devices}: set KERAS_BACKEND=tensorflow or jax."
            )


def _check_devices(devices, present):
    if devices > len(present):
        raise ValueError(
            f"Expected at most {len(present)} devices, the number available, received "
            f"{devices}: request fewer, and call this before any computation."
        )


def replicas():
    """Returns how many replicas compute this step, and the index of this replica.

    Only in TensorFlow does each replica see just its own part of the batch. On other
    backends, and outside a distributed step, the pair is `(1, 0)`.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            return context.num_replicas_in_sync, context.replica_id_in_sync_group
    return 1, 0


def draw(sampler, n):
    """Draws random numbers inside a step, for `n` examples of this replica.

    The replicas of a distributed training share one seed and would all draw the same
    numbers. So each replica draws for the global batch and takes its own slice, which
    gives what a single device with the whole batch would draw. `sampler` is a function
    from a number of examples to a tensor `(number, ...)`.
    """
    number, replica = replicas()
    if number == 1:
        return sampler(n)
    return sampler(number * n)[replica * n : (replica + 1) * n]


def count():
    """Returns how many devices a model built now will train on."""
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            return tf.distribute.get_strategy().num_replicas_in_sync
        case "jax":
            distribution = keras.distribution.distribution()
            return 1 if distribution is None else distribution.device_mesh.devices.size
    return 1


def workers():
    """Returns how many processes train together, and the index of this one.

    JAX alone joins processes; see `gankit.experiments.running.workers`.
    """
    if keras.backend.backend() != "jax":
        return 1, 0
    import jax

    return jax.process_count(), jax.process_index()


def synchronizes_batches():
    """Returns whether batch normalisation must synchronise replicas; in JAX, never."""
    return keras.backend.backend() == "tensorflow" and count() > 1


def threads():
    """Returns how many CPU threads the backend uses."""
    chosen = 0
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            # 0 stands for all threads.
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
    """Returns the GPU's name, or the CPU's name with its number of threads."""
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
    """Returns the version of the backend's package."""
    return importlib.metadata.version(keras.backend.backend())


def _cpu_info():
    """Returns what Linux reports about the last CPU: `flags`, `model name` and more."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return {}
    lines = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _processor():
    return _cpu_info().get("model name") or platform.processor() or "CPU"


def _best_precision():
    """Returns the faster precision on this device, and the reason."""
    if has_gpu():
        if _gpu_computes_in_bfloat16():
            return "mixed_bfloat16", "as this GPU computes in bfloat16"
        return "float32", "as this GPU has no bfloat16"
    if keras.backend.backend() == "jax":
        return "float32", "as bfloat16 gains nothing with XLA on a CPU"
    info = _cpu_info()
    # x86 lists "flags"; 64-bit Arm lists "Features".
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
        words = {"tensorflow": "XLA on", "torch": "no torch.compile", "jax": "compiled"}
        return words[keras.backend.backend()]
    if _jit is not None:
        return f"jit {'on' if _jit else 'off'}, as requested"
    return "XLA off, as it slows convolutions on CPUs"
