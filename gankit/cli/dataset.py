"""Commands on data sets of one's own: `dataset prepare`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app

commands = typer.Typer(
    help="Prepare a data set from your own photographs.", no_args_is_help=True
)
app.add_typer(commands, name="dataset")


@commands.callback()
def _group():
    """Keeps the name of the only command."""


@commands.command()
def prepare(
    photos: Annotated[
        Path, typer.Argument(help="Folder of photographs. It is not changed.")
    ],
    out: Annotated[Path, typer.Argument(help="New or empty folder for the faces.")],
    size: Annotated[
        int,
        typer.Option(
            min=16, help="Height and width of the pictures. No face is enlarged."
        ),
    ] = 64,
    like: Annotated[
        Path | None,
        typer.Option(
            help="Folder of at least 3 pictures of the one person to keep. Faces less "
            "alike than these are dropped."
        ),
    ] = None,
    remove_background: Annotated[
        bool, typer.Option("--remove-background", help="Put each person on white.")
    ] = False,
):
    """Find, align and crop the faces in photographs.

    Faces that are too small, blurred, unlike the examples or nearly the same
    as others are dropped, as are unreadable files. verdicts.csv says why.
    First ask the people in the photographs: see docs/own_photos.md.
    """
    from gankit.photos.faces.folder import prepare_faces

    faces = prepare_faces(
        photos, out, size=size, like=like, without_background=remove_background
    )
    typer.echo(f"{len(faces.kept):>6}  kept")
    for why, count in faces.dropped.items():
        typer.echo(f"{count:>6}  {why}")
    if faces.limit is not None:
        typer.echo(
            "A face is like the examples if its distance to one of them is at "
            f"most {faces.limit:.3f}, the largest among the examples themselves."
        )
    typer.echo(f"{faces.folder}/ holds:")
    for file, what in (
        ("0001.png ...", "the faces; delete those that do not belong"),
        ("contact_sheet.pdf", "all faces, kept and dropped, to look through"),
        ("verdicts.csv", "one line for each face and file, with the reason"),
    ):
        typer.echo(f"  {file:18} {what}")
    typer.echo(f"Try next:\n  gankit run few --data {shlex.quote(str(faces.folder))}")
