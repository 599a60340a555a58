"""The command line; `gankit --help` lists the commands.

Keras and its backend take seconds to import: each command imports what it needs, so
that --help answers at once.
"""

from gankit.cli import (
    claims,
    clinic,
    compare,
    dataset,
    experiments,
    fid_weights,
    grade,
    laboratory,
    modes,
    retrain,
    scores,
    study,
    translate,
)
from gankit.cli.app import app

__all__ = [
    "app",
    "claims",
    "clinic",
    "compare",
    "dataset",
    "experiments",
    "fid_weights",
    "grade",
    "laboratory",
    "modes",
    "retrain",
    "scores",
    "study",
    "translate",
]
