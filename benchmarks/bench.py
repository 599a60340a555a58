"""Training steps, and images scored, per second against others, side by side.

    python benchmarks/bench.py [dcgan] [cyclegan] [fid]

Every contender lives in a process of its own that waits while others run; they take
turns, round after round, so that a noisy machine is noisy for all. A ratio is the
median of the rounds' ratios, with the smallest and the largest beside it.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = 7
FIRST = 0  # the contender that the others are compared with

# Per benchmark: what is counted, how many in a round, and (label, module, precision).
BENCHMARKS = {
    "dcgan": (
        "steps",
        20,
        (
            ("gankit, bfloat16", "dcgan_gankit", "mixed_bfloat16"),
            ("gankit, float32", "dcgan_gankit", "float32"),
            ("keras.io's example", "dcgan_keras_io", "float32"),
            ("PyTorch, float32", "dcgan_torch", "float32"),
            ("PyTorch, bfloat16", "dcgan_torch", "bfloat16"),
        ),
    ),
    "cyclegan": (
        "steps",
        2,
        (
            ("gankit, bfloat16", "cyclegan_gankit", "mixed_bfloat16"),
            ("gankit, float32", "cyclegan_gankit", "float32"),
            ("PyTorch, float32", "cyclegan_torch", "float32"),
            ("PyTorch, bfloat16", "cyclegan_torch", "bfloat16"),
        ),
    ),
    # CIFAR-10's size, resized to 299 pixels, up to the tap of 768 features.
    "fid": (
        "images",
        64,
        (
            ("gankit, float32", "fid_gankit", "float32"),
            ("pytorch-fid, float32", "fid_pytorch", "float32"),
        ),
    ),
}


class Contender:
    """A worker process, and the seconds that its rounds took."""

    def __init__(self, label, module, precision):
        self.label = label
        self.seconds = []
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", module, precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        )
        while (line := self.process.stdout.readline()) != "ready\n":
            if not line:
                raise RuntimeError(f"The worker of {label} died: run {module} alone.")

    def run(self, count):
        """Seconds for so many steps, or images."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def compare(name):
    """Runs one benchmark and prints its table."""
    unit, count, contenders = BENCHMARKS[name]
    contenders = [Contender(*contender) for contender in contenders]
    for contender in contenders:
        contender.run(count)  # caches and clocks settle
    for _ in range(ROUNDS):
        for contender in contenders:
            contender.seconds.append(contender.run(count))
    for contender in contenders:
        contender.process.stdin.close()
        contender.process.wait()
    print(f"{name}: {ROUNDS} rounds of {count} {unit}, {os.cpu_count()} cores")
    first = contenders[FIRST].seconds
    for contender in contenders:
        rate = statistics.median(count / s for s in contender.seconds)
        ratios = [s / f for s, f in zip(contender.seconds, first, strict=True)]
        print(
            f"  {contender.label:20} {rate:7.2f} {unit}/s   "
            f"gankit is {statistics.median(ratios):.2f} times as fast "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    for benchmark in sys.argv[1:] or BENCHMARKS:
        compare(benchmark)
