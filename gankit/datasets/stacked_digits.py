"""Three handwritten digits in one colour image: a data set of 1,000 modes."""

import itertools

import numpy as np

from gankit.backend.arguments import check_number
from gankit.datasets.classics import MNIST, mnist
from gankit.datasets.downloads import data_folder
from gankit.datasets.embedded_digits import digits
from gankit.datasets.image_data import ImageData, Split


def stacked_mnist(count=50_000, *, held_out=26_000, source=None, seed=0, folder=None):
    """Stacks three random digits as the red, green and blue of one image.

    The modes are known, so `gankit.metrics.modes` can count those that a generator
    finds: 1,000, about equally frequent.

    Args:
        count: Number of training images, 2.4 kB each.
        held_out: Number of test images.
        source: `ImageData` of the grey digits to stack, with labels and test images;
            `None` for `mnist(folder)`, or, where no folder is given and the file of
            MNIST is missing, for `digits()`.
        seed: An integer from 0; the same seed stacks the same digits.
        folder: The folder of `mnist.npz`; None for `data_folder()`.

    Returns:
        `ImageData` with uint8 images of shape `(n, 28, 28, 3)`, or of the size of
        the source, labels 0 to 999, and class names "000" to "999": digits a, b and c
        have the label 100 a + 10 b + c. Train stacks the training digits, test the test
        digits. The name says which digits these are, such as `stacked-mnist`.

    Raises:
        ValueError: If an argument is outside its limits, or the source does not fit.

    Reference:
        Metz et al. 2017, section 3.3.1 (https://arxiv.org/abs/1611.02163); Lin et al.
        2018, section 4.2 (https://arxiv.org/abs/1712.04086).
    """
    counts = [
        check_number("count", count, at_least=1),
        check_number("held_out", held_out, at_least=1),
    ]
    check_number("seed", seed, at_least=0)
    if source is None:
        wanted = folder is not None or (data_folder() / MNIST.file).exists()
        source = mnist(folder) if wanted else digits()
    names, grey = source.class_names, source.image_shape[-1] == 1
    if not (grey and names and source.test) or source.train.labels is None:
        raise ValueError(
            "Expected grey images with labels, class names and test images to stack, "
            f"received {source.name}, of shape {source.image_shape}, without all of "
            "these: pass mnist() or digits()."
        )
    streams = np.random.SeedSequence(seed).spawn(2)
    train, test = (
        _stack(split, n, len(names), np.random.Generator(np.random.Philox(stream)))
        for split, n, stream in zip(
            (source.train, source.test), counts, streams, strict=True
        )
    )
    return ImageData(
        train,
        test=test,
        class_names=map("".join, itertools.product(names, repeat=3)),
        name=f"stacked-{source.name}",
    )


def _stack(split, count, classes, random):
    chosen = random.integers(len(split), size=(3, count))
    images = np.concatenate([split.images[row] for row in chosen], axis=-1)
    labels = np.ravel_multi_index(split.labels[chosen], (classes,) * 3)
    return Split(images, labels)
