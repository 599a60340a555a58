"""A fair comparison of two experiments: equal budgets, paired seeds, said differences.

`compare` trains both, or reads the runs that are there; `plot` draws what it found and
`save` keeps both.
"""

from gankit.experiments.running.comparing.budgets import matched_steps
from gankit.experiments.running.comparing.compare import MATCHES, compare
from gankit.experiments.running.comparing.comparison import (
    Comparison,
    Measure,
    Row,
    Side,
)
from gankit.experiments.running.comparing.files import plot, save
from gankit.experiments.running.comparing.scores import paired_differences

__all__ = [
    "MATCHES",
    "Comparison",
    "Measure",
    "Row",
    "Side",
    "compare",
    "matched_steps",
    "paired_differences",
    "plot",
    "save",
]
