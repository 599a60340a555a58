"""MNIST, Fashion-MNIST and CIFAR-10."""

import gzip
import pickle
import tarfile

import numpy as np

from gankit.datasets.downloads import Archive
from gankit.datasets.image_data import ImageData, Split

VALIDATION_IMAGES = 5000
MNIST_CLASSES = tuple("0123456789")
FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def mnist(folder=None):
    """Loads MNIST: 70,000 handwritten digits, 28 x 28, white on black.

    By Y. LeCun, C. Cortes and C. Burges, after "Gradient-Based Learning Applied to
    Document Recognition" (LeCun et al., 1998, https://doi.org/10.1109/5.726791). The
    file is that of `keras.datasets.mnist`. If it is missing, it is downloaded (11 MB)
    and checked.

    Args:
        folder: The folder of `mnist.npz`; None for `data_folder()`.

    Returns:
        `ImageData` with uint8 images of shape `(n, 28, 28, 1)` and labels 0 to 9. Train
        contains the first 55,000 images of the training file, validation its last
        5,000, and test the 10,000 images of the test file.

    Raises:
        FileNotFoundError: If the file is missing and cannot be downloaded.
        ValueError: If the file is damaged or a different one.
    """
    return _with_validation(MNIST.load(folder), MNIST_CLASSES, "mnist")


def fashion_mnist(folder=None):
    """Loads Fashion-MNIST: 70,000 pictures of clothes, 28 x 28, white on black.

    H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for
    Benchmarking Machine Learning Algorithms", 2017 (https://arxiv.org/abs/1708.07747).
    If the file is missing, it is downloaded (30 MB). No checksum is published with
    these files, so the first download records its own in `fashion_mnist.npz.sha256`.
    Later loads must match it.

    Args:
        folder: The folder of `fashion_mnist.npz`; None for `data_folder()`.

    Returns:
        `ImageData` with uint8 images of shape `(n, 28, 28, 1)` and labels 0 to 9. Train
        contains the first 55,000 images of the training file, validation its last
        5,000, and test the 10,000 images of the test file.

    Raises:
        FileNotFoundError: If the file is missing and cannot be downloaded.
        ValueError: If the file is damaged, or differs from the recorded one.
    """
    return _with_validation(
        FASHION_MNIST.load(folder), FASHION_CLASSES, "fashion_mnist"
    )


def cifar10(folder=None):
    """Loads CIFAR-10: 60,000 photographs of ten classes, 32 x 32.

    A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009
    (https://www.cs.toronto.edu/~kriz/cifar.html). If the file is missing, it is
    created from the archive on that page, which is downloaded (170 MB) and checked.

    Args:
        folder: The folder of `cifar10.npz`; None for `data_folder()`.

    Returns:
        `ImageData` with uint8 images of shape `(n, 32, 32, 3)` and labels 0 to 9:
        50,000 in train and 10,000 in test. Validation is None, because the Fréchet
        inception distance is computed with the full training set.

    Raises:
        FileNotFoundError: If the file is missing and cannot be downloaded.
        ValueError: If the file is damaged or a different one.
    """
    arrays = CIFAR10.load(folder)
    return ImageData(
        train=Split(arrays["x_train"], arrays["y_train"]),
        test=Split(arrays["x_test"], arrays["y_test"]),
        class_names=CIFAR10_CLASSES,
        name="cifar10",
    )


def _with_validation(arrays, class_names, name):
    images, labels = arrays["x_train"][..., None], arrays["y_train"]
    return ImageData(
        train=Split(images[:-VALIDATION_IMAGES], labels[:-VALIDATION_IMAGES]),
        validation=Split(images[-VALIDATION_IMAGES:], labels[-VALIDATION_IMAGES:]),
        test=Split(arrays["x_test"][..., None], arrays["y_test"]),
        class_names=class_names,
        name=name,
    )


def _unpack_fashion(downloads):
    """Reads the four IDX files: a header, then one byte per pixel or label."""
    train_images, train_labels, test_images, test_labels = (
        gzip.decompress(path.read_bytes()) for path in downloads
    )
    return {
        "x_train": np.frombuffer(train_images, np.uint8, offset=16).reshape(-1, 28, 28),
        "y_train": np.frombuffer(train_labels, np.uint8, offset=8),
        "x_test": np.frombuffer(test_images, np.uint8, offset=16).reshape(-1, 28, 28),
        "y_test": np.frombuffer(test_labels, np.uint8, offset=8),
    }


def _unpack_cifar10(downloads):
    """Reads the pickled batches. Call it only after verifying the checksum."""
    with tarfile.open(downloads[0]) as archive:

        def batch(name):
            file = archive.extractfile(f"cifar-10-batches-py/{name}")
            return pickle.load(file, encoding="bytes")

        train = [batch(f"data_batch_{number}") for number in range(1, 6)]
        test = [batch("test_batch")]
    arrays = {}
    for part, batches in (("train", train), ("test", test)):
        # A row contains all red, then all green, then all blue pixels.
        rows = np.concatenate([batch[b"data"] for batch in batches])
        images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        arrays[f"x_{part}"] = np.ascontiguousarray(images)
        labels = np.concatenate([batch[b"labels"] for batch in batches])
        arrays[f"y_{part}"] = labels.astype(np.uint8)[:, None]
    return arrays


# The checksums are those that Keras uses for the same files.
MNIST = Archive(
    file="mnist.npz",
    origin="https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    downloads=("mnist.npz",),
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    counts=(60000, 10000),
    image_shape=(28, 28),
    stand_in="digits(size=28)",
)
FASHION_MNIST = Archive(
    file="fashion_mnist.npz",
    origin="https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    downloads=(
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ),
    unpack=_unpack_fashion,
    counts=(60000, 10000),
    image_shape=(28, 28),
    stand_in="digits(size=28)",
)
CIFAR10 = Archive(
    file="cifar10.npz",
    origin="https://www.cs.toronto.edu/~kriz/",
    downloads=("cifar-10-python.tar.gz",),
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    unpack=_unpack_cifar10,
    counts=(50000, 10000),
    image_shape=(32, 32, 3),
    stand_in="shapes()",
)
