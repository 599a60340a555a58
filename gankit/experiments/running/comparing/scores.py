"""The scores that two experiments share, seed by seed, and why others are refused."""

import dataclasses

import numpy as np

from gankit.experiments.running.comparing.comparison import Measure, Row
from gankit.metrics.resampling import mean_interval


def paired_differences(values_a, values_b):
    """Mean of the differences of pairs, with its 95 % interval.

    The interval is that of Student's t test for paired samples; see
    `gankit.metrics.resampling.mean_interval`.

    Args:
        values_a: Array `(n,)`.
        values_b: Array `(n,)`; value i is of the same seed as value i of `values_a`.

    Returns:
        Mean of `values_b - values_a`, and the ends of the interval, both `None` where
        n is 1.

    Raises:
        ValueError: If the arrays differ in length or are empty.

    References:
        Student 1908, "The probable error of a mean", Biometrika 6(1).
    """
    if len(values_a) != len(values_b) or not len(values_a):
        raise ValueError(
            "Expected pairs, at least one, received "
            f"{len(values_a)} and {len(values_b)} values: give both for the same seeds."
        )
    return mean_interval(np.subtract(values_b, values_a, dtype="float64"))


def losses_in_words(model):
    """What the logged losses of a model are, in words."""
    loss = model.adversarial_loss
    label = getattr(model, "real_label", 1.0)
    smoothing = "" if label == 1.0 else f", real labels {label}"
    return {
        "d_loss": loss.formula + smoothing,
        "g_loss": loss.generator.__name__.replace("_", " "),
    }


def shared_rows(sides, trained, games):
    """Rows of what both have, and pairs of a score and why it was refused."""
    values = [
        [{Measure.of(s): s["value"] for s in scores["scores"]} for _, scores, _ in runs]
        for runs in trained
    ]
    everywhere = [run for runs in values for run in runs]
    measures = list(dict.fromkeys(m for run in everywhere for m in run))
    shared = [m for m in measures if all(m in run for run in everywhere)]
    rows, refused = [], []
    for measure in shared:
        pair = [tuple(run[measure] for run in runs) for runs in values]
        formulas = [game.get(measure.name) for game in games]
        if formulas[0] != formulas[1]:
            reason = "; ".join(
                f"{side.name}: {formula}"
                for side, formula in zip(sides, formulas, strict=True)
            )
            refused.append((str(measure), reason))
        elif not np.isfinite(pair).all():
            refused.append((str(measure), "NaN or infinite for some seed"))
        else:
            rows.append(Row(measure, *pair, *paired_differences(*pair)))
    left = [measure for measure in measures if measure not in shared]
    for name in dict.fromkeys(measure.name for measure in left):
        of_name = [
            [m for m in left if m.name == name and any(m in run for run in runs)]
            for runs in values
        ]
        label = name if len({*sum(of_name, [])}) > 1 else str(sum(of_name, [])[0])
        refused.append((label, _reason(sides, of_name)))
    return rows, refused


def _reason(sides, measures):
    """Why measures of one name, a list of each side's, were not compared."""
    for side, other in ((0, 1), (1, 0)):
        if not measures[other]:
            return f"only {sides[side].name} has it"
    fields = [
        field.name
        for field in dataclasses.fields(Measure)
        if len({getattr(m, field.name) for m in sum(measures, [])}) > 1
    ]
    if not fields:
        return "not every seed has it"
    return "; ".join(
        f"{side.name}: "
        + " and ".join(
            ", ".join(f"{field} {getattr(m, field)}" for field in fields)
            for m in of_side
        )
        for side, of_side in zip(sides, measures, strict=True)
    )
