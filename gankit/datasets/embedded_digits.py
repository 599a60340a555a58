"""Real handwritten digits from scikit-learn, without a download."""

import numpy as np

from gankit.backend.arguments import check_number
from gankit.datasets.image_data import ImageData, Split

TEST_PER_CLASS = 25
VALIDATION_PER_CLASS = 15


def digits(size=28):
    """Loads 1,797 handwritten digits in the style of MNIST.

    These are the 8 x 8 digits of scikit-learn's `load_digits`: the test part of the UCI
    data set "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak,
    1998, https://doi.org/10.24432/C50P49, CC BY 4.0), by 13 writers. As in MNIST, the
    digits are white on black and 20 pixels high in an image of 28: they are enlarged
    with a Lanczos kernel, and the contrast is increased until strokes are white inside.
    Use them instead of MNIST and Fashion-MNIST if there is no network.

    Args:
        size: Height and width of the images in pixels, at least 8. With 8, the digits
            are the originals, without a margin, scaled to 0..255.

    Returns:
        `ImageData` with uint8 images of shape `(n, size, size, 1)`, labels and class
        names "0" to "9". The splits are fixed: 1,397 images in train, 150 in validation
        (15 of each class) and 250 in test (25 of each class).

    Raises:
        ValueError: If `size` is not an integer of at least 8.
    """
    check_number("size", size, at_least=8)
    from sklearn.datasets import load_digits

    source = load_digits()
    # Numbers of ink pixels, 0 to 16, in cells of 4 x 4 pixels of the scanned form.
    ink = source.images.astype(np.float32) / 16
    levels = ink if size == 8 else _enlarge(ink, size)
    images = np.rint(levels * 255).astype(np.uint8)[..., None]
    labels = source.target.astype(np.int32)

    test = TEST_PER_CLASS
    validation = test + VALIDATION_PER_CLASS
    rank = _rank_within_class(labels)
    masks = (rank >= validation, (test <= rank) & (rank < validation), rank < test)
    splits = (Split(images[mask], labels[mask]) for mask in masks)
    return ImageData(*splits, class_names=tuple("0123456789"), name=f"digits-{size}")


def _enlarge(ink, size):
    """Resamples `(n, 8, 8)` onto `(n, size, size)` with MNIST's margin."""
    from PIL import Image

    margin = 4
    cells = 8 + 2 * margin
    # Digits of MNIST are 20 of 28 pixels high, so the image spans 8 * 28 / 20 cells.
    edge = (cells - 8 * 28 / 20) / 2
    # Resizing the unit vectors gives the resampling matrix. Two matrix products then
    # enlarge all digits.
    kernel = np.asarray(
        Image.fromarray(np.eye(cells, dtype=np.float32)).resize(
            (cells, size), Image.Resampling.LANCZOS, box=(0, edge, cells, cells - edge)
        ),
        # In float32 another processor would round three pixels differently, so that
        # its data would not be those of the classifier that comes with gankit.
        "float64",
    )[:, margin:-margin]
    enlarged = kernel @ ink.astype("float64") @ kernel.T
    # Enlarging blurs strokes of one or two cells. More contrast makes as much of the
    # image white as in MNIST: a share of 0.14 here, 0.13 there.
    return np.clip((enlarged - 0.3) / (0.85 - 0.3), 0, 1)


def _rank_within_class(labels):
    """Numbers the images of each class from 0, in a fixed random order."""
    # Consecutive digits in the file have one writer. Shuffling mixes the writers.
    shuffled = np.argsort(np.random.Philox(0).random_raw(len(labels)), kind="stable")
    ranks = np.empty(len(labels), dtype=int)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        ranks[members] = np.arange(len(members))
    return ranks
