"""`gankit run` of a small training in a process of its own, for `test_workers.py`.

    python worker_process.py ARGUMENT ...

The variable DIE says when the process kills itself; see `training_process.py`.
"""

import os
import sys

import training_process

from gankit.cli import app

if __name__ == "__main__":
    if "DIE" in os.environ:
        training_process._arrange_death(os.environ["DIE"])
    app(["run", "tests/training-process", *sys.argv[1:]])
