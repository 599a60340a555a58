"""Experiments: a name stands for data, networks, losses, budget and reported numbers.

`run(name)` trains, resumes, scores and leaves pictures; `load(folder)` gives a run
back. The experiments of each report are in the module of its name.
"""

from gankit.experiments import (
    buffalo,
    cmu,
    cmu_cyclegan,
    demo,
    dtu,
    dtu_cyclegan,
    iisc,
    iisc_cyclegan,
    imperial,
    loss_study,
    own_pictures,
)
from gankit.experiments.running.comparing import compare
from gankit.experiments.running.saved import (
    SavedRun,
    find_runs,
    load_saved,
    load_saved_runs,
    publish,
    saved_folder,
)
from gankit.experiments.running.registry import (
    SIZES,
    Budget,
    Experiment,
    find,
    names,
    register,
)
from gankit.experiments.running.runner import Run, load, run, run_folder
from gankit.experiments.running.study import (
    Study,
    StudyResult,
    find_study,
    load_study,
    publish_study,
    register_study,
    run_study,
    studies,
)

__all__ = [
    "SIZES",
    "Budget",
    "Experiment",
    "SavedRun",
    "Run",
    "Study",
    "StudyResult",
    "buffalo",
    "cmu",
    "cmu_cyclegan",
    "compare",
    "demo",
    "dtu",
    "dtu_cyclegan",
    "find",
    "find_study",
    "iisc",
    "iisc_cyclegan",
    "imperial",
    "load",
    "load_saved",
    "load_saved_runs",
    "load_study",
    "loss_study",
    "names",
    "own_pictures",
    "publish",
    "publish_study",
    "saved_folder",
    "register",
    "register_study",
    "run",
    "run_folder",
    "run_study",
    "find_runs",
    "studies",
]
