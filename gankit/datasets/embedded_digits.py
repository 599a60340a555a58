"""Real handwritten digits that come with scikit-learn: no download."""

import numpy as np

from gankit.datasets.checks import check_number
from gankit.datasets.image_data import ImageData, Split

TEST_PER_CLASS = 25
VALIDATION_PER_CLASS = 15


def digits(size=28):
    """Loads 1,797 handwritten digits, drawn the way MNIST draws its own.

    These are the 8 x 8 digits of scikit-learn's `load_digits`: the test part of
    the UCI data set "Optical Recognition of Handwritten Digits" (E. Alpaydin and
    C. Kaynak, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0), 13 writers. They
    are enlarged with a Lanczos kernel so that a digit stands 20 pixels high in
    an image of 28, white on black, as in MNIST; then the contrast is raised so
    that strokes are white inside. They stand in for MNIST and Fashion-MNIST
    where there is no network.

    Args:
        size: Height and width of the images in pixels, at least 8. With 8 the
            digits are given as they are, without a margin, scaled to 0..255.

    Returns:
        `ImageData` with uint8 images of shape `(n, size, size, 1)`, labels and
        the class names "0" to "9"; 1,397 images in train, 150 in validation (15
        of each class) and 250 in test (25 of each class), always the same ones.

    Raises:
        ValueError: If `size` is no whole number from 8 up.
    """
    check_number("size", size, at_least=8)
    from sklearn.datasets import load_digits

    source = load_digits()
    # Counts of ink, 0 to 16, in cells of 4 x 4 pixels of the scanned form.
    ink = source.images.astype(np.float32) / 16
    levels = ink if size == 8 else _enlarge(ink, size)
    images = np.rint(levels * 255).astype(np.uint8)[..., None]
    labels = source.target.astype(np.int32)

    test = TEST_PER_CLASS
    validation = test + VALIDATION_PER_CLASS
    rank = _rank_within_class(labels)
    return ImageData(
        train=_split(images, labels, rank >= validation),
        validation=_split(images, labels, (test <= rank) & (rank < validation)),
        test=_split(images, labels, rank < test),
        class_names=tuple(str(digit) for digit in range(10)),
        name=f"digits-{size}",
    )


def _enlarge(ink, size):
    """Resamples `(n, 8, 8)` onto `(n, size, size)` with MNIST's margin."""
    from PIL import Image

    margin = 4
    cells = 8 + 2 * margin
    # MNIST's digits are 20 of 28 pixels high: the image spans 8 * 28 / 20 cells.
    edge = (cells - 8 * 28 / 20) / 2
    # Resizing the unit vectors gives the matrix of the resampling, so that all
    # digits are enlarged by two matrix products.
    kernel = np.asarray(
        Image.fromarray(np.eye(cells, dtype=np.float32)).resize(
            (cells, size), Image.Resampling.LANCZOS, box=(0, edge, cells, cells - edge)
        )
    )[:, margin:-margin]
    enlarged = kernel @ ink @ kernel.T
    # Enlarging blurs strokes of one or two cells: raise the contrast, so that about
    # as much of the image is white as in MNIST (0.14 of it, there 0.13).
    return np.clip((enlarged - 0.3) / (0.85 - 0.3), 0, 1)


def _rank_within_class(labels):
    """Numbers the images of each class from 0 up, in a fixed shuffled order."""
    # Successive digits of the file have one writer: shuffled, every split has all.
    shuffled = np.argsort(np.random.Philox(0).random_raw(len(labels)), kind="stable")
    ranks = np.empty(len(labels), dtype=int)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        ranks[members] = np.arange(len(members))
    return ranks


def _split(images, labels, chosen):
    return Split(images[chosen], labels[chosen])
