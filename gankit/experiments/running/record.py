"""The record of a run, `run.json`: settings, time, findings of the doctor."""

import contextlib
import dataclasses
import importlib.metadata
import json
import subprocess
import time
from pathlib import Path

import keras

from gankit.backend import device
from gankit.callbacks.doctor import TrainingStopped
from gankit.files import write_json


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


def open_record(folder, settings):
    """Creates or opens the folder of a run and returns its record."""
    path = folder / "run.json"
    if not path.exists():
        # A name that begins with a dot is what a kill left of a file being written.
        if folder.exists() and any(p.name[0] != "." for p in folder.iterdir()):
            raise ValueError(
                f"Expected {folder} to be empty or to hold a run, received a folder "
                "with other files: choose another with --out."
            )
        folder.mkdir(parents=True, exist_ok=True)
        record = {**settings, "device": device.name(), "seconds": 0.0}
        write_json(path, record)
        return record
    record = json.loads(path.read_text())
    # Runs saved before there were widths have it in their name alone.
    record.setdefault("width", settings["width"])
    differ = [key for key, value in settings.items() if record.get(key) != value]
    if differ:
        key = differ[0]
        raise ValueError(
            f"Expected to resume the run in {folder}, whose {key} is "
            f"{record.get(key)}, received {settings[key]}: use the same settings or "
            "another folder with --out (in Python, out=)."
        )
    return record


@contextlib.contextmanager
def remembering(doctor, record, folder):
    """Writes the doctor's findings, and why a run stopped, to its record."""
    try:
        yield
    except TrainingStopped as stop:
        record["stopped"] = str(stop)
        raise
    finally:
        noted = record.setdefault("findings", [])
        known = {finding["kind"] for finding in noted}  # before the run was resumed
        noted += [dataclasses.asdict(f) for f in doctor.findings if f.kind not in known]
        write_json(folder / "run.json", record)


class Stopwatch(keras.callbacks.Callback):
    """Adds the time of the steps of every saved epoch to the record of the run."""

    def __init__(self, record, folder):
        super().__init__()
        self.record = record
        self.path = folder / "run.json"

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.done = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        # Scoring and saving come after the last step and do not count.
        self.record["seconds"] += self.done - self.begun
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
        ["git", "-C", place, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
