"""What an experiment is, and the list of all that there are."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SIZES = ("smoke", "class", "full")


@dataclass(frozen=True)
class Budget:
    """How long an experiment trains at one size.

    Attributes:
        steps: Steps of the game in all.
        epoch_steps: Steps in an epoch of `fit()`, after which losses are logged and
            the state is saved; about ten seconds' worth.
    """

    steps: int
    epoch_steps: int


@dataclass(frozen=True)
class Experiment:
    """Everything that a name stands for.

    Attributes:
        name: `report/experiment`, in lower case.
        summary: One line for `gankit list`.
        data: Function `(size, folder) -> gankit.datasets.ImageData`, or
            `UnpairedImageData` for a translator.
        build: Function `(data) -> gankit.AdversarialModel`, compiled.
        score: Function `(model, data, history) -> list of gankit.metrics.Score`, at
            the end.
        scorer: Function `(data, folder) -> scorer` of what scores samples at the end
            and on the way: a scorer takes uint8 images and `value_range` and
            returns a list of `gankit.metrics.Score`, as `gankit.metrics.Scorer` does;
            that of a translator is a `TranslationScorer`.
            `None` scores no samples.
        judge: Function `(size, data, folder) -> gankit.metrics.Classifier` of what
            says at the end whether a conditional model makes the class wanted; `None`
            for the classifier of the data set.
        scorings: How often samples are scored in a budget.
        stages: Steps of the full budget whose samples are to be seen side by side; at
            other sizes the same shares of the budget.
        batch_size: Real images in one update of the discriminator.
        budgets: A `Budget` for each of `SIZES`.
        source: Where in which report.
        reported: The report's numbers by name of score.
        our_reading: What the report leaves open, and how it was read.
    """

    name: str
    summary: str
    data: Callable
    build: Callable
    score: Callable
    batch_size: int
    budgets: Mapping[str, Budget]
    scorer: Callable | None = None
    judge: Callable | None = None
    scorings: int = 10
    stages: tuple[int, ...] = ()
    source: str = ""
    reported: Mapping[str, float] = field(default_factory=dict)
    our_reading: tuple[str, ...] = ()


_EXPERIMENTS = {}


def register(experiment):
    """Adds an experiment to the list and returns it.

    Raises:
        ValueError: If the name is taken, or a size has no budget.
    """
    if experiment.name in _EXPERIMENTS:
        raise ValueError(
            f"Expected a new name, received {experiment.name!r}, which is registered: "
            "choose another."
        )
    if set(experiment.budgets) != set(SIZES):
        raise ValueError(
            f"Expected budgets for {', '.join(SIZES)}, received "
            f"{', '.join(experiment.budgets) or 'none'}: give one for each size."
        )
    _EXPERIMENTS[experiment.name] = experiment
    return experiment


def names(prefix=""):
    """Names of all experiments that begin with `prefix`, sorted."""
    return sorted(name for name in _EXPERIMENTS if name.startswith(prefix))


def find(name):
    """Looks an experiment up.

    Raises:
        ValueError: If there is none of that name; the sentence names the nearest.
    """
    if name not in _EXPERIMENTS:
        nearest = difflib.get_close_matches(name, _EXPERIMENTS, n=3, cutoff=0.4)
        # "shallow" is a part of what is meant, though far from it letter by letter.
        holding = [n for n in names() if name and name in n and n not in nearest]
        nearest = (nearest + sorted(holding, key=len))[:3]
        hint = (
            f"did you mean {' or '.join(nearest)}?" if nearest else "see gankit list."
        )
        raise ValueError(
            f"Expected the name of an experiment, received {name!r}: {hint}"
        )
    return _EXPERIMENTS[name]
