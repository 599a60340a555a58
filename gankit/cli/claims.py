"""The command `claims`."""

from collections import Counter
from typing import Annotated

import typer

from gankit.cli.app import app
from gankit.cli.output import show, table


@app.command()
def claims(
    report: Annotated[str, typer.Argument(help="A report, such as imperial.")] = "",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a Markdown table.")
    ] = False,
    referee: Annotated[
        bool, typer.Option("--referee", help="Leave the verdicts to the reader.")
    ] = False,
):
    """Print the claims of the reports, and whether they hold here."""
    from gankit.experiments import claims

    found = claims.ledger(report)
    if markdown:
        typer.echo(claims.markdown(found), nl=False)
    elif referee:
        rows = table("place", "claim", "tested by", "your verdict")
        for claim in found:
            rows.add_row(claim.place, claim.claim, ", ".join(claim.tested_by), "")
        show(rows, "referee this report")
    else:
        rows = table("place", "claim", "verdict", "seeds", "found")
        outcomes = [claims.check(claim) for claim in found]
        for claim, outcome in zip(found, outcomes, strict=True):
            seeds = str(outcome.seeds or "")
            rows.add_row(
                claim.place, claim.claim, outcome.verdict, seeds, outcome.found
            )
        counts = Counter(outcome.verdict for outcome in outcomes)
        summary = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        show(rows, f"{len(found)} claims: {summary}")
