"""Claims of five reports on GANs, what tests them, and how they fare.

`ledger.toml` holds the claims; `ledger` judges them by what is kept in `results/`.
"""

from gankit.experiments.claims.ledger import Claim, Judgement, judge, ledger, markdown

__all__ = ["Claim", "Judgement", "judge", "ledger", "markdown"]
