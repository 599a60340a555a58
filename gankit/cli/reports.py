"""The commands `list` and `report`, which read tables and train nothing."""

import textwrap
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import show, table

LINE = 80
OTHERS = {
    "demo": "Shallow DCGAN on scikit-learn's handwritten digits, no download",
    "few": "DCGAN on a folder of your own pictures, --data FOLDER",
    "own-other": "CycleGAN between two folders of yours, --data FOLDER",
}


@app.command("list")
def list_experiments(
    prefix: Annotated[
        str, typer.Argument(help="List all whose names begin so.", show_default=False)
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="List the rest as well.")
    ] = False,
):
    """List the experiments, one line each."""
    from gankit.experiments import tables

    groups = {"Start here, or take your own pictures": dict.fromkeys(OTHERS, False)}
    words = dict(OTHERS)
    for name, report in tables.REPORTS.items():
        heading = f"{report.university}: {report.subject}"
        groups[heading] = {}
        for experiment, model in tables.models(name).items():
            words[experiment] = model.summary
            if model.saved and not model.repeats:
                groups[heading][experiment] = model.half
    if prefix or everything:
        _add_all(groups, words, prefix)
    for heading, members in groups.items():
        if members:
            typer.echo(heading)
            for line in _lines(members, words):
                typer.echo(line)
            typer.echo()
    if any(half for members in groups.values() for half in members.values()):
        typer.echo("* also with --width half")
    typer.echo("gankit show NAME says everything about one experiment.")
    if not (prefix or everything):
        typer.echo("gankit list --all lists the others as well.")


def _add_all(groups, words, prefix):
    """Adds what is registered and begins with the prefix; takes the others away."""
    from gankit import experiments
    from gankit.experiments import tables

    heading_of = dict(zip(tables.REPORTS, list(groups)[1:], strict=True))
    for name in experiments.names(prefix):
        experiment = experiments.find(name)
        if experiment.width == "half":
            continue
        stem = name.partition("/")[0]
        group = groups.setdefault(
            heading_of.get(stem, f"Study: gankit study {stem}")
            if "/" in name
            else next(iter(groups)),
            {},
        )
        words.setdefault(name, experiment.summary)
        group[name] = bool(experiments.names(f"{name}-half"))
    for members in groups.values():
        for name in [name for name in members if not name.startswith(prefix)]:
            del members[name]
    if not any(groups.values()):
        experiments.find(prefix)  # which names the nearest ones


def _lines(members, words):
    width = max(len(name) for name in members)
    for name, half in members.items():
        begin = f"  {name:{width}} {'*' if half else ' '} "
        yield begin + textwrap.shorten(words[name], LINE - len(begin), placeholder=" …")


@app.command()
def report(
    name: Annotated[
        str,
        typer.Argument(help="Name of a report, such as imperial.", show_default=False),
    ] = "",
):
    """Print a report's tables next to our results and yours."""
    from gankit.experiments import tables

    if not name:
        rows = table("name", "university", "subject", "saved")
        for each, of in tables.REPORTS.items():
            models = tables.models(each).values()
            counts = f"{sum(m.saved for m in models)} of {len(models)}"
            rows.add_row(each, of.university, of.subject, counts)
        show(rows)
        typer.echo("\nsaved: models in its tables with saved results.")
        typer.echo("gankit report NAME prints these tables.")
        return
    found = tables.find_report(name)
    typer.echo(f"{found.university}: {found.subject}\n")
    said = set()
    for filled in tables.tables(name):
        rows = table(*(h.replace(" ", "\n", 1) for h in filled.headings))
        for row in filled.rows:
            rows.add_row(*row)
        show(rows, filled.title)
        for note in filled.notes:
            if note not in said or note.startswith("Saved"):
                typer.echo(textwrap.fill(note, LINE))
            said.add(note)
        typer.echo()
    typer.echo("saved: our runs. yours: runs in ./runs, by the first of our scores.")
    typer.echo(f"gankit list {name} names the experiments; gankit run trains one.")
