"""A history of generated images, for discriminators that must not forget."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("gankit")
class ImagePool(keras.layers.Layer):
    """Mixes generated images with earlier ones.

    Until the pool is full it stores every image and returns it. Then each image, with
    probability 1/2, takes the place of a stored one, chosen at random, which is
    returned instead; otherwise the image itself is returned and not stored.

    The images of a batch are treated one after the other: `query` returns and stores
    what as many queries of one image each would, so that an image may be exchanged
    for an earlier one of its own batch.

    As an attribute of a model, images and their number are saved and restored with
    it. No gradient passes through the pool.

    Args:
        size: How many images are kept, at least 1.
        image_shape: `(height, width, channels)`.
        seed: Whole number for the same draws in every run; `None` draws a seed.

    Raises:
        ValueError: If `size` is less than 1.

    Example:

    >>> pool = ImagePool(size=50, image_shape=(8, 8, 3))
    >>> pool.query(np.zeros((4, 8, 8, 3))).shape
    (4, 8, 8, 3)

    Reference:
        Shrivastava et al. 2017, section 2.3 (https://arxiv.org/abs/1612.07828), with
        the probabilities of Zhu et al. 2017's code
        (https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix).
    """

    def __init__(self, size=50, *, image_shape, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f"Expected size to be a whole number of at least 1, received {size!r}: "
                "the paper keeps 50 images."
            )
        self.size = size
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
        # Nothing is left to build, and a model is trained only once all of it is.
        self.built = True

    def query(self, images):
        """Stores images and returns as many, new or old.

        Args:
            images: Generated images `(n, height, width, channels)`.

        Returns:
            float32 tensor of the same shape, without gradient.
        """
        images = ops.stop_gradient(ops.cast(images, "float32"))
        n = ops.shape(images)[0]
        swap = keras.random.uniform((n,), seed=self.seed_generator) < 0.5
        drawn = keras.random.randint((n,), 0, self.size, seed=self.seed_generator)

        # Where each image goes: the next free place, a drawn one, or nowhere (-1).
        number = ops.arange(n, dtype="int32")
        free = self.count + number
        fills = free < self.size
        place = ops.where(fills, free, ops.where(swap, drawn, -1))
        # What a drawn place holds when its turn comes: the last image of this batch
        # that went there before, else what was stored.
        earlier = ops.logical_and(
            place[:, None] == place[None, :], number[None, :] < number[:, None]
        )
        last = ops.max(ops.where(earlier, number[None, :], -1), axis=1)
        held = ops.where(last >= 0, self.size + last, place)
        own = ops.logical_or(fills, place < 0)
        everything = ops.concatenate([self.images, images])
        returned = ops.take(
            everything, ops.where(own, self.size + number, held), axis=0
        )

        # What each place holds afterwards: the last image that went there, else what
        # it held.
        places = ops.arange(self.size, dtype="int32")
        goes = places[:, None] == place[None, :]
        last = ops.max(ops.where(goes, number[None, :], -1), axis=1)
        kept = ops.where(last >= 0, self.size + last, places)
        self.images.assign(ops.take(everything, kept, axis=0))
        self.count.assign(ops.minimum(self.count + n, self.size))
        return returned

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "image_shape": self.image_shape,
            "seed": self.seed,
        }
