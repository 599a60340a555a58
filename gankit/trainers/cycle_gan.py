"""CycleGAN: image translation with two generators and two discriminators."""

import keras
import numpy as np
from keras import layers, ops

from gankit import losses
from gankit.backend.arguments import check_choice, check_number, check_real
from gankit.backend.layer_tree import all_layers
from gankit.backend.prediction import predict
from gankit.datasets.checks import check_images
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.layers.image_pool import ImagePool
from gankit.losses import translation
from gankit.trainers.adversarial import AdversarialModel

DIRECTIONS = ("ab", "ba")
CONSISTENCY_IMAGES = ("fake", "real", "both")


@keras.saving.register_keras_serializable("gankit")
class CycleGAN(AdversarialModel):
    """Translates images between two domains, A and B, without paired examples.

    A batch is `(images_a, images_b)`, with the same number of each. In a training step
    the generators are updated first. The discriminators then learn from the generators'
    translations, some of which an image pool exchanges for earlier ones. A step
    evaluates each generator twice, or three times with the identity loss.

    The generators minimise

        adversarial(D(G(x))) + cycle_weight |F(G(x)) - x| + identity_weight |F(x) - x|

    summed over both directions, where D is the discriminator of the target domain. The
    logs are `d_loss`, the sum over both discriminators; `g_loss`, the sum above; and
    its unweighted parts `adversarial_loss`, `cycle_loss` and `identity_loss`. With
    consistency regularisation, the logs also have the unweighted parts of `d_loss`,
    which is `d_adversarial_loss + consistency_weight * consistency_loss`. Compare
    `d_adversarial_loss` with the `d_loss` of a model without regularisation.

    Args:
        g_ab: Generator from A to B, the paper's G.
        g_ba: Generator from B to A, the paper's F. It may share layers with `g_ab`.
        d_a: Discriminator of A, the paper's D_X.
        d_b: Discriminator of B, the paper's D_Y.
        cycle_weight: Weight of the cycle consistency loss; 0 turns it off.
        identity_weight: Weight of the identity loss; 0 turns it off.
        cycle_loss: How to compare images: `"l1"`, `"l2"`, or `"ssim"` for a mixture of
            SSIM and L1.
        identity_loss: The same for the identity loss.
        loss: A key of `gankit.losses.LOSSES`, but not `"relativistic"`.
        pool_size: Number of translations stored for each discriminator; 0 turns the
            pools off.
        consistency_weight: Weight of the discriminators' consistency regularisation:
            the mean squared difference between their logits for images, and for the
            same images shifted by up to 4 pixels and flipped at random.
        consistency_on: Images to regularise on: `"fake"`, `"real"` or `"both"`.
        consistency_aligned: Whether to flip the logits of a flipped image back before
            comparing them.
        augmentation: Policy of `DifferentiableAugmentation` for all images that the
            discriminators see, such as `"color,translation,cutout"`, or `None`.
        preprocessing: Policy for real images, applied before all else, such as
            `"resize_crop_flip"`, or `None`.
        **kwargs: As in `keras.Model`, such as `name`.

    Raises:
        ValueError: If the networks do not fit together, or an argument is out of
            range.

    Example:

    >>> build = gankit.networks.cyclegan
    >>> generators = [build.generator(name=name) for name in ("g_ab", "g_ba")]
    >>> discriminators = [build.patch70(name=name) for name in ("d_a", "d_b")]
    >>> gan = CycleGAN(*generators, *discriminators)
    >>> gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    >>> gan.fit(Batches((horses, zebras), batch_size=4, seed=0), steps_per_epoch=100)
    >>> zebras = gan.translate(horses, "ab")

    Reference:
        Zhu et al. 2017 (https://arxiv.org/abs/1703.10593); consistency: Zhang et al.
        2020 (https://arxiv.org/abs/1910.12027).
    """

    batch_parts = ("images_a", "images_b")

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
        check_number("pool_size", pool_size, 0)
        check_choice("consistency_on to be one of", consistency_on, CONSISTENCY_IMAGES)
        _check_networks(g_ab, g_ba, d_a, d_b)
        self.adversarial_loss = losses.get(loss)
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
        for name in ("cycle_weight", "identity_weight", "consistency_weight"):
            check_real(name, self.options[name], at_least=0)
        self.g_ab, self.g_ba, self.d_a, self.d_b = g_ab, g_ba, d_a, d_b
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.consistency_weight = consistency_weight
        self.consistency_on = consistency_on
        self.consistency_aligned = consistency_aligned
        self._cycle = translation.get(cycle_loss)
        self._identity = translation.get(identity_loss)
        shape = d_a.input_shape[1:]
        # As layers, so that the model saves their weights and seeds.
        self.pool_a, self.pool_b = (
            ImagePool(pool_size, image_shape=shape, name=name) if pool_size else None
            for name in ("pool_a", "pool_b")
        )
        self.augment = DifferentiableAugmentation.of(augmentation, "augment")
        self.preprocess = DifferentiableAugmentation.of(preprocessing, "preprocess")
        parts = ("adversarial", "cycle", "identity")
        parts += ("d_adversarial", "consistency") if consistency_weight else ()
        self.part_trackers = [keras.metrics.Mean(name=f"{p}_loss") for p in parts]

    def prepare(self, batch):
        images = super().prepare(batch)
        if self.preprocess is None:
            return images
        return tuple(ops.clip(self.preprocess(x), -1.0, 1.0) for x in images)

    # The training step.

    def update_players(self, batch):
        loss, parts, fakes = self.minimize(
            lambda: self._generator_losses(batch),
            self.generators,
            self.generator_optimizer,
        )
        # Like the paper's code, use the translations from before the update. New ones
        # would take two more forward passes.
        fakes = self._query_pools(fakes)
        d_loss, d_parts = self.minimize(
            lambda: self._discriminator_losses(batch, fakes),
            self.discriminators,
            self.discriminator_optimizer,
        )
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(loss)
        for tracker, part in zip(self.part_trackers, (*parts, *d_parts), strict=True):
            tracker.update_state(part)
        trackers = (self.d_loss_tracker, self.g_loss_tracker, *self.part_trackers)
        return {tracker.name: tracker.result() for tracker in trackers}

    def generator_loss(self, batch):
        return self._generator_losses(batch)[0]

    def discriminator_loss(self, batch):
        a, b = batch
        fakes = self.g_ba(b, training=True), self.g_ab(a, training=True)
        return self._discriminator_losses(batch, self._query_pools(fakes))[0]

    def _generator_losses(self, batch):
        """Returns the generators' loss, its parts and the fakes `(fake_a, fake_b)`."""
        a, b = batch
        identity = ops.zeros(())
        if self.identity_weight:
            fake_b, same_b = _call_on_batches(self.g_ab, a, b)
            # In the same order, so that a shared encoder runs only once.
            same_a, fake_a = _call_on_batches(self.g_ba, a, b)
            identity = self._identity(same_a, a) + self._identity(same_b, b)
        else:
            fake_b, fake_a = self.g_ab(a, training=True), self.g_ba(b, training=True)
        cycle = ops.zeros(())
        if self.cycle_weight:
            cycle_a = self.g_ba(fake_b, training=True)
            cycle_b = self.g_ab(fake_a, training=True)
            cycle = self._cycle(cycle_a, a) + self._cycle(cycle_b, b)
        adversarial = sum(
            self.adversarial_loss.generator(d(self._augment(fake), training=True))
            for d, fake in ((self.d_a, fake_a), (self.d_b, fake_b))
        )
        loss = adversarial + self.cycle_weight * cycle + self.identity_weight * identity
        return loss, (adversarial, cycle, identity), (fake_a, fake_b)

    def _query_pools(self, fakes):
        """Exchanges some translations for earlier ones; stops the gradient."""
        if self.pool_a is None:
            return tuple(ops.stop_gradient(fake) for fake in fakes)
        pools = (self.pool_a, self.pool_b)
        return tuple(pool.query(fake) for pool, fake in zip(pools, fakes, strict=True))

    def _discriminator_losses(self, batch, fakes):
        """Returns the discriminators' loss, and its parts if it has a penalty."""
        players = zip(self.discriminators, batch, fakes, strict=True)
        pairs = [self._discriminator_parts(*player) for player in players]
        adversarial, consistency = (sum(part) for part in zip(*pairs, strict=True))
        if not self.consistency_weight:
            return adversarial, ()
        loss = adversarial + self.consistency_weight * consistency
        return loss, (adversarial, consistency)

    def _discriminator_parts(self, discriminator, real, fake):
        real, fake = self._augment(real), self._augment(fake)
        sources = {"fake": [fake], "real": [real], "both": [real, fake]}
        sources = sources[self.consistency_on] if self.consistency_weight else []
        variants = [translation.shift_and_flip(x, self.seed_generator) for x in sources]
        real_logits, fake_logits, *variant_logits = _call_on_batches(
            discriminator, real, fake, *(images for images, _ in variants)
        )
        consistency = 0
        triples = zip(sources, variants, variant_logits, strict=True)
        for source, (_, flips), logits in triples:
            original = real_logits if source is real else fake_logits
            flips = flips if self.consistency_aligned else None
            consistency += translation.consistency(original, logits, flips)
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        return loss, consistency

    def _augment(self, images):
        return images if self.augment is None else self.augment(images)

    # Translating.

    def translate(self, images, direction, *, batch_size=16):
        """Translates images into the other domain.

        Args:
            images: uint8 array `(n, height, width, channels)`.
            direction: `"ab"` or `"ba"`.
            batch_size: Number of images to translate at once.

        Returns:
            NumPy uint8 array of the same shape.

        Raises:
            ValueError: If there is no such direction, or `images` are not uint8.
        """
        images = _from_uint8(images)
        return _to_uint8(self._translate(images, direction, batch_size))

    def reconstruct(self, images, direction, *, batch_size=16):
        """Translates images to the other domain and back, with no rounding in between.

        Args:
            images: uint8 array `(n, height, width, channels)` of the source domain.
            direction: `"ab"` for A to B to A, or `"ba"` for B to A to B.
            batch_size: Number of images to translate at once.

        Returns:
            NumPy uint8 array of the same shape.

        Raises:
            ValueError: As in `translate`.
        """
        fakes = self._translate(_from_uint8(images), direction, batch_size)
        return _to_uint8(self._translate(fakes, direction[::-1], batch_size))

    def _translate(self, images, direction, batch_size):
        check_choice("direction to be one of", direction, DIRECTIONS)
        check_number("batch_size", batch_size, 1)
        network = self.g_ab if direction == "ab" else self.g_ba
        n = len(images)
        # Fill up the last batch, as every new batch size is compiled again.
        padding = np.zeros((-n % batch_size, *images.shape[1:]), "float32")
        images = np.concatenate([images, padding])
        return predict(network, images, batch_size=batch_size)[:n]

    # Saving.

    def get_config(self):
        networks = {name: getattr(self, name) for name in _NETWORKS}
        if self.g_ab.inputs[0] is self.g_ba.inputs[0]:
            # Saved as one model, as two would not share their encoder when loaded.
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
        if "losses" in config:  # saved under an earlier name
            config["loss"] = config.pop("losses")
        return cls(**config)


