"""Reads the claims and tests them on the saved runs."""

import tomllib
from dataclasses import asdict, dataclass, field
from importlib import resources

from gankit.experiments.running.measures import Measure
from gankit.experiments.running.saved import load_saved

HOLDS, FAILS, DEPENDS = "holds", "fails", "depends"
SO_FAR = " so far"  # a part of the comparison was not run
NOT_RUN, UNTESTABLE = "not run", "not testable here"


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
        notebook: Dict with the `name` of the notebook that tests it, its `verdict` and
            what was `found`.
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
        """Names of the experiments or of the notebook that test the claim."""
        if self.notebook:
            return [self.notebook["name"]]
        names = [each.get(key) for each in self.compare for key in ("of", "than")]
        return [name for name in dict.fromkeys(names) if name]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a test.

    Attributes:
        verdict: `"holds"` or `"fails"`, possibly with `" so far"`, `"depends"`, `"not
            run"` or `"not testable here"`.
        found: The values or observations behind it.
    """

    verdict: str
    found: str


def ledger(report=""):
    """Reads the claims.

    Args:
        report: Name of a report, such as `"imperial"`; `""` for all reports.

    Returns:
        List of `Claim`.

    Raises:
        ValueError: If there is no such report.
    """
    file = resources.files("gankit.experiments.claims") / "ledger.toml"
    entries = tomllib.loads(file.read_text("utf-8"))["claim"]
    claims = [Claim(**entry) for entry in entries]
    found = [claim for claim in claims if claim.id.startswith(report)]
    if not found:
        reports = dict.fromkeys(claim.id.partition("-")[0] for claim in claims)
        raise ValueError(
            f"Expected one of the reports {', '.join(reports)}, received {report!r}: "
            "choose one of these."
        )
    return found


def check(claim, load=load_saved):
    """Tests a claim on the saved results.

    Two values differ if their 95 % intervals do not overlap. If they overlap, "same",
    "not lower" and "not higher" hold, and "lower" and "higher" are undecided. A value
    without an interval is taken as exact. A claim holds, or fails, if all its relations
    do, or "so far" if some were not run; otherwise it depends. Two scores are not
    compared if they come from different networks, such as two trainings of a
    classifier, or from different numbers of images: they count as not run.

    Args:
        claim: A `Claim`.
        load: Function from the name of an experiment to its
            `gankit.experiments.SavedRun`. It raises `FileNotFoundError` if nothing is
            saved.

    Returns:
        An `Outcome`.
    """
    if claim.notebook:
        return Outcome(claim.notebook["verdict"], claim.notebook["found"])
    if claim.untestable:
        return Outcome(UNTESTABLE, claim.untestable)
    verdicts, found = [], []
    for relation in claim.compare:
        try:
            verdict, values = _compare(relation, load)
        except FileNotFoundError:
            continue
        found.append(values)
        if verdict:
            verdicts.append(verdict)
    if not verdicts:
        return Outcome(NOT_RUN, "; ".join(found) or ", ".join(claim.tested_by))
    verdict = verdicts[0] if len(set(verdicts)) == 1 else DEPENDS
    if len(verdicts) < len(claim.compare) and verdict != DEPENDS:
        verdict += SO_FAR
    note = f" ({claim.note})" if claim.note else ""
    return Outcome(verdict, "; ".join(found) + note)


def markdown(claims):
    """A Markdown table of claims and verdicts."""
    lines = ["| place | claim | verdict | tested by |", "|---|---|---|---|"]
    for claim in claims:
        by = ", ".join(f"`{name}`" for name in claim.tested_by) or claim.untestable
        lines.append(
            f"| *{claim.place}* | {claim.claim} | {check(claim).verdict} | {by} |"
        )
    return "\n".join(lines) + "\n"


def _compare(relation, load):
    """Verdict on a relation and its values; `None` if these cannot be compared."""
    a = load(relation["of"])
    b = load(relation["than"]) if "than" in relation else a
    names = relation["score"], relation.get("than_score", relation["score"])
    if "than" in relation:
        measures = _measure(a, names[0]), _measure(b, names[1])
        if measures[0] != measures[1]:
            one, other = _differing(*measures), _differing(*measures[::-1])
            return None, f"{names[0]} by {one}, not comparable with {other}"
    values = a.values[names[0]], b.values[names[1]]
    intervals = a.intervals.get(names[0]), b.intervals.get(names[1])
    text = f"{names[0]} {_text(values[0], intervals[0])} against "
    text += _text(values[1], intervals[1])
    if "than_score" in relation:
        text += f" ({names[1]})"
    steps = a.scores["steps"], b.scores["steps"]
    if steps[0] != steps[1]:
        text += f", {steps[0]:,} steps against {steps[1]:,}"
    return _verdict(relation["is"], values, intervals), text


def _measure(run, name):
    return Measure.of(next(s for s in run.scores["scores"] if s["name"] == name))


def _differing(measure, other):
    """The fields of a measure that differ from those of another."""
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


def _text(value, interval):
    if interval is None:
        return f"{value:.3g}"
    low, high = interval
    return f"{value:.3g} [{low:.3g}, {high:.3g}]"
