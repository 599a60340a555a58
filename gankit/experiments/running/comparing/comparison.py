"""What a comparison of two experiments holds."""

import dataclasses
from pathlib import Path

import numpy as np


@dataclasses.dataclass(frozen=True)
class Measure:
    """What was measured; numbers are compared where all of it is equal.

    Attributes: as those of `gankit.metrics.Score`.
    """

    name: str
    extractor: str | None = None
    resize: str | None = None
    n_real: int | None = None
    n_fake: int | None = None

    @classmethod
    def of(cls, score):
        """What a score measures, a dict as in `scores.json`."""
        return cls(**{f.name: score.get(f.name) for f in dataclasses.fields(cls)})

    def __str__(self):
        return self.name + (f" ({self.extractor})" if self.extractor else "")


@dataclasses.dataclass(frozen=True)
class Row:
    """One score of both experiments.

    Attributes:
        measure: The `Measure`.
        values_a: Values of the first experiment by seed.
        values_b: Values of the second.
        mean: Mean of the differences, second minus first.
        low: Lower end of its 95 % interval, `None` with one seed.
        high: Upper end.
    """

    measure: Measure
    values_a: tuple[float, ...]
    values_b: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None

    @property
    def excludes_zero(self):
        """Whether 0 lies outside the interval; `None` with one seed."""
        return None if self.low is None else bool(self.low > 0 or self.high < 0)


@dataclasses.dataclass(frozen=True)
class Side:
    """What one experiment was given.

    Attributes:
        name: Name of the experiment.
        steps: Steps of the game in each run.
        generator_updates: Updates of the generator in each run.
        discriminator_updates: Updates of the discriminator in each run.
        seconds: Seconds of training by seed.
        device: What it was trained on.
        folders: Folders of the runs by seed.
    """

    name: str
    steps: int
    generator_updates: int
    discriminator_updates: int
    seconds: tuple[float, ...]
    device: str
    folders: tuple[str, ...]

    @property
    def mean_seconds(self):
        """Seconds of training in a run, mean over the seeds."""
        return float(np.mean(self.seconds))


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two experiments beside each other.

    Attributes:
        a: The first `Side`.
        b: The second.
        size: Size of the experiments.
        seeds: Number of seeds, from 0.
        match: What was made equal: steps, updates or compute.
        rows: A `Row` for each score that both have.
        refused: Pairs: a score that was not compared, and why.
        notes: Sentences that a reader must know beside the numbers.
        folder: Where `save` writes.
    """

    a: Side
    b: Side
    size: str
    seeds: int
    match: str
    rows: tuple[Row, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    folder: Path

    @property
    def title(self):
        """One line that says what is compared and how."""
        seeds = "one seed" if self.seeds == 1 else f"{self.seeds} seeds"
        matched = {
            "steps": "equal steps",
            "updates": "equal updates of the generator",
            "compute": "equal seconds of training",
        }[self.match]
        return f"{self.a.name} and {self.b.name}: {self.size}, {seeds}, {matched}"
