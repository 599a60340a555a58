"""The command `break`."""

from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import sentences


@app.command("break")
def break_(
    name: Annotated[
        str,
        typer.Argument(help="patient-1 to patient-8, or the name of a fault."),
    ],
    key: Annotated[
        bool, typer.Option("--key", help="Say what is wrong, and how the doctor knew.")
    ] = False,
):
    """Train a GAN with a planted fault, to be diagnosed from its curves and samples."""
    with sentences():
        from gankit.backend import device
        from gankit.course import clinic

        device.setup(seed=0)
        case = clinic.treat(name)
        typer.echo(f"{case.folder}/ holds samples.png, losses.png and history.csv.")
        if key:
            fault = clinic.FAULTS[case.fault]
            typer.echo(f"The fault: {fault.mistake}.\nIt shows: {fault.seen}.")
            for finding in case.findings:
                typer.echo(f"The doctor, step {finding.step:,}: {finding.sentence}")
        else:
            typer.echo(
                f"What is wrong? Look first, then ask gankit break {name} --key."
            )
