"""The `typer` application that every command registers with."""

import typer

app = typer.Typer(
    help="Train, sample and score the experiments of five reports on GANs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
