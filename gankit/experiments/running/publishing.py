"""What is kept of runs, and the table 'report said / we got'."""

import dataclasses
import functools
import json
import shutil
from pathlib import Path

from gankit import files
from gankit.experiments.running import registry
from gankit.experiments.running.runner import run_folder

RESULTS = Path("results")
KEPT = ("scores.json", "history.csv", "samples.png")
# Kept too where the run has them.
ALSO_KEPT = (
    *("scores.csv", "weights.csv", "classes.csv", "confusion.csv"),
    "stages.png",
)
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
    files = [*KEPT, *(file for file in ALSO_KEPT if (source / file).exists())]
    suffix = "" if (size, seed) == ("full", 0) else f"@{size}-seed{seed}"
    return keep(source, RESULTS / f"{name}{suffix}", files)


def keep(source, target, files):
    """Copies files into a folder of `results/`.

    Returns:
        The folder.

    Raises:
        ValueError: If a picture is too large to keep in a repository.
    """
    for picture in (source / file for file in files if file.endswith(".png")):
        weight = picture.stat().st_size
        if weight > LARGEST_PICTURE:
            raise ValueError(
                f"Expected {picture} to be under {LARGEST_PICTURE:,} bytes, received "
                f"{weight:,}: draw fewer samples."
            )
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(source / file, target / file)
    return target


@dataclasses.dataclass(frozen=True)
class Kept:
    """What is kept of a run.

    Attributes:
        folder: Where `samples.png`, `scores.csv` and so on are.
        scores: The content of `scores.json`.
    """

    folder: Path
    scores: dict

    @functools.cached_property
    def history(self):
        """The losses, as `gankit.files.read_history` gives them."""
        return files.read_history(self.folder / "history.csv")

    @functools.cached_property
    def values(self):
        """The value of every score at the end, by name."""
        return {score["name"]: score["value"] for score in self.scores["scores"]}

    @functools.cached_property
    def intervals(self):
        """The 95 % interval of every score that has one, by name."""
        scores = self.scores["scores"]
        return {s["name"]: s["interval"] for s in scores if s["interval"]}

    @functools.cached_property
    def on_the_way(self):
        """Scores during the training, as `gankit.files.read_history` gives them."""
        return files.read_history(self.folder / "scores.csv")

    @functools.cached_property
    def weights(self):
        """What `gankit.WeightLog` measured, as `gankit.files.read_history` gives it."""
        return files.read_history(self.folder / "weights.csv")

    @functools.cached_property
    def baseline(self):
        """What real images score against other real ones, by name."""
        lines = self.scores.get("baselines", {}).get("real against real", [])
        return {score["name"]: score["value"] for score in lines}


def load_published(name):
    """Reads what is kept of a run, wherever gankit is installed.

    Args:
        name: As in `published`.

    Returns:
        The `Kept`.

    Raises:
        FileNotFoundError: If nothing is kept under that name.
    """
    folder = published(name)
    return Kept(folder, json.loads((folder / "scores.json").read_text()))


def kept(*names):
    """What is kept of several runs; those of which nothing is are named.

    Args:
        *names: As in `published`.

    Returns:
        Dict from name to `Kept`, in their order.
    """
    found = {}
    for name in names:
        try:
            found[name] = load_published(name)
        except FileNotFoundError:
            print(f"{name}: not run")
    return found


def published(name):
    """Finds what is kept of a full run or study, wherever gankit is installed.

    Args:
        name: Name of an experiment or a study, with `@SIZE-seedN` for other runs.

    Returns:
        Its folder: in `results/` of the working directory, of the checkout, or of the
        installed package.

    Raises:
        FileNotFoundError: If nothing is kept under that name.
    """
    package = Path(__file__).parents[1]
    for root in (RESULTS, package.parent / "results", package / "published"):
        if any((root / name / file).exists() for file in ("scores.json", "table.csv")):
            return root / name
    raise FileNotFoundError(
        f"Expected results of {name!r}, received none: run it in full size and keep it "
        "with gankit publish, or a study with gankit study --publish."
    )


def runs_of(name):
    """Finds the scored runs of an experiment, published ones first.

    Args:
        name: Name of the experiment.

    Returns:
        A list of pairs: the folder, and the content of its `scores.json`. Published
        runs are looked for in `results/`, local ones in `runs/`.
    """
    found = []
    for root in (RESULTS, Path("runs")):
        place = root / name
        for folder in [place, *sorted(place.parent.glob(f"{place.name}@*"))]:
            if (folder / "scores.json").exists():
                scores = json.loads((folder / "scores.json").read_text())
                found.append((folder, scores))
    return found
