"""The command `study`."""

from typing import Annotated, Literal

import typer

from gankit.cli.app import app
from gankit.cli.experiments import SizeOption, WidthOption
from gankit.cli.output import show, table
from gankit.cli.scores import Data


@app.command()
def study(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="A study, or two or more experiments; none lists studies."),
    ] = None,
    size: SizeOption = "class",
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Seeds from 0, instead of the study's or 3."),
    ] = None,
    match: Annotated[
        Literal["steps", "compute"],
        typer.Option(
            help="What is equal: training steps, or compute, the seconds of training "
            "on this machine."
        ),
    ] = "steps",
    steps: Annotated[
        int | None, typer.Option(min=1, help="Training steps, instead of the size's.")
    ] = None,
    width: WidthOption = "full",
    publish: Annotated[
        bool, typer.Option("--publish", help="Copy a full study to results/.")
    ] = False,
    data: Data = None,
):
    """Train experiments over several seeds and compare them."""
    from gankit import experiments
    from gankit.backend import device

    if not names:
        _list(experiments.studies())
        return
    # Before anything is trained or loaded: a wrong name costs no time.
    if len(names) == 1 and width == "full":
        which = experiments.find_study(names[0]).name
    else:
        which = [experiments.find(name, width=width).name for name in names]
    if publish:
        typer.echo(experiments.publish_study(" ".join(names)))
        return
    device.setup()
    try:
        folder = experiments.run_study(
            which, size=size, seeds=seeds, match=match, steps=steps, data=data
        )
    except KeyboardInterrupt:
        typer.echo("\nStopped; the same command resumes.", err=True)
        raise typer.Exit(130) from None
    result = experiments.load_study(folder)
    _summarise(result, f"{folder.name}, equal {match}")
    if len(result.experiments) == 2 or len(names) > 1:
        first, *others = result.experiments
        for other in others:
            _compare(result, first, other)
    if unequal := result.unequal():
        parts = [f"{what} ({', '.join(found)})" for what, found in unequal.items()]
        typer.echo(f"Unequal: {'; '.join(parts)}.")
    typer.echo(f"{folder}/ holds table.csv, curves.csv and samples.png.")


def _list(found):
    rows = table("name", "subject", "runs")
    for name, each in found.items():
        rows.add_row(name, each.summary, str(len(each.experiments) * each.seeds))
    show(rows)


def _summarise(result, title):
    """One row for each experiment, with its Fréchet distances and recall."""
    kinds = ("FCD", "FID", "recall")
    scores = [key for key in result.scores if key.startswith(kinds)]
    summaries = [result.summary(score) for score in scores]
    columns = [f"{score}: mean (95 %)" for score in scores]
    rows = table("experiment", "seeds", "steps", "seconds", *columns)
    for name in result.experiments:
        runs = [row for row in result.rows if row["experiment"] == name]
        seconds = sum(row["seconds"] for row in runs) / len(runs)
        found = [summary.get(name) for summary in summaries]
        cells = [f"{each[0]:.3g} ({_interval(each)})" if each else "" for each in found]
        steps = f"{runs[0]['steps']:,.0f}"
        rows.add_row(name, str(len(runs)), steps, f"{seconds:,.1f}", *cells)
    show(rows, title)


def _interval(found):
    _, low, high, _ = found
    return "one run each" if low is None else f"{low:.3g} to {high:.3g}"


def _compare(result, a, b):
    """One row for each score that both have, with differences paired by seed."""
    rows = table("score", "A", "B", "B - A", "95 % interval")
    for score in result.scores:
        both = [result.values(name, score) for name in (a, b)]
        if not any(map(len, both)):
            continue
        try:
            found = result.differences(score, a, b)
        except ValueError as error:
            typer.echo(f"Not compared: {error}")
            continue
        means = [f"{values.mean():.4g}" for values in both]
        rows.add_row(score, *means, f"{found[0]:+.3g}", _interval(found))
    show(rows, f"A: {a}, B: {b}; differences are paired by seed")
    typer.echo(
        "One interval in 20 excludes 0 by chance where the experiments do not differ."
    )
