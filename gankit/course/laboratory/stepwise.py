"""A small GAN with a compiled update for each player alone."""

import keras
import numpy as np
from keras import ops

from gankit.backend.arguments import check_choice
from gankit.backend.gradients import input_gradient
from gankit.course.toys.games import Game

PLAYERS = ("discriminator", "generator")


class StepwiseGame(Game):
    """A `Game` whose players can be updated one at a time.

    An update takes the batch to which the player's optimizer has counted. So an update
    of the discriminator and then one of the generator equal a step of `fit`, and in any
    other order each player still gets its own sequence of batches.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._active = None
        self._train_functions = {}

    def prepare(self, batch):
        # The data are in the pool; `train_on_batch` passes None with its batch.
        return batch[0] if isinstance(batch, list | tuple) else batch

    def update_players(self, batch):
        if self._active is None:
            return super().update_players(batch)
        if self._active == "discriminator":
            self.update_discriminators(batch)
        else:
            self.minimize(
                lambda: self.generator_loss(batch),
                self.generators,
                self.generator_optimizer,
            )
        return {}

    def reset_metrics(self):
        # A single update has none, and resetting takes a quarter of its time.
        if self._active is None:
            super().reset_metrics()

    def call(self, inputs):
        """Computes all that a `Frame` shows, in one compiled step.

        Args:
            inputs: Latents `(1, n, 2)`, other latents `(1, m, 2)`, points of the data
                `(1, n, 2)` and other points `(1, k, 2)`.

        Returns:
            Tensors: the points generated from both sets of latents, `(1, n, 2)` and
            `(1, m, 2)`; the discriminator's outputs at the other points, `(1, k)`; the
            gradient of the generator's loss at each of the n points, each as a batch of
            one, `(1, n, 2)`; and both losses on n points of each kind, `(1,)`.
        """
        latents, nodes, real, grid = inputs
        count, loss = latents.shape[1], self.adversarial_loss
        points = self.generator(ops.concatenate([latents, nodes], axis=1))
        fake, lattice = points[:, :count], points[:, count:]
        outputs = self.discriminator(ops.concatenate([fake, real, grid], axis=1))
        outputs = outputs[..., 0]
        on_fake, on_real = outputs[:, :count], outputs[:, count : 2 * count]
        gradients = count * input_gradient(
            lambda x: loss.generator(self.discriminator(x)), ops.stop_gradient(fake)
        )
        return (
            fake,
            lattice,
            outputs[:, 2 * count :],
            gradients,
            ops.reshape(loss.discriminator(on_real, on_fake), (1,)),
            ops.reshape(loss.generator(on_fake), (1,)),
        )

    def observe(self, *inputs):
        """Runs `call` on arrays; inputs and outputs have no leading axis."""
        # On torch Keras predicts without gradients, and compiles nothing anyway.
        on_torch = keras.config.backend() == "torch"
        compute = self if on_torch else self.predict_on_batch
        outputs = compute([x[None] for x in inputs])
        return [ops.convert_to_numpy(ops.stop_gradient(x))[0] for x in outputs]

    def update_player(self, player):
        """Runs one update of `"discriminator"` or `"generator"`.

        Raises:
            ValueError: If there is no such player.
        """
        check_choice("player to be one of", player, PLAYERS)
        # Each player's update is traced once, at its first call.
        before, self._active = self.train_function, player
        self.train_function = self._train_functions.get(player)
        self.train_on_batch(np.zeros(self.discriminator_steps, "int32"))
        self._train_functions[player] = self.train_function
        self.train_function, self._active = before, None
