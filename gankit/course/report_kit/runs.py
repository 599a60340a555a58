"""Runs as a report tells of them, finished or not."""

import dataclasses
import fnmatch
import functools
import json
from pathlib import Path

from gankit.experiments.running import registry
from gankit.experiments.running.saved import SavedRun
from gankit.metrics.score import Score
from gankit.metrics.scorer import REAL


@dataclasses.dataclass(frozen=True)
class ReportedRun(SavedRun):
    """A run as its files tell of it, whether or not it came to its end.

    Attributes:
        folder: Where `history.csv`, `samples.png` and so on are.
        scores: The content of `run.json` and, where the run was scored, that of
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
        """Whether the run came to a point where it was scored."""
        return "scores" in self.scores

    @functools.cached_property
    def steps(self):
        """Steps after which it was scored, or that were logged where it was not."""
        if self.is_scored:
            return self.scores["steps"]
        return self._logged

    @property
    def _logged(self):
        return int(self.history["step"][-1]) if self.history else 0

    @functools.cached_property
    def budget(self):
        """Steps that its size gives it; `None` for an experiment unknown here."""
        if "budget" in self.scores:
            return self.scores["budget"]
        if self.name not in registry.names():
            return None
        return registry.find(self.name).budgets[self.scores["size"]].steps

    @property
    def of_budget(self):
        """Steps in words, such as `"300 of 1,800"`."""
        budget = "?" if self.budget is None else f"{self.budget:,}"
        return f"{self.steps:,} of {budget}"

    @property
    def findings(self):
        """What the doctor found: dicts with `kind`, `step` and `sentence`."""
        return self.scores.get("findings", [])

    @property
    def failure(self):
        """In what the run failed, a sentence; `None` where it did not."""
        if "stopped" in self.scores:
            return self.scores["stopped"]
        if not self.is_scored:
            return f"It did not come to its scores: {self.of_budget} steps are logged."
        asked = self.scores.get("steps_asked", self.steps)
        if self.steps < asked:
            return f"It did not finish: {self.steps:,} of the {asked:,} steps asked."
        if self._logged > self.steps:
            return (
                f"It was trained on to step {self._logged:,} after the scores of step "
                f"{self.steps:,}."
            )
        return None

    @functools.cached_property
    def final(self):
        """The `gankit.metrics.Score`s at the end, by name."""
        return _by_name(self.scores.get("scores", []))

    @functools.cached_property
    def real_against_real(self):
        """The `gankit.metrics.Score`s of real images against others, by name."""
        return _by_name(self.scores.get("baselines", {}).get(REAL, []))

    def leading(self, name=None):
        """The score that a report is about.

        Args:
            name: Its name; `None` takes the first score of features, the one that the
                run's own picture `scores.png` shows.

        Returns:
            The `gankit.metrics.Score`; `None` where the run has none.
        """
        if name is not None:
            return self.final.get(name)
        return next((s for s in self.final.values() if s.extractor), None)


def find_runs(folder="runs", only=("*",)):
    """Finds the runs in a folder and in the folders below it.

    Args:
        folder: Folder of runs, as `gankit run` leaves them.
        only: Patterns such as `"demo*"`, of which the path of a run within `folder`
            must match one.

    Returns:
        List of `ReportedRun` by name, size, steps and seed; empty where there is none.

    Raises:
        ValueError: If a pattern matches no run though there are runs, or a file of a
            run cannot be read.
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
    chosen = {
        name: place
        for name, place in places.items()
        if any(fnmatch.fnmatch(name, pattern) for pattern in only)
    }
    runs = [_read(place) for place in chosen.values()]
    return sorted(runs, key=lambda r: (r.name, r.scores["size"], r.steps, r.seed))


def captions(runs):
    """A caption for each run, as short as tells them apart.

    Args:
        runs: List of `ReportedRun`.

    Returns:
        List of texts such as `"demo, seed 0"`.
    """
    texts = [f"{run.name}, seed {run.seed}" for run in runs]
    for more in (
        [f", size {run.scores['size']}" for run in runs],
        [f", {run.steps:,} steps" for run in runs],
        [f" ({run.folder.name})" for run in runs],
    ):
        if len(set(texts)) == len(texts):
            break
        longer = [text + part for text, part in zip(texts, more, strict=True)]
        if len(set(longer)) > len(set(texts)):
            texts = longer
    return texts


def _read(place):
    record, scored = (_json(place / file) for file in ("run.json", "scores.json"))
    # What was noted since the run was scored is in its record.
    later = {key: record[key] for key in ("findings", "stopped") if key in record}
    return ReportedRun(place, {**record, **scored, **later})


def _json(path):
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text())
    except ValueError:
        content = None
    if not isinstance(content, dict) or not {"name", "size", "seed"} <= set(content):
        raise ValueError(
            f"Expected the record of a run in {path}, received another or a torn file: "
            "mend it, or name the runs to report with only=."
        )
    return content


def _by_name(scores):
    fields = [field.name for field in dataclasses.fields(Score)]
    made = [
        Score(
            **{key: tuple(v) if isinstance(v, list) else v for key, v in score.items()}
        )
        for score in ({k: s[k] for k in fields if k in s} for s in scores)
    ]
    return {score.name: score for score in made}
