"""The record of a run, `run.json`: settings, time, findings of the doctor."""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import subprocess
import time
import warnings
from pathlib import Path

import keras

from gankit.backend import device
from gankit.callbacks import checkpoint
from gankit.callbacks.doctor import TrainingStopped
from gankit.files import only_process, read_json, write_json

CHECKPOINT = "checkpoint.npz"
RECORD = "run.json"
# Settings in which a machine may differ: the results then differ in their last bits.
MACHINE = ("precision", "threads", "versions")
# The form of what a training adds to its record, and `scores.json` takes over.
ADDED = {"findings?": [{"kind": str, "step": int, "sentence": str}], "stopped?": str}
ADDED |= {"earlier_machines?": [dict]}
# Parts of a configuration that are numbered anew in every process, or that follow from
# the settings of the machine.
_PASSING = ("name", "dtype", "inbound_nodes", "input_layers", "output_layers")


def settings_of(experiment, size, seed, images):
    """What must not change when a run resumes."""
    packages = ("keras", keras.backend.backend(), "numpy")
    return {
        "name": experiment.name,
        "size": size,
        "width": experiment.width,
        "seed": seed,
        "batch_size": experiment.batch_size,
        "backend": keras.backend.backend(),
        "precision": keras.config.dtype_policy().name,
        "threads": device.threads(),
        "devices": device.count(),
        "data": images.name,
        "data_fingerprint": images.fingerprint,
        "versions": {p: importlib.metadata.version(p) for p in packages},
    }


def describe(model):
    """The loss, networks and optimizers of a model, by name, as JSON takes them."""
    found = {
        f"size of {kind} {number}": f"{network.count_params():,} weights in "
        f"{len(network.weights)} arrays"
        for kind in ("generator", "discriminator")
        for number, network in enumerate(getattr(model, f"{kind}s"), 1)
    }
    config = keras.saving.serialize_keras_object(model)["config"]
    for part, value in _lasting({**config, **model.get_compile_config()}).items():
        inner = value.get("config") if isinstance(value, dict) else None
        if inner is None:
            found[part] = value
        elif "layers" in inner:
            # Other versions of Keras describe the same layers in other words.
            text = json.dumps(inner, sort_keys=True).encode()
            place = f"{part}'s configuration (Keras {keras.__version__})"
            found[place] = hashlib.sha256(text).hexdigest()
        else:
            inner["kind"] = value["class_name"]
            found |= {f"{part}'s {key}": inner[key] for key in inner}
    # As it will be read: without tuples.
    return json.loads(json.dumps(found))


def _lasting(value):
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if k not in _PASSING}
    return [_lasting(v) for v in value] if isinstance(value, list | tuple) else value


@contextlib.contextmanager
def opened(folder, settings, *, other_machine=False):
    """Creates or opens the folder of a run, for this process alone.

    Args:
        folder: The folder.
        settings: What `settings_of` returns.
        other_machine: Whether the settings of `MACHINE` may differ from the record's,
            which then says so under `earlier_machines`.

    Yields:
        The record, a dict. A damaged `run.json` is read from the checkpoint.

    Raises:
        ValueError: If the folder holds other files, a run with other settings or a
            record that cannot be read.
        RuntimeError: If another process trains in it.
    """
    state, path = folder / CHECKPOINT, folder / RECORD
    # A name that begins with a dot is a lock, or what a kill left of a file.
    fresh = not folder.exists() or all(p.name[0] == "." for p in folder.iterdir())
    if not (fresh or path.exists() or state.exists()):
        raise ValueError(
            f"Expected {folder} to be empty or to hold a run, received a folder "
            "with other files: choose another with --out."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with only_process(folder):
        if fresh:
            record = {**settings, "device": device.name(), "seconds": 0.0}
            write_json(path, record)
        else:
            record = _read(path, state, settings)
            # Runs saved before there were widths have it in their name alone.
            record.setdefault("width", settings["width"])
            passed = MACHINE if other_machine else ()
            fixed = {k: v for k, v in settings.items() if k not in passed}
            compare(folder, record, fixed)
            before = {key: record[key] for key in MACHINE}
            if any(before[key] != settings[key] for key in MACHINE):
                record.setdefault("earlier_machines", []).append(before)
                warnings.warn(
                    f"The run in {folder} resumes on another machine: its bits will "
                    "differ from those of an uninterrupted run.",
                    stacklevel=2,
                )
            record |= settings
        yield record


def _read(path, state, settings):
    form = {key: type(value) for key, value in settings.items() if key != "width"}
    advice = "move the folder away, or choose another with --out"
    try:
        form |= {"seconds": (int, float), "device?": str, "built?": dict, **ADDED}
        return read_json(path, form, advice)
    except (FileNotFoundError, ValueError):
        saved = checkpoint.saved_file(state, RECORD) if state.exists() else None
        if saved is None:
            raise
    return json.loads(saved)


def compare(place, record, settings, advice="use the same settings"):
    """Refuses to resume a run with other settings.

    Args:
        place: Folder or checkpoint of the run.
        record: Its record, or a part of it.
        settings: Those of this call. What the record lacks is not compared: an
            earlier version wrote it.
        advice: What to do about a difference.

    Raises:
        ValueError: With the first difference, and what to do.
    """
    differ = [k for k, value in settings.items() if record.get(k, value) != value]
    # The machine comes last, as what is advised then must be all that is missing.
    for key in sorted(differ, key=MACHINE.__contains__):
        if key in MACHINE:
            advice = "resume all the same with --other-machine, though bits then differ"
        raise ValueError(
            f"Expected to resume the run in {place}, whose {key} is {record[key]}, "
            f"received {settings[key]}: {advice}, or choose another folder with --out "
            "(in Python, out=)."
        )


def check_checkpoint(state, record):
    """Refuses the checkpoint of another run."""
    saved = json.loads(checkpoint.saved_file(state, RECORD) or "{}")
    fixed = ("name", "size", "seed", "batch_size", "data_fingerprint")
    settings = {key: record[key] for key in fixed} | record["built"]
    advice = "move this file away to start again from step 0"
    compare(state, {**saved, **saved.get("built", {})}, settings, advice)


@contextlib.contextmanager
def remembering(doctor, record, folder):
    """Writes the doctor's findings, and why a run stopped, to its record."""
    try:
        yield
    except TrainingStopped as stop:
        record["stopped"] = str(stop)
        raise
    finally:
        _note(doctor, record)
        write_json(folder / RECORD, record)


def _note(doctor, record):
    noted = record.setdefault("findings", [])
    known = {finding["kind"] for finding in noted}  # before the run was resumed, too
    noted += [dataclasses.asdict(f) for f in doctor.findings if f.kind not in known]


class Stopwatch(keras.callbacks.Callback):
    """Adds the time and findings of every saved epoch to the record of the run."""

    def __init__(self, record, doctor, folder):
        super().__init__()
        self.record, self.doctor = record, doctor
        self.path = folder / RECORD

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.done = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        # Scoring and saving come after the last step and do not count.
        self.record["seconds"] += self.done - self.begun
        _note(self.doctor, self.record)
        write_json(self.path, self.record)


def commit():
    """The commit of the checkout that this code runs from; `None` elsewhere."""
    place = Path(__file__).parent
    try:
        head = _git(place, "rev-parse", "--short=12", "HEAD")
        changed = _git(place, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + (" with changes" if changed else "")


def _git(place, *arguments):
    return subprocess.run(
        ["git", "-C", place, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.strip()
