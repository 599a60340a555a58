"""The command `compare`."""

from enum import StrEnum
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.experiments import Name, Size, SizeOption
from gankit.cli.output import sentences, show, table
from gankit.cli.scores import Data


class Match(StrEnum):
    """What two experiments get equal amounts of."""

    steps = "steps"
    updates = "updates"
    compute = "compute"


@app.command()
def compare(
    a: Name,
    b: Name,
    seeds: Annotated[
        int, typer.Option(min=1, help="Runs of each, with seeds from 0.")
    ] = 3,
    match: Annotated[
        Match,
        typer.Option(
            help="What is equal: steps of the game, updates of the generator, or "
            "compute, the seconds of training on this machine."
        ),
    ] = Match.steps,
    size: SizeOption = Size.class_,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Most steps of either, instead of the size's."),
    ] = None,
    data: Data = None,
):
    """Compare two experiments at equal budgets, seed by seed."""
    with sentences():
        from gankit import experiments
        from gankit.backend import device
        from gankit.experiments.running import comparing

        # Before anything is trained or loaded: a wrong name costs no time.
        for name in (a, b):
            experiments.find(name)
        device.setup()
        try:
            comparison = comparing.compare(
                a,
                b,
                seeds=seeds,
                match=match.value,
                size=size.value,
                steps=steps,
                data=data,
            )
        except KeyboardInterrupt:
            typer.echo("\nStopped; the same command goes on from there.", err=True)
            raise typer.Exit(130) from None
        show(_head(comparison), comparison.title)
        show(_scores(comparison))
        for score, reason in comparison.refused:
            typer.echo(f"Not compared: {score}: {reason}.")
        for note in comparison.notes:
            typer.echo(note)
        for path in comparing.save(comparison):
            typer.echo(path)


def _head(comparison):
    sides = (comparison.a, comparison.b)
    rows = table("experiment", f"A: {comparison.a.name}", f"B: {comparison.b.name}")
    for what, cells in (
        ("steps", [f"{side.steps:,}" for side in sides]),
        ("generator updates", [f"{side.generator_updates:,}" for side in sides]),
        (
            "discriminator updates",
            [f"{side.discriminator_updates:,}" for side in sides],
        ),
        ("seconds, mean of a run", [f"{side.mean_seconds:,.1f}" for side in sides]),
        ("seeds", [_seeds(comparison.seeds)] * 2),
        ("size", [comparison.size] * 2),
        ("device", [side.device for side in sides]),
    ):
        rows.add_row(what, *cells)
    return rows


def _seeds(count):
    return "0" if count == 1 else f"0 to {count - 1}"


def _scores(comparison):
    rows = table("score", "A", "B", "B - A", "95 % interval", "excludes 0")
    for row in comparison.rows:
        interval = (
            ("one seed", "")
            if row.low is None
            else (
                f"{row.low:+.3g} to {row.high:+.3g}",
                "yes" if row.excludes_zero else "no",
            )
        )
        rows.add_row(
            str(row.measure),
            *(f"{sum(v) / len(v):.4g}" for v in (row.values_a, row.values_b)),
            f"{row.mean:+.3g}",
            *interval,
        )
    return rows
