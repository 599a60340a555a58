"""CycleGAN: two translators that must undo each other, two discriminators."""

import keras
import numpy as np
from keras import layers, ops

from gankit import losses as gan_losses
from gankit.backend.layer_tree import all_layers
from gankit.backend.prediction import predict
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.layers.image_pool import ImagePool
from gankit.losses import translation as translation_losses
from gankit.trainers.adversarial import AdversarialModel

DIRECTIONS = ("ab", "ba")
CONSISTENT = ("fake", "real", "both")


@keras.saving.register_keras_serializable("gankit")
class CycleGAN(AdversarialModel):
    """Translates images between two domains, A and B, from examples without pairs.

    A batch is `(images_a, images_b)`, as many of each. In a step the generators move
    first; the discriminators then judge the translations that these made, exchanged
    for earlier ones by a pool that is part of the compiled step. A step evaluates each
    generator twice, thrice with the identity loss, forwards and backwards.

    The generators minimise, with D for the discriminator of the target domain,

        adversarial(D(G(x))) + cycle_weight |F(G(x)) - x| + identity_weight |F(x) - x|

    summed over both directions. The logs are `d_loss`, the sum over both
    discriminators; `g_loss`, all of the above; and its parts before they are weighted:
    `adversarial_loss`, `cycle_loss` and `identity_loss`.

    Args:
        g_ab: Generator from A to B, the paper's G.
        g_ba: Generator from B to A, the paper's F. It may share layers with `g_ab`.
        d_a: Discriminator of A, the paper's D_X.
        d_b: Discriminator of B, the paper's D_Y.
        cycle_weight: Weight of the cycle consistency; 0 leaves it out.
        identity_weight: Weight of the identity loss; 0 leaves it out.
        cycle_loss: What compares images: `"l1"`, `"l2"`, or `"ssim"` for a mixture of
            SSIM and L1.
        identity_loss: The same for the identity loss, `"l1"` or `"l2"`.
        loss: A key of `gankit.losses.LOSSES`.
        pool_size: Translations that are kept for each discriminator; 0 keeps none.
        consistency_weight: Weight in the discriminators' loss of the mean squared
            difference of their logits of images and of images shifted by up to 4
            pixels and mirrored by chance.
        consistency_on: Which images: `"fake"`, `"real"` or `"both"`.
        consistency_aligned: Whether the map of logits of a mirrored image is mirrored
            back before it is compared.
        augmentation: Policy of `DifferentiableAugmentation` for all that the
            discriminators see, such as `"color,translation,cutout"`, or `None`.
        preprocessing: Policy for real images, before anybody sees them, such as
            `"resize_crop_flip"`, or `None`.

    Raises:
        ValueError: If the networks do not fit, or an argument is out of its range.

    Example:

    >>> build = gankit.networks.cyclegan
    >>> gan = CycleGAN(
    ...     build.generator(name="g_ab"),
    ...     build.generator(name="g_ba"),
    ...     build.patch70(name="d_a"),
    ...     build.patch70(name="d_b"),
    ... )
    >>> gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    >>> gan.fit(Batches((horses, zebras), batch_size=4, seed=0), steps_per_epoch=100)
    >>> zebras = gan.translate(horses, "ab")

    Reference:
        Zhu et al. 2017 (https://arxiv.org/abs/1703.10593); consistency: Zhang et al.
        2020 (https://arxiv.org/abs/1910.12027).
    """

    def __init__(
        self,
        g_ab,
        g_ba,
        d_a,
        d_b,
        *,
        cycle_weight=10.0,
        identity_weight=5.0,
        cycle_loss="l1",
        identity_loss="l1",
        loss="least_squares",
        pool_size=50,
        consistency_weight=0.0,
        consistency_on="fake",
        consistency_aligned=False,
        augmentation=None,
        preprocessing=None,
        **kwargs,
    ):
        super().__init__([g_ab, g_ba], [d_a, d_b], **kwargs)
        weights = (cycle_weight, identity_weight, consistency_weight)
        if min(weights) < 0:
            raise ValueError(
                "Expected cycle_weight, identity_weight and consistency_weight of at "
                f"least 0, received {weights}: pass 0 to leave a term out."
            )
        if consistency_on not in CONSISTENT:
            raise ValueError(
                f"Expected consistency_on to be one of {', '.join(CONSISTENT)}, "
                f"received {consistency_on!r}: choose one of these."
            )
        _check_networks(g_ab, g_ba, d_a, d_b)
        self.adversarial_loss = gan_losses.get(loss)
        self.options = {
            "cycle_weight": cycle_weight,
            "identity_weight": identity_weight,
            "cycle_loss": cycle_loss,
            "identity_loss": identity_loss,
            "loss": loss,
            "pool_size": pool_size,
            "consistency_weight": consistency_weight,
            "consistency_on": consistency_on,
            "consistency_aligned": consistency_aligned,
            "augmentation": augmentation,
            "preprocessing": preprocessing,
        }
        self.g_ab, self.g_ba, self.d_a, self.d_b = g_ab, g_ba, d_a, d_b
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.consistency_weight = consistency_weight
        self.consistency_on = consistency_on
        self.consistency_aligned = consistency_aligned
        self._cycle = translation_losses.get(cycle_loss)
        self._identity = translation_losses.get(identity_loss)
        shape = d_a.input_shape[1:]
        # Layers, as a model keeps the seeds and weights of its layers beside its own.
        self.pool_a, self.pool_b = (
            ImagePool(pool_size, image_shape=shape, name=name) if pool_size else None
            for name in ("pool_a", "pool_b")
        )
        self.augment = _policy(augmentation, "augment")
        self.preprocess = _policy(preprocessing, "preprocess")
        self.part_trackers = [
            keras.metrics.Mean(name=f"{part}_loss")
            for part in ("adversarial", "cycle", "identity")
        ]

    def prepare(self, batch):
        images = super().prepare(batch)
        if self.preprocess is None:
            return images
        return tuple(ops.clip(self.preprocess(x), -1.0, 1.0) for x in images)

    # The game.

    def update_players(self, batch):
        loss, parts, fakes = self.minimize(
            lambda: self._generators_turn(batch),
            self.generators,
            self.generator_optimizer,
        )
        # The translations of the generators before they moved, as in the paper's code:
        # making them anew would cost two more passes.
        pooled = self._pooled(fakes)
        d_loss = self.minimize(
            lambda: self._discriminators_turn(batch, pooled),
            self.discriminators,
            self.discriminator_optimizer,
        )
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(loss)
        for tracker, part in zip(self.part_trackers, parts, strict=True):
            tracker.update_state(part)
        trackers = (self.d_loss_tracker, self.g_loss_tracker, *self.part_trackers)
        return {tracker.name: tracker.result() for tracker in trackers}

    def generator_loss(self, batch):
        return self._generators_turn(batch)[0]

    def discriminator_loss(self, batch):
        a, b = batch
        fakes = self.g_ba(b, training=True), self.g_ab(a, training=True)
        return self._discriminators_turn(batch, self._pooled(fakes))

    def _generators_turn(self, batch):
        """The generators' loss, its parts and the translations `(fake_a, fake_b)`."""
        a, b = batch
        identity = ops.zeros(())
        if self.identity_weight:
            fake_b, same_b = _together(self.g_ab, a, b)
            # In the same order, so that a common encoder runs once.
            same_a, fake_a = _together(self.g_ba, a, b)
            identity = self._identity(same_a, a) + self._identity(same_b, b)
        else:
            fake_b, fake_a = self.g_ab(a, training=True), self.g_ba(b, training=True)
        cycle = ops.zeros(())
        if self.cycle_weight:
            cycle_a = self.g_ba(fake_b, training=True)
            cycle_b = self.g_ab(fake_a, training=True)
            cycle = self._cycle(cycle_a, a) + self._cycle(cycle_b, b)
        adversarial = sum(
            self.adversarial_loss.generator(d(self._augmented(fake), training=True))
            for d, fake in ((self.d_a, fake_a), (self.d_b, fake_b))
        )
        loss = adversarial + self.cycle_weight * cycle + self.identity_weight * identity
        return loss, (adversarial, cycle, identity), (fake_a, fake_b)

    def _pooled(self, fakes):
        """Translations exchanged for earlier ones, without gradient."""
        if self.pool_a is None:
            return tuple(ops.stop_gradient(fake) for fake in fakes)
        pools = (self.pool_a, self.pool_b)
        return tuple(pool.query(fake) for pool, fake in zip(pools, fakes, strict=True))

    def _discriminators_turn(self, batch, fakes):
        return sum(
            self._discriminator_loss(discriminator, real, fake)
            for discriminator, real, fake in zip(
                self.discriminators, batch, fakes, strict=True
            )
        )

    def _discriminator_loss(self, discriminator, real, fake):
        real, fake = self._augmented(real), self._augmented(fake)
        still = {"fake": [fake], "real": [real], "both": [real, fake]}
        still = still[self.consistency_on] if self.consistency_weight else []
        moved = [
            translation_losses.shifted_and_flipped(images, self.seed_generator)
            for images in still
        ]
        real_logits, fake_logits, *moved_logits = _together(
            discriminator, real, fake, *(images for images, _ in moved)
        )
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        for images, (_, mirrored), logits in zip(
            still, moved, moved_logits, strict=True
        ):
            loss += self.consistency_weight * translation_losses.consistency(
                real_logits if images is real else fake_logits,
                logits,
                mirrored if self.consistency_aligned else None,
            )
        return loss

    def _augmented(self, images):
        return images if self.augment is None else self.augment(images)

    # Translating.

    def translate(self, images, direction, *, batch_size=16):
        """Translates images into the other domain.

        Args:
            images: uint8 array `(n, height, width, channels)`.
            direction: `"ab"` or `"ba"`.
            batch_size: How many images are computed at once.

        Returns:
            NumPy uint8 array of the same shape.

        Raises:
            ValueError: If there is no such direction, or `images` are not in uint8.
        """
        images = _from_uint8(images)
        return _to_uint8(self._translated(images, direction, batch_size))

    def reconstruct(self, images, direction, *, batch_size=16):
        """Translates images there and back, without rounding them on the way.

        Args:
            images: uint8 array `(n, height, width, channels)` of the first domain of
                `direction`.
            direction: `"ab"` for A to B to A, or `"ba"`.
            batch_size: How many images are computed at once.

        Returns:
            NumPy uint8 array of the same shape.

        Raises:
            ValueError: As `translate`.
        """
        there = self._translated(_from_uint8(images), direction, batch_size)
        return _to_uint8(self._translated(there, direction[::-1], batch_size))

    def _translated(self, images, direction, batch_size):
        if direction not in DIRECTIONS:
            raise ValueError(
                f"Expected direction to be ab or ba, received {direction!r}: choose "
                "one of the two."
            )
        network = self.g_ab if direction == "ab" else self.g_ba
        n = len(images)
        # Whole batches alone, as each size of batch is compiled anew.
        spare = np.zeros((-n % batch_size, *images.shape[1:]), "float32")
        images = np.concatenate([images, spare])
        return predict(network, images, batch_size=batch_size)[:n]

    # Saving.

    def get_config(self):
        networks = {name: getattr(self, name) for name in _NETWORKS}
        if self.g_ab.inputs[0] is self.g_ba.inputs[0]:
            # One model of both, or they would come back without a common encoder.
            outputs = [networks.pop(name).outputs[0] for name in ("g_ab", "g_ba")]
            networks["generators"] = keras.Model(self.g_ab.inputs[0], outputs)
        serialize = keras.saving.serialize_keras_object
        return {
            **{name: serialize(network) for name, network in networks.items()},
            **self.options,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in {*_NETWORKS, "generators"} & set(config):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        if both := config.pop("generators", None):
            for name, outputs in zip(("g_ab", "g_ba"), both.outputs, strict=True):
                config[name] = keras.Model(both.inputs[0], outputs, name=name)
        return cls(**config)


_NETWORKS = ("g_ab", "g_ba", "d_a", "d_b")


def _together(network, *batches):
    """A network's outputs for several batches of one size.

    They are one batch, which keeps a GPU busier, unless the network normalises batches:
    those of two domains would be mixed.
    """
    parts = all_layers(network)
    if any(isinstance(part, layers.BatchNormalization) for part in parts):
        return [network(images, training=True) for images in batches]
    n = ops.shape(batches[0])[0]
    outputs = network(ops.concatenate(batches), training=True)
    return [outputs[i * n : (i + 1) * n] for i in range(len(batches))]


def _policy(policy, name):
    return None if policy is None else DifferentiableAugmentation(policy, name=name)


def _from_uint8(images):
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise ValueError(
            "Expected uint8 images (n, height, width, channels), received "
            f"{images.dtype} {images.shape}: convert them with "
            "gankit.datasets.to_uint8."
        )
    return images.astype("float32") / 127.5 - 1.0


def _to_uint8(images):
    return np.clip(np.round((images + 1.0) * 127.5), 0, 255).astype("uint8")


def _check_networks(g_ab, g_ba, d_a, d_b):
    """Refuses networks that do not take what the others give."""
    shape = d_a.input_shape[1:]
    for name, found in (
        ("d_b", d_b.input_shape),
        ("g_ab", g_ab.output_shape),
        ("g_ba", g_ba.output_shape),
    ):
        pairs = zip(shape, found[1:], strict=True)
        if None in shape or any(b not in (None, a) for a, b in pairs):
            raise ValueError(
                f"Expected {name} to fit the images {shape} of d_a, received one of "
                f"{tuple(found[1:])}: build all networks for one image shape."
            )
