"""Commands on the weights of the FID network: `convert`, `show`."""

from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.scores import Data

commands = typer.Typer(
    help="Find or convert the weights of the FID network.", no_args_is_help=True
)
app.add_typer(commands, name="fid-weights")


@commands.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A .pth, .pb, .tgz or .npz file.")],
    target: Annotated[Path, typer.Argument(help="The .npz file to write.")],
):
    """Convert weights to an .npz file, which every backend reads."""
    from gankit.metrics.inception import weights as inception_weights

    features, name = inception_weights.convert(source, target)
    typer.echo(f"{target}: {name}, up to --features {features}")


@commands.command()
def show(data: Data = None):
    """Print the file of weights for each number of features."""
    from gankit.metrics.inception import weights
    from gankit.metrics.inception.layers import TAPS

    for features in TAPS:
        path = weights.find_weights(features, folder=data)
        try:
            if path is None:
                line = "no file yet, it would be fetched"
            else:
                _, name = weights.load_weights(path, features=features, folder=data)
                line = f"{path}, {name}"
        except weights.FIDWeightsUnavailable:
            line = f"not in {path}"
        typer.echo(f"--features {features:<4}  {line}")
