"""Reads the claims and tests them on the saved runs, over their seeds."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gankit.experiments.claims.seeds import seed_runs
from gankit.metrics.resampling import mean_interval

HOLDS, FAILS, UNDECIDED, MIXED = "holds", "fails", "undecided", "mixed"
# Fewer seeds a side give no verdict.
SEEDS = 3
ONE_RUN, NOT_RUN = "one run", "not run"


@dataclass(frozen=True)
class Claim:
    """A claim of a report and its test: `compare`, `notebook` or `untestable`.

    Attributes:
        id: Its name, which begins with the name of the report.
        place: Report and section.
        claim: The claim, in our words.
        note: What a reader must know about the test.
        compare: Relations, dicts with `score`, `of`, `is` (`"lower"`, `"higher"`, `"not
            lower"`, `"not higher"` or `"same"`) and `than`. `of` and `than` are names
            of experiments; instead of `than`, `than_score` is another score of `of`.
        notebook: Dict with the `name` of the notebook or test, its `verdict`,
            what was `found` and, if trained models are compared, how many `seeds`.
        untestable: Why it cannot be tested here.
    """

    id: str
    place: str
    claim: str
    note: str = ""
    compare: list = field(default_factory=list)
    notebook: dict = field(default_factory=dict)
    untestable: str = ""

    @property
    def tested_by(self):
        """Names of the experiments, or of the notebook or test, that test the claim."""
        if self.notebook:
            return [self.notebook["name"]]
        names = [each.get(key) for each in self.compare for key in ("of", "than")]
        return [name for name in dict.fromkeys(names) if name]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a test.

    Attributes:
        verdict: `"holds"`, `"fails"`, `"undecided"` if intervals overlap, `"mixed"` if
            parts contradict each other, `"one run"` if there are fewer than three
            seeds a side, which is no verdict, or `"not run"`.
        found: The values or observations behind it.
        seeds: The fewest seeds of any side; 0 if no trained models are compared.
    """

    verdict: str
    found: str
    seeds: int = 0


def ledger(report=""):
    """Reads the claims.

    Args:
        report: Name of a report, such as `"imperial"`; `""` for all reports.

    Returns:
        List of `Claim`.

    Raises:
        ValueError: If there is no such report.
    """
    text = Path(__file__).with_suffix(".toml").read_text("utf-8")
    claims = [Claim(**entry) for entry in tomllib.loads(text)["claim"]]
    found = [claim for claim in claims if claim.id.startswith(report)]
    if not found:
        reports = dict.fromkeys(claim.id.partition("-")[0] for claim in claims)
        raise ValueError(
            f"Expected one of the reports {', '.join(reports)}, received {report!r}: "
            "choose one of these."
        )
    return found


def check(claim, runs=seed_runs):
    """Tests a claim on the saved results.

    Each side of a relation is the mean over its seeds, with the 95 % interval of
    Student's t. Two sides differ if their intervals do not overlap. The runs compared
    have the same number of steps, the largest of which both sides have three seeds, or
    if there is none, each side its own largest; and the same measure: scores by
    different networks, such as two trainings of a classifier, or of different numbers
    of images are not compared.

    A claim holds if all its relations do, fails if one does and none holds, and is
    mixed if one holds and another fails. Relations with fewer seeds count only where
    no other was tested.

    Args:
        claim: A `Claim`.
        runs: Function from the name of an experiment to its list of
            `gankit.experiments.claims.SeedRun`.

    Returns:
        An `Outcome`.
    """
    if claim.notebook:
        seeds = claim.notebook.get("seeds", 0)
        return Outcome(claim.notebook["verdict"], claim.notebook["found"], seeds)
    if claim.untestable:
        return Outcome(NOT_RUN, claim.untestable)
    outcomes = [_compare(relation, runs) for relation in claim.compare]
    found = "; ".join(outcome.found for outcome in outcomes)
    if claim.note:
        found += f" ({claim.note})"
    tested = [each for each in outcomes if each.verdict not in (ONE_RUN, NOT_RUN)]
    tested = tested or [each for each in outcomes if each.verdict == ONE_RUN]
    verdicts = {each.verdict for each in tested} or {NOT_RUN}
    if {HOLDS, FAILS} <= verdicts:
        verdict = MIXED
    elif len(verdicts) == 1:
        (verdict,) = verdicts
    else:
        verdict = FAILS if FAILS in verdicts else UNDECIDED
    return Outcome(verdict, found, min((each.seeds for each in tested), default=0))


