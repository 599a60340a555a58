"""The `typer` application that every command registers with."""

from typing import Annotated

import typer
from typer.core import TyperGroup

import gankit
from gankit.cli.output import sentences

# The panels of gankit --help and the order of the commands in them.
PANELS = {
    "Train": ("list", "show", "run", "sample", "translate"),
    "Score": ("fid", "score", "baselines", "fid-weights"),
    "Reports": ("report", "claims", "study", "publish", "retrain"),
    "Class": ("handout", "grade", "break", "laboratory", "modes", "dataset"),
}


class Commands(TyperGroup):
    """Prints the errors and warnings of all commands as sentences."""

    def invoke(self, ctx):
        with sentences():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _print_version(wanted: bool):
    if wanted:
        typer.echo(f"gankit {gankit.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
):
    """Train, sample and score the experiments of five reports on GANs."""
