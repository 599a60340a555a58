"""Signs in the weights of the players, and in whose turn moves which."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import optimizers

from gankit.backend.layer_tree import all_layers
from gankit.callbacks.doctor.findings import Sign
from gankit.constraints import WeightClipping

# Weights that moved by less than their rounding, relative to their size, stood still.
STILL = 1e-7
# Their steps are about as large as their rate, whatever the gradient.
ADAPTIVE = (
    optimizers.Adam,
    optimizers.Adamax,
    optimizers.Lion,
    optimizers.Nadam,
    optimizers.RMSprop,
)
# A step of more than this share of a weight leaves nothing of where it was.
LEAP = 0.3


@dataclass(frozen=True)
class Player:
    """A network of a player.

    Attributes:
        name: `"generator"` or `"discriminator"`, with the network's name where a
            player has several.
        network: The `keras.Model`.
        optimizer: The player's.
        before: Its weights at the last look, arrays by the variable's `id`.
        after: Its weights now.
    """

    name: str
    network: keras.Model
    optimizer: keras.optimizers.Optimizer
    before: dict
    after: dict

    @property
    def rate(self):
        """The present learning rate."""
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    @property
    def moved(self):
        """Whether any trainable weight is elsewhere than at the last look."""
        moved = size = 0.0
        for variable in self.network.trainable_variables:
            weight = self.after[id(variable)]
            step = weight - self.before[id(variable)]
            moved += float(np.vdot(step, step))
            size += float(np.vdot(weight, weight))
        return moved > STILL**2 * size


def leaps(player):
    """A learning rate that is as large as the weights."""
    kernels = [
        player.after[id(variable)].ravel()
        for variable in player.network.trainable_variables
        # Clipped ones are as small as their bound, and go no further.
        if len(variable.shape) > 1 and variable.constraint is None
    ]
    if not kernels or not isinstance(player.optimizer, ADAPTIVE):
        return
    size = float(np.sqrt(np.mean(np.square(np.concatenate(kernels)))))
    yield Sign(
        "rate",
        f"The {player.name}'s learning rate is {player.rate:.2g}, and its weights are "
        f"about {size:.2g}: as {type(player.optimizer).__name__} moves each weight by "
        "about the rate in every step, nothing is left of them after a few. Try a "
        "hundredth of it.",
        player.name,
        holds=player.rate > LEAP * size,
    )


def standstill(player):
    """A player that does not move."""
    if player.moved:
        return
    if not player.network.trainable_variables:
        why = (
            "it has no trainable weights. Set `trainable` back to True before "
            "compile(): each turn moves its own player alone, nobody needs freezing"
        )
    elif player.rate == 0.0:
        why = "its learning rate is 0. Set another, such as 2e-4 for Adam"
    else:
        why = (
            "it gets no gradient. Look for a stop_gradient or a NumPy function "
            "between it and its loss, for a loss that is flat, such as a hinge "
            "whose margins are all kept, or for weights all at their clipping bound"
        )
    yield Sign(
        "still",
        f"The {player.name} does not move, and a game needs two players: {why}.",
        player.name,
    )


def forgotten_flag(player):
    """Batch normalisation whose statistics stay where they were."""
    statistics = [
        variable
        for layer in all_layers(player.network)
        for variable in (
            getattr(layer, "moving_mean", None),
            getattr(layer, "moving_variance", None),
        )
        if variable is not None
    ]
    stayed = all(
        np.array_equal(player.before[id(v)], player.after[id(v)]) for v in statistics
    )
    yield Sign(
        "flag",
        f"The {player.name} learns, but its batch normalisation keeps the statistics "
        "of its start: it is called as if it were not trained. Pass training=True to "
        "both networks in both losses.",
        player.name,
        holds=bool(statistics) and stayed and player.moved,
    )


def clipped(player):
    """Weight clipping that leaves a critic no freedom."""
    bounded = [
        (np.abs(player.after[id(variable)]), variable.constraint.c)
        for variable in player.network.trainable_variables
        if isinstance(variable.constraint, WeightClipping)
    ]
    count = sum(weight.size for weight, _ in bounded)
    # Rounding may leave a clipped weight just below its bound.
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


def mixed_turns(turns, model):
    """A turn that moves the networks of both players.

    Args:
        turns: Lists of networks, one for each call of `minimize`.
        model: The `gankit.AdversarialModel`.
    """
    sides = [
        {id(network) for network in networks}
        for networks in (model.generators, model.discriminators)
    ]
    yield Sign(
        "mixed",
        "One update moves generator and discriminator together, down one loss: what "
        "the one gains the other loses, so their gradients cancel and neither learns. "
        "Minimise each player's loss over its own networks, with its own optimizer.",
        holds=any(
            all(side & {id(network) for network in turn} for side in sides)
            for turn in turns
        ),
    )
