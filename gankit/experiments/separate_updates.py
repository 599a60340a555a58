"""GANs whose discriminator learns from real and generated images alternately."""

import keras
from keras import ops

from gankit.trainers.conditional_gan import ConditionalGAN
from gankit.trainers.gan import GAN

# Losses whose generator term is the discriminator's term of real images.
_WITH_TARGETS = ("non_saturating", "least_squares", "wasserstein")


class _SeparateUpdates:
    """Two updates of the discriminator per step: on real, then on generated images.

    Subclasses define `real_logits(batch)` and `fake_logits(batch)`.
    """

    def __init__(self, *networks, **options):
        super().__init__(*networks, **options)
        if self.loss_name not in _WITH_TARGETS or self.real_label != 1.0:
            raise ValueError(
                f"Expected one of the losses {', '.join(_WITH_TARGETS)} without "
                f"smoothing, received {self.loss_name!r} with "
                f"real_label={self.real_label}: choose one of these, or update on "
                "both kinds of images at once."
            )
        self.d_loss_real_tracker = keras.metrics.Mean(name="d_loss_real")
        self.d_loss_fake_tracker = keras.metrics.Mean(name="d_loss_fake")
        # The sign of a critic's values has no meaning.
        self.accuracy_trackers = []
        if self.adversarial_loss.in_nats:
            self.accuracy_trackers = [
                keras.metrics.Mean(name=f"{kind}_accuracy") for kind in ("real", "fake")
            ]

    @property
    def steps_done(self):
        # Two updates of the discriminator per step.
        return super().steps_done // 2

    def update_discriminators(self, batch):
        return self._update(
            lambda: self._real_loss(batch), self.d_loss_real_tracker
        ) + self._update(lambda: self._fake_loss(batch), self.d_loss_fake_tracker)

    def _update(self, loss, tracker):
        value = self.minimize(loss, self.discriminators, self.discriminator_optimizer)
        tracker.update_state(value)
        return value

    def _real_loss(self, batch):
        logits = self.real_logits(batch)
        self._count(0, logits > 0)
        # The generator wants for its images what the discriminator wants for real ones.
        return self.adversarial_loss.generator(logits)

    def _fake_loss(self, batch):
        logits = self.fake_logits(batch)
        self._count(1, logits < 0)
        # The sum of both terms, minus the term of a real image with the logit 0.
        zero = ops.zeros((1, 1))
        return self.adversarial_loss.discriminator(
            zero, logits
        ) - self.adversarial_loss.generator(zero)

    def _count(self, kind, correct):
        if self.accuracy_trackers:
            share = ops.mean(ops.cast(correct, "float32"))
            self.accuracy_trackers[kind].update_state(ops.stop_gradient(share))

    def update_players(self, batch):
        trackers = (
            self.d_loss_real_tracker,
            self.d_loss_fake_tracker,
            *self.accuracy_trackers,
        )
        return {
            **super().update_players(batch),
            **{tracker.name: tracker.result() for tracker in trackers},
        }


@keras.saving.register_keras_serializable("gankit")
class SeparateUpdatesGAN(_SeparateUpdates, GAN):
    """A GAN whose discriminator is updated on real images, then on generated ones.

    Tutorials that call `train_on_batch` twice do the same. The discriminator's
    optimizer makes two updates per training step. `d_loss` is the sum of the two
    losses, each computed before its own update. It also logs `d_loss_real` and
    `d_loss_fake`, and `real_accuracy` and `fake_accuracy` if the loss is a
    cross-entropy.

    Args:
        generator: As in `GAN`.
        discriminator: As in `GAN`.
        **options: As in `GAN`. `loss` is `"non_saturating"`, `"least_squares"` or
            `"wasserstein"`, and labels are not smoothed.

    Raises:
        ValueError: As `GAN`, or if the loss is another one or labels are smoothed.
    """

    def real_logits(self, batch):
        """Returns the discriminator's logits of real images."""
        return self.discriminator(batch, training=True)

    def fake_logits(self, batch):
        """Returns its logits of as many generated images."""
        latent = self.sample_latent(ops.shape(batch)[0])
        fake = ops.stop_gradient(self.generator(latent, training=True))
        return self.discriminator(fake, training=True)


@keras.saving.register_keras_serializable("gankit")
class SeparateUpdatesConditionalGAN(_SeparateUpdates, ConditionalGAN):
    """A `ConditionalGAN` updated on real images, then on generated ones.

    Arguments are those of `ConditionalGAN`; losses and logs are those of
    `SeparateUpdatesGAN`.
    """

    def real_logits(self, batch):
        """Returns the discriminator's logits of real images with their labels."""
        return self.discriminator(list(batch), training=True)

    def fake_logits(self, batch):
        """Returns its logits of generated images of the same classes."""
        real, labels = batch
        latent = self.sample_latent(ops.shape(real)[0])
        fake = ops.stop_gradient(self.generator([latent, labels], training=True))
        return self.discriminator([fake, labels], training=True)
