"""The ledger of claims: its entries name what exists, and seeds decide verdicts."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from gankit import experiments
from gankit.cli import app
from gankit.experiments import claims
from gankit.experiments.claims import SeedRun

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[1]


def seeds(*values, steps=10, measure="FID", **others):
    return [
        SeedRun(seed, steps, {"FID": value, **others}, {"FID": measure})
        for seed, value in enumerate(values)
    ]


RUNS = {
    "low": seeds(1.0, 1.1, 1.2),
    "high": seeds(3.0, 3.1, 3.2),
    "wide": seeds(1.0, 2.0, 6.0),
    "long": [*seeds(9.0, steps=99), *seeds(3.0, 3.1, 3.2)],
    "elsewhere": seeds(3.0, 3.1, 3.2, steps=50),
    "single": seeds(0.5),
    "double": seeds(0.5, 0.6),
    "other network": seeds(3.0, 3.1, 3.2, measure="FID of another network"),
    "not finite": seeds(1.0, 1.1, float("nan")),
    "lengths": [*seeds(3.0, 3.1, 3.2, steps=50), *seeds(0.1, 0.2, 0.3, steps=99)],
    "judged": seeds(2.5, 2.6, 2.7, accuracy=0.5),
}


def outcome(*relations):
    """Relations as `(of, is, than)`."""
    parts = [
        {"score": "FID", "of": of, "is": relation, "than": than}
        for of, relation, than in relations
    ]
    claim = claims.Claim("x-y", "x 1", "so", compare=parts)
    return claims.check(claim, lambda name: RUNS.get(name, []))


@pytest.mark.parametrize(
    ("of", "relation", "than", "expected"),
    [
        ("low", "lower", "high", "holds"),
        ("low", "higher", "high", "fails"),
        ("high", "lower", "low", "fails"),
        ("low", "same", "high", "fails"),
        ("low", "not lower", "high", "fails"),
        ("high", "not lower", "low", "holds"),
        ("high", "not higher", "low", "fails"),
        ("low", "not higher", "high", "holds"),
        ("low", "lower", "wide", "undecided"),
        # That two intervals overlap does not show that the means are equal.
        ("low", "same", "wide", "undecided"),
        ("low", "not higher", "wide", "undecided"),
        ("single", "lower", "high", "one run"),
        ("high", "higher", "double", "one run"),
        ("low", "lower", "none", "not run"),
        ("low", "lower", "other network", "not run"),
        ("low", "lower", "elsewhere", "holds"),
        ("not finite", "lower", "high", "one run"),
    ],
)
def test_the_intervals_over_seeds_decide(of, relation, than, expected):
    assert outcome((of, relation, than)).verdict == expected


def test_the_interval_is_that_of_student():
    values = [run.values["FID"] for run in RUNS["wide"]]
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values)
    )
    found = outcome(("wide", "lower", "low"))
    assert found.found.startswith(f"FID 3 [{low:.3g}, {high:.3g}] against 1.1 [")
    assert found.seeds == 3


def test_runs_of_equal_length_come_first_and_seeds_before_length():
    assert "10 steps, 3 seeds" in outcome(("low", "lower", "long")).found
    RUNS["reversed"] = RUNS["lengths"][::-1]
    for several in ("lengths", "reversed"):
        assert "10 against 99 steps" in outcome(("low", "lower", several)).found
    different = outcome(("low", "lower", "elsewhere")).found
    assert different.endswith("10 against 50 steps, 3 seeds")


@pytest.mark.parametrize(
    ("relations", "expected"),
    [
        ([("low", "lower", "high"), ("high", "higher", "low")], "holds"),
        ([("low", "lower", "high"), ("high", "lower", "low")], "mixed"),
        ([("low", "lower", "high"), ("low", "lower", "wide")], "undecided"),
        ([("high", "lower", "low"), ("low", "lower", "wide")], "fails"),
        ([("low", "lower", "high"), ("single", "lower", "high")], "holds"),
        ([("low", "lower", "high"), ("low", "lower", "none")], "holds"),
        ([("single", "lower", "high"), ("low", "lower", "none")], "one run"),
        ([("none", "lower", "high"), ("low", "lower", "none")], "not run"),
    ],
)
def test_relations_are_combined(relations, expected):
    found = outcome(*relations)
    assert found.verdict == expected
    if any("none" in relation for relation in relations):
        assert "none not run" in found.found


def test_two_scores_of_one_model_are_compared():
    part = {"score": "accuracy", "of": "judged", "is": "lower", "than_score": "FID"}
    claim = claims.Claim("x-y", "x 1", "so", compare=[part])
    found = claims.check(claim, RUNS.__getitem__)
    assert found.verdict == "holds"
    assert "accuracy 0.5 [0.5, 0.5] against 2.6" in found.found


def test_saved_runs_and_studies_give_their_seeds():
    study = claims.seed_runs("losses/minimax-2e-4")
    assert sorted(run.seed for run in study) == [0, 1, 2]
    assert {run.steps for run in study} == {400}
    assert all(run.values["FCD-mnist"] > 10 for run in study)
    translator = claims.seed_runs("cmu/cats-id")
    assert {(run.seed, run.steps) for run in translator} >= {(0, 3000), (1, 10_000)}
    assert claims.seed_runs("nobody/nothing") == []


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
            verdicts = {"holds", "fails", "undecided", "mixed"}
            seeds = claim.notebook.get("seeds", 3)
            assert claim.notebook["verdict"] in (verdicts if seeds > 2 else {"one run"})
            name = claim.notebook["name"]
            places = ROOT / f"notebooks/{name}.ipynb", ROOT / name
            assert any(place.is_file() for place in places), name
        else:
            assert registered.issuperset(claim.tested_by), claim.id
        for part in claim.compare:
            assert part["is"] in relations
            assert ("than" in part) != ("than_score" in part)


def test_scores_are_spelled_as_runs_spell_them():
    for claim in claims.ledger():
        for part in claim.compare:
            names = part["of"], part.get("than", part["of"])
            scores = part["score"], part.get("than_score", part["score"])
            for name, score in zip(names, scores, strict=True):
                runs = claims.seed_runs(name)
                assert not runs or any(score in run.values for run in runs), claim.id


def test_the_command_prints_verdicts_or_leaves_them_to_a_referee():
    verdicts = CliRunner().invoke(app, ["claims", "imperial"], env={"COLUMNS": "200"})
    assert verdicts.exit_code == 0 and "one run" in verdicts.output
    blank = CliRunner().invoke(app, ["claims", "imperial", "--referee"])
    assert blank.exit_code == 0 and "one run" not in blank.output
    wrong = CliRunner().invoke(app, ["claims", "nobody"])
    assert wrong.exit_code == 1 and "received 'nobody'" in wrong.output
