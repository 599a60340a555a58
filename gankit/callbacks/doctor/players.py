"""Checks of the players' weights, and of which networks each update changes."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import optimizers

from gankit.backend.layer_tree import all_layers
from gankit.callbacks.doctor.findings import Sign
from gankit.constraints import WeightClipping

# Relative changes of weights below this are rounding.
STILL = 1e-7
# Optimizers whose steps are about as large as their learning rate.
ADAPTIVE = (
    optimizers.Adam,
    optimizers.Adamax,
    optimizers.Lion,
    optimizers.Nadam,
    optimizers.RMSprop,
)
# Steps above this share of the weights destroy what they have learnt.
LEAP = 0.3


@dataclass(frozen=True)
class Player:
    """A network of a player.

    Attributes:
        name: `"generator"` or `"discriminator"`, with the network's name if the player
            has several.
        network: The `keras.Model`.
        optimizer: The player's optimizer.
        before: Its weights an epoch ago, arrays by the variable's `id`.
        after: Its weights now.
    """

    name: str
    network: keras.Model
    optimizer: keras.optimizers.Optimizer
    before: dict
    after: dict

    @property
    def rate(self):
        """The current learning rate."""
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    @property
    def is_updated(self):
        """Whether any trainable weight changed in the last epoch."""
        change = size = 0.0
        for variable in self.network.trainable_variables:
            weight = self.after[id(variable)]
            step = weight - self.before[id(variable)]
            change += float(np.vdot(step, step))
            size += float(np.vdot(weight, weight))
        return change > STILL**2 * size


def learning_rate(player):
    """Checks whether the learning rate is as large as the weights."""
    kernels = [
        player.after[id(variable)].ravel()
        for variable in player.network.trainable_variables
        # Clipped weights are no larger than their bound, at any rate.
        if len(variable.shape) > 1 and variable.constraint is None
    ]
    if not kernels or not isinstance(player.optimizer, ADAPTIVE):
        return
    size = float(np.sqrt(np.mean(np.square(np.concatenate(kernels)))))
    yield Sign(
        "rate",
        f"The {player.name}'s learning rate is {player.rate:.2g}, and its weights are "
        f"about {size:.2g}: as {type(player.optimizer).__name__} changes each weight "
        "by about the learning rate in every step, nothing is left of them after a few "
        "steps. Try a hundredth of it.",
        player.name,
        holds=player.rate > LEAP * size,
    )


def standstill(player):
    """Checks whether the player is updated."""
    if player.is_updated:
        return
    if not player.network.trainable_variables:
        why = (
            "it has no trainable weights. Set `trainable` back to True before "
            "compile(): each update changes its own player only, so neither network "
            "needs to be frozen"
        )
    elif player.rate == 0.0:
        why = "its learning rate is 0. Set another, such as 2e-4 for Adam"
    else:
        why = (
            "it gets no gradient. Look for a stop_gradient or a NumPy function "
            "between it and its loss, for a loss that is flat, such as a hinge "
            "whose margins are all met, or for weights that are all at their "
            "clipping bound"
        )
    yield Sign(
        "still",
        f"The {player.name} does not learn, and a game needs two players: {why}.",
        player.name,
    )


def training_flag(player):
    """Checks whether batch normalisation updates its statistics."""
    statistics = [
        variable
        for layer in all_layers(player.network)
        for variable in (
            getattr(layer, "moving_mean", None),
            getattr(layer, "moving_variance", None),
        )
        if variable is not None
    ]
    unchanged = all(
        np.array_equal(player.before[id(v)], player.after[id(v)]) for v in statistics
    )
    yield Sign(
        "flag",
        f"The {player.name} learns, but its batch normalisation keeps its initial "
        "statistics: the network is called as if it were not being trained. Pass "
        "training=True to both networks in both losses.",
        player.name,
        holds=bool(statistics) and unchanged and player.is_updated,
    )


def clipping(player):
    """Checks whether weight clipping leaves the critic any freedom."""
    bounded = [
        (np.abs(player.after[id(variable)]), variable.constraint.c)
        for variable in player.network.trainable_variables
        if isinstance(variable.constraint, WeightClipping)
    ]
    count = sum(weight.size for weight, _ in bounded)
    # Rounding may put a clipped weight just below its bound.
    share = sum(np.sum(w > 0.999 * c) for w, c in bounded) / max(count, 1)
    yield Sign(
        "clipping",
        f"{share:.0%} of the {player.name}'s clipped weights lie at their bounds: such "
        "a critic can only choose signs, and teaches the generator little. Try wider "
        "bounds with a lower learning rate, or a gradient penalty.",
        player.name,
        holds=share > 0.9,
        patient=True,
    )


def mixed_updates(updates, model):
    """Checks whether one update changes the networks of both players.

    Args:
        updates: Lists of networks, one for each call of `minimize`.
        model: The `gankit.AdversarialModel`.
    """
    sides = [
        {id(network) for network in networks}
        for networks in (model.generators, model.discriminators)
    ]
    yield Sign(
        "mixed",
        "One update changes generator and discriminator together, with one loss: what "
        "one gains the other loses, so their gradients cancel and neither learns. "
        "Minimise each player's loss over its own networks, with its own optimizer.",
        holds=any(
            all(side & {id(network) for network in networks} for side in sides)
            for networks in updates
        ),
    )