def markdown(claims):
    """A Markdown table of claims and verdicts.

    Args:
        claims: List of `Claim`, such as that of `ledger`.

    Returns:
        The text of the table, a row for each claim.
    """
    lines = ["| place | claim | verdict | seeds | tested by |", "|---|---|---|---|---|"]
    for claim in claims:
        by = ", ".join(f"`{name}`" for name in claim.tested_by) or claim.untestable
        outcome = check(claim)
        lines.append(
            f"| *{claim.place}* | {claim.claim} | {outcome.verdict} "
            f"| {outcome.seeds or ''} | {by} |"
        )
    return "\n".join(lines) + "\n"


def _compare(relation, runs):
    """The outcome of one relation."""
    names = relation["score"], relation.get("than_score", relation["score"])
    experiments = relation["of"], relation.get("than", relation["of"])
    sides = [
        _groups(runs(experiment), score, "than" in relation)
        for experiment, score in zip(experiments, names, strict=True)
    ]
    if not all(sides):
        missing = [
            experiment if not runs(experiment) else f"{score} of {experiment}"
            for experiment, score, side in zip(experiments, names, sides, strict=True)
            if not side
        ]
        return Outcome(NOT_RUN, f"{', '.join(dict.fromkeys(missing))} not run")
    pair = _comparable(*sides)
    if pair is None:
        return Outcome(NOT_RUN, f"{names[0]} measured by different networks")
    values = [[*side[key].values()] for side, key in zip(sides, pair, strict=True)]
    seeds = min(map(len, values))
    intervals = [mean_interval(each) for each in values]
    text = f"{names[0]} {_text(*intervals[0])} against {_text(*intervals[1])}"
    if "than_score" in relation:
        text += f" ({names[1]})"
    steps = [key[0] for key in pair]
    counts = [len(each) for each in values]
    text += f", {_both(steps)} steps, {_both(counts)} seed" + "s" * (counts != [1, 1])
    if seeds < SEEDS:
        return Outcome(ONE_RUN, text, seeds)
    return Outcome(_verdict(relation["is"], *intervals), text, seeds)


def _groups(runs, score, same_measure):
    """Values of a score by seed, by `(steps, measure)`."""
    found = {}
    for run in runs:
        if np.isfinite(run.values.get(score, np.nan)):
            measure = run.measures.get(score) if same_measure else None
            group = found.setdefault((run.steps, measure), {})
            group.setdefault(run.seed, run.values[score])
    return found


def _comparable(one, other):
    """The groups to compare: equal steps and enough seeds first; `None` if none."""
    pairs = [
        (
            min(len(one[a]), len(other[b]), SEEDS),
            a[0] == b[0],
            min(a[0], b[0]),
            max(a[0], b[0]),
            (a, b),
        )
        for a in one
        for b in other
        if a[1] == b[1]
    ]
    best = max(pairs, key=lambda pair: pair[:4], default=None)
    return best and best[4]


def _verdict(relation, one, other):
    lower, higher = one[2] < other[1], other[2] < one[1]
    if not (lower or higher):
        return UNDECIDED
    expected = {
        "lower": lower,
        "higher": higher,
        "not lower": higher,
        "not higher": lower,
        "same": False,
    }
    return HOLDS if expected[relation] else FAILS


def _both(numbers):
    """Two numbers as `"400"` or `"400 against 860"`."""
    return " against ".join(dict.fromkeys(f"{number:,}" for number in numbers))


def _text(mean, low, high):
    return f"{mean:.3g}" if low is None else f"{mean:.3g} [{low:.3g}, {high:.3g}]"
