"""The command `claims`."""

from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import sentences, show, table


@app.command()
def claims(
    report: Annotated[str, typer.Argument(help="A report, such as imperial.")] = "",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of the README.")
    ] = False,
    referee: Annotated[
        bool, typer.Option("--referee", help="Leave verdicts and findings to you.")
    ] = False,
):
    """Print what the reports claim, and how it fares here."""
    with sentences():
        from gankit.experiments import claims as of

        found = of.ledger(report)
        if markdown:
            typer.echo(of.markdown(found), nl=False)
            return
        if referee:
            rows = table("place", "claim", "tested by", "your verdict")
            for claim in found:
                rows.add_row(claim.place, claim.claim, ", ".join(claim.tested_by), "")
            show(rows, "referee this report")
            return
        rows = table("place", "claim", "verdict", "found")
        verdicts = {}
        for claim in found:
            judged = of.judge(claim)
            rows.add_row(claim.place, claim.claim, judged.verdict, judged.found)
            verdicts[judged.verdict] = verdicts.get(judged.verdict, 0) + 1
        counts = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
        show(rows, f"{len(found)} claims: {counts}")
