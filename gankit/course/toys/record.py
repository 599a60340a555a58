"""The weights of both players of a small GAN over its training."""

import numpy as np
from keras import ops

from gankit.backend.gradients import input_gradient


class Record:
    """Both players' weights over a training.

    Samples, outputs and gradients are computed on request from the weights of record
    `i`, for all seeds at once; -1 is the end.

    Args:
        game: The `Game`.

    Attributes:
        game: The `Game`.
        steps: List of the steps of the records.
    """

    def __init__(self, game):
        self.game = game
        self.steps = []
        self._generator, self._discriminator = [], []

    def append(self, step):
        """Records the current weights as those of `step`."""
        self.steps.append(step)
        self._generator.append(ops.convert_to_numpy(self.game.generator.rows))
        self._discriminator.append(ops.convert_to_numpy(self.game.discriminator.rows))

    def samples(self, i=-1, n=1000, seed=0):
        """Generated points of every seed, float32 `(seeds, n, d)`.

        All seeds and all records get the same latents.
        """
        latents = np.random.default_rng([seed, 5]).normal(
            size=(1, n, self.game.latent_dim)
        )
        latents = np.repeat(latents, len(self.game.seeds), axis=0).astype("float32")
        rows = ops.convert_to_tensor(self._generator[i])
        samples = self.game.generator(latents, rows)
        return ops.convert_to_numpy(ops.stop_gradient(samples))

    def outputs(self, x, i=-1):
        """The discriminators' outputs at points x.

        Args:
            x: Array `(n, d)`, the same for every seed, or `(seeds, n, d)`.
            i: The record.

        Returns:
            float32 array `(seeds, n)`: logits, or a critic's values.
        """
        return ops.convert_to_numpy(ops.stop_gradient(self._discriminate(x, i)))

    def slopes(self, x, i=-1):
        """The gradients of the discriminators' outputs at x, `(seeds, n, d)`."""
        return self._gradient(lambda x: self._discriminate(x, i), x)

    def generator_gradients(self, x, i=-1):
        """The gradients of the generator's loss at points x, `(seeds, n, d)`.

        Each is the gradient for a batch of one point. An update would move a point
        that is generated there against its gradient.
        """
        x = self._for_each_seed(x)
        count = x.shape[0] * x.shape[1]
        loss = self.game.adversarial_loss.generator
        return count * self._gradient(lambda x: loss(self._discriminate(x, i)), x)

    def gradient_norms(self, n=1000, seed=0):
        """The size of the gradient that the generators receive, over the records.

        Args:
            n: Generated points of each seed and record.
            seed: Seed of their latents.

        Returns:
            Array `(records, seeds)`: the root mean square of `generator_gradients`
            over generated points.
        """
        norms = []
        for i in range(len(self.steps)):
            gradients = self.generator_gradients(self.samples(i, n, seed), i)
            norms.append(np.sqrt(np.mean(np.sum(gradients**2, axis=-1), axis=-1)))
        return np.array(norms)

    def losses(self, n=1000, seed=0):
        """The losses of both players on new points, over the records.

        Returns:
            Two arrays `(records, seeds)`: the discriminator's, without any penalty,
            and the generator's.
        """
        real = self.game.target.sample(n, [seed, 6])
        loss = self.game.adversarial_loss
        d_loss, g_loss = np.zeros((2, len(self.steps), len(self.game.seeds)))
        for i in range(len(self.steps)):
            on_real = self.outputs(real, i)
            on_fake = self.outputs(self.samples(i, n, seed), i)
            for j, (r, f) in enumerate(zip(on_real, on_fake, strict=True)):
                d_loss[i, j] = float(loss.discriminator(r, f))
                g_loss[i, j] = float(loss.of_generator(lambda logits: logits, f, r))
        return d_loss, g_loss

    def weights(self, i=-1):
        """The discriminators' weights, float32 `(seeds, number of weights)`."""
        return self._discriminator[i]

    def _for_each_seed(self, x):
        x = np.asarray(x, "float32")
        return np.repeat(x[None], len(self.game.seeds), axis=0) if x.ndim == 2 else x

    def _discriminate(self, x, i):
        rows = ops.convert_to_tensor(self._discriminator[i])
        x = x if len(x.shape) == 3 else self._for_each_seed(x)
        return self.game.discriminator(x, rows)[..., 0]

    def _gradient(self, function, x):
        x = ops.convert_to_tensor(self._for_each_seed(x))
        return ops.convert_to_numpy(ops.stop_gradient(input_gradient(function, x)))
