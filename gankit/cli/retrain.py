"""The command `retrain`."""

from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.experiments import Name, RunFolder, SizeOption
from gankit.cli.output import show, table
from gankit.cli.scores import Data
from gankit.experiments.running.registry import LARGEST_SEED


@app.command()
def retrain(
    name: Name,
    size: SizeOption = "class",
    seed: Annotated[
        list[int] | None,
        typer.Option(
            min=0, max=LARGEST_SEED, help="Seed of the classifiers; may be repeated."
        ),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Copy a full table to results/.")
    ] = False,
    data: Data = None,
    out: RunFolder = None,
):
    """Train a classifier on mixes of real and generated digits."""
    from gankit.backend import device
    from gankit.experiments import retraining

    if publish:
        typer.echo(retraining.publish_retraining(name))
        return
    device.setup(precision="float32")
    folder = retraining.retrain(name, size=size, seeds=seed or None, data=data, out=out)
    rows = table("order", "real", "synthetic", "confident", "seed", "accuracy")
    for row in retraining.read(folder):
        rows.add_row(
            row["order"],
            *(f"{row[key]:,.0f}" for key in ("real", "synthetic")),
            "yes" if row["confident"] else "",
            f"{row['seed']:.0f}",
            f"{row['accuracy']:.2%}",
        )
    show(rows, f"{name}: accuracy on real test images")
    typer.echo(f"{folder}/ holds {retraining.FILE}.")
