"""The conditional GAN."""

import keras
import numpy as np
from keras import ops

from gankit.backend.arguments import check_labels, check_number
from gankit.backend.layer_tree import all_layers
from gankit.trainers.gan import GAN, check_shapes


@keras.saving.register_keras_serializable("gankit")
class ConditionalGAN(GAN):
    """A GAN whose generator and discriminator both receive the class of an image.

    It trains on batches `(images, labels)`, or with `fit(images, labels)`. In the
    discriminator's updates, the fakes have the same labels as the real images of the
    batch, so class frequencies carry no information. In the generator's updates, all
    classes are equally likely. With the relativistic loss they are the batch's there
    too, as it compares images in pairs.

    Args:
        generator: Built `keras.Model`, `[latents (n, latent_dim), labels (n,)]` to
            images `(n, height, width, channels)` in [-1, 1].
        discriminator: Built `keras.Model`, `[images, labels (n,)]` to logits (no
            sigmoid).
        num_classes: Number of classes; labels are integers in [0, num_classes).
        **options: As in `GAN`; `latent_dim` is required.

    Raises:
        ValueError: As in `GAN`, or if a network takes no labels, or has an embedding
            of fewer classes.

    Example:

    >>> networks = gankit.networks.cgan.shallow(num_classes=10)
    >>> gan = gankit.ConditionalGAN(*networks, num_classes=10, latent_dim=100)
    >>> gan.sample(2, labels=[3, 7]).shape
    (2, 28, 28, 1)

    Reference:
        Mirza and Osindero 2014 (https://arxiv.org/abs/1411.1784), equation 2.
    """

    batch_parts = ("images", "labels")

    def __init__(self, generator, discriminator, *, num_classes, **options):
        super().__init__(generator, discriminator, **options)
        self.num_classes = check_number("num_classes", num_classes, 2)
        for layer in (*all_layers(generator), *all_layers(discriminator)):
            # Of an embedding, `input_dim`.
            classes = getattr(layer, "input_dim", num_classes)
            classes = getattr(layer, "num_classes", classes)
            if classes < num_classes:
                raise ValueError(
                    f"Expected networks for num_classes={num_classes}, received the "
                    f"layer {layer.name} for {classes}: build both networks for the "
                    "number of classes in the data."
                )

    def sample_labels(self, n, *, seed=None):
        """Draws labels; all classes are equally likely.

        Args:
            n: Number of labels.
            seed: As in `sample_latent`.

        Returns:
            int32 tensor `(n,)`.
        """
        if seed is None:
            return self.draw(lambda n: self._labels(n, self.seed_generator), n)
        return self._labels(n, seed)

    def _labels(self, n, seed):
        return keras.random.randint((n,), 0, self.num_classes, dtype="int32", seed=seed)

    def discriminator_loss(self, batch):
        real, labels = batch
        latent = self.sample_latent(ops.shape(real)[0])
        fake = ops.stop_gradient(self.generator([latent, labels], training=True))
        self.penalize(lambda x: self.discriminator([x, labels]), real, fake)
        return self._discriminator_loss(
            self.discriminator([real, labels], training=True),
            self.discriminator([fake, labels], training=True),
        )

    def generator_loss(self, batch):
        real, labels = batch
        n = ops.shape(real)[0]
        # A relative loss needs pairs of one class, or it would compare classes.
        if not self.adversarial_loss.is_relative:
            labels = self.sample_labels(n)
        fake = self.generator([self.sample_latent(n), labels], training=True)
        return self.adversarial_loss.of_generator(
            lambda images: self.discriminator([images, labels], training=True),
            fake,
            real,
        )

    def sample(self, n, *, labels=None, seed=0, batch_size=256):
        """Generates images of given classes.

        Args:
            n: Number of images, at least 1.
            labels: Their classes, integers `(n,)`. `None` cycles through all classes,
                0, 1, 2 and so on.
            seed, batch_size: As in `GAN.sample`.

        Returns:
            NumPy uint8 array `(n, height, width, channels)`.

        Raises:
            ValueError: If the labels are not n integers in [0, num_classes).
        """
        check_number("n", n, 1)
        if labels is None:
            labels = np.arange(n) % self.num_classes
        labels = check_labels(labels, n, self.num_classes)
        latent = ops.convert_to_numpy(self.sample_latent(n, seed=seed))
        return self._images([latent, labels], batch_size)

    def check_batch(self, parts):
        super().check_batch(parts)
        check_labels(parts[1], len(parts[0]), self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}

    @staticmethod
    def _check_networks(generator, discriminator, latent_dim):
        for network, first in ((generator, "latents"), (discriminator, "images")):
            shapes = network.input_shape
            if not isinstance(shapes, list) or len(shapes) != 2 or len(shapes[1]) != 1:
                raise ValueError(
                    f"Expected a network that takes [{first}, labels (n,)], received "
                    f"{network.name} with the input shape {shapes}: give it a second "
                    "input of shape () for the labels."
                )
        check_shapes(
            latent_dim,
            generator.input_shape[0],
            generator.output_shape,
            discriminator.input_shape[0],
        )
