"""Saved results: what `publish` copies to `results/`, and reading it back."""

import dataclasses
import functools
import shlex
import shutil
import warnings
from pathlib import Path

from gankit.experiments.running import registry
from gankit.files import SHIPPED, read_history, read_json

RESULTS = Path("results")
ALWAYS_SAVED = ("scores.json", "history.csv", "samples.png")
# Saved as well if the run has them, of seed 0.
ALSO_SAVED = ("scores.csv", "weights.csv", "classes.csv", "confusion.csv", "stages.png")
LARGEST_PICTURE = 800_000
_NUMBER, _MAYBE = (int, float), type(None)
_SCORE = {
    **{"name": str, "value": _NUMBER, "n_real": (int, _MAYBE), "n_fake": (int, _MAYBE)},
    **{"extractor": (str, _MAYBE), "interval?": (list, _MAYBE)},
    **{"report": (*_NUMBER, _MAYBE)},
}
_FORM = {
    **{"name": str, "size": str, "seed": int, "steps": int, "budget": int},
    **{"scores": [_SCORE], "seconds?": _NUMBER, "device?": str, "versions?": dict},
    **{"data?": str, "data_fingerprint?": str, "baselines?": dict},
}


def read_scores(folder):
    """Reads the `scores.json` of a run.

    Raises:
        FileNotFoundError: If the folder has none.
        ValueError: If it is damaged.
    """
    advice = "repeat the gankit run that wrote it, or move its folder away"
    return read_json(Path(folder) / "scores.json", _FORM, advice)


def run_folder(name, size="class", seed=0):
    """The folder of a run: `runs/NAME` for size class and seed 0, else with both.

    Args:
        name: Name of the experiment.
        size: `"smoke"`, `"class"` or `"full"`.
        seed: Seed of the run.

    Returns:
        Its path, such as `runs/NAME@full-seed1`, whether or not it exists.
    """
    suffix = "" if (size, seed) == ("class", 0) else f"@{size}-seed{seed}"
    return Path("runs") / f"{name}{suffix}"


def publish(name, *, size="full", seed=0, width=None, out=None):
    """Copies the results of a run to `results/NAME/`.

    A shorter run does not replace a longer one of the same seed: it gets a folder of
    its own, with its number of steps.

    Args:
        name: Name of the experiment.
        size: Size of the run. Other sizes than `"full"` go to a folder of their own.
        seed: Seed of the run, likewise.
        width: `"half"` for a run at half width.
        out: Folder of the run if it is not `run_folder(name, size, seed)`.

    Returns:
        The folder under `results/`.

    Raises:
        ValueError: If there is no such run, a file of it is damaged, or its picture is
            too large to save.
    """
    name = registry.find(name, width=width).name
    source = Path(out) if out else run_folder(name, size, seed)
    missing = [file for file in ALWAYS_SAVED if not (source / file).exists()]
    if missing:
        raise ValueError(
            f"Expected a scored run in {source}, received a folder without "
            f"{missing[0]}: run gankit run {name} --size {size} --seed {seed}"
            f"{f' --out {shlex.quote(str(out))}' if out else ''} first."
        )
    scores = read_scores(source)
    for table in ("history.csv", "scores.csv"):
        read_history(source / table)  # refuses a damaged one
    for key, value in {"name": name, "size": size, "seed": seed}.items():
        if scores[key] != value:
            raise ValueError(
                f"Expected a run with {key} {value} in {source}, received {key} "
                f"{scores[key]}: name another folder with --out, or the {key} of this "
                "one."
            )
    others = ALSO_SAVED if seed == 0 else ("scores.csv",)
    names = [*ALWAYS_SAVED, *(f for f in others if (source / f).exists())]
    suffix = "" if (size, seed) == ("full", 0) else f"@{size}-seed{seed}"
    earlier = RESULTS / f"{name}{suffix}" / "scores.json"
    saved = _scores_in(earlier) if earlier.exists() else None
    if saved and saved["steps"] > scores["steps"]:
        suffix = f"@{size}-seed{seed}-steps{scores['steps']}"
    target = save_files(source, RESULTS / f"{name}{suffix}", names)
    for left in (target / file for file in ALSO_SAVED if file not in names):
        left.unlink(missing_ok=True)  # of an earlier publication
    return target


