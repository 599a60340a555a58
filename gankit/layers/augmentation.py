"""Random, differentiable augmentation of images inside the training step.

Every call draws new random numbers for every image. Gradients flow back to the images,
so a generator can learn from a discriminator that sees augmented fakes.

The color, translation and cutout policies follow Zhao et al. 2020
(https://arxiv.org/abs/2006.10738). Empty areas become 0, mid-grey, and the results
are not clipped to [-1, 1].
"""

import keras
import numpy as np
from keras import ops

from gankit.backend.arguments import check_number, check_real


def random_brightness(images, seed_generator):
    """Adds one number from U(-0.5, 0.5) to each image.

    Args:
        images: Float images `(n, height, width, channels)` in [-1, 1].
        seed_generator: A `keras.random.SeedGenerator`.

    Returns:
        Images of the same shape.
    """
    return images + _uniform(images, -0.5, 0.5, seed_generator)


def random_saturation(images, seed_generator):
    """Scales each pixel's distance from the mean of its channels by U(0, 2).

    Images with one channel do not change.

    Args:
        images, seed_generator: As in `random_brightness`.

    Returns:
        Images of the same shape.
    """
    grey = ops.mean(images, axis=-1, keepdims=True)
    return grey + (images - grey) * _uniform(images, 0.0, 2.0, seed_generator)


def random_contrast(images, seed_generator):
    """Scales each pixel's distance from the mean of its image by U(0.5, 1.5).

    Args:
        images, seed_generator: As in `random_brightness`.

    Returns:
        Images of the same shape.
    """
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * _uniform(images, 0.5, 1.5, seed_generator)


def random_translation(images, seed_generator, *, most=None):
    """Shifts each image by up to an eighth of its height and of its width.

    All integer shifts are equally likely. Pixels from outside the image are 0.

    Args:
        images, seed_generator: As in `random_brightness`.
        most: The largest shift in pixels, instead of an eighth of the side.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: If `most` is no whole number, or negative.
    """
    sides = images.shape[1:3]
    margins = [
        size // 8 if most is None else check_number("most", most, 0) for size in sides
    ]
    rows, columns = (
        np.pad(np.eye(size, dtype="float32"), ((margin, margin), (0, 0)))
        for size, margin in zip(sides, margins, strict=True)
    )
    return _random_crop(images, rows, columns, seed_generator)


def random_cutout(images, seed_generator):
    """Sets a rectangle in each image to 0, half as high and half as wide.

    Its centre may be anywhere in the image, so part of it may lie outside.

    Args:
        images, seed_generator: As in `random_brightness`.

    Returns:
        Images of the same shape.
    """
    rows = _random_interval(images, 1, seed_generator)  # (n, height, 1, 1)
    columns = _random_interval(images, 2, seed_generator)  # (n, 1, width, 1)
    return images * (1.0 - rows * columns)


def random_flip(images, seed_generator):
    """Flips each image horizontally with probability 1/2.

    Args:
        images, seed_generator: As in `random_brightness`.

    Returns:
        Images of the same shape.
    """
    flip = _uniform(images, 0.0, 1.0, seed_generator) < 0.5
    return ops.where(flip, ops.flip(images, axis=2), images)


def resize_crop_flip(images, seed_generator, *, scale=1.1):
    """Enlarges each image, crops it at random to its old size and flips half of them.

    The interpolation is bicubic, and the result is clipped to [-1, 1].

    Args:
        images, seed_generator: As in `random_brightness`.
        scale: Enlargement factor, at least 1; the enlarged sides are rounded.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: If `scale` is less than 1.
    """
    check_real("scale", scale, at_least=1)
    rows, columns = (_bicubic(size, round(size * scale)) for size in images.shape[1:3])
    cropped = ops.clip(_random_crop(images, rows, columns, seed_generator), -1.0, 1.0)
    return random_flip(cropped, seed_generator)


POLICIES = {
    "color": (random_brightness, random_saturation, random_contrast),
    "translation": (random_translation,),
    "cutout": (random_cutout,),
    "flip": (random_flip,),
    "resize_crop_flip": (resize_crop_flip,),
}


