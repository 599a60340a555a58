"""What every command prints with: tables, and errors as sentences."""

import contextlib
import traceback
from pathlib import Path

import typer

PACKAGE = Path(__file__).parents[1]


@contextlib.contextmanager
def sentences():
    """Prints an error that gankit raised as its sentence; other errors are bugs."""
    try:
        yield
    except typer.Exit:  # a RuntimeError too
        raise
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        *_, last = traceback.walk_tb(error.__traceback__)
        raised_in = Path(last[0].f_code.co_filename)
        if PACKAGE not in raised_in.parents:
            raise
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def table(*columns):
    """An empty table; words stand left, numbers right."""
    from rich.box import SIMPLE
    from rich.table import Table

    made = Table(box=SIMPLE)
    words = (
        *("experiment", "score", "what it trains", "notebook", "exercise", "before"),
        *("commonest reason", "prediction", "place", "claim", "verdict", "found"),
        *("tested by", "your verdict"),
    )
    for column in columns:
        justify = "left" if column in words else "right"
        # A name that is cut cannot be copied.
        made.add_column(column, justify=justify, no_wrap=column == "experiment")
    return made


def show(table, title=None):
    """Prints a table under its title."""
    from rich.console import Console

    console = Console()
    if title:
        console.print(title, highlight=False)
    console.print(table)
