"""Compares two experiments at equal budgets, seed by seed."""

from gankit.experiments.running import registry
from gankit.experiments.running.comparing import conditions as under
from gankit.experiments.running.comparing.budgets import matched_steps, step_seconds
from gankit.experiments.running.comparing.comparison import Comparison, Side
from gankit.experiments.running.comparing.scores import losses_in_words, shared_rows
from gankit.experiments.running.comparing.trained import FOLDER, trained_runs

MATCHES = ("steps", "updates", "compute")


def compare(a, b, *, seeds=3, match="steps", size="class", steps=None, data=None):
    """Compares two experiments at equal budgets, seed by seed.

    Runs that are there at the right step, published or local, are read; the others
    are trained in turns. A run that must end elsewhere than at its size's budget goes
    to a folder of its own under `runs/compare/`.

    Args:
        a: Name of the first experiment.
        b: Name of the second.
        seeds: How many seeds, from 0.
        match: What is equal: `"steps"` of the game, `"updates"` of the generator, or
            `"compute"`, the seconds of training. For the last, steps of both are timed
            in turns and the seconds kept in the folder of the comparison, so that a
            repeated call finds its runs.
        size: `"smoke"`, `"class"` or `"full"`.
        steps: The most steps either may take; `None` takes the budgets of the size.
            The experiment whose budget is spent first decides how much both get.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.

    Returns:
        The `Comparison`.

    Raises:
        ValueError: If an argument is of another kind than stated here, updates cannot
            be made equal, or a run is not at the step it should be at; and as
            `gankit.experiments.run`.
    """
    _check(a, b, seeds, match, size, steps)
    experiments = [registry.find(name) for name in (a, b)]
    images = [experiment.data(size, data) for experiment in experiments]
    models = [e.build(i) for e, i in zip(experiments, images, strict=True)]
    limits = [steps or e.budgets[size].steps for e in experiments]
    until = f"-to{steps}" if steps else ""
    pair = f"{a}-vs-{b}".replace("/", "-")
    folder = FOLDER / f"{pair}@{size}-{match}{until}"

    notes, seconds = [], None
    if match == "compute":
        seconds, note = step_seconds(experiments, images, models, limits, folder)
        notes.append(note)
    generator_steps = [model.generator_steps for model in models]
    discriminator_steps = [model.discriminator_steps for model in models]
    games = [losses_in_words(model) for model in models]
    del models  # or they would share the memory with those that are trained
    planned = matched_steps(match, limits, generator_steps, seconds)
    trained = trained_runs(experiments, size, seeds, planned, data)
    sides = [
        _side(*each)
        for each in zip(
            planned, generator_steps, discriminator_steps, trained, strict=True
        )
    ]
    rows, refused = shared_rows(sides, trained, games)
    notes += [
        *under.read_before(trained),
        *under.unequal_budgets(*sides),
        *under.unfinished(sides, experiments, size),
        *under.unequal_conditions(sides, trained),
        *under.chance(rows),
    ]
    return Comparison(
        *sides, size, seeds, match, tuple(rows), tuple(refused), tuple(notes), folder
    )


def _check(a, b, seeds, match, size, steps):
    for name, value, choices in (
        ("match", match, MATCHES),
        ("size", size, registry.SIZES),
    ):
        if value not in choices:
            raise ValueError(
                f"Expected {name} to be one of {', '.join(choices)}, received "
                f"{value!r}: choose one of these."
            )
    for name, value in (("seeds", seeds), ("steps", steps)):
        if value is not None and value < 1:
            raise ValueError(
                f"Expected {name} to be at least 1, received {value}: pass a whole "
                "number from 1."
            )
    if a == b:
        raise ValueError(
            f"Expected two experiments, received {a} twice: name another one."
        )


def _side(steps, generator_steps, discriminator_steps, trained):
    return Side(
        name=trained[0][1]["name"],
        steps=steps,
        generator_updates=steps * generator_steps,
        discriminator_updates=steps * discriminator_steps,
        seconds=tuple(scores["seconds"] for _, scores, _ in trained),
        device=" and ".join(under.conditions(trained)["device"]),
        folders=tuple(str(folder) for folder, _, _ in trained),
    )