@keras.saving.register_keras_serializable("gankit")
class DifferentiableAugmentation(keras.layers.Layer):
    """Augments batches of images with a policy.

    Every call draws new random numbers, in training and in inference alike, so one
    instance serves both real and generated images. It always computes in float32.

    Args:
        policy: Keys of `POLICIES`, separated by commas and applied in this order.
        seed: Integer seed; `None` chooses one at random.
        **kwargs: As in `keras.layers.Layer`.

    Raises:
        ValueError: If `policy` is no text or contains an unknown key.

    Example:

    >>> augment = DifferentiableAugmentation("color,translation,cutout", seed=0)
    >>> augment(np.zeros((16, 64, 64, 3))).shape
    (16, 64, 64, 3)

    Reference:
        Zhao et al. 2020, section 3.2 (https://arxiv.org/abs/2006.10738).
    """

    def __init__(self, policy="color,translation,cutout", seed=None, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        keys = policy.split(",") if isinstance(policy, str) else [policy]
        unknown = [name for name in keys if name not in POLICIES]
        if unknown:
            raise ValueError(
                f"Expected policy to combine {', '.join(POLICIES)}, separated by "
                f"commas, received {policy!r}: remove {unknown[0]!r}."
            )
        self.policy = policy
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        # There is nothing to build, and Keras trains only models whose parts are built.
        self.built = True

    @classmethod
    def of(cls, policy, name):
        """A layer for a policy; `None` if that is `None`."""
        return None if policy is None else cls(policy, name=name)

    def call(self, images):
        for name in self.policy.split(","):
            for augment in POLICIES[name]:
                images = self.augment(augment, images)
        return images

    def augment(self, function, images):
        """Applies one augmentation, a function of this module, to images."""
        return function(images, self.seed_generator)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "policy": self.policy, "seed": self.seed}


def _uniform(images, low, high, seed_generator):
    """Draws one number for each image, (n, 1, 1, 1)."""
    shape = (ops.shape(images)[0], 1, 1, 1)
    return keras.random.uniform(shape, low, high, seed=seed_generator)


def _random_interval(images, axis, seed_generator):
    """Marks a random half of each image's positions along `axis` with 1, the rest 0."""
    n, size = ops.shape(images)[0], images.shape[axis]
    length = size // 2
    # The centre of an even interval lies between two positions or on a border.
    centre = keras.random.randint(
        (n, 1, 1, 1), 0, size + 1 - length % 2, seed=seed_generator
    )
    start = centre - length // 2
    shape = [1, 1, 1, 1]
    shape[axis] = size
    position = ops.reshape(ops.arange(size, dtype="int32"), shape)
    inside = ops.logical_and(position >= start, position < start + length)
    return ops.cast(inside, images.dtype)


def _random_crop(images, rows, columns, seed_generator):
    """Crops each image at random from `rows @ image @ columns.T`, to its old size.

    `rows` is a NumPy array `(height + spare, height)`, `columns` the same for widths.
    """
    _, height, width, channels = images.shape
    # Multiplying by selected rows of each matrix is faster on a CPU than gathering
    # pixels, and its gradient far faster. On a GPU that multiplies in TensorFloat-32,
    # the rounding error is a sixteenth of a grey level.
    rows, columns = (_random_rows(m, images, seed_generator) for m in (rows, columns))
    images = ops.matmul(rows, ops.reshape(images, (-1, height, width * channels)))
    images = ops.reshape(images, (-1, height, width, channels))
    images = ops.transpose(images, (0, 2, 1, 3))
    images = ops.reshape(images, (-1, width, height * channels))
    images = ops.reshape(ops.matmul(columns, images), (-1, width, height, channels))
    return ops.transpose(images, (0, 2, 1, 3))


def _random_rows(matrix, images, seed_generator):
    """Draws, for each image, `size` consecutive rows of `matrix`: (n, size, size)."""
    enlarged, size = matrix.shape
    first = keras.random.randint(
        (ops.shape(images)[0], 1), 0, enlarged - size + 1, seed=seed_generator
    )
    return ops.take(matrix, first + ops.arange(size, dtype="int32"), axis=0)


def _bicubic(size, enlarged):
    """Builds the matrix (enlarged, size) of bicubic interpolation, Keys's a = -1/2.

    Pixels are squares, and the weights within the border are rescaled to sum to 1, as
    in Pillow. The backends' own resizing functions differ from each other.
    """
    centre = (np.arange(enlarged)[:, None] + 0.5) * size / enlarged - 0.5
    x = np.abs(np.arange(size) - centre)
    weights = np.where(
        x < 1,
        1.5 * x**3 - 2.5 * x**2 + 1,
        np.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0),
    )
    return (weights / weights.sum(axis=1, keepdims=True)).astype("float32")
