"""Small GANs of many seeds, trained together."""

import keras
import numpy as np
from keras import ops

from gankit import losses
from gankit.backend import device
from gankit.backend.arguments import check_choice
from gankit.backend.gradients import input_gradient
from gankit.constraints import clip_weights
from gankit.course.toys.networks import SeedsMLP
from gankit.course.toys.record import Record
from gankit.datasets import repeat_batch
from gankit.losses.penalties import R1, R2, GradientPenalty
from gankit.trainers.adversarial import AdversarialModel

# Numbers of stored batches of data and of latents. They have no common factor, so that
# pairs of batches only recur after their product.
_REAL_BATCHES = 256
_LATENT_BATCHES = 251
# Penalties on slopes, from their weight and a seed.
_PENALTIES = {
    "penalty": lambda weight, seed: [GradientPenalty(weight, seed=seed)],
    "R1": lambda gamma, seed: [R1(gamma)],
    "R1 and R2": lambda gamma, seed: [R1(gamma), R2(gamma)],
}
_BOUNDS = (None, "clipping", "spectral", *_PENALTIES)


class Game(AdversarialModel):
    """A GAN of small networks, trained for many seeds at once.

    The seeds are the leading axis of all arrays and do not interact: each has its own
    networks, data and latents, and trains as it would alone. The losses of the seeds
    are added up, so that each seed gets the gradient of its own loss. Only the points
    at which a gradient penalty is evaluated are drawn for all seeds together.

    Args:
        target: A distribution of `gankit.course.toys.targets`.
        loss: A key of `gankit.losses.LOSSES`, or an `AdversarialLoss`.
        seeds: The seeds, whole numbers from 0.
        hidden: Hidden units of both networks, layer by layer.
        latent_dim: Length of the normal latents.
        batch_size: Real and generated points per seed in an update.
        bound: How the slope of the discriminator is bounded: `None`, `"clipping"`
            (every weight to [-`strength`, `strength`]), `"spectral"` (normalised
            kernels), or a penalty: `"penalty"` (on slopes other than 1, with the weight
            `strength`), `"R1"` or `"R1 and R2"` (with gamma = `strength`).
        strength: The strength of the bound; `None` is 0.1 for clipping and 1 for a
            penalty.
        unrolled: Number of gradient steps for which the generator's loss unrolls the
            discriminator. Its gradient passes through them.
        unrolled_rate: Learning rate of these steps.
        statistics: Whether the discriminator sees the spread of its batch.
        **kwargs: `discriminator_steps` and `generator_steps`.

    Raises:
        ValueError: If `bound` is unknown, or a penalty is combined with a discriminator
            whose output depends on the whole batch.

    Reference:
        Goodfellow et al. 2014, algorithm 1 (https://arxiv.org/abs/1406.2661); Metz et
        al. 2017, section 2 (https://arxiv.org/abs/1611.02163) for unrolling.
    """

    def __init__(
        self,
        target,
        loss="non_saturating",
        *,
        seeds=(0,),
        hidden=(32, 32),
        latent_dim=2,
        batch_size=128,
        bound=None,
        strength=None,
        unrolled=0,
        unrolled_rate=0.1,
        statistics=False,
        **kwargs,
    ):
        check_choice("bound to be one of", bound, _BOUNDS)
        if bound in _PENALTIES and statistics:
            raise ValueError(
                "Expected a penalty on outputs that depend on one point each, received "
                "statistics=True: choose another bound, or leave the statistics out."
            )
        seeds, d = list(seeds), target.dimension
        generator = SeedsMLP((latent_dim, *hidden, d), seeds, part=1)
        discriminator = SeedsMLP(
            (d, *hidden, 1),
            seeds,
            part=2,
            spectral=bound == "spectral",
            statistics=statistics,
        )
        if strength is None:
            strength = 0.1 if bound == "clipping" else 1.0
        if bound in _PENALTIES:
            # Added to the losses of all seeds. Training does not depend on the global
            # seed.
            penalties = _PENALTIES[bound](strength * len(seeds), seeds[0])
            kwargs["penalties"] = penalties
        super().__init__([generator], [discriminator], **kwargs)
        self.target, self.seeds, self.batch_size = target, seeds, batch_size
        self.adversarial_loss = losses.get(loss) if isinstance(loss, str) else loss
        self.generator, self.discriminator = generator, discriminator
        self.latent_dim, self.bound = latent_dim, bound
        self.strength = strength
        self.unrolled, self.unrolled_rate = unrolled, unrolled_rate
        if bound == "clipping":
            clip_weights(discriminator, self.strength)
        # Drawn in advance and separately for each seed, so that a seed trains the same
        # whichever other seeds there are.
        self._real = self._pool(
            _REAL_BATCHES, lambda n, seed: target.sample(n, [seed, 3])
        )
        self._latents = self._pool(
            _LATENT_BATCHES,
            lambda n, seed: np.random.default_rng([seed, 4]).normal(
                size=(n, latent_dim)
            ),
        )

    def _pool(self, batches, sampler):
        """Constant float32 `(batches, seeds, batch_size, d)`."""
        points = [sampler(batches * self.batch_size, seed) for seed in self.seeds]
        shape = (len(self.seeds), batches, self.batch_size, -1)
        pool = np.reshape(points, shape).swapaxes(0, 1)
        return ops.convert_to_tensor(pool, "float32")

    def _batch(self, player):
        """The points and latents of the update to which a player has counted."""
        optimizer = (self.discriminator_optimizer, self.generator_optimizer)[player]
        # Each player takes every other batch, so that no two updates share one.
        i = 2 * ops.cast(optimizer.iterations, "int32") + player
        return (
            ops.take(self._real, i % _REAL_BATCHES, axis=0),
            ops.take(self._latents, i % _LATENT_BATCHES, axis=0),
        )

    def discriminator_loss(self, batch):
        real, latents = self._batch(0)
        fake = ops.stop_gradient(self.generator(latents))
        flat = (-1, real.shape[-1])
        self.penalize(
            lambda x: self.discriminator(ops.reshape(x, ops.shape(real))),
            ops.reshape(real, flat),
            ops.reshape(fake, flat),
        )
        # The losses average over all seeds; each seed should get its own gradient.
        return self._discriminator_loss(real, fake) * len(self.seeds)

    def _discriminator_loss(self, real, fake, rows=None):
        return self.adversarial_loss.discriminator(
            self.discriminator(real, rows), self.discriminator(fake, rows)
        )

    def generator_loss(self, batch):
        real, latents = self._batch(1)
        fake = self.generator(latents)
        rows = self.discriminator.rows + 0.0  # a tensor
        for _ in range(self.unrolled):
            slope = input_gradient(
                lambda rows: self._discriminator_loss(real, fake, rows), rows
            )
            rows = rows - self.unrolled_rate * len(self.seeds) * slope
        loss = self.adversarial_loss.of_generator(
            lambda points: self.discriminator(points, rows), fake, real
        )
        return loss * len(self.seeds)

    def update_players(self, batch):
        logs = super().update_players(batch)
        return {name: loss / len(self.seeds) for name, loss in logs.items()}

    def fit_and_record(self, steps, records=20, callbacks=()):
        """Trains for `steps` steps and records the weights of both players.

        Args:
            steps: Training steps, a multiple of `records`.
            records: How often the weights are recorded after the start.
            callbacks: Keras callbacks, for which each record ends an epoch.

        Returns:
            A `Record`.

        Raises:
            ValueError: If `records` does not divide `steps`.
        """
        if steps % records:
            raise ValueError(
                f"Expected steps to be a multiple of records = {records}, received "
                f"{steps}: {steps // records * records} would be one."
            )
        record = Record(self)
        record.append(0)
        # The data are in the pool; `fit` only counts batches.
        count = self.discriminator_steps
        if keras.config.backend() == "tensorflow":
            batches = {
                "x": repeat_batch(np.zeros(count, "int32")),
                "steps_per_epoch": steps // records,
            }
        else:
            batches = {
                "x": np.zeros(count * steps // records, "int32"),
                "batch_size": count,
            }
        log = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: record.append(
                (epoch + 1) * steps // records
            )
        )
        self.fit(
            **batches,
            epochs=records,
            shuffle=False,
            verbose=0,
            callbacks=[log, *callbacks],
        )
        return record


