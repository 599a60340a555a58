"""What is kept of runs, and the table 'report said / we got'."""

import json
import shutil
from pathlib import Path

from gankit.experiments import registry
from gankit.experiments.runner import run_folder

RESULTS = Path("results")
KEPT = ("scores.json", "history.csv", "samples.png")
LARGEST_PICTURE = 200_000


def publish(name, *, size="full", seed=0, out=None):
    """Copies what is worth keeping of a run to `results/NAME/`.

    Args:
        name: Name of the experiment.
        size: Size of the run; a name with the size is kept apart from a full run.
        seed: Seed of the run, likewise.
        out: Folder of the run where it is not `run_folder(name, size, seed)`.

    Returns:
        The folder under `results/`.

    Raises:
        ValueError: If there is no such run, or its picture is too large to keep.
    """
    registry.find(name)
    source = Path(out) if out else run_folder(name, size, seed)
    missing = [file for file in KEPT if not (source / file).exists()]
    if missing:
        raise ValueError(
            f"Expected a scored run in {source}, received a folder without "
            f"{missing[0]}: run gankit run {name} --size {size} --seed {seed} first."
        )
    weight = (source / "samples.png").stat().st_size
    if weight > LARGEST_PICTURE:
        raise ValueError(
            f"Expected {source / 'samples.png'} to be under {LARGEST_PICTURE:,} bytes, "
            f"received {weight:,}: draw fewer samples."
        )
    suffix = "" if (size, seed) == ("full", 0) else f"@{size}-seed{seed}"
    target = RESULTS / f"{name}{suffix}"
    target.mkdir(parents=True, exist_ok=True)
    for file in KEPT:
        shutil.copyfile(source / file, target / file)
    return target


def report_rows(prefix=""):
    """What the reports say beside what the runs gave.

    Args:
        prefix: Beginning of the experiments' names.

    Returns:
        A list of dicts with `experiment`, `score`, `report`, `ours`, `images`,
        `steps` and `folder`; an experiment that was not run has one row that says so.
    """
    rows = []
    for name in registry.names(prefix):
        found = [*_scored(RESULTS, name), *_scored(Path("runs"), name)]
        if not found:
            rows.append(_not_run(registry.find(name)))
        for folder in found:
            rows.extend(_rows(name, folder))
    return rows


def _scored(root, name):
    place = root / name
    candidates = sorted(place.parent.glob(f"{place.name}*"))
    return [
        folder
        for folder in candidates
        if folder.name.split("@")[0] == place.name and (folder / "scores.json").exists()
    ]


def _not_run(experiment):
    reported = ", ".join(f"{k} {v:g}" for k, v in experiment.reported.items())
    return {
        "experiment": experiment.name,
        "score": "",
        "report": reported,
        "ours": "not run",
        "images": "",
        "steps": "",
        "folder": "",
    }


def _rows(name, folder):
    run = json.loads((folder / "scores.json").read_text())
    steps = f"{run['steps']:,}"
    if run["steps"] < run["budget"]:
        steps += f" of {run['budget']:,}"
    return [
        {
            "experiment": name,
            "score": score["name"],
            "report": "" if score["report"] is None else f"{score['report']:g}",
            "ours": f"{score['value']:.3f}",
            "images": _images(score),
            "steps": steps,
            "folder": str(folder),
        }
        for score in run["scores"]
    ]


def _images(score):
    counts = {"real": score["n_real"], "fake": score["n_fake"]}
    return ", ".join(f"{n:,} {kind}" for kind, n in counts.items() if n)
