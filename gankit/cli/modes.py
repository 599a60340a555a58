"""The command `modes`."""

from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import show, table


@app.command()
def modes(
    publish: Annotated[
        bool, typer.Option("--publish", help="Copy the table and picture to results/.")
    ] = False,
):
    """Count the modes each loss finds in Gaussian mixtures."""
    from gankit.backend import device
    from gankit.backend.progress_bar import progress_bar
    from gankit.course.toys import modes as benchmark
    from gankit.experiments.running.saved import RESULTS, save_files

    device.setup(precision="float32")
    folder = benchmark.FOLDER
    rows = benchmark.search_all(folder, lambda games: progress_bar(games, unit="game"))
    if publish:
        files = (benchmark.TABLE, benchmark.PICTURE)
        folder = save_files(folder, RESULTS / "toys" / "modes", files)
    words = table("place", "loss", "rate", "modes", "high quality")
    for (place, loss), chosen in benchmark.best_rates(rows).items():
        middle = benchmark.medians(chosen)
        rate, found = chosen[0]["rate"], middle["modes"]
        quality = f"{middle['high_quality']:.2f}"
        words.add_row(place, loss, f"{rate:g}", f"{found:g}", quality)
    show(words, "Medians over the seeds, at the better learning rate")
    typer.echo(f"{folder}/ holds {benchmark.TABLE} and {benchmark.PICTURE}.")
