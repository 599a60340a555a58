"""Kills a small training at random moments and compares it with an uninterrupted one.

    KERAS_BACKEND=tensorflow python benchmarks/kills.py [KILLS] [POWER_CUTS]

Every process of the training of `tests/training_process.py` is killed after a random
time, as by `kill -9`, until it ends by itself; then a new training begins. For a power
cut, the training runs on an ext4 file system in a file. At a random moment the file is
copied: what was written and not flushed is in memory alone, so the copy lacks it. The
training then resumes from the copy. Power cuts need the right to mount.

Prints how many trainings ended bit for bit like the uninterrupted one, and writes that
to `results/survival.json`. The processes are forks of one that has imported
TensorFlow, so most of their time is training.
"""

import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import training_process  # noqa: E402, F401 - registers the experiment

from gankit import experiments, files  # noqa: E402
from gankit.backend import device  # noqa: E402

FILES = ("history.csv", "scores.csv", "weights.csv", "samples.png", "training.webp")
RESULT = Path(__file__).parents[1] / "results" / "survival.json"


def _run(folder):
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    device.setup(0, precision="float32")
    experiments.run("tests/training-process", out=folder)


def start(folder):
    """Starts or resumes the training in a new process."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(folder,))
    process.start()
    return process


def ended(process, seconds=None):
    """Waits for at most `seconds`. True if the process ended by itself."""
    process.join(seconds)
    if process.is_alive():
        return False
    if process.exitcode:
        raise RuntimeError(f"a training ended with {process.exitcode}")
    return True


def kill(process):
    process.kill()
    process.join()


def train_killed(place, seconds):
    """Trains until a process ends; returns what it left and the number of kills."""
    kills = 0
    while not ended(process := start(place / "run"), seconds()):
        kill(process)
        kills += 1
    return content(place / "run"), kills


def train_cut(place, seconds):
    """The same on file systems of which only the copies outlive a power cut."""
    cuts, disk = 0, place / "disk"
    disk.mkdir()
    with (place / "0.img").open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", place / "0.img"], check=True)
    while True:
        image = place / f"{cuts}.img"
        subprocess.run(["mount", "-o", "loop", image, disk], check=True)
        try:
            process = start(disk / "run")
            if ended(process, seconds()):
                return content(disk / "run"), cuts
            cuts += 1
            shutil.copyfile(image, place / f"{cuts}.img")
            kill(process)
        finally:
            subprocess.run(["umount", disk], check=True)


def content(folder):
    """All that must be equal: the arrays of the state, tables and pictures."""
    with np.load(folder / "checkpoint.npz") as archive:
        # run.json holds times.
        names = [name for name in archive if not name.endswith("run.json")]
        arrays = {name: archive[name].tobytes() for name in names}
    return arrays | {name: (folder / name).read_bytes() for name in FILES}


def main(kills=200, power_cuts=20):
    random.seed(0)
    found = {}
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        begin = time.monotonic()
        assert ended(start(place / "run"))
        whole = time.monotonic() - begin
        expected = content(place / "run")
        plans = (("kills", train_killed, kills), ("power cuts", train_cut, power_cuts))
        for what, train, wanted in plans:
            count = trainings = equal = 0
            while count < wanted:
                folder = place / f"{what} {trainings}"
                folder.mkdir()
                state, more = train(folder, lambda: whole * random.uniform(0.1, 0.9))
                count += more
                trainings += 1
                equal += state == expected
                shutil.rmtree(folder)
                print(
                    f"{count} {what}: {equal} of {trainings} trainings equal",
                    flush=True,
                )
            found[what] = {"count": count, "trainings": trainings, "equal": equal}
    files.write_json(RESULT, found)
    return all(each["equal"] == each["trainings"] for each in found.values())


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
