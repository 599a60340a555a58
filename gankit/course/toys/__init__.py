"""Small worlds in which a game can be watched, computed and proved.

`games.play` trains tiny networks for many seeds at once on a target of `targets`; the
rest is what to compare it with: `closed_forms`, `transport`, `bilinear`, `coverage`;
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
from gankit.course.toys.games import Game, play
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
    "play",
    "targets",
    "transport",
]
