"""The rows of a report's table: runs of one experiment, joined over their seeds."""

import dataclasses

from gankit.course.report_kit.runs import ReportedRun
from gankit.experiments.running.measures import Measure
from gankit.metrics.resampling import mean_interval


@dataclasses.dataclass(frozen=True)
class Row:
    """Runs that differ only in their seed.

    Attributes:
        runs: The `ReportedRun`s by seed.
        measure: The `gankit.experiments.running.measures.Measure`; `None` if the runs
            do not have the score.
        values: The score of each run.
        value: Its mean over the seeds.
        interval: `(low, high)`, 95 %: Student's t over the seeds, or for one seed the
            interval that was saved; `None` if there is none.
        std: For one seed without an interval, the standard deviation that was saved.
        spread: What the interval or the standard deviation is over.
        baseline: The `gankit.metrics.Score` of real images against others, or `None`.
    """

    runs: tuple[ReportedRun, ...]
    measure: Measure | None = None
    values: tuple[float, ...] = ()
    value: float | None = None
    interval: tuple[float, float] | None = None
    std: float | None = None
    spread: str = ""
    baseline: object = None

    @property
    def name(self):
        """Name of the experiment."""
        return self.runs[0].name

    @property
    def title(self):
        """Name and size, such as `"demo (class)"`."""
        return f"{self.name} ({self.runs[0].scores['size']})"

    @property
    def steps(self):
        """Training steps of each run."""
        return self.runs[0].steps

    @property
    def seeds(self):
        """The seeds."""
        return tuple(run.seed for run in self.runs)

    @property
    def devices(self):
        """The devices that the runs were trained on."""
        return sorted({run.scores["device"] for run in self.runs})

    @property
    def seconds(self):
        """Seconds of training in a run, mean over the seeds."""
        return sum(run.scores["seconds"] for run in self.runs) / len(self.runs)


def summarise(runs, score=None):
    """Joins runs of an experiment that differ only in their seed.

    Args:
        runs: List of `ReportedRun`.
        score: Name of the score to report; `None` takes each run's main score.

    Returns:
        List of `Row`, in the order of the runs. Runs with other steps, data, features
        or numbers of images have a row of their own. So have runs that failed, and a
        second run with the same seed.
    """
    groups = {}
    for run in runs:
        key = [run.name, run.scores["size"], run.steps]
        key += [measure_of(run.main_score(score)), run.scores.get("data_fingerprint")]
        key += [run.failure is None]
        copy = 0
        while run.seed in groups.get((*key, copy), {}):
            copy += 1
        groups.setdefault((*key, copy), {})[run.seed] = run
    return [_row(tuple(group.values()), score) for group in groups.values()]


def comparable_rows(rows):
    """Groups rows whose scores may be compared: one measure on the same data.

    Args:
        rows: List of `Row`.

    Returns:
        List of lists of `Row`, the largest first, without rows that have no score.
        Losses are comparable only within one experiment.
    """
    groups = {}
    for row in rows:
        if row.measure is not None:
            data = row.runs[0].scores.get("data_fingerprint")
            name = row.name if row.measure.name.endswith("_loss") else None
            groups.setdefault((row.measure, data, name), []).append(row)
    return sorted(groups.values(), key=len, reverse=True)


def measure_of(score):
    """What a score measures; `None` for `None`. Only equal measures are comparable."""
    return None if score is None else Measure.of(dataclasses.asdict(score))


def image_counts(measure):
    """The numbers of images of a measure, such as `"200 real and 200 generated"`.

    Empty if neither is recorded.
    """
    counts = ((measure.n_real, "real"), (measure.n_fake, "generated"))
    return " and ".join(f"{n:,} {side}" for n, side in counts if n is not None)


def _row(runs, name):
    scores = [run.main_score(name) for run in runs]
    first = scores[0]
    if first is None:
        return Row(runs)
    values = tuple(score.value for score in scores)
    mean, *interval = mean_interval(values)
    interval, std, spread = tuple(interval), None, f"{len(values)} seeds"
    if len(values) == 1:
        interval, std, spread = first.interval, first.std, first.spread or ""
    baseline = runs[0].real_scores.get(first.name)
    return Row(runs, measure_of(first), values, mean, interval, std, spread, baseline)
