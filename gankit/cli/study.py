"""The command `study`."""

from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.experiments import Size, SizeOption
from gankit.cli.output import sentences, show, table
from gankit.cli.scores import Data


@app.command()
def study(
    name: Annotated[
        str, typer.Argument(help="Name of the study; none lists them.")
    ] = "",
    size: SizeOption = Size.class_,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds from 0, instead of the study's.")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Copy a full study to results/.")
    ] = False,
    data: Data = None,
):
    """Train many experiments over several seeds and put them side by side."""
    with sentences():
        from gankit import experiments
        from gankit.backend import device

        if not name:
            _list(experiments.studies())
            return
        experiments.find_study(name)
        if publish:
            typer.echo(experiments.publish_study(name))
            return
        device.setup()
        try:
            folder = experiments.run_study(
                name, size=size.value, seeds=seeds, data=data
            )
        except KeyboardInterrupt:
            typer.echo("\nStopped; the same command goes on from there.", err=True)
            raise typer.Exit(130) from None
        _show(experiments.load_study(folder), name, size.value)
        typer.echo(f"{folder}/ holds table.csv, curves.csv and samples.png.")


def _list(found):
    rows = table("study", "what it asks", "runs")
    for name, each in found.items():
        rows.add_row(name, each.summary, str(len(each.experiments) * each.seeds))
    show(rows)


def _show(result, name, size):
    """One column for each distance of features, as they judge samples."""
    scores = [key for key in result.rows[0] if key.startswith(("FCD", "FID"))]
    rows = table("experiment", "seeds", *(f"{s}: mean (95 %)" for s in scores))
    summaries = [result.summary(score) for score in scores]
    for experiment in summaries[0]:
        cells = []
        for summary in summaries:
            mean, low, high, n = summary[experiment]
            interval = "one seed" if low is None else f"{low:.3g} to {high:.3g}"
            cells.append(f"{mean:.3g} ({interval})")
        rows.add_row(experiment, str(n), *cells)
    show(rows, f"study {name}, {size}")
