"""Records trainings: every update at first, then at growing intervals."""

import numpy as np

from gankit.course.laboratory.frame import pack, pack_places
from gankit.course.laboratory.laboratory import ARROWS, NODES, POINTS, SIDE
from gankit.losses import LOSSES

# Updates that are recorded one by one, and number of records after them.
SLOW_UPDATES, RECORDS = 40, 45


def record(run):
    """Trains and yields `Frame`s, the start first.

    About the first 40 updates are recorded one by one, in whole training steps. Then
    follow 45 records at growing intervals.

    Yields:
        Pairs of the `Laboratory` and a `Frame`.
    """
    laboratory = run.laboratory()
    yield laboratory, laboratory.frame()
    slow = max(1, SLOW_UPDATES // len(laboratory.update_order))
    for player in slow * laboratory.update_order:
        yield laboratory, laboratory.update(player)
    step = slow
    for next_step in _records(slow, run.steps):
        yield laboratory, laboratory.train(next_step - step)
        step = next_step


def describe(laboratory, title, note=""):
    """Describes a training for the canvas.

    Args:
        laboratory: The `Laboratory`.
        title: Title of the training.
        note: What to look for in it.

    Returns:
        Dictionary of numbers and strings.
    """
    game = laboratory.game
    return {
        "title": title,
        "settings": _settings(laboratory),
        "loss": _loss_name(game),
        "note": note,
        "reach": laboratory.reach,
        "points": POINTS,
        "arrows": ARROWS,
        "nodes": NODES,
        "side": SIDE,
        "probabilities": laboratory.probabilities,
        "d_each": game.discriminator_steps,
        "g_each": game.generator_steps,
        "rates": laboratory.rates,
        "d_equilibrium": game.adversarial_loss.discriminator_equilibrium,
        "g_equilibrium": game.adversarial_loss.generator_equilibrium,
    }


def pack_run(run):
    """Records a training and encodes it; repeated parts are stored once.

    Args:
        run: The `Run`.

    Returns:
        Dictionary of `world`, as from `describe`; `heads`, those of the frames, each
        with the indices `p` and `s` of its places and surface; and the bytes `real`,
        `places`, `surfaces` and `arrows`.
    """
    heads, arrows = [], []
    places, surfaces = {}, {}
    for laboratory, frame in record(run):
        packed = pack(frame, laboratory.reach)
        p = places.setdefault(packed.places, len(places))
        s = surfaces.setdefault(packed.surface, len(surfaces))
        heads.append(packed.head | {"p": p, "s": s})
        arrows.append(packed.arrows)
    return {
        "world": describe(laboratory, run.title, run.note),
        "heads": heads,
        "real": pack_places(frame.real, laboratory.reach),
        "places": b"".join(places),
        "surfaces": b"".join(surfaces),
        "arrows": b"".join(arrows),
    }


def _settings(laboratory):
    """The settings of a training in words."""
    game = laboratory.game
    d_rate, g_rate = laboratory.rates
    words = [
        f"Loss: {_loss_name(game)}",
        f"Adam's rates: {d_rate:.4g} (D), {g_rate:.4g} (G)",
        f"updates in a step: {game.discriminator_steps} (D), "
        f"{game.generator_steps} (G)",
    ]
    if game.bound:
        strength = "" if game.bound == "spectral" else f" {game.strength:g}"
        words.append(f"bound on D: {game.bound}{strength}")
    if game.unrolled:
        words.append(f"D unrolled {game.unrolled} steps at {game.unrolled_rate:g}")
    words.append(f"batches of {game.batch_size}")
    return "; ".join([*words, f"seed {game.seeds[0]}."])


def _loss_name(game):
    names = (n for n, loss in LOSSES.items() if loss is game.adversarial_loss)
    return next(names, game.adversarial_loss.formula).replace("_", "-")


def _records(first, last):
    """Steps after `first` up to `last`, at growing intervals."""
    steps = first + np.geomspace(1, last - first, RECORDS)
    return sorted({int(step) for step in np.rint(steps)})
