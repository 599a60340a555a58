"""The game of the plane with a compiled step for each player alone."""

import keras
import numpy as np
from keras import ops

from gankit.backend.gradients import input_gradient
from gankit.course.toys.games import Game

PLAYERS = ("discriminator", "generator")


class TurnByTurn(Game):
    """A `Game` whose players are moved one at a time.

    A player's turn takes the batch that its optimizer has counted to. So a turn of
    the discriminator and then one of the generator are a step of `fit`; and in
    whatever order turns come, each is that player's next.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._mover = None
        self._train_functions = {}

    def prepare(self, batch):
        # The data are in the pool; `train_on_batch` hands over None beside its batch.
        return batch[0] if isinstance(batch, list | tuple) else batch

    def update_players(self, batch):
        if self._mover is None:
            return super().update_players(batch)
        if self._mover == "discriminator":
            self.update_discriminators(batch)
        else:
            self.minimize(
                lambda: self.generator_loss(batch),
                self.generators,
                self.generator_optimizer,
            )
        return {}

    def reset_metrics(self):
        # A lone turn has none, and this takes a fourth of its time.
        if self._mover is None:
            super().reset_metrics()

    def call(self, inputs):
        """What is seen of the game, all in one compiled step.

        Args:
            inputs: Latents `(1, n, 2)`, other latents `(1, m, 2)`, points of the data
                `(1, n, 2)` and other points `(1, k, 2)`.

        Returns:
            Tensors: the points that are made of either latents, `(1, n, 2)` and
            `(1, m, 2)`; the discriminator's answers at the other points `(1, k)`; the
            gradient of the generator's loss at each of the n points, as that of a batch
            of one, `(1, n, 2)`; and both losses on n points of either kind, `(1,)`.
        """
        latents, nodes, real, grid = inputs
        count, losses = latents.shape[1], self.adversarial_loss
        made = self.generator(ops.concatenate([latents, nodes], axis=1))
        fake, lattice = made[:, :count], made[:, count:]
        answers = self.discriminator(ops.concatenate([fake, real, grid], axis=1))[
            ..., 0
        ]
        on_fake, on_real = answers[:, :count], answers[:, count : 2 * count]
        pull = count * input_gradient(
            lambda x: losses.generator(self.discriminator(x)), ops.stop_gradient(fake)
        )
        return (
            fake,
            lattice,
            answers[:, 2 * count :],
            pull,
            ops.reshape(losses.discriminator(on_real, on_fake), (1,)),
            ops.reshape(losses.generator(on_fake), (1,)),
        )

    def look(self, *inputs):
        """What `call` sees, as arrays; inputs and outputs without the leading axis."""
        # On torch Keras predicts without gradients, and compiles nothing anyway.
        on_torch = keras.config.backend() == "torch"
        seen = (self if on_torch else self.predict_on_batch)([x[None] for x in inputs])
        return [ops.convert_to_numpy(ops.stop_gradient(x))[0] for x in seen]

    def move(self, player):
        """Takes one update of `"discriminator"` or `"generator"`.

        Raises:
            ValueError: If there is no such player.
        """
        if player not in PLAYERS:
            raise ValueError(
                f"Expected player to be {' or '.join(PLAYERS)}, received {player!r}: "
                "say who is to move."
            )
        # Each player's step is traced once, when it first moves.
        before, self._mover = self.train_function, player
        self.train_function = self._train_functions.get(player)
        self.train_on_batch(np.zeros(1, "int32"))
        self._train_functions[player] = self.train_function
        self.train_function, self._mover = before, None
