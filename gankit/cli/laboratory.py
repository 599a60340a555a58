"""The command `laboratory`."""

from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app


@app.command()
def laboratory(
    out: Annotated[Path, typer.Argument(help="The page to write, an .html file.")],
):
    """Write a web page of recorded trainings in slow motion."""
    from gankit.backend import device
    from gankit.backend.progress_bar import progress_bar
    from gankit.course.laboratory import export

    device.setup(precision="float32")
    export(out, progress=lambda runs: progress_bar(runs, unit="game"))
    typer.echo(f"{out} opens in any browser, offline.")
