"""The commands `list` and `report`, which read tables and train nothing."""

import textwrap
from pathlib import Path
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import LINE, paragraph, show, table

START = "Start here, or take your own pictures"
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

    headings = {
        name: f"{report.university}: {report.subject}"
        for name, report in tables.REPORTS.items()
    }
    models = {}
    for report in headings:
        models |= tables.models(report)
    words = OTHERS | {name: model.summary for name, model in models.items()}
    halves = {name for name, model in models.items() if model.half}
    names = [*OTHERS]
    names += [name for name, of in models.items() if of.saved and not of.repeats]
    if prefix or everything:
        full, halves = _registered(prefix)
        words = full | words
        names = dict.fromkeys([*(name for name in names if name in full), *full])
    groups = {heading: [] for heading in (START, *headings.values())}
    for name in names:
        report, of_a_group, _ = name.partition("/")
        heading = headings.get(report, f"Study: gankit study {report}")
        groups.setdefault(heading if of_a_group else START, []).append(name)
    for heading, members in groups.items():
        if members:
            typer.echo(heading)
            width = max(map(len, members))
            for name in members:
                begin = f"  {name:{width}} {'*' if name in halves else ' '} "
                room = LINE - len(begin)
                typer.echo(
                    begin + textwrap.shorten(words[name], room, placeholder=" …")
                )
            typer.echo()
    if not halves.isdisjoint(names):
        typer.echo("* also with --width half")
    typer.echo("gankit show NAME says everything about one experiment.")
    if not (prefix or everything):
        typer.echo("gankit list --all lists the others as well.")


def _registered(prefix):
    """Summaries of all whose names begin so, and which have a half-width variant."""
    from gankit import experiments

    found = {name: experiments.find(name) for name in experiments.names(prefix)}
    full = {name: each.summary for name, each in found.items() if each.width != "half"}
    if not full:
        experiments.find(prefix)  # which names the nearest ones
    return full, {name for name in full if experiments.names(f"{name}-half")}


@app.command()
def report(
    name: Annotated[
        str,
        typer.Argument(help="Name of a report, such as imperial.", show_default=False),
    ] = "",
    html: Annotated[
        Path | None, typer.Option(help="Write its figures, too, as one page.")
    ] = None,
):
    """Print a report's tables next to our results and yours."""
    from gankit.experiments import tables

    if html:
        from gankit import files
        from gankit.experiments import figures

        with files.atomic(html) as temporary:
            temporary.write_text(figures.page(name), "utf-8")
        typer.echo(f"{html} has the figures and tables of {name}.")
        return
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
                paragraph(note)
            said.add(note)
        typer.echo()
    typer.echo(
        "saved: our runs. yours: runs in ./runs, by the first of our scores and recall."
    )
    typer.echo(f"gankit list {name} names the experiments; gankit run trains one.")
    typer.echo(f"gankit report {name} --html FILE draws the report's figures as well.")
