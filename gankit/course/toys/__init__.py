"""Small GANs on the line and in the plane, with exact results to compare them with.

`train` trains tiny networks for many seeds at once on a distribution of `targets`.
`closed_forms`, `transport`, `bilinear` and `coverage` compute what theory says;
`modes` is the benchmark of mode collapse.
"""

from gankit.course.toys import (
    bilinear,
    closed_forms,
    coverage,
    games,
    modes,
    targets,
    transport,
)
from gankit.course.toys.codings import least_squares, optimal_least_squares
from gankit.course.toys.games import Game, train
from gankit.course.toys.record import Record

__all__ = [
    "Game",
    "Record",
    "bilinear",
    "closed_forms",
    "coverage",
    "games",
    "least_squares",
    "modes",
    "optimal_least_squares",
    "targets",
    "train",
    "transport",
]
