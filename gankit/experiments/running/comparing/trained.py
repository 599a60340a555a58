"""The runs of two experiments: read where they are there, else trained in turns."""

import json
from pathlib import Path

from gankit import files
from gankit.experiments.running.saved import find_runs
from gankit.experiments.running.runner import run, run_folder

FOLDER = Path("runs") / "compare"


def trained_runs(experiments, size, seeds, planned, data):
    """The runs of both by seed: folders, scores, and whether they were read."""
    trained = ([], [])
    for number in range(2 * seeds):
        # In turns: a machine that gets slower does so for both.
        seed, side = divmod(number, 2)
        name, steps = experiments[side].name, planned[side]
        print(
            f"Run {number + 1} of {2 * seeds}: {name}, seed {seed}, {steps:,} steps",
            end="",
        )
        found = _present(name, size, seed, steps)
        read = found is not None
        if read:
            print(f", read from {found[0]}.")
        else:
            budget = experiments[side].budgets[size].steps
            found = _train(name, size, seed, steps, budget, data)
        trained[side].append((*found, read))
    return trained


def _present(name, size, seed, steps):
    """Folder and scores of a run that ended at `steps`; `None` where there is none."""
    own = _own_folder(name, size, seed, steps)
    runs = find_runs(name)
    if (own / "scores.json").exists():
        runs.append((own, json.loads((own / "scores.json").read_text())))
    wanted = {"name": name, "size": size, "seed": seed, "steps": steps}
    for folder, scores in runs:
        if {key: scores.get(key) for key in wanted} == wanted:
            return folder, scores
    return None


def _train(name, size, seed, steps, budget, data):
    usual = run_folder(name, size, seed)
    reached = files.read_history(usual / "history.csv").get("step", [0])[-1]
    own = steps != budget or reached > steps
    folder = _own_folder(name, size, seed, steps) if own else usual
    print(f", into {folder}:", flush=True)
    scores = run(name, size=size, seed=seed, steps=steps, data=data, out=folder).scores
    if scores["steps"] != steps:
        raise ValueError(
            f"Expected a run of {steps:,} steps in {folder}, received one of "
            f"{scores['steps']:,}: move that folder away."
        )
    return folder, scores


def _own_folder(name, size, seed, steps):
    return FOLDER / f"{name}@{size}-seed{seed}-steps{steps}"
