"""The runs of a report, finished or not."""

import dataclasses
import fnmatch
import functools
from pathlib import Path

from gankit.experiments.running import registry
from gankit.experiments.running.record import ADDED
from gankit.experiments.running.saved import SavedRun
from gankit.files import read_json
from gankit.metrics.score import Score
from gankit.metrics.scorer import REAL


@dataclasses.dataclass(frozen=True)
class ReportedRun(SavedRun):
    """A run as its files describe it, whether or not it finished.

    Attributes:
        folder: Where `history.csv`, `samples.png` and the other files are.
        scores: The content of `run.json` and, where the run was scored, of
            `scores.json`.
    """

    @property
    def name(self):
        """Name of the experiment."""
        return self.scores["name"]

    @property
    def seed(self):
        """Seed of the run."""
        return self.scores["seed"]

    @property
    def is_scored(self):
        """Whether the run was scored."""
        return "scores" in self.scores

    @functools.cached_property
    def steps(self):
        """Training steps before the scores; the logged steps if it was not scored."""
        return self.scores["steps"] if self.is_scored else self._logged_steps

    @property
    def _logged_steps(self):
        return int(self.history["step"][-1]) if self.history else 0

    @functools.cached_property
    def budget(self):
        """Training steps of its size; `None` if gankit has no such experiment."""
        if "budget" in self.scores:
            return self.scores["budget"]
        if self.name not in registry.names():
            return None
        return registry.find(self.name).budgets[self.scores["size"]].steps

    @property
    def progress(self):
        """Steps and budget, such as `"300 of 1,800"`."""
        budget = "?" if self.budget is None else f"{self.budget:,}"
        return f"{self.steps:,} of {budget}"

    @property
    def findings(self):
        """What the doctor found: dicts with `kind`, `step` and `sentence`."""
        return self.scores.get("findings", [])

    @property
    def failure(self):
        """A sentence on how the run failed; `None` if it did not."""
        if "stopped" in self.scores:
            return self.scores["stopped"]
        if not self.is_scored:
            return f"The run was never scored: {self.progress} steps are logged."
        requested = self.scores.get("steps_asked", self.steps)
        if self.steps < requested:
            return (
                f"The run did not finish: it trained {self.steps:,} of the "
                f"{requested:,} requested steps."
            )
        if self._logged_steps > self.steps:
            return (
                f"The run was scored at step {self.steps:,} and then trained to step "
                f"{self._logged_steps:,}."
            )
        return None

    @functools.cached_property
    def final_scores(self):
        """The `gankit.metrics.Score`s at the end, by name."""
        return _scores_by_name(self.scores.get("scores", []))

    @functools.cached_property
    def real_scores(self):
        """The `gankit.metrics.Score`s of real images against others, by name."""
        return _scores_by_name(self.scores.get("baselines", {}).get(REAL, []))

    def main_score(self, name=None):
        """The score that the report is about.

        Args:
            name: Its name; `None` takes the first score that is computed from
                features, which `scores.png` shows too.

        Returns:
            The `gankit.metrics.Score`; `None` if the run has no such score.
        """
        if name is not None:
            return self.final_scores.get(name)
        return next((s for s in self.final_scores.values() if s.extractor), None)


def find_runs(folder="runs", only=("*",)):
    """Finds all runs in a folder and its sub-folders.

    Args:
        folder: Folder of runs, as `gankit run` writes them.
        only: Patterns such as `"demo*"`. A run is found if its path within `folder`
            matches one of them.

    Returns:
        List of `ReportedRun`, sorted by name, size, steps and seed; may be empty.

    Raises:
        ValueError: If the folder has runs but none matches one of the patterns, or a
            file cannot be read.
    """
    folder = Path(folder)
    places = {
        path.parent.relative_to(folder).as_posix(): path.parent
        for file in ("run.json", "scores.json")
        for path in folder.rglob(file)
    }
    for pattern in only:
        if places and not fnmatch.filter(places, pattern):
            raise ValueError(
                f"Expected runs in {folder} that match {pattern!r}, received none: "
                f"choose among {', '.join(sorted(places))}."
            )
    runs = [
        _read(place)
        for name, place in places.items()
        if any(fnmatch.fnmatch(name, pattern) for pattern in only)
    ]
    return sorted(runs, key=lambda r: (r.name, r.scores["size"], r.steps, r.seed))


def captions(runs):
    """The shortest captions that differ, such as `"demo, seed 0"`, one for each run."""
    texts = [f"{run.name}, seed {run.seed}" for run in runs]
    for details in (
        [f", size {run.scores['size']}" for run in runs],
        [f", {run.steps:,} steps" for run in runs],
        [f" ({run.folder.name})" for run in runs],
    ):
        longer = [text + part for text, part in zip(texts, details, strict=True)]
        if len(set(longer)) > len(set(texts)):
            texts = longer
    return texts


def _read(place):
    record, scores = (_read_json(place / file) for file in ("run.json", "scores.json"))
    # run.json may have been updated after the run was scored.
    updates = {key: record[key] for key in ("findings", "stopped") if key in record}
    return ReportedRun(place, {**record, **scores, **updates})


def _read_json(path):
    if not path.exists():
        return {}
    form = {"name": str, "size": str, "seed": int, **ADDED}
    return read_json(path, form, "repair it, or choose the runs to report with only=")


def _scores_by_name(scores):
    names = {field.name for field in dataclasses.fields(Score)}
    return {
        score["name"]: Score(
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in score.items()
                if key in names
            }
        )
        for score in scores
    }
