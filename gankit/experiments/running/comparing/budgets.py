"""How many steps two experiments get, so that both spend the same."""

import json
import math
import time

import keras
import numpy as np

from gankit import datasets
from gankit.backend import device
from gankit.experiments.running.comparing.files import write_json

# Steps are timed in turns, this often, for about so many seconds.
TURNS = 5
TURN_SECONDS = 1.0


def matched_steps(match, limits, generator_steps, step_seconds=None):
    """Steps that two experiments get so that both spend the same.

    Args:
        match: `"steps"`, `"updates"` or `"compute"`.
        limits: The most steps of each.
        generator_steps: Updates of the generator in a step, of each.
        step_seconds: Seconds of a step, of each, for `"compute"`.

    Returns:
        Steps of each, a pair.

    Raises:
        ValueError: If no number of steps within the limits makes the updates equal.
    """
    if match == "steps":
        return (min(limits),) * 2
    if match == "compute":
        budget = min(np.multiply(limits, step_seconds))
        # `max`: where one step alone costs more, the seconds come out unequal.
        return tuple(max(1, round(budget / seconds)) for seconds in step_seconds)
    # Only multiples can be reached by whole steps of both.
    together = math.lcm(*generator_steps)
    updates = min(np.multiply(limits, generator_steps)) // together * together
    if not updates:
        raise ValueError(
            f"Expected {together} updates of the generator to fit, received at most "
            f"{limits[0]} and {limits[1]} steps: allow more steps."
        )
    return tuple(int(updates // each) for each in generator_steps)


def step_seconds(experiments, images, models, limits, folder):
    """Seconds of a step of each, timed now or read, and a sentence that says so."""
    path = folder / "timing.json"
    conditions = {
        "device": device.name(),
        "devices": device.count(),
        "threads": device.threads(),
        "backend": keras.backend.backend(),
        "precision": keras.config.dtype_policy().name,
    }
    known = json.loads(path.read_text()) if path.exists() else {}
    how = f"read from {path}, which may be removed to time anew"
    if {key: known.get(key) for key in conditions} != conditions:
        seconds = _timed(experiments, images, models, limits)
        known = {**conditions, "seconds_of_a_step": seconds}
        write_json(path, known)
        how = f"timed {TURNS} times in turns just before training"
    seconds = known["seconds_of_a_step"]
    of_each = ", ".join(
        f"{experiment.name} {1000 * value:.3g} ms"
        for experiment, value in zip(experiments, seconds, strict=True)
    )
    return seconds, f"A step took, on {conditions['device']}: {of_each}; {how}."


def _timed(experiments, images, models, limits):
    def play(side, steps):
        batch_size = experiments[side].batch_size * models[side].discriminator_steps
        batches = datasets.Batches(
            images[side].train.images, batch_size=batch_size, seed=0
        )
        begin = time.perf_counter()
        models[side].fit(batches, steps_per_epoch=steps, verbose=0)
        return time.perf_counter() - begin

    print("Timing steps of both ...")
    turn = [1, 1]
    for side, limit in enumerate(limits):
        play(side, 1)  # compiles
        while turn[side] < limit and play(side, turn[side]) < TURN_SECONDS:
            turn[side] *= 2
    # In turns, so that both see the same load of the machine.
    taken = [[play(0, turn[0]), play(1, turn[1])] for _ in range(TURNS)]
    return (np.median(taken, axis=0) / turn).tolist()
