"""GANs whose discriminator learns from real and from generated images in turn."""

import keras
from keras import ops

from gankit.trainers.conditional_gan import ConditionalGAN
from gankit.trainers.gan import GAN

# Losses whose generator is scored as if its images were real ones.
_WITH_TARGETS = ("non_saturating", "least_squares", "wasserstein")


class _SeparateUpdates:
    """What a GAN does otherwise whose discriminator takes two updates in a turn.

    A class writes two methods, `real_logits(batch)` and `fake_logits(batch)`.
    """

    def __init__(self, *networks, **options):
        super().__init__(*networks, **options)
        if self.loss_name not in _WITH_TARGETS or self.real_label != 1.0:
            raise ValueError(
                f"Expected one of the losses {', '.join(_WITH_TARGETS)} without "
                "smoothing, whose two terms can be told apart, received "
                f"{self.loss_name!r} with real_label={self.real_label}: choose one "
                "of these, or update on both kinds of images at once."
            )
        self.d_loss_real_tracker = keras.metrics.Mean(name="d_loss_real")
        self.d_loss_fake_tracker = keras.metrics.Mean(name="d_loss_fake")
        # The sign of a critic's values says nothing.
        self.accuracy_trackers = []
        if self.adversarial_loss.in_nats:
            self.accuracy_trackers = [
                keras.metrics.Mean(name=f"{kind}_accuracy") for kind in ("real", "fake")
            ]

    @property
    def steps_done(self):
        # Two updates of the discriminator in every turn.
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
        # As the generator wants its images judged, real ones are to be.
        return self.adversarial_loss.generator(logits)

    def _fake_loss(self, batch):
        logits = self.fake_logits(batch)
        self._count(1, logits < 0)
        # The sum of both terms, less that of a real image with the logit 0.
        none = ops.zeros((1, 1))
        return self.adversarial_loss.discriminator(
            none, logits
        ) - self.adversarial_loss.generator(none)

    def _count(self, kind, right):
        if self.accuracy_trackers:
            share = ops.mean(ops.cast(right, "float32"))
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

    So do tutorials that call `train_on_batch` twice. The optimizer takes two steps in
    a turn; `d_loss` is the sum of the two losses, each before its own step. Further
    logs are `d_loss_real` and `d_loss_fake`, and where the loss is a cross-entropy
    `real_accuracy` and `fake_accuracy`.

    Args:
        generator: As in `GAN`.
        discriminator: As in `GAN`.
        **options: As in `GAN`; `losses` one of `"non_saturating"`, `"least_squares"`
            and `"wasserstein"`, and no smoothing of labels.

    Raises:
        ValueError: As `GAN`, or if the terms of the loss cannot be told apart.
    """

    def real_logits(self, batch):
        """The discriminator's logits of real images."""
        return self.discriminator(batch, training=True)

    def fake_logits(self, batch):
        """Its logits of as many generated ones."""
        latent = self.sample_latent(ops.shape(batch)[0])
        fake = ops.stop_gradient(self.generator(latent, training=True))
        return self.discriminator(fake, training=True)


@keras.saving.register_keras_serializable("gankit")
class SeparateUpdatesConditionalGAN(_SeparateUpdates, ConditionalGAN):
    """A `ConditionalGAN` updated on real images, then on generated ones.

    Arguments as in `ConditionalGAN`, logs and limits as in `SeparateUpdatesGAN`.
    """

    def real_logits(self, batch):
        """The discriminator's logits of real images with their labels."""
        return self.discriminator(list(batch), training=True)

    def fake_logits(self, batch):
        """Its logits of generated images of the same classes."""
        real, labels = batch
        latent = self.sample_latent(ops.shape(real)[0])
        fake = ops.stop_gradient(self.generator([latent, labels], training=True))
        return self.discriminator([fake, labels], training=True)
