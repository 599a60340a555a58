"""Batches that depend on the seed and the step alone, so training can resume."""

import functools

import keras
import numpy as np

from gankit.datasets.checks import check_images, check_labels, check_number
from gankit.datasets.tensorflow_batches import without_autotuning


class Batches(keras.utils.PyDataset):
    """Endless batches, each a function of the seed and the step alone.

    Every pass over the data takes each image exactly once, in an order of its
    own. Batches are always full: one batch may hold the end of a pass and the
    beginning of the next. Nothing is drawn from a generator with a state, so
    training resumed at step s sees the very batches that an uninterrupted run
    sees, however far the input pipeline had read ahead.

    Pass `steps_per_epoch` to `fit()`, as there is no end.

    Args:
        images: uint8 array of shape `(n, height, width, channels)`, values 0 to
            255; or a tuple `(images_a, images_b)` of two such arrays, unpaired,
            whose lengths may differ.
        labels: Whole numbers of shape `(n,)`, or None; not with two arrays.
        batch_size: Number of images in a batch; may exceed n.
        seed: A whole number from 0 up. It fixes the order of all passes.
        start_step: The step to begin at: item i is the batch of step
            `start_step + i`.

    Returns (by indexing):
        `images` of shape `(batch_size, height, width, channels)`; or `(images,
        labels)`, with labels int32 of shape `(batch_size,)`; or `(images_a,
        images_b)`, where each domain goes through its own passes.

    Raises:
        ValueError: If an argument is of another kind than stated here.

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
                "Unpaired images must be two arrays, (images_a, images_b), but "
                f"received {len(images)}: pass exactly two."
            )
        if self.unpaired and labels is not None:
            raise ValueError(
                "Labels go with one array of images, but received labels and two "
                "unpaired arrays: leave the labels out."
            )
        self.domains = tuple(images) if self.unpaired else (images,)
        for domain in self.domains:
            check_images(domain)
        self.labels = None if labels is None else check_labels(labels, len(images))
        self.batch_size = check_number("batch_size", batch_size, at_least=1)
        self.seed = check_number("seed", seed, at_least=0)
        self.start_step = check_number("start_step", start_step, at_least=0)

    @property
    def num_batches(self):
        """None, by which Keras knows that there is no end."""
        return None

    def for_fit(self):
        """Returns what `keras.Model.fit` should read these batches from.

        `gankit.AdversarialModel.fit` calls this itself. On TensorFlow it is a
        `tf.data.Dataset` without autotuning, so `fit()` ends as soon as its last
        step is done; on other backends it is this object.
        """
        return without_autotuning(self)

    @property
    def steps_per_pass(self):
        """Steps in which each image is seen once (float); of two sets, the larger."""
        return max(len(domain) for domain in self.domains) / self.batch_size

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
        orders = [
            _order(count, self.seed, stream, number)
            for number in range(first, last + 1)
        ]
        order = orders[0] if len(orders) == 1 else np.concatenate(orders)
        return order[start - first * count :][: self.batch_size]


@functools.lru_cache(maxsize=8)
def _order(count, seed, stream, number):
    """Returns the order of one pass; the cache only saves computing it again.

    NumPy promises to keep the bits of Philox, and not what `permutation` makes of
    them: sorting the bits gives the same order with every version of NumPy.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(stream, number))
    order = np.argsort(np.random.Philox(sequence).random_raw(count), kind="stable")
    order.flags.writeable = False
    return order
