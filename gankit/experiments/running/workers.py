"""Several machines that train one run together.

In JAX all processes must compute the same, in the same order, or they wait for each
other. So each worker trains, samples and scores; only the folder differs. Worker 0 has
the folder of the run, and the others write into one that is removed in the end.
"""

import atexit
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from gankit.backend import device
from gankit.experiments.running.record import CHECKPOINT, RECORD


@contextlib.contextmanager
def joined():
    """Joins the other workers, in a context in which models train on all devices.

    Slurm says who they are; elsewhere, the variables of `keras.distribution.initialize`
    do.

    Raises:
        ValueError: If the backend is not JAX, or nothing says who the workers are.
        RuntimeError: From the block, if a worker was lost.
    """
    if keras.backend.backend() != "jax":
        raise ValueError(
            "Expected the backend JAX, on which alone several machines can train, "
            f"received {keras.backend.backend()}: set KERAS_BACKEND=jax on each."
        )
    import jax
    from jax.experimental import multihost_utils

    try:
        keras.distribution.initialize()
    except ValueError as error:
        raise ValueError(
            "Expected Slurm, or the variables KERAS_DISTRIBUTION_JOB_ADDRESSES, "
            "KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID, "
            f"received others ({error}): see docs/devices.md."
        ) from error
    devices = keras.distribution.list_devices()
    everyone = keras.distribution.DataParallel(
        devices=devices, auto_shard_dataset=False
    )
    try:
        with everyone.scope():
            yield
        # At its exit, JAX waits for slower workers, but no longer than five minutes.
        multihost_utils.sync_global_devices("done")
    except BaseException as error:
        # JAX would wait at the end for the other workers, and they for this one.
        atexit.register(_leave)
        # On CPUs it is Gloo that connects them, and its errors are ValueErrors.
        lost = isinstance(error, jax.errors.JaxRuntimeError) or "Gloo" in str(error)
        if not lost:
            raise
        reason = " ".join(str(error).split())
        raise RuntimeError(
            f"Expected {jax.process_count()} workers until the end, received an error "
            f"of one or of the network ({reason}): repeat the same command on all of "
            "them, which resumes from the last checkpoint."
        ) from error


def _leave():
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


@contextlib.contextmanager
def alone():
    """A context in which this worker computes on its first device alone.

    A classifier that scores samples is then the same however many devices there are.
    """
    everyone = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(everyone)


@contextlib.contextmanager
def own_folder(folder, settings, steps):
    """The folder in which this worker writes, with the state that worker 0 has.

    Args:
        folder: Folder of the run, which worker 0 alone needs.
        settings: Those of this worker; see `record.settings_of`.
        steps: Total of training steps at which to stop.

    Yields:
        The folder, and the settings of worker 0.

    Raises:
        ValueError: If this worker trains with other settings than worker 0.
    """
    count, index = device.workers()
    if count == 1:
        yield folder, settings
        return
    mine = {**settings, "steps": steps}
    theirs = json.loads(_of_worker_0(json.dumps(mine).encode()))
    # Another number of threads changes the last digits only.
    mine["threads"] = theirs["threads"]
    for key, value in theirs.items():
        if mine[key] != value:
            raise ValueError(
                f"Expected the same run on all workers, with {key} {value} as on "
                f"worker 0, received {mine[key]}: use the same command, data and "
                "versions."
            )
    settings = {key: theirs[key] for key in settings}
    state = {}
    for name in (RECORD, CHECKPOINT):
        path = folder / name
        found = path.read_bytes() if index == 0 and path.exists() else b""
        state[name] = _of_worker_0(found)
    if index == 0:
        yield folder, settings
        return
    with tempfile.TemporaryDirectory() as temporary:
        own = Path(temporary)
        for name, content in state.items():
            if content:
                (own / name).write_bytes(content)
        yield own, settings


def _of_worker_0(content):
    """The bytes that worker 0 passes, on all workers."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    size = int(broadcast_one_to_all(np.array(len(content))))
    array = np.frombuffer(content, "uint8")
    if device.workers()[1]:
        array = np.zeros(size, "uint8")
    return broadcast_one_to_all(array).tobytes()
