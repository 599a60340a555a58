"""The command line; `gankit --help` lists the commands.

Keras and its backend take seconds to import: each command imports what it needs, so
that --help answers at once.
"""

from gankit.cli import compare, experiments, fid_weights, retrain, scores, study
from gankit.cli.app import app

__all__ = ["app", "compare", "experiments", "fid_weights", "retrain", "scores", "study"]
