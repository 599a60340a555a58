"""Reads the claims and judges each by the runs that are kept."""

import tomllib
from dataclasses import asdict, dataclass, field
from importlib import resources

from gankit.experiments.running.comparing import Measure
from gankit.experiments.running.saved import load_saved

HOLDS, FAILS, DEPENDS = "holds", "fails", "depends"
SO_FAR = " so far"  # where a part of the comparison was not run
NOT_RUN, UNTESTED = "not run", "not testable here"


@dataclass(frozen=True)
class Claim:
    """What a report claims, and what tests it: one of the last three.

    Attributes:
        id: Its name, which begins with the report's.
        place: Report and section.
        claim: The claim, in our words.
        note: What to know of the test.
        compare: Dictionaries with `score`, `of`, `is` (`"lower"`, `"higher"`, `"not
            lower"`, `"not higher"` or `"same"`) and `than`, names of experiments, or
            `than_score`, another score of the same run.
        shown: Dictionary with the `notebook` that tests it, its `verdict` and what was
            `found`.
        untested: Why it cannot be tested here.
    """

    id: str
    place: str
    claim: str
    note: str = ""
    compare: list = field(default_factory=list)
    shown: dict = field(default_factory=dict)
    untested: str = ""

    @property
    def tested_by(self):
        """Names of the experiments or of the notebook that test it."""
        if self.shown:
            return [self.shown["notebook"]]
        named = [part.get(key) for part in self.compare for key in ("of", "than")]
        return [name for name in dict.fromkeys(named) if name]


@dataclass(frozen=True)
class Judgement:
    """How a claim fares.

    Attributes:
        verdict: `"holds"` or `"fails"`, either perhaps `" so far"`, `"depends"`,
            `"not run"` or `"not testable here"`.
        found: The figures or observations behind it.
    """

    verdict: str
    found: str


def ledger(report=""):
    """Reads the claims.

    Args:
        report: Name of a report, such as `"imperial"`; all of them without it.

    Returns:
        List of `Claim`.

    Raises:
        ValueError: If there is no such report.
    """
    text = (
        resources.files("gankit.experiments.claims")
        .joinpath("ledger.toml")
        .read_text("utf-8")
    )
    claims = [Claim(**entry) for entry in tomllib.loads(text)["claim"]]
    found = [claim for claim in claims if claim.id.startswith(report)]
    if not found:
        reports = dict.fromkeys(claim.id.partition("-")[0] for claim in claims)
        raise ValueError(
            f"Expected one of the reports {', '.join(reports)}, received {report!r}: "
            "choose one of these."
        )
    return found


def judge(claim, load=load_saved):
    """Judges a claim by what is kept.

    Values differ where their 95 % intervals are apart. Where these overlap, "same",
    "not lower" and "not higher" hold and the others are undecided. Values without
    intervals are compared as they are. A claim holds or fails if all of its relations
    do, so far if some were not run; otherwise it depends. Where two runs were scored
    by different networks, such as two trainings of a classifier, or on different
    numbers of images, nothing is compared, as if one had not been run.

    Args:
        claim: A `Claim`.
        load: Function from the name of an experiment to its
            `gankit.experiments.SavedRun`; raises `FileNotFoundError` where nothing is
            kept.

    Returns:
        A `Judgement`.
    """
    if claim.shown:
        return Judgement(claim.shown["verdict"], claim.shown["found"])
    if claim.untested:
        return Judgement(UNTESTED, claim.untested)
    verdicts, found = [], []
    for part in claim.compare:
        try:
            verdict, figures = _compared(part, load)
        except FileNotFoundError:
            continue
        found.append(figures)
        if verdict:
            verdicts.append(verdict)
    if not verdicts:
        return Judgement(NOT_RUN, "; ".join(found) or ", ".join(claim.tested_by))
    verdict = verdicts[0] if len(set(verdicts)) == 1 else DEPENDS
    if len(verdicts) < len(claim.compare) and verdict != DEPENDS:
        verdict += SO_FAR
    figures = "; ".join(found)
    return Judgement(verdict, f"{figures} ({claim.note})" if claim.note else figures)


def markdown(claims):
    """The table of claims and verdicts, as a README shows it."""
    lines = ["| place | claim | verdict | tested by |", "|---|---|---|---|"]
    for claim in claims:
        by = ", ".join(f"`{name}`" for name in claim.tested_by) or claim.untested
        lines.append(
            f"| *{claim.place}* | {claim.claim} | {judge(claim).verdict} | {by} |"
        )
    return "\n".join(lines) + "\n"


def _compared(part, load):
    """Verdict of one relation, `None` where it cannot be judged, and its figures."""
    a = load(part["of"])
    b = load(part["than"]) if "than" in part else a
    names = part["score"], part.get("than_score", part["score"])
    if "than" in part:
        measures = _measure(a, names[0]), _measure(b, names[1])
        if measures[0] != measures[1]:
            one, other = _apart(*measures), _apart(*measures[::-1])
            return None, f"{names[0]} by {one}, not to be compared with {other}"
    values = a.values[names[0]], b.values[names[1]]
    intervals = a.intervals.get(names[0]), b.intervals.get(names[1])
    figures = f"{names[0]} {_figure(values[0], intervals[0])} against "
    figures += f"{_figure(values[1], intervals[1])}"
    if "than_score" in part:
        figures += f" ({names[1]})"
    steps = a.scores["steps"], b.scores["steps"]
    if steps[0] != steps[1]:
        figures += f", {steps[0]:,} steps against {steps[1]:,}"
    return _verdict(part["is"], values, intervals), figures


def _measure(kept, name):
    return Measure.of(next(s for s in kept.scores["scores"] if s["name"] == name))


def _apart(measure, other):
    """What of a measure is not as in another, in words."""
    return ", ".join(
        f"{field} {value}" if field.startswith("n_") else str(value)
        for field, value in asdict(measure).items()
        if value != getattr(other, field)
    )


def _verdict(relation, values, intervals):
    (a_low, a_high), (b_low, b_high) = (
        interval or (value, value)
        for value, interval in zip(values, intervals, strict=True)
    )
    lower, higher = a_high < b_low, b_high < a_low
    match relation:
        case "same":
            return FAILS if lower or higher else HOLDS
        case "not lower":
            return FAILS if lower else HOLDS
        case "not higher":
            return FAILS if higher else HOLDS
    if not (lower or higher):
        return DEPENDS
    return HOLDS if lower == (relation == "lower") else FAILS


def _figure(value, interval):
    if interval is None:
        return f"{value:.3g}"
    low, high = interval
    return f"{value:.3g} [{low:.3g}, {high:.3g}]"
