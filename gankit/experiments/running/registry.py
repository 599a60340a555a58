"""What an experiment is, and the list of all experiments."""

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SIZES = ("smoke", "class", "full")
WIDTHS = ("full", "half")
LARGEST_SEED = 2**32 - 1  # that NumPy takes
# The name under which the half-width variant of an experiment is saved.
HALF = "-half"


@dataclass(frozen=True)
class Budget:
    """How long an experiment trains at one size.

    Attributes:
        steps: Training steps in total.
        epoch_steps: Training steps in an epoch of `fit()`, after which the losses are
            logged and the state is saved; about ten seconds' worth.
    """

    steps: int
    epoch_steps: int


# Enough to see whether an experiment runs.
SMOKE = Budget(steps=2, epoch_steps=1)


def budgets(*, in_class, full, smoke=SMOKE):
    """The `budgets` of an `Experiment`: a `Budget` for each of `SIZES`."""
    return {"smoke": smoke, "class": in_class, "full": full}


@dataclass(frozen=True)
class Experiment:
    """Everything that a name stands for.

    Attributes:
        name: `report/experiment`, in lower case.
        summary: One line for `gankit list`.
        data: Function `(size, folder) -> gankit.datasets.ImageData`, or
            `UnpairedImageData` for a translator.
        build: Function `(data) -> gankit.AdversarialModel`, compiled.
        score: Function `(model, data, history) -> list of gankit.metrics.Score`,
            called once at the end.
        batch_size: Real images in one update of the discriminator.
        budgets: A `Budget` for each of `SIZES`.
        scorer: Function `(data, folder) -> scorer`. The scorer scores samples during
            training and at the end: it takes uint8 images and `value_range` and
            returns a list of `gankit.metrics.Score`, as `gankit.metrics.Scorer` does.
            The scorer of a translator is a `TranslationScorer`. `None` scores no
            samples.
        classifier: Function `(size, data, folder) -> gankit.metrics.Classifier` that
            checks at the end whether a conditional model generates the requested
            classes; `None` takes the classifier of the data set.
        scorings: How often samples are scored in a budget.
        stages: Steps of the full budget at which samples are saved to be shown side by
            side; other sizes take the same fractions of their budget.
        source: Report and section.
        reported: The report's numbers, by name of score.
        our_reading: What the report leaves open, and how we read it.
        width: `"full"`, or `"half"` for a variant with half the report's widths.
        base: Name of the experiment that this is a variant of; `""` if it is none.
    """

    name: str
    summary: str
    data: Callable
    build: Callable
    score: Callable
    batch_size: int
    budgets: Mapping[str, Budget]
    scorer: Callable | None = None
    classifier: Callable | None = None
    scorings: int = 10
    stages: tuple[int, ...] = ()
    source: str = ""
    reported: Mapping[str, float] = field(default_factory=dict)
    our_reading: tuple[str, ...] = ()
    width: str = "full"
    base: str = ""


_EXPERIMENTS = {}
# The modules that register experiments.
_MODULES = (
    *("buffalo", "cmu", "demo", "dtu", "iisc", "imperial", "loss_study"),
    *("modern", "own_pictures"),
)


def experiment(name, *, half=None, **fields):
    """Registers the function it decorates as the `build` of an experiment.

    The first line of the function's docstring is the summary, unless `summary` is
    given; the paragraphs after it come first in `our_reading`.

    Args:
        name: Name of the experiment.
        half: Fields of `Experiment` that differ at half width, at least `budgets`. The
            function then takes `width`, 1.0 or 0.5, and the variant is registered as
            well, under the name with `-half` appended.
        **fields: Fields of `Experiment`.

    Returns:
        A decorator that returns the function unchanged.

    Raises:
        ValueError: As `register`.

    Example:

    >>> @experiment("mine/digits", data=data.mnist, score=adversarial_scores,
    ...             batch_size=64, budgets=budgets)
    ... def digits(images):
    ...     '''Shallow DCGAN on MNIST.'''
    ...     gan = GAN(*dcgan.shallow(images.image_shape), latent_dim=100)
    ...     gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    ...     return gan
    """

    def decorate(build):
        summary, *reading = (inspect.getdoc(build) or "").split("\n\n")
        described = {
            "name": name,
            "summary": " ".join(summary.split()).rstrip("."),
            **fields,
            "our_reading": (
                *(" ".join(part.split()) for part in reading),
                *fields.get("our_reading", ()),
            ),
        }
        if half is None:
            register(Experiment(build=build, **described))
            return build
        register(Experiment(build=functools.partial(build, width=1.0), **described))
        variant = {
            **described,
            "name": name + HALF,
            "summary": f"{described['summary']}, half width",
            "width": "half",
            "base": name,
            **half,
        }
        register(Experiment(build=functools.partial(build, width=0.5), **variant))
        return build

    return decorate


def register(experiment):
    """Adds an experiment to the list and returns it.

    Args:
        experiment: The `Experiment`.

    Returns:
        The same `Experiment`.

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


def load_all():
    """Imports the modules that register experiments, which takes seconds."""
    for module in _MODULES:
        importlib.import_module(f"gankit.experiments.{module}")


def names(prefix=""):
    """Names of all experiments that begin with `prefix`, sorted.

    Args:
        prefix: Such as `"imperial/"`; `""` for all.

    Returns:
        List of names.
    """
    load_all()
    return sorted(name for name in _EXPERIMENTS if name.startswith(prefix))


def find(name, *, width=None):
    """Looks up an experiment.

    Args:
        name: Its name. A name that ends in `-half` is that of a half-width variant.
        width: `"half"` for the half-width variant; `None` or `"full"` for `name`
            itself.

    Returns:
        The `Experiment`.

    Raises:
        ValueError: If there is no such experiment or variant. For an unknown name the
            message suggests the nearest ones.
    """
    if width not in (None, *WIDTHS):
        raise ValueError(
            f"Expected width to be full or half, received {width!r}: choose one of "
            "the two."
        )
    if name not in _EXPERIMENTS:
        load_all()
    if name not in _EXPERIMENTS:
        nearest = difflib.get_close_matches(name, _EXPERIMENTS, n=3, cutoff=0.4)
        # "shallow" is part of many names, but far from each of them letter by letter.
        holding = [n for n in names() if name and name in n and n not in nearest]
        nearest = (nearest + sorted(holding, key=len))[:3]
        hint = (
            f"did you mean {' or '.join(nearest)}?" if nearest else "see gankit list."
        )
        raise ValueError(
            f"Expected the name of an experiment, received {name!r}: {hint}"
        )
    found = _EXPERIMENTS[name]
    if width != "half" or found.width == "half":
        return found
    if name + HALF not in _EXPERIMENTS:
        raise ValueError(
            f"Expected an experiment with a half-width variant, received {name!r}, "
            "which has none: leave out the width."
        )
    return _EXPERIMENTS[name + HALF]
