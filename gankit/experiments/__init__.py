"""Experiments: a name stands for data, networks, losses, budget and reported numbers.

`run(name)` trains, resumes, scores and leaves pictures; `load(folder)` gives a run
back. The experiments of each report are in the module of its name.
"""

from gankit.experiments import demo, dtu, iisc, imperial
from gankit.experiments.comparing import compare
from gankit.experiments.publishing import publish, runs_of
from gankit.experiments.registry import (
    SIZES,
    Budget,
    Experiment,
    find,
    names,
    register,
)
from gankit.experiments.runner import Run, load, run, run_folder

__all__ = [
    "SIZES",
    "Budget",
    "Experiment",
    "Run",
    "compare",
    "demo",
    "dtu",
    "find",
    "iisc",
    "imperial",
    "load",
    "names",
    "publish",
    "register",
    "run",
    "run_folder",
    "runs_of",
]