_NETWORKS = ("g_ab", "g_ba", "d_a", "d_b")


def _call_on_batches(network, *batches):
    """Returns a network's outputs for several batches of one size.

    One large batch uses a GPU better. With batch normalisation the batches stay
    separate, as the statistics of both domains would mix.
    """
    if any(isinstance(x, layers.BatchNormalization) for x in all_layers(network)):
        return [network(images, training=True) for images in batches]
    n = ops.shape(batches[0])[0]
    outputs = network(ops.concatenate(batches), training=True)
    return [outputs[i * n : (i + 1) * n] for i in range(len(batches))]


def _from_uint8(images):
    images = np.asarray(images)
    check_images(images)
    return images.astype("float32") / 127.5 - 1.0


def _to_uint8(images):
    return np.clip(np.round((images + 1.0) * 127.5), 0, 255).astype("uint8")


def _check_networks(g_ab, g_ba, d_a, d_b):
    """Checks that all networks take and return images of the same shape."""
    shape = d_a.input_shape[1:]
    others = d_b.input_shape, g_ab.output_shape, g_ba.output_shape
    for name, other in zip(("d_b", "g_ab", "g_ba"), others, strict=True):
        pairs = zip(shape, other[1:], strict=True)
        if None in shape or any(b not in (None, a) for a, b in pairs):
            raise ValueError(
                f"Expected {name} to fit the image shape {shape} of d_a, received "
                f"{tuple(other[1:])}: build all networks for one image shape."
            )
