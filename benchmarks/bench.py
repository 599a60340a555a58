"""Training steps per second of gankit against others, side by side in one run.

    python benchmarks/bench.py [dcgan] [cyclegan]

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

# Per benchmark: steps in a round, and (label, module, precision).
BENCHMARKS = {
    "dcgan": (
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
        2,
        (
            ("gankit, bfloat16", "cyclegan_gankit", "mixed_bfloat16"),
            ("gankit, float32", "cyclegan_gankit", "float32"),
            ("PyTorch, float32", "cyclegan_torch", "float32"),
            ("PyTorch, bfloat16", "cyclegan_torch", "bfloat16"),
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

    def run(self, steps):
        """Trains `steps` steps."""
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def compare(name):
    """Runs one benchmark and prints its table."""
    steps, contenders = BENCHMARKS[name]
    contenders = [Contender(*contender) for contender in contenders]
    for contender in contenders:
        contender.run(steps)  # caches and clocks settle
    for _ in range(ROUNDS):
        for contender in contenders:
            contender.seconds.append(contender.run(steps))
    for contender in contenders:
        contender.process.stdin.close()
        contender.process.wait()
    print(f"{name}: {ROUNDS} rounds of {steps} steps, {os.cpu_count()} cores")
    first = contenders[FIRST].seconds
    for contender in contenders:
        rate = statistics.median(steps / s for s in contender.seconds)
        ratios = [s / f for s, f in zip(contender.seconds, first, strict=True)]
        print(
            f"  {contender.label:20} {rate:7.2f} steps/s   "
            f"gankit is {statistics.median(ratios):.2f} times as fast "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    for benchmark in sys.argv[1:] or BENCHMARKS:
        compare(benchmark)
