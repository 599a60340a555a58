"""The ledger of claims: its entries name what exists, and verdicts follow intervals."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gankit import experiments
from gankit.cli import app
from gankit.experiments import claims
from gankit.experiments.running.saved import SavedRun

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[1]


def saved(value, interval=None, steps=10, **others):
    scores = [{"name": "FID", "value": value, "interval": interval}]
    scores += [{"name": k, "value": v, "interval": None} for k, v in others.items()]
    return SavedRun(ROOT, {"steps": steps, "scores": scores})


RUNS = {
    "low": saved(1.0, [0.5, 1.5]),
    "high": saved(3.0, [2.0, 4.0], steps=20),
    "wide": saved(2.0, [1.0, 5.0]),
    "bare": saved(2.5, accuracy=0.5),
}


def verdict(*relations):
    """Relations as `(of, is, than)`."""
    parts = [
        {"score": "FID", "of": of, "is": relation, "than": than}
        for of, relation, than in relations
    ]

    def load(name):
        if name not in RUNS:
            raise FileNotFoundError(name)
        return RUNS[name]

    return claims.check(claims.Claim("x-y", "x 1", "so", compare=parts), load)


@pytest.mark.parametrize(
    ("of", "relation", "than", "expected"),
    [
        ("low", "lower", "high", "holds"),
        ("low", "higher", "high", "fails"),
        ("high", "lower", "low", "fails"),
        ("low", "lower", "wide", "depends"),
        ("low", "same", "wide", "holds"),
        ("low", "same", "high", "fails"),
        ("low", "not higher", "wide", "holds"),
        ("high", "not higher", "low", "fails"),
        ("low", "not lower", "high", "fails"),
        ("high", "not lower", "low", "holds"),
        ("low", "lower", "bare", "holds"),
        ("bare", "lower", "high", "depends"),  # its one value lies in the interval
    ],
)
def test_intervals_decide_a_relation(of, relation, than, expected):
    assert verdict((of, relation, than)).verdict == expected


def test_a_claim_holds_if_all_relations_do_and_so_far_if_some_were_not_run():
    assert verdict(("low", "lower", "high")).verdict == "holds"
    assert verdict(("low", "lower", "high"), ("low", "lower", "none")).verdict == (
        "holds so far"
    )
    assert verdict(("low", "lower", "high"), ("high", "lower", "low")).verdict == (
        "depends"
    )
    missing = verdict(("none", "lower", "high"))
    assert (missing.verdict, missing.found) == ("not run", "none, high")
    assert verdict(("low", "lower", "high")).found == (
        "FID 1 [0.5, 1.5] against 3 [2, 4], 10 steps against 20"
    )


def test_scores_by_different_networks_are_not_compared():
    """A classifier that was trained anew is another network under the same name."""
    runs = {name: saved(value) for name, value in (("a", 1.0), ("b", 2.0), ("c", 3.0))}
    for name, run in runs.items():
        run.scores["scores"][0] |= {"extractor": f"digits, weights {name < 'c'}"}

    def outcome(*others):
        parts = [{"score": "FID", "of": "a", "is": "lower", "than": x} for x in others]
        claim = claims.Claim("x-y", "x 1", "so", compare=parts)
        return claims.check(claim, runs.__getitem__)

    assert outcome("b").verdict == "holds"
    assert outcome("b", "c").verdict == "holds so far"
    assert outcome("c").verdict == "not run"
    assert outcome("c").found == (
        "FID by digits, weights True, not comparable with digits, weights False"
    )

    runs["b"].scores["scores"][0] |= {"n_fake": 75}
    assert outcome("b").verdict == "not run"


def test_two_scores_of_one_run_are_compared():
    part = {"score": "accuracy", "of": "bare", "is": "lower", "than_score": "FID"}
    outcome = claims.check(
        claims.Claim("x-y", "x 1", "so", compare=[part]), RUNS.__getitem__
    )
    assert outcome.verdict == "holds"
    assert outcome.found == "accuracy 0.5 against 2.5 (FID)"


def test_every_claim_names_what_exists():
    ledger = claims.ledger()
    assert len(ledger) >= 40
    assert len({claim.id for claim in ledger}) == len(ledger)
    registered = set(experiments.names())
    relations = {"lower", "higher", "not lower", "not higher", "same"}
    for claim in ledger:
        assert claim.id.partition("-")[0] == claim.place.partition(" ")[0]
        assert sum(map(bool, (claim.compare, claim.notebook, claim.untestable))) == 1
        if claim.notebook:
            assert claim.notebook["verdict"] in {"holds", "fails", "depends"}
            assert (ROOT / f"notebooks/{claim.notebook['name']}.ipynb").exists()
        else:
            assert registered.issuperset(claim.tested_by), claim.id
        for part in claim.compare:
            assert part["is"] in relations
            assert ("than" in part) != ("than_score" in part)


def test_scores_are_spelled_as_runs_spell_them():
    for claim in claims.ledger():
        if claim.compare:
            claims.check(claim)  # a KeyError would name the score


def test_the_command_prints_verdicts_or_leaves_them_to_a_referee():
    verdicts = CliRunner().invoke(app, ["claims", "imperial"], env={"COLUMNS": "200"})
    assert verdicts.exit_code == 0 and "holds" in verdicts.output
    blank = CliRunner().invoke(app, ["claims", "imperial", "--referee"])
    assert blank.exit_code == 0 and "holds" not in blank.output
    wrong = CliRunner().invoke(app, ["claims", "nobody"])
    assert wrong.exit_code == 1 and "received 'nobody'" in wrong.output
