"""Checks of weight clipping: which weights it clips, and when in the step."""

import numpy as np

from gankit.course.exercises.guard import Misuse
from gankit.course.exercises.mistakes import Check, copies, is_missing

RATE, BOUND = 0.1, 0.01
# A moving mean has no gradient. Some entries are beyond the bound before the step, some
# only after it, and some never.
WEIGHTS = {
    "kernel": np.array([[0.03, -0.004, 0.009], [-0.012, 0.002, -0.008]]),
    "bias": np.array([0.006, -0.015, 0.001]),
    "moving_mean": np.array([0.4, -0.2, 0.005]),
}
GRADIENTS = {
    "kernel": np.array([[0.05, 0.03, -0.06], [-0.05, 0.02, 0.09]]),
    "bias": np.array([-0.08, -0.03, 0.02]),
}


def _stepped(answer):
    weights, gradients = copies(WEIGHTS, GRADIENTS)
    stepped = answer(weights, gradients, RATE, BOUND)
    if is_missing(stepped):
        stepped = dict.fromkeys(WEIGHTS)
    if not isinstance(stepped, dict):
        raise Misuse("Return a dict from the name of each weight to its new value.")
    if missing := [name for name in WEIGHTS if name not in stepped]:
        raise Misuse(
            f"The dict that you return lacks {missing[0]}: return every weight, also "
            "one that does not change."
        )
    return {f"{name} after the step": stepped[name] for name in WEIGHTS}


def _step(
    clip=lambda new, c: np.clip(new, -c, c),
    names=tuple(GRADIENTS),
    weight=lambda old, c: old,
    gradient=lambda gradient, c: gradient,
    sign=-1.0,
):
    def step(weights, gradients, rate, c):
        new = {**weights}
        for name in GRADIENTS:
            slope = gradient(gradients[name], c)
            new[name] = weight(weights[name], c) + sign * rate * slope
        return {n: clip(new[n], c) if n in names else new[n] for n in new}

    return step


def _clip(array, c):
    return np.clip(array, -c, c)


clipped_step = Check(
    _stepped,
    _step(),
    {
        "Nothing is clipped: set entries beyond a bound to it.": _step(names=()),
        "You clip before the step, which then leads out of the bounds: step, then "
        "clip.": _step(names=(), weight=_clip),
        "You clip the gradients, not the new weights.": _step(names=(), gradient=_clip),
        "Only the kernel is clipped: clip the bias, too.": _step(names=("kernel",)),
        "The moving mean is clipped: it is a statistic of the data, which no optimizer "
        "trains.": _step(names=tuple(WEIGHTS)),
        "Only the upper bound is applied: clip at -c, too.": _step(clip=np.minimum),
        "The weights are scaled down as a whole: an entry within the bounds must not "
        "change.": _step(clip=lambda new, c: new * min(1.0, c / np.abs(new).max())),
        "The step goes up the gradient: subtract rate times it.": _step(sign=1.0),
        "The gradient is missing from the step: this only clips.": _step(sign=0.0),
    },
)
