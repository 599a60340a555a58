"""What every command prints with: tables, and errors and warnings as sentences."""

import contextlib
import textwrap
import traceback
import warnings
from pathlib import Path

import typer

LINE = 80
PACKAGE = Path(__file__).parents[1]
# Columns of words stand left, those of numbers right.
WORDS = (
    *("experiment", "score", "notebook", "exercise", "before"),
    *("commonest reason", "prediction", "place", "claim", "verdict", "found"),
    *("tested by", "your verdict", "name", "university", "subject", "model", "student"),
)
# A name that is cut cannot be copied.
NAMES = ("experiment", "name", "model")


@contextlib.contextmanager
def sentences():
    """Prints warnings, and errors of gankit and of the system, as sentences.

    Other errors are bugs and keep their traceback.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("default", module=r"gankit\b")
        warnings.showwarning = lambda warning, *_: typer.echo(str(warning), err=True)
        try:
            yield
        except typer.Exit:  # a RuntimeError too
            raise
        except BrokenPipeError:  # as after gankit list | head
            raise
        except (ValueError, OSError, ImportError, RuntimeError) as error:
            *_, last = traceback.walk_tb(error.__traceback__)
            ours = PACKAGE in Path(last[0].f_code.co_filename).parents
            sentence = str(error)
            # The system's errors have a number, also where gankit calls a builtin.
            if not ours or getattr(error, "errno", None) is not None:
                if not isinstance(error, OSError):
                    raise
                sentence = (
                    f"Expected to read or write {error.filename or 'a file'}, received "
                    f"{error.strerror or error}: check its name, its permissions and "
                    "the free space, then repeat the command."
                )
            typer.echo(sentence, err=True)
            raise typer.Exit(1) from None


def table(*columns):
    """An empty table; words stand left, numbers right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for i, column in enumerate(columns):
        justify = "left" if column in WORDS else "right"
        grid.add_column(column, justify=justify, no_wrap=not i and column in NAMES)
    return grid


def show(table, title=None):
    """Prints a table under its title, both as they are: without rich's markup."""
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    if title:
        console.print(title)
    console.print(table)


def paragraph(words, begin=""):
    """Prints words in lines of 80 columns that hang below what they begin with."""
    indent = " " * len(begin)
    typer.echo(
        textwrap.fill(words, LINE, initial_indent=begin, subsequent_indent=indent)
    )
