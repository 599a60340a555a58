"""The command line; `gankit --help` lists the commands.

Keras and its backend take seconds to import: each command imports what it needs, so
that --help answers at once.
"""

import importlib

from gankit.cli.app import app

__all__ = ["app"]

# Each module registers its commands with the application.
for _module in (
    *("claims", "clinic", "dataset", "experiments", "fid_weights", "grade"),
    *("laboratory", "modes", "reports", "retrain", "scores", "study", "translate"),
):
    importlib.import_module(f"{__name__}.{_module}")
