"""Nine common faults, each planted in an otherwise healthy GAN."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from keras import ops
from keras.optimizers import Adam

from gankit.networks import dcgan
from gankit.trainers import AugmentedGAN

LATENT_DIM = 32
# Learning rates of generator and discriminator.
RATES = (1e-3, 5e-4)
PREPROCESSING = "translation"


@dataclass(frozen=True)
class Fault:
    """A planted fault.

    Attributes:
        kind: The kind of the first finding of a `gankit.TrainingDoctor`.
        symptom: What curves and samples show.
        cause: What is wrong in the code.
        build: Function that takes an image shape and a pair of networks (`None` for the
            Shallow DCGAN) and returns a compiled model of uint8 images.
    """

    kind: str
    symptom: str
    cause: str
    build: Callable


def healthy(
    image_shape,
    networks=None,
    *,
    variant=AugmentedGAN,
    rates=RATES,
    real_label=0.9,
    epsilon=1e-7,
):
    """Builds and compiles the GAN without a fault.

    Args:
        image_shape: `(height, width, channels)`.
        networks: Generator and discriminator; `None` builds the Shallow DCGAN.
        variant: The class of the model.
        rates: Adam's learning rates, the generator's first.
        real_label: As in `gankit.GAN`.
        epsilon: Adam's epsilon.

    Returns:
        A `gankit.AugmentedGAN` that randomly shifts its real images.
    """
    gan = variant(
        *(networks or dcgan.shallow(image_shape, latent_dim=LATENT_DIM)),
        latent_dim=LATENT_DIM,
        real_label=real_label,
        preprocessing=PREPROCESSING,
    )
    gan.compile(*(Adam(rate, 0.5, epsilon=epsilon) for rate in rates))
    return gan


def _frozen(image_shape, networks=None):
    generator, discriminator = networks or dcgan.shallow(
        image_shape, latent_dim=LATENT_DIM
    )
    discriminator.trainable = False
    return healthy(image_shape, (generator, discriminator))


class _HalfRange(AugmentedGAN):
    """Scales real images to [0, 1], while tanh outputs are in [-1, 1]."""

    def prepare(self, batch):
        return (super().prepare(batch) + 1.0) / 2.0


class _Swapped(AugmentedGAN):
    """Passes samples to the loss as real, and real images as samples."""

    def discriminator_loss(self, real):
        latent = self.sample_latent(ops.shape(real)[0])
        fake = ops.stop_gradient(self.generator(latent, training=True))
        real_logits = self.discriminator(real, training=True)
        fake_logits = self.discriminator(fake, training=True)
        return self.adversarial_loss.discriminator(fake_logits, real_logits)


class _ForgottenFlag(AugmentedGAN):
    """Calls both networks in inference mode."""

    def discriminator_loss(self, real):
        fake = ops.stop_gradient(self.generator(self.sample_latent(ops.shape(real)[0])))
        return self.adversarial_loss.discriminator(
            self.discriminator(real), self.discriminator(fake)
        )

    def generator_loss(self, real):
        fake = self.generator(self.sample_latent(ops.shape(real)[0]))
        return self.adversarial_loss.generator(self.discriminator(fake))


class _OneOptimizer(AugmentedGAN):
    """Updates both networks with the sum of both losses."""

    def update_players(self, batch):
        def both():
            latent = self.sample_latent(ops.shape(batch)[0])
            logits = self.discriminator(
                self.generator(latent, training=True), training=True
            )
            d_loss = self.adversarial_loss.discriminator(
                self.discriminator(batch, training=True), logits
            )
            g_loss = self.adversarial_loss.generator(logits)
            return d_loss + g_loss, d_loss, g_loss

        networks = [self.generator, self.discriminator]
        _, d_loss, g_loss = self.minimize(both, networks, self.optimizer)
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {
            "d_loss": self.d_loss_tracker.result(),
            "g_loss": self.g_loss_tracker.result(),
        }


class _CachedAugmentation(AugmentedGAN):
    """Shifts the images of every step in the same way."""

    def prepare(self, batch):
        images = super(AugmentedGAN, self).prepare(batch)
        rows, columns = images.shape[1:3]
        return ops.roll(images, (rows // 8, -columns // 8), axis=(1, 2))


class _OneLatent(AugmentedGAN):
    """Generates all images of a batch from its first latent."""

    def sample_latent(self, n, *, seed=None):
        latent = super().sample_latent(n, seed=seed)
        return ops.zeros_like(latent) + latent[:1]


_BUILDERS = {
    "frozen": _frozen,
    "range": partial(healthy, variant=_HalfRange),
    "labels": partial(healthy, variant=_Swapped),
    "flag": partial(healthy, variant=_ForgottenFlag),
    "rate": partial(healthy, rates=tuple(100 * rate for rate in RATES)),
    "epsilon": partial(healthy, epsilon=1.0),
    "optimizer": partial(healthy, variant=_OneOptimizer),
    "augmentation": partial(healthy, variant=_CachedAugmentation),
    "latent": partial(healthy, variant=_OneLatent),
}
_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FAULTS = {name: Fault(**words, build=_BUILDERS[name]) for name, words in _WORDS.items()}
