"""The saved runs of an experiment, a seed each, from results/ and from studies."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from gankit.experiments.running.measures import Measure
from gankit.experiments.running.saved import find_runs, saved_folder
from gankit.experiments.running.study import load_study


@dataclass(frozen=True)
class SeedRun:
    """A finished run.

    Attributes:
        seed: Its seed.
        steps: Steps it was trained for.
        values: Value of every score, by name.
        measures: How each score was measured, in words, by name: two values are
            compared only where this agrees.
    """

    seed: int
    steps: int
    values: Mapping
    measures: Mapping


@functools.cache
def seed_runs(name):
    """Reads the saved full runs of an experiment, with all their seeds.

    Args:
        name: Name of the experiment. A study's runs count too if its name is that of
            the experiment up to the first slash.

    Returns:
        List of `SeedRun`.
    """
    return [*_own(name), *_of_study(name)]


def _own(name):
    for _, run in find_runs(name, local=False):
        if run["size"] == "full":
            yield SeedRun(
                run["seed"],
                run["steps"],
                {score["name"]: score["value"] for score in run["scores"]},
                {score["name"]: Measure.of(score).how for score in run["scores"]},
            )


def _of_study(name):
    try:
        study = load_study(saved_folder(name.partition("/")[0]))
    except FileNotFoundError:
        return
    for row in study.rows:
        if row["experiment"] == name and not row["stopped"]:
            seed = int(row["seed"])
            values = {key: row[key] for key in study.scores if row.get(key, "") != ""}
            measures = study.details.get((name, seed), {}).get("measures", {})
            yield SeedRun(seed, int(row["steps"]), values, measures)
