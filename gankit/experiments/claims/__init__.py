"""Claims of five reports on GANs, and whether they hold here.

`ledger.toml` lists the claims; `check` tests one of them on the saved results.
"""

from gankit.experiments.claims.ledger import Claim, Outcome, check, ledger, markdown
from gankit.experiments.claims.seeds import SeedRun, seed_runs

__all__ = [
    "Claim",
    "Outcome",
    "SeedRun",
    "check",
    "ledger",
    "markdown",
    "seed_runs",
]
