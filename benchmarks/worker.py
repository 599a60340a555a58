"""A training that waits in a process of its own for steps to time.

    python worker.py MODULE PRECISION [OPTION ...]

For every line on standard input, a number of steps, it trains so many and prints the
seconds that they took. MODULE is one of this folder; its `build(precision, *options)`
returns a function of a number of steps.
"""

import importlib
import sys
import time


def main(module, precision, *options):
    train = importlib.import_module(module).build(precision, *options)
    train(3)  # compiles
    print("ready", flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        train(int(line))
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
