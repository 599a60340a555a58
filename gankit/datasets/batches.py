"""Batches that depend only on the seed and the step, so training can resume."""

import copy
import functools

import keras
import numpy as np

from gankit.backend import device
from gankit.backend.arguments import check_labels, check_number
from gankit.datasets.checks import check_images
from gankit.datasets.tensorflow_batches import without_autotuning


class Batches(keras.utils.PyDataset):
    """Endless batches, each determined by the seed and the step.

    Every pass over the data contains each image exactly once, in a new order. Batches
    are always full, so one batch may contain the end of a pass and the start of the
    next. No random generator with a state is involved. Training that resumes at step s
    therefore sees the same batches as an uninterrupted run, no matter how far the input
    pipeline had read ahead.

    The batches never end. Without `steps_per_epoch`, an epoch of a GAN's `fit()` takes
    `steps_per_pass` batches.

    Args:
        images: uint8 array of shape `(n, height, width, channels)`, values 0 to 255;
            or a tuple `(images_a, images_b)` of two such arrays, unpaired, whose
            lengths may differ.
        labels: Integers of shape `(n,)`, or None. Not with two arrays.
        batch_size: Number of images in a batch. It may exceed n.
        seed: An integer from 0. It determines the order of all passes.
        start_step: The first step: item i is the batch of step `start_step + i`.

    Returns (by indexing):
        `images` of shape `(batch_size, height, width, channels)`; or `(images,
        labels)`, with int32 labels of shape `(batch_size,)`; or `(images_a, images_b)`,
        where each domain has its own passes.

    Raises:
        ValueError: If an argument has the wrong type, shape or range.

    Example:

    >>> data = digits(size=28).train
    >>> batches = Batches(data.images, data.labels, batch_size=64, seed=0)
    >>> images, labels = batches[0]
    >>> images.shape, labels.shape
    ((64, 28, 28, 1), (64,))
    """

    def __init__(self, images, labels=None, *, batch_size, seed, start_step=0):
        super().__init__()
        self.unpaired = isinstance(images, (tuple, list))
        if self.unpaired and len(images) != 2:
            raise ValueError(
                "Expected unpaired images as two arrays, (images_a, images_b), "
                f"received {len(images)}: pass exactly two."
            )
        if self.unpaired and labels is not None:
            raise ValueError(
                "Expected labels only with one array of images, received labels and "
                "two unpaired arrays: leave the labels out."
            )
        self.domains = tuple(images) if self.unpaired else (images,)
        for domain in self.domains:
            check_images(domain)
        self.labels = None if labels is None else check_labels(labels, len(images))
        self.batch_size = check_number("batch_size", batch_size, at_least=1)
        self.seed = check_number("seed", seed, at_least=0)
        self.start_step = check_number("start_step", start_step, at_least=0)
        # How many workers divide a batch, and which part this object returns.
        self._share = (1, 0)

    @property
    def arrays(self):
        """The arrays that the batches come from: one or two of images, any labels."""
        return self.domains if self.labels is None else (*self.domains, self.labels)

    @property
    def steps_per_pass(self):
        """Number of batches that contain every image at least once."""
        return -(-max(map(len, self.domains)) // self.batch_size)

    @property
    def num_batches(self):
        """None, which tells Keras that the batches never end."""
        return None

    def for_fit(self):
        """Returns what `keras.Model.fit` should read these batches from.

        `gankit.AdversarialModel.fit` calls this itself. On TensorFlow it is a
        `tf.data.Dataset` without autotuning, so `fit()` ends as soon as its last
        step is done; on other backends it is a copy of this object. If several workers
        train together, it returns the rows of this one.
        """
        mine = copy.copy(self)
        mine._share = device.workers()
        return without_autotuning(mine)

    def __getitem__(self, index):
        step = self.start_step + index
        if self.unpaired:
            return tuple(
                np.take(domain, self._rows(len(domain), stream, step), axis=0)
                for stream, domain in enumerate(self.domains)
            )
        rows = self._rows(len(self.domains[0]), 0, step)
        images = np.take(self.domains[0], rows, axis=0)
        return images if self.labels is None else (images, self.labels[rows])

    def _rows(self, count, stream, step):
        """Returns the indices of the images in the batch of a step."""
        start = step * self.batch_size
        first, last = start // count, (start + self.batch_size - 1) // count
        passes = range(first, last + 1)
        orders = [_order(count, self.seed, stream, number) for number in passes]
        order = orders[0] if len(orders) == 1 else np.concatenate(orders)
        workers, index = self._share
        begin, end = (self.batch_size * i // workers for i in (index, index + 1))
        return order[start - first * count :][begin:end]


@functools.lru_cache(maxsize=8)
def _order(count, seed, stream, number):
    """Returns the order of the images in one pass.

    NumPy guarantees that the bits of Philox never change, but not the permutations that
    it derives from them. Sorting the bits gives the same order in every version.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, number))
    order = np.argsort(np.random.Philox(sequence).random_raw(count), kind="stable")
    order.flags.writeable = False
    return order
