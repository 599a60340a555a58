"""The command `translate`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from gankit.cli.app import app


@app.command()
def translate(
    run: Annotated[
        str,
        typer.Argument(
            help="Folder of a CycleGAN's run, or its experiment's name: for runs/NAME, "
            "or else for the model that is saved under that name."
        ),
    ],
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="An image, a folder of images or a video."
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUTPUT",
            help="An image, a folder for PNG files or a video (.mp4, .mov, .mkv).",
        ),
    ],
    direction: Annotated[
        Literal["a-to-b", "b-to-a"], typer.Option(help="Which domain becomes which.")
    ] = "a-to-b",
    smoothing: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.99,
            help="For videos: weight of the previous frames where the picture is "
            "still. 0 smooths nothing.",
        ),
    ] = 0.0,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Images or frames in a batch.")
    ] = 8,
):
    """Translate images or a video with a trained CycleGAN.

    Images may have any size. The sound of videos is left out.
    """
    from gankit.photos import translation

    # Before the model is loaded: a wrong name costs no time.
    translation.kind_of(source, target)
    done = translation.translate_file(
        _translator(run),
        source,
        target,
        direction[0] + direction[-1],
        smoothing=smoothing,
        batch_size=batch_size,
        progress=sys.stderr.isatty(),
    )
    unit = "frame" if done.kind == "video" else "image"
    rate = f" at {done.fps:g} a second" if done.fps else ""
    plural = "" if done.count == 1 else "s"
    typer.echo(f"{done.count:,} {unit}{plural} translated{rate}: {target}")
    if done.sound_left_out:
        typer.echo("Sound is left out.")
    if done.kind == "video":
        smoothed = f", {done.flicker_before:.2f} before smoothing"
        typer.echo(
            f"Flicker {done.flicker:.2f}{smoothed if smoothing else ''}: grey "
            "levels of 255 by which a pixel changes from frame to frame beyond "
            "the change of the input (gankit's own measure, no optical flow)."
        )


def _translator(run):
    """The model of a run, by its folder or name, or a saved one of that name."""
    from gankit import CycleGAN, experiments, pretrained

    folder = Path(run)
    if not (folder / "run.json").exists():
        folder = experiments.run_folder(run)
    if folder.is_dir():
        model = experiments.load(folder).model
    elif run in {card.name for card in pretrained()}:
        model = pretrained(run)
    else:
        raise FileNotFoundError(
            f"Expected the folder of a run or the name of an experiment that was run "
            f"or saved, received {run}: train it with gankit run. gankit list names "
            "them."
        )
    if not isinstance(model, CycleGAN):
        raise ValueError(
            f"Expected the run of a translator, received {run}, which holds a "
            f"{type(model).__name__}: name one of a CycleGAN, such as dtu/stripes."
        )
    return model
