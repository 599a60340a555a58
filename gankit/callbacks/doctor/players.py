"""Checks of the players' weights and slopes, and of what each update changes."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import optimizers

from gankit.backend.layer_tree import all_layers
from gankit.callbacks.doctor.findings import Sign
from gankit.callbacks.doctor.samples import to_float
from gankit.constraints import WeightClipping

# Relative changes of weights below this are rounding.
STILL = 1e-7
# So are the steps of a learning rate below this, at weights of the usual sizes.
TINY = 1e-8
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
# A penalty above this many times the scale of the loss has lost its discriminator.
RUNAWAY = 100.0
# Steps that epsilon makes smaller than the learning rate by more than this are lost.
SHRUNK = 30.0


@dataclass(frozen=True)
class Player:
    """A network of a player.

    Attributes:
        name: `"generator"` or `"discriminator"`, with the network's name if the player
            has several.
        network: The `keras.Model`.
        optimizer: The player's optimizer.
        before: Its weights an epoch ago, and its optimizer's `iterations` and
            `mean_squares`: arrays by the variable's `id`.
        after: The same now.
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

    @property
    def gradient_size(self):
        """The root mean square gradient of a typical weight, 0 if it is unknown.

        It is the median over weights of what Adam and RMSprop remember. A weight counts
        if its gradients added to that since `before`. Weights of dead units do not, nor
        those whose steps are small because of earlier, much larger gradients.
        """
        decay = getattr(self.optimizer, "beta_2", getattr(self.optimizer, "rho", 0.0))
        updates = id(self.optimizer.iterations)
        # The small number allows for rounding.
        decay = (decay + 1e-6) ** float(self.after[updates] - self.before[updates])
        squares, grown = mean_squares(self.optimizer), [np.zeros(0)]
        for variable in self.network.trainable_variables:
            if id(variable) in squares:
                key = id(squares[id(variable)])
                before, after = self.before[key], self.after[key]
                grown.append(after[after > decay * before].astype("float64"))
        grown = np.concatenate(grown)
        return float(np.sqrt(np.median(grown))) if grown.size else 0.0

    @property
    def root(self):
        """2 if epsilon stands under a square root, as in RMSprop, 1 if outside."""
        return 2 if isinstance(self.optimizer, optimizers.RMSprop) else 1

    @property
    def shrinkage(self):
        """How many times smaller epsilon makes a typical step; 1 if it is unknown."""
        size, root = self.gradient_size, self.root
        return (1 + self.optimizer.epsilon / size**root) ** (1 / root) if size else 1.0


def mean_squares(optimizer):
    """The mean square gradients of Adam or RMSprop.

    Args:
        optimizer: A Keras optimizer.

    Returns:
        Dict from the `id` of a weight to the optimizer's variable; empty for others.
    """
    if not isinstance(optimizer, ADAPTIVE):
        return {}
    squares = getattr(optimizer, "_velocities", ())  # Lion and Adamax have none.
    squares = getattr(optimizer, "_velocity_hats", squares)  # With amsgrad.
    return dict(zip(map(id, optimizer._trainable_variables), squares, strict=False))


def learning_rate(player):
    """Checks whether the learning rate is negative, or as large as the weights."""
    yield Sign(
        "rate",
        f"The {player.name}'s learning rate is {player.rate:.2g}: with a negative rate "
        "each step makes the player's loss larger. Set a rate above 0, such as 2e-4 "
        "for Adam.",
        player.name,
        holds=player.rate < 0,
    )
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
    elif abs(player.rate) < TINY:
        why = (
            f"its learning rate is {player.rate:.2g}, which changes no weight by more "
            "than rounding does. Set another, such as 2e-4 for Adam"
        )
    elif player.shrinkage > SHRUNK:
        return  # `epsilon` names the cause.
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


