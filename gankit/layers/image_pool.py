"""A history of generated images, so that the discriminator does not forget."""

import keras
from keras import ops

from gankit.backend.arguments import check_number


@keras.saving.register_keras_serializable("gankit")
class ImagePool(keras.layers.Layer):
    """Replaces some generated images by earlier ones.

    Until the pool is full, it stores and returns every image. Then each image is, with
    probability 1/2, exchanged for a stored image chosen at random. Otherwise the pool
    returns the image itself and does not store it.

    The images of a batch are processed one after the other, as if each were a query of
    its own. So an image may be exchanged for an earlier one of the same batch.

    A model that has the pool as an attribute saves and restores it. Gradients do not
    flow through the pool.

    Args:
        size: Number of images to store, at least 1.
        image_shape: `(height, width, channels)`.
        seed: Integer seed; `None` chooses one at random.
        **kwargs: As in `keras.layers.Layer`.

    Raises:
        ValueError: If `size` is less than 1.

    Example:

    >>> pool = ImagePool(size=50, image_shape=(8, 8, 3))
    >>> pool.query(np.zeros((4, 8, 8, 3))).shape
    (4, 8, 8, 3)

    Reference:
        Shrivastava et al. 2017, section 2.3 (https://arxiv.org/abs/1612.07828). The
        probabilities are those of the CycleGAN authors' code
        (https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix).
    """

    def __init__(self, size=50, *, image_shape, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.size = check_number("size", size, 1)
        self.image_shape = tuple(image_shape)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.images = self.add_weight(
            shape=(size, *self.image_shape),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            name="images",
        )
        self.count = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="count"
        )
        # There is nothing to build, and Keras trains only models whose parts are built.
        self.built = True

    def query(self, images):
        """Stores images and returns the same number of new or earlier ones.

        Args:
            images: Generated images `(n, height, width, channels)`.

        Returns:
            float32 tensor of the same shape, without gradient.
        """
        images = ops.stop_gradient(ops.cast(images, "float32"))
        n = ops.shape(images)[0]
        swap = keras.random.uniform((n,), seed=self.seed_generator) < 0.5
        drawn = keras.random.randint((n,), 0, self.size, seed=self.seed_generator)

        # Each image goes to the next free place, a random one, or nowhere (-1).
        number = ops.arange(n, dtype="int32")
        free = self.count + number
        fills = free < self.size
        place = ops.where(fills, free, ops.where(swap, drawn, -1))
        # At that moment the place holds the last earlier image of this batch that went
        # there, or else the stored image.
        earlier = ops.logical_and(
            place[:, None] == place[None, :], number[None, :] < number[:, None]
        )
        last = ops.max(ops.where(earlier, number[None, :], -1), axis=1)
        held = ops.where(last >= 0, self.size + last, place)
        own = ops.logical_or(fills, place < 0)
        candidates = ops.concatenate([self.images, images])
        source = ops.where(own, self.size + number, held)
        outputs = ops.take(candidates, source, axis=0)

        # Afterwards each place holds the last image that went there, or else the image
        # it held before.
        places = ops.arange(self.size, dtype="int32")
        match = places[:, None] == place[None, :]
        last = ops.max(ops.where(match, number[None, :], -1), axis=1)
        source = ops.where(last >= 0, self.size + last, places)
        self.images.assign(ops.take(candidates, source, axis=0))
        self.count.assign(ops.minimum(self.count + n, self.size))
        return outputs

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "image_shape": self.image_shape,
            "seed": self.seed,
        }
