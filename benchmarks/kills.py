"""Kills a small training at random moments and compares it with an uninterrupted one.

    python benchmarks/kills.py [KILLS]

Every process of the training of `tests/training_process.py` is killed after a random
time, as by `kill -9`, until it ends by itself; then a new training begins. Prints how
many trainings ended bit for bit like the uninterrupted one, and after how many kills.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).parents[1] / "tests" / "training_process.py"
FILES = ("history.csv", "scores.csv", "weights.csv", "samples.png", "training.webp")


def train(folder, seconds=None):
    """Trains or resumes; kills the process after `seconds`. True if it ended."""
    command = [sys.executable, SCRIPT, folder, "float32"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return False
    if process.returncode:
        raise RuntimeError(errors.decode(errors="replace"))
    return True


def content(folder):
    """All that must be equal: the arrays of the state, tables and pictures."""
    with np.load(folder / "checkpoint.npz") as archive:
        # run.json holds times.
        names = [name for name in archive if not name.endswith("run.json")]
        arrays = {name: archive[name].tobytes() for name in names}
    return arrays | {name: (folder / name).read_bytes() for name in FILES}


def main(kills):
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with tempfile.TemporaryDirectory() as place:
        begin = time.monotonic()
        train(Path(place) / "whole")
        whole = time.monotonic() - begin
        expected = content(Path(place) / "whole")
        done, trainings, equal = 0, 0, 0
        while done < kills:
            folder = Path(place) / f"killed-{trainings}"
            # Mostly after the start, which takes the first half.
            while not train(folder, whole * random.uniform(0.3, 1.0)):
                done += 1
            trainings += 1
            equal += content(folder) == expected
            print(f"{done} kills: {equal} of {trainings} trainings equal", flush=True)
    return equal == trainings


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
