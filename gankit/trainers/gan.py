"""The unconditional GAN."""

import keras
import numpy as np
from keras import ops

from gankit import losses
from gankit.backend.arguments import check_choice, check_number, check_real
from gankit.backend.layer_tree import all_layers
from gankit.backend.prediction import predict
from gankit.constraints import clip_weights
from gankit.layers.adaptive_augmentation import AdaptiveAugmentation
from gankit.trainers.adversarial import AdversarialModel

LATENT_DISTRIBUTIONS = ("normal", "uniform")


@keras.saving.register_keras_serializable("gankit")
class GAN(AdversarialModel):
    """A generator and a discriminator with one of the losses of `gankit.losses`.

    Args:
        generator: Built `keras.Model`, latents `(n, latent_dim)` to images
            `(n, height, width, channels)` in [-1, 1].
        discriminator: Built `keras.Model`, images to logits of any shape (no sigmoid).
        loss: A key of `gankit.losses.LOSSES`.
        latent_dim: Length of a latent vector.
        latent_distribution: `"normal"`, N(0, 1), or `"uniform"`, U(-1, 1).
        discriminator_steps: Discriminator updates per training step. The data must
            deliver that many batches as one.
        generator_steps: Generator updates per training step, each on new latents.
        real_label: The discriminator's target for real images; 0.9 is one-sided label
            smoothing.
        weight_clipping: Bound on every trainable weight of the discriminator, such as
            0.01; `None` turns clipping off. See `gankit.constraints.clip_weights`.
        ema: Decay of an exponential moving average of the generator's weights, such
            as 0.999. `sample` then uses the averaged weights. `None` turns it off.
        penalties: List of penalties on the discriminator's slope, such as
            `[gankit.losses.R1(10.0)]`. `d_loss` is logged without them.
        **kwargs: As in `keras.Model`, such as `name`.

    Raises:
        ValueError: If the networks do not fit together, or an argument is out of
            range.

    Example:

    >>> generator, discriminator = gankit.networks.dcgan.shallow()
    >>> gan = gankit.GAN(generator, discriminator, latent_dim=100)
    >>> gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    >>> gan.sample(16).shape
    (16, 28, 28, 1)

    References:
        Goodfellow et al. 2014 (https://arxiv.org/abs/1406.2661); averaged generator
        weights: Yazıcı et al. 2019 (https://arxiv.org/abs/1806.04498).
    """

    batch_parts = ("images",)

    def __init__(
        self,
        generator,
        discriminator,
        *,
        loss="non_saturating",
        latent_dim,
        latent_distribution="normal",
        discriminator_steps=1,
        generator_steps=1,
        real_label=1.0,
        weight_clipping=None,
        ema=None,
        penalties=(),
        **kwargs,
    ):
        super().__init__(
            [generator],
            [discriminator],
            discriminator_steps=discriminator_steps,
            generator_steps=generator_steps,
            penalties=penalties,
            **kwargs,
        )
        check_real("real_label", real_label, above=0, at_most=1)
        if ema is not None:
            check_real("ema", ema, above=0, below=1)
        self.adversarial_loss = losses.get(loss)
        self._check_networks(generator, discriminator, latent_dim)
        one_of = "latent_distribution to be one of"
        check_choice(one_of, latent_distribution, LATENT_DISTRIBUTIONS)
        if real_label != 1.0 and not self.adversarial_loss.smooths_labels:
            raise ValueError(
                f"Expected real_label=1.0 with the loss {loss!r}, which has no "
                f"labels to smooth, received {real_label!r}: omit it or choose another "
                "loss."
            )
        if real_label != 1.0:
            self.adversarial_loss = self.adversarial_loss.smoothed(real_label)
        if weight_clipping is not None:
            check_real("weight_clipping", weight_clipping, above=0)
            # Here, because saved models do not contain constraints of variables.
            clip_weights(discriminator, weight_clipping)
        self.generator = generator
        self.discriminator = discriminator
        if self._augmentations() and self.adversarial_loss.undecided is None:
            raise ValueError(
                "Expected a loss whose logits say by their sign what looks real, which "
                f"AdaptiveAugmentation needs, received {loss!r}: choose non_saturating "
                "or hinge, or DifferentiableAugmentation."
            )
        self.loss_name = loss
        self.latent_dim = latent_dim
        self.latent_distribution = latent_distribution
        self.real_label = real_label
        self.weight_clipping = weight_clipping
        self.ema = ema
        self.ema_generator = None
        if ema is not None:
            self.ema_generator = keras.models.clone_model(generator)
            self.ema_generator.set_weights(generator.get_weights())

    def sample_latent(self, n, *, seed=None):
        """Draws latent vectors.

        Args:
            n: Number of latent vectors.
            seed: Integer seed, which gives the same latents at every call. `None` uses
                the model's own random state.

        Returns:
            Tensor `(n, latent_dim)`.
        """
        if seed is None:
            return self.draw(lambda n: self._latents(n, self.seed_generator), n)
        return self._latents(n, seed)

    def _latents(self, n, seed):
        shape = (n, self.latent_dim)
        if self.latent_distribution == "uniform":
            return keras.random.uniform(shape, -1.0, 1.0, seed=seed)
        return keras.random.normal(shape, seed=seed)

    def discriminator_loss(self, real):
        latent = self.sample_latent(ops.shape(real)[0])
        fake = ops.stop_gradient(self.generator(latent, training=True))
        self.penalize(self.discriminator, real, fake)
        return self._discriminator_loss(
            self.discriminator(real, training=True),
            self.discriminator(fake, training=True),
        )

    def _augmentations(self):
        # A method: Keras would save the layers of an attribute twice.
        return [
            layer
            for layer in all_layers(self.discriminator)
            if isinstance(layer, AdaptiveAugmentation)
        ]

    def _discriminator_loss(self, real_logits, fake_logits):
        for augmentation in self._augmentations():
            augmentation.adapt(real_logits - self.adversarial_loss.undecided)
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def generator_loss(self, real):
        latent = self.sample_latent(ops.shape(real)[0])
        fake = self.generator(latent, training=True)
        return self.adversarial_loss.of_generator(
            lambda images: self.discriminator(images, training=True), fake, real
        )

    def update_players(self, batch):
        logs = super().update_players(batch)
        if self.ema_generator is not None:
            self._update_ema()
        for augmentation in self._augmentations():
            logs["augmentation"] = ops.copy(augmentation.probability)
        return logs

    def _update_ema(self):
        # The decay starts lower. Otherwise the initial weights would dominate the
        # average for 1 / (1 - ema) steps.
        step = ops.cast(self.generator_optimizer.iterations, "float32")
        decay = ops.minimum(self.ema, (1.0 + step) / (10.0 + step))
        for mean, weight in zip(
            self.ema_generator.weights, self.generator.weights, strict=True
        ):
            mean.assign(decay * mean + (1.0 - decay) * ops.stop_gradient(weight.value))

    def sample(self, n, *, seed=0, batch_size=256):
        """Generates images, with the averaged generator if there is one.

        Args:
            n: Number of images, at least 1.
            seed: Integer; the same seed gives the same latents.
            batch_size: Number of images to generate at once.

        Returns:
            NumPy uint8 array `(n, height, width, channels)`.
        """
        check_number("n", n, 1)
        latent = ops.convert_to_numpy(self.sample_latent(n, seed=seed))
        return self._images(latent, batch_size)

    def _images(self, inputs, batch_size):
        network = self.ema_generator or self.generator
        images = predict(network, inputs, batch_size=batch_size)
        return np.clip(np.round((images + 1.0) * 127.5), 0, 255).astype("uint8")

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "loss": self.loss_name,
            "latent_dim": self.latent_dim,
            "latent_distribution": self.latent_distribution,
            "discriminator_steps": self.discriminator_steps,
            "generator_steps": self.generator_steps,
            "real_label": self.real_label,
            "weight_clipping": self.weight_clipping,
            "ema": self.ema,
            "penalties": [serialize(penalty) for penalty in self.penalties],
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for part in {"generator", "discriminator", "penalties"} & set(config):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        if "losses" not in config:
            return cls(**config)
        # The model was saved under earlier names, and Keras finds weights by attribute.
        gan = cls(loss=config.pop("losses"), ema=config.pop("average"), **config)
        vars(gan)["averaged_generator"] = gan.ema_generator
        return gan

    def save_own_variables(self, store):
        vars(self).pop("averaged_generator", None)
        super().save_own_variables(store)

    @staticmethod
    def _check_networks(generator, discriminator, latent_dim):
        check_shapes(
            latent_dim,
            generator.input_shape,
            generator.output_shape,
            discriminator.input_shape,
        )


def check_shapes(latent_dim, latent_shape, fake_shape, image_shape):
    """Refuses shapes of a generator and a discriminator that do not match."""
    if tuple(latent_shape) != (None, latent_dim):
        raise ValueError(
            f"Expected a generator that takes latents (n, {latent_dim}), received one "
            f"with the input shape {latent_shape}: make latent_dim and the generator "
            "match."
        )
    if tuple(fake_shape[1:]) != tuple(image_shape[1:]):
        raise ValueError(
            "Expected the generator's images to have the shape that the discriminator "
            f"takes, received {tuple(fake_shape[1:])} and {tuple(image_shape[1:])}: "
            "build both for one image shape."
        )