def save_files(source, target, names):
    """Copies files into a folder of `results/`.

    Returns:
        The folder.

    Raises:
        ValueError: If a picture is too large for a repository.
    """
    for picture in (source / name for name in names if name.endswith(".png")):
        weight = picture.stat().st_size
        if weight > LARGEST_PICTURE:
            raise ValueError(
                f"Expected {picture} to be under {LARGEST_PICTURE:,} bytes, received "
                f"{weight:,}: draw fewer samples."
            )
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / name)
    return target


@dataclasses.dataclass(frozen=True)
class SavedRun:
    """The saved results of a run.

    Attributes:
        folder: Where `samples.png`, `scores.csv` and the other files are.
        scores: The content of `scores.json`.
    """

    folder: Path
    scores: dict

    @functools.cached_property
    def history(self):
        """The losses, as `gankit.files.read_history` gives them."""
        return read_history(self.folder / "history.csv")

    @functools.cached_property
    def values(self):
        """The final value of every score, by name."""
        return {score["name"]: score["value"] for score in self.scores["scores"]}

    @functools.cached_property
    def intervals(self):
        """The 95 % interval of every score that has one, by name."""
        scores = self.scores["scores"]
        return {s["name"]: s["interval"] for s in scores if s["interval"]}

    @functools.cached_property
    def on_the_way(self):
        """Scores during training, as `gankit.files.read_history` gives them."""
        return read_history(self.folder / "scores.csv")

    @functools.cached_property
    def weights(self):
        """What `gankit.WeightLog` measured, as `gankit.files.read_history` gives it."""
        return read_history(self.folder / "weights.csv")

    @functools.cached_property
    def baseline(self):
        """What real images score against other real ones, by name."""
        lines = self.scores.get("baselines", {}).get("real against real", [])
        return {score["name"]: score["value"] for score in lines}


def saved_folder(name):
    """Finds the saved results of a full run or study, wherever gankit is installed.

    Args:
        name: Name of an experiment or a study, with `@SIZE-seedN` for other runs.

    Returns:
        Its folder: in `results/` of the working directory, of the checkout or of the
        installed package, whichever comes first.

    Raises:
        FileNotFoundError: If nothing is saved under that name.
    """
    for root in result_folders():
        if any((root / name / file).exists() for file in ("scores.json", "table.csv")):
            return root / name
    raise FileNotFoundError(
        f"Expected results of {name!r}, received none: run it in full size and save "
        "its results with gankit publish, or a study with gankit study --publish."
    )


def result_folders():
    """The folders that may hold saved results, nearest first."""
    return (RESULTS, *(place / "results" for place in SHIPPED))


def load_saved(name):
    """Reads the saved results of a run, wherever gankit is installed.

    Args:
        name: As in `saved_folder`.

    Returns:
        The `SavedRun`.

    Raises:
        FileNotFoundError: If nothing is saved under that name.
    """
    folder = saved_folder(name)
    return SavedRun(folder, read_scores(folder))


def load_saved_runs(*names):
    """Reads the saved results of several runs; prints the names that have none.

    Args:
        *names: As in `saved_folder`.

    Returns:
        Dict from name to `SavedRun`, in the given order.
    """
    found = {}
    for name in names:
        try:
            found[name] = load_saved(name)
        except FileNotFoundError:
            print(f"{name}: not run")
    return found


def find_runs(name, *, local=True):
    """Finds the scored runs of an experiment: saved ones first, then local ones.

    Args:
        name: Name of the experiment.
        local: Whether to look for local ones.

    Returns:
        A list of pairs: the folder, and the content of its `scores.json`. Saved runs
        are looked for where `saved_folder` does, local ones in `runs/`. A damaged
        `scores.json` is skipped with a warning.
    """
    found, seen = [], set()
    for root in (*result_folders(), *([Path("runs")] if local else [])):
        place = root / name
        for folder in [place, *sorted(place.parent.glob(f"{place.name}@*"))]:
            saved = folder / "scores.json"
            if saved.exists() and (root.name == "runs" or folder.name not in seen):
                seen.add(folder.name)
                if (scores := _scores_in(saved)) is not None:
                    found.append((folder, scores))
    return found


def _scores_in(path):
    """The content of a `scores.json`; `None`, with a warning, if it is damaged."""
    try:
        return read_scores(path.parent)
    except ValueError:
        warnings.warn(f"{path} is damaged and is skipped.", stacklevel=3)
        return None
