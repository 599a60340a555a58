"""Commands on data sets of one's own: `dataset prepare`."""

from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import sentences

commands = typer.Typer(
    help="Make a data set of photographs of one's own.", no_args_is_help=True
)
app.add_typer(commands, name="dataset")


@commands.callback()
def _group():
    """Keeps the name of the only command."""


@commands.command()
def prepare(
    photos: Annotated[
        Path, typer.Argument(help="Folder of photographs; nothing in it is changed.")
    ],
    out: Annotated[Path, typer.Argument(help="New or empty folder for the faces.")],
    size: Annotated[
        int,
        typer.Option(
            min=16, help="Height and width of the pictures; no face is enlarged."
        ),
    ] = 64,
    like: Annotated[
        Path | None,
        typer.Option(
            help="Folder of at least 3 pictures of the one person to keep; how alike "
            "they are is the limit for the others."
        ),
    ] = None,
    remove_background: Annotated[
        bool, typer.Option("--remove-background", help="Put each person on white.")
    ] = False,
):
    """Find the faces in photographs, align them by their eyes and write the good ones.

    Undecodable files, faces that are too small, blurred, unlike the examples or
    nearly the same as others are left out, and verdicts.csv says why. Ask those who
    are shown first: see docs/own_photos.md.
    """
    with sentences():
        from gankit.photos.faces.folder import prepare_faces

        made = prepare_faces(
            photos, out, size=size, like=like, without_background=remove_background
        )
        typer.echo(f"{len(made.kept):>6}  kept")
        for why, count in made.dropped.items():
            typer.echo(f"{count:>6}  {why}")
        if made.limit is not None:
            typer.echo(
                f"Like the examples is what is at most {made.limit:.3f} from one of "
                "them, the furthest that one of them is from the next."
            )
        typer.echo(f"{made.folder}/ holds:")
        for file, what in (
            ("0001.png ...", "the faces; delete what should not be there"),
            ("contact_sheet.pdf", "all of them, and those dropped, to look through"),
            ("verdicts.csv", "a line for every face and file, and why"),
        ):
            typer.echo(f"  {file:18} {what}")
        typer.echo(f"Try next:\n  gankit run few --data {made.folder}")