def train(
    target,
    loss="non_saturating",
    *,
    steps,
    records=20,
    learning_rate=1e-3,
    generator_rate=None,
    callbacks=(),
    **kwargs,
):
    """Builds a `Game`, compiles it and trains it.

    Both players use Adam with beta_1 = 0.5. One compiled call runs as many training
    steps as fit between two records, up to 50.

    Args:
        target: A distribution of `gankit.course.toys.targets`.
        loss: A key of `gankit.losses.LOSSES`, or an `AdversarialLoss`.
        steps: Training steps, a multiple of `records`.
        records: How often the weights are recorded after the start.
        learning_rate: Adam's learning rate.
        generator_rate: The generator's, if it differs; 0 leaves it untrained.
        callbacks: Keras callbacks, as in `Game.fit_and_record`.
        **kwargs: As in `Game`.

    Returns:
        A `Record`, whose `game` is the trained `Game`.
    """
    game = Game(target, loss, **kwargs)
    if generator_rate is None:
        generator_rate = learning_rate
    between = max(1, steps // records)
    on_torch = keras.config.backend() == "torch"
    # Keras runs one step per execution there.
    together = max(n for n in range(1, 2 if on_torch else 51) if between % n == 0)
    game.compile(
        keras.optimizers.Adam(generator_rate, 0.5),
        keras.optimizers.Adam(learning_rate, 0.5),
        steps_per_execution=together,
        jit_compile=device.default_jit_compile(small=True),
    )
    return game.fit_and_record(steps, records, callbacks)
