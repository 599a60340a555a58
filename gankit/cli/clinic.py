"""The command `break`."""

from typing import Annotated

import typer

from gankit.cli.app import app


@app.command("break")
def break_(
    name: Annotated[
        str, typer.Argument(help="patient-1 to patient-9, or the name of a fault.")
    ],
    key: Annotated[
        bool, typer.Option("--key", help="Say what is wrong and what the doctor found.")
    ] = False,
):
    """Train a GAN with a planted fault, to practise diagnosis."""
    from gankit.backend import device
    from gankit.course import clinic

    device.setup(seed=0)
    case = clinic.train(name)
    typer.echo(f"{case.folder}/ holds samples.png, losses.png and history.csv.")
    if key:
        fault = clinic.FAULTS[case.fault]
        typer.echo(f"The fault: {fault.cause}.\nIt shows: {fault.symptom}.")
        for finding in case.findings:
            typer.echo(f"The doctor, step {finding.step:,}: {finding.sentence}")
    else:
        typer.echo(f"What is wrong? Look first, then ask gankit break {name} --key.")
