"""The table of a report: runs of one experiment over their seeds."""

import dataclasses

from gankit.course.report_kit.runs import ReportedRun
from gankit.experiments.running.comparing import Measure
from gankit.metrics.resampling import mean_interval


@dataclasses.dataclass(frozen=True)
class Row:
    """Runs that differ in nothing but their seed.

    Attributes:
        runs: The `ReportedRun`s by seed.
        measure: The `gankit.experiments.running.comparing.Measure`; `None` where they have no
            such score.
        values: Its value for each run.
        value: The mean over the seeds, the value itself for one.
        interval: `(low, high)`, 95 %: of Student's t over the seeds, or for one seed
            the interval that its file has; `None` where there is none.
        std: For one seed without an interval, the standard deviation of its file.
        over: What the interval or the deviation is over.
        baseline: The `gankit.metrics.Score` of real images against others, or `None`.
    """

    runs: tuple[ReportedRun, ...]
    measure: Measure | None = None
    values: tuple[float, ...] = ()
    value: float | None = None
    interval: tuple[float, float] | None = None
    std: float | None = None
    over: str = ""
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
    def seeds(self):
        """The seeds."""
        return tuple(run.seed for run in self.runs)

    @property
    def devices(self):
        """What the runs were trained on."""
        return sorted({run.scores["device"] for run in self.runs})

    @property
    def seconds(self):
        """Seconds of training in a run, mean over the seeds."""
        return sum(run.scores["seconds"] for run in self.runs) / len(self.runs)


def summarise(runs, score=None):
    """Joins runs of an experiment that differ in nothing but their seed.

    Args:
        runs: List of `ReportedRun`.
        score: Name of the score to report; `None` takes each run's leading one.

    Returns:
        List of `Row`, in the order of the runs. Runs of other steps, data, features or
        numbers of images have a row of their own, and so have runs without a score. A
        run of a seed that another folder has too has a row of its own likewise.
    """
    groups = {}
    for run in runs:
        lead = run.leading(score)
        key = [run.name, run.scores["size"], run.steps, measure_of(lead)]
        key += [run.scores.get("data_fingerprint"), run.failure is None]
        again = 0
        while run.seed in groups.get((*key, again), {}):
            again += 1
        groups.setdefault((*key, again), {})[run.seed] = run
    return [_row(tuple(group.values()), score) for group in groups.values()]


def comparable(rows):
    """Sets of rows whose scores may be compared: of one measure on the same data.

    Args:
        rows: List of `Row`.

    Returns:
        List of lists of `Row`, the largest first; rows without a score are in none.
        Losses are comparable within an experiment alone, which is one game.
    """
    sets = {}
    for row in rows:
        if row.measure is not None:
            data = row.runs[0].scores.get("data_fingerprint")
            game = row.name if row.measure.name.endswith("_loss") else None
            sets.setdefault((row.measure, data, game), []).append(row)
    return sorted(sets.values(), key=len, reverse=True)


def _row(runs, score):
    leads = [run.leading(score) for run in runs]
    if leads[0] is None:
        return Row(runs)
    values = tuple(lead.value for lead in leads)
    mean, low, high = mean_interval(values)
    interval, std, over = (low, high), None, f"{len(values)} seeds"
    if len(values) == 1:
        interval, std, over = leads[0].interval, leads[0].std, leads[0].spread or ""
    baseline = runs[0].real_against_real.get(leads[0].name)
    measure = measure_of(leads[0])
    return Row(runs, measure, values, mean, interval, std, over, baseline)


def measure_of(score):
    """What a score measures, as two must to be compared; `None` for `None`."""
    if score is None:
        return None
    return Measure.of(dataclasses.asdict(score))


def sides(measure):
    """The numbers of images of a measure, such as `"200 real and 200 generated"`.

    Empty where neither is recorded.
    """
    counts = ((measure.n_real, "real"), (measure.n_fake, "generated"))
    return " and ".join(f"{n:,} {side}" for n, side in counts if n is not None)
