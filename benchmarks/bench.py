"""Training steps, and images scored, per second against others, side by side.

    python benchmarks/bench.py [dcgan] [onednn] [penalties] [cyclegan] [fid]

Every contender lives in a process of its own that waits while others run; they take
turns, round after round, so that a noisy machine is noisy for all. A ratio is the
median of the rounds' ratios, with the smallest and the largest beside it. Every
benchmark leaves `results/speed/NAME.json`.
"""

import os
import subprocess
import sys
from pathlib import Path

import record

HERE = Path(__file__).parent
ROUNDS = 7

# Per benchmark: title, what is counted, how many in a round, and the contenders: name,
# module, precision, what else its `build` takes, and environment variables.
BENCHMARKS = {
    "dcgan": (
        "training of the shallow DCGAN, batches of 128",
        "steps",
        20,
        (
            ("gankit", "dcgan_gankit", "mixed_bfloat16"),
            ("gankit", "dcgan_gankit", "float32"),
            ("keras.io's example", "dcgan_keras_io", "float32"),
            ("PyTorch", "dcgan_torch", "bfloat16"),
            ("PyTorch", "dcgan_torch", "float32"),
        ),
    ),
    # TensorFlow leaves oneDNN out on processors without instructions for networks.
    "onednn": (
        "training of the shallow DCGAN, batches of 128, with oneDNN and without",
        "steps",
        10,
        (
            ("gankit", "dcgan_gankit", "float32"),
            ("without oneDNN", "dcgan_gankit", "float32", "TF_ENABLE_ONEDNN_OPTS=0"),
        ),
    ),
    # A penalty of every eighth step is in three of 24.
    "penalties": (
        "training by the relativistic loss, 28 x 28 pixels, batches of 128",
        "steps",
        24,
        (
            ("gankit", "penalties_gankit", "mixed_bfloat16", "0"),
            ("with R1 and R2, every step", "penalties_gankit", "mixed_bfloat16", "1"),
            (
                "with R1 and R2, every 8 steps",
                "penalties_gankit",
                "mixed_bfloat16",
                "8",
            ),
        ),
    ),
    "cyclegan": (
        "training of a CycleGAN, 64 x 64 pixels, batches of 1",
        "steps",
        2,
        (
            ("gankit", "cyclegan_gankit", "mixed_bfloat16"),
            ("gankit", "cyclegan_gankit", "float32"),
            ("PyTorch", "cyclegan_torch", "bfloat16"),
            ("PyTorch", "cyclegan_torch", "float32"),
        ),
    ),
    # CIFAR-10's size, resized to 299 pixels, up to the tap of 768 features.
    "fid": (
        "768 features for FID",
        "images",
        64,
        (
            ("gankit", "fid_gankit", "float32"),
            ("pytorch-fid", "fid_pytorch", "float32"),
        ),
    ),
}


class Contender:
    """A worker process, and its steps or images per second by round."""

    def __init__(self, package, module, precision, *options):
        self.label = package, precision.removeprefix("mixed_")
        self.rates = []
        settings = dict(each.split("=") for each in options if "=" in each)
        options = [each for each in options if "=" not in each]
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", module, precision, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env={**os.environ, "KERAS_BACKEND": "tensorflow", **settings},
        )
        while (line := self.process.stdout.readline()) != "ready\n":
            if not line:
                raise RuntimeError(f"The worker of {module} died: run it alone.")

    def run(self, count):
        """Seconds for so many steps, or images."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def compare(name):
    """Runs one benchmark, prints its table and saves it."""
    title, unit, count, contenders = BENCHMARKS[name]
    contenders = [Contender(*contender) for contender in contenders]
    for contender in contenders:
        contender.run(count)  # caches and clocks settle
    for _ in range(ROUNDS):
        for contender in contenders:
            contender.rates.append(count / contender.run(count))
    for contender in contenders:
        contender.process.stdin.close()
        contender.process.wait()
    found = record.comparison(
        title, f"{unit} per second", {c.label: c.rates for c in contenders}
    )
    found["in a round"] = count
    print(f"{title}: {unit} per second, {ROUNDS} rounds of {count}")
    for row in found["contenders"]:
        print(record.text(row))
    record.save(f"speed/{name}", found)


if __name__ == "__main__":
    for benchmark in sys.argv[1:] or BENCHMARKS:
        compare(benchmark)
