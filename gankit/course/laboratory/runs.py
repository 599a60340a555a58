"""The trainings that the page of recordings shows."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from gankit.course.laboratory.laboratory import Laboratory
from gankit.course.toys.drawings import heart, two_moons
from gankit.course.toys.targets import ring


@dataclass(frozen=True)
class Run:
    """A training to record.

    Attributes:
        title: Its title.
        target: Function without arguments that returns the target.
        note: What to look for in it.
        steps: Training steps.
        loss: A key of `gankit.losses.LOSSES`.
        options: Further arguments of `Laboratory`.
    """

    title: str
    target: object
    note: str
    steps: int
    loss: str = "non_saturating"
    options: dict = field(default_factory=dict)

    def laboratory(self):
        """The `Laboratory` that runs it, with seed 0."""
        return Laboratory(self.target(), self.loss, seed=0, **self.options)


def eight():
    """Eight Gaussians on a circle, wide enough to be learnt quickly."""
    return ring(scale=0.1)


_TARGETS = {target.__name__: target for target in (eight, heart, two_moons)}
_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
RUNS = tuple(Run(**run | {"target": _TARGETS[run["target"]]}) for run in _TABLE["run"])
