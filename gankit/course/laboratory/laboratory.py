"""A GAN in the plane, one update at a time."""

import keras
import numpy as np
from keras import ops
from scipy.special import expit, ndtri

from gankit.backend.arguments import check_number
from gankit.course.laboratory.frame import Frame
from gankit.course.laboratory.stepwise import PLAYERS, StepwiseGame

# Points of each kind, arrows, nodes along one side of the lattice, and side of the
# grid of the surface.
POINTS, ARROWS, NODES, SIDE = 200, 64, 15, 32


class Laboratory:
    """A small GAN in slow motion: update one player, or both, and look.

    The networks are those of `gankit.course.toys.Game` with two latent numbers, so that
    the generator maps one plane to another. Every update returns a `Frame`.

    Args:
        target: A distribution in the plane, of `gankit.course.toys.targets` or
            `gankit.course.toys.drawings`.
        loss: A key of `gankit.losses.LOSSES`, or an `AdversarialLoss`.
        seed: Seed of networks, data, latents and frames, a whole number from 0.
        learning_rate: The learning rate of the discriminator's Adam, with beta_1 = 0.5.
        generator_rate: The generator's; `None` for the same.
        hidden: Hidden units of both networks, layer by layer.
        **kwargs: `batch_size`, `bound`, `strength`, `unrolled`, `unrolled_rate`,
            `discriminator_steps` and `generator_steps`, as in `Game`.

    Attributes:
        game: The `Game`.
        arguments: Dictionary of all arguments except the target and the rates.
        reach: Half the side of the picture, 1.5 times that of the data.

    Raises:
        ValueError: If the target is not in the plane, or the discriminator should use
            statistics of its batch, which a surface does not have.

    Reference:
        Kahng et al. 2018, GAN Lab (https://arxiv.org/abs/1809.01587), for the slow
        motion and the views of samples, surface, gradients and bent lattice.
    """

    def __init__(
        self,
        target,
        loss="non_saturating",
        *,
        seed=0,
        learning_rate=2e-3,
        generator_rate=None,
        hidden=(32, 32),
        **kwargs,
    ):
        if target.dimension != 2:
            raise ValueError(
                "Expected a target in the plane, received one with "
                f"{target.dimension} coordinate(s): choose another, such as ring()."
            )
        if kwargs.get("statistics"):
            raise ValueError(
                "Expected a discriminator that scores each point alone, received "
                "statistics=True: leave it out here."
            )
        self.arguments = {"loss": loss, "seed": seed, "hidden": hidden, **kwargs}
        self.game = StepwiseGame(
            target, loss, seeds=(seed,), hidden=hidden, latent_dim=2, **kwargs
        )
        self.game.compile(
            keras.optimizers.Adam(0.0, 0.5),
            keras.optimizers.Adam(0.0, 0.5),
            # The first click should not wait for XLA.
            jit_compile=False,
        )
        self.set_rates(
            learning_rate, learning_rate if generator_rate is None else generator_rate
        )
        self._real = target.sample(POINTS, [seed, 6])
        self.reach = 1.5 * float(np.abs(target.sample(1000, [seed, 7])).max())
        latents = np.random.default_rng([seed, 5]).normal(size=(POINTS, 2))
        line = self.reach * (np.arange(SIDE) + 0.5) * 2 / SIDE - self.reach
        grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        self._inputs = [
            x.astype("float32") for x in (latents, lattice_latents(), self._real, grid)
        ]
        variables = [*self.game.variables, *self.game.optimizer.variables]
        rates = {id(o.learning_rate) for o in self._optimizers}
        self._start = [
            (v, ops.convert_to_numpy(v).copy()) for v in variables if id(v) not in rates
        ]

    @property
    def _optimizers(self):
        return self.game.discriminator_optimizer, self.game.generator_optimizer

    @property
    def probabilities(self):
        """Whether the surface shows probabilities."""
        return self.game.adversarial_loss.in_nats

    @property
    def rates(self):
        """The learning rates of discriminator and generator."""
        return tuple(float(o.learning_rate) for o in self._optimizers)

    @property
    def update_order(self):
        """The players in the order of their updates in a training step."""
        counts = self.game.discriminator_steps, self.game.generator_steps
        return [p for p, n in zip(PLAYERS, counts, strict=True) for _ in range(n)]

    def set_rates(self, discriminator, generator):
        """Changes the learning rates without restarting the training.

        Raises:
            ValueError: If a rate is negative or not finite.
        """
        for optimizer, rate in zip(
            self._optimizers, (discriminator, generator), strict=True
        ):
            if not (np.isfinite(rate) and rate >= 0):
                raise ValueError(
                    f"Expected a learning rate of at least 0, received {rate!r}: pass "
                    "one such as 0.002."
                )
            optimizer.learning_rate = rate

    def update(self, player):
        """Runs one update of one player and returns the `Frame` after it.

        Args:
            player: `"discriminator"` or `"generator"`.

        Raises:
            ValueError: If there is no such player.
        """
        self.game.update_player(player)
        return self.frame()

    def train(self, steps=1):
        """Runs training steps and returns the `Frame` after them.

        Args:
            steps: How many, 1 or more. Each is `discriminator_steps` updates of the
                discriminator and then `generator_steps` of the generator.

        Raises:
            ValueError: If `steps` is less than 1.
        """
        check_number("steps", steps, 1)
        for _ in range(steps):
            for player in self.update_order:
                self.game.update_player(player)
        return self.frame()

    def reset(self):
        """Restores the first weights, and keeps the current learning rates.

        Returns:
            The first `Frame`.
        """
        for variable, value in self._start:
            variable.assign(value)
        return self.frame()

    def frame(self):
        """The current state, a `Frame`."""
        fake, lattice, on_grid, gradients, d_loss, g_loss = self.game.observe(
            *self._inputs
        )
        surface = expit(on_grid) if self.probabilities else on_grid
        return Frame(
            *self._steps(),
            real=self._real,
            fake=fake,
            surface=surface.reshape(SIDE, SIDE),
            arrows=-gradients[:ARROWS],
            lattice=lattice.reshape(NODES, NODES, 2),
            d_loss=float(d_loss),
            g_loss=float(g_loss),
        )

    def _steps(self):
        return tuple(int(ops.convert_to_numpy(o.iterations)) for o in self._optimizers)


def lattice_latents():
    """The latents of the lattice, float64 `(15 * 15, 2)`.

    Its lines are spaced in equal probability: each cell between them holds the same
    share of all latents, so that cells which the generator shrinks are crowded.
    """
    line = ndtri(np.linspace(0.01, 0.99, NODES))
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