def epsilon(player):
    """Checks whether the optimizer's epsilon is far above the gradients.

    This compares them in the optimizer's own memory. How far the weights moved would
    not do, as steps that average out and a decayed learning rate are no fault.
    """
    if not mean_squares(player.optimizer):
        return
    times, root = player.shrinkage, player.root
    size = max(player.gradient_size, 1e-12)
    # A hundredth of the gradients.
    smaller = 10.0 ** (root * np.floor(np.log10(size) - 2))
    name = type(player.optimizer).__name__
    yield Sign(
        "epsilon",
        f"Epsilon makes the {player.name}'s updates {times:,.0f} times smaller than "
        f"its learning rate: its gradients are about {size:.1g}, and {name} divides "
        f"them by more than {player.optimizer.epsilon ** (1 / root):.1g}, "
        f"{'the root of ' if root == 2 else ''}its epsilon. Pass a smaller one, "
        f"{name}(..., epsilon={smaller:.0e}).",
        player.name,
        holds=times > SHRUNK,
        patient=True,
    )


def probabilities(player, losses):
    """Checks whether a discriminator ends in a sigmoid that its loss applies, too.

    Args:
        player: The `Player`.
        losses: The `gankit.losses.AdversarialLoss`, or `None`.
    """
    last = getattr(all_layers(player.network)[-1], "activation", None)
    yield Sign(
        "logits",
        f"The {player.name} ends in a sigmoid, and its loss applies one itself: this "
        "loss stays near its value of a network that guesses, whatever is learnt. "
        "Remove the last activation, so that the network returns logits.",
        player.name,
        holds=getattr(losses, "in_nats", False) and last is keras.activations.sigmoid,
    )


def label_tables(player, num_classes):
    """Checks whether the weights of more than one class are updated.

    Args:
        player: The `Player`.
        num_classes: Number of classes of the model.
    """
    changed = [
        np.any(player.after[id(v)] != player.before[id(v)], axis=-1).sum()
        for v in player.network.trainable_variables
        if len(v.shape) == 2 and v.shape[0] == num_classes > 1
    ]
    yield Sign(
        "labels",
        f"The {player.name} sees a single label: of its weights for {num_classes} "
        "classes those of one class change. Check how labels and images were paired, "
        "or train a model without labels.",
        player.name,
        holds=1 in changed,
        patient=True,
    )


def training_flag(player):
    """Checks whether batch normalisation updates its statistics."""
    statistics = [
        variable
        for layer in all_layers(player.network)
        for name in ("moving_mean", "moving_variance")
        if (variable := getattr(layer, name, None)) is not None
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


def runaway(penalty, logs, equilibrium):
    """Checks whether the slope of a penalised discriminator runs away all the same.

    Args:
        penalty: The `gankit.losses` penalty.
        logs: The logs of the epoch.
        equilibrium: The discriminator's loss if it cannot tell real from fake.
    """
    value, loss = logs.get(penalty.name, 0.0), logs.get("d_loss", 0.0)
    if value == 0.0:
        return  # No update of this epoch computed it.
    # A flat discriminator, which slopes nowhere, would pay no more than this.
    flat = equilibrium + float(to_float(penalty.of_slopes(np.zeros(1, "float32"))))
    rarer = ", or a smaller `every`" if penalty.every > 1 else ""
    yield Sign(
        "slope",
        f"The discriminator's slope runs away in spite of its penalty: {penalty.name} "
        f"is {value:.2g} and d_loss {loss:.2g}, while a discriminator that gives all "
        f"images the same logit has a sum of {flat:.3g}. Its steps overshoot, and the "
        "generator learns nothing from it. Start again with a lower learning rate for "
        f"the discriminator{rarer}.",
        penalty.name,
        holds=value > RUNAWAY * max(1.0, abs(loss), flat),
        patient=True,
    )


def mixed_updates(updates, model):
    """Checks whether one update changes the networks of both players.

    Args:
        updates: Lists of networks, one for each call of `minimize`.
        model: The `gankit.AdversarialModel`.
    """
    sides = [set(map(id, side)) for side in (model.generators, model.discriminators)]
    yield Sign(
        "mixed",
        "One update changes generator and discriminator together, with one loss: what "
        "one gains the other loses, so their gradients cancel and neither learns. "
        "Minimise each player's loss over its own networks, with its own optimizer.",
        holds=any(all(side & set(map(id, u)) for side in sides) for u in updates),
    )
