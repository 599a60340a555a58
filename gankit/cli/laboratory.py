"""The command `laboratory`."""

from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import sentences


@app.command()
def laboratory(
    out: Annotated[Path, typer.Argument(help="The page, a name in .html.")],
):
    """Write a page of recorded games in slow motion, for rooms without Jupyter."""
    with sentences():
        from tqdm import tqdm

        from gankit.backend import device
        from gankit.course.laboratory import export

        device.setup(precision="float32")
        export(out, progress=lambda runs: tqdm(runs, unit="game"))
        typer.echo(f"{out} opens in any browser, without a network.")
