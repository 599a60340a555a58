"""Data sets: uint8 images and int32 labels, divided into splits."""

import dataclasses
import functools
import hashlib
from typing import Any

import numpy as np

from gankit.backend.arguments import check_labels
from gankit.datasets.checks import check_images, check_range


def _summary(data):
    """The `repr` of a data set: each array by its type and shape."""
    words = [
        f"{name}={f'{x.dtype} {x.shape}' if isinstance(x, np.ndarray) else repr(x)}"
        for name in data.__dataclass_fields__
        for x in [getattr(data, name)]
    ]
    return f"{type(data).__name__}({', '.join(words)})"


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """One part of a data set: images, and labels if there are any.

    Args:
        images: uint8 array of shape `(n, height, width, channels)`, values 0 to 255,
            with 1 (grey) or 3 (red, green, blue) channels.
        labels: Integers from 0, of shape `(n,)`, converted to int32. None for images
            without classes.

    Raises:
        ValueError: If the images or the labels have another type or shape.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    __repr__ = _summary

    def __post_init__(self):
        check_images(self.images)
        if self.labels is not None:
            labels = check_labels(self.labels, len(self.images))
            object.__setattr__(self, "labels", labels)

    def __len__(self):
        return len(self.images)


@dataclasses.dataclass(frozen=True, eq=False)
class ImageData:
    """A data set of images, divided into train, validation and test.

    Args:
        train: The `Split` to train on.
        validation: A `Split` for decisions during training, or None.
        test: A `Split` held out for the final scores, or None.
        class_names: The names of labels 0, 1, ... or None.
        name: Name of the data set in results.

    Raises:
        ValueError: If the splits differ in image shape, if only some of them have
            labels, or if a label has no name in `class_names`.
    """

    train: Split
    # May be None. Any spares type checkers' users a test where they know the data set.
    validation: Split | Any = None
    test: Split | Any = None
    class_names: tuple[str, ...] | None = None
    name: str = "images"
    __repr__ = _summary

    def __post_init__(self):
        if self.class_names is not None:
            object.__setattr__(self, "class_names", tuple(self.class_names))
        for part, split in self._splits():
            _check_shape(split.images, part, "train", self.image_shape)
            if (split.labels is None) != (self.train.labels is None):
                raise ValueError(
                    "Expected labels in all splits or in none, received splits where "
                    f"train and {part} differ: pass the missing labels or leave out "
                    "all labels."
                )
            if split.labels is not None:
                what = f"{part} labels"
                check_labels(split.labels, len(split), self.num_classes, what)

    @property
    def image_shape(self):
        """Shape of one image, `(height, width, channels)`."""
        return self.train.images.shape[1:]

    @property
    def num_classes(self):
        """Number of classes, or None without names and labels."""
        if self.class_names is not None:
            return len(self.class_names)
        if self.train.labels is not None:
            return int(self.train.labels.max()) + 1
        return None

    @functools.cached_property
    def fingerprint(self):
        """SHA-256 (hexadecimal) of the shapes, types and bytes of all arrays."""
        arrays = {}
        for part, split in self._splits():
            arrays[f"{part}.images"] = split.images
            arrays[f"{part}.labels"] = split.labels
        return _sha256(arrays)

    def _splits(self):
        parts = ("train", "validation", "test")
        named = [(part, getattr(self, part)) for part in parts]
        return [(part, split) for part, split in named if split is not None]


@dataclasses.dataclass(frozen=True, eq=False)
class UnpairedImageData:
    """Two sets of images, domain A and domain B, without pairs.

    Args:
        train_a: uint8 array of shape `(n, height, width, channels)`, domain A.
        train_b: The same for domain B; its number of images may differ.
        test_a: Images of domain A held out for the scores, or None.
        test_b: Images of domain B held out for the scores, or None.
        name: Name of the data set in results.
        domain_names: Names of domain A and domain B.

    Raises:
        ValueError: If an array does not contain uint8 images, or shapes differ.
    """

    train_a: np.ndarray
    train_b: np.ndarray
    test_a: np.ndarray | Any = None
    test_b: np.ndarray | Any = None
    name: str = "unpaired images"
    domain_names: tuple[str, str] = ("A", "B")
    __repr__ = _summary

    def __post_init__(self):
        object.__setattr__(self, "domain_names", tuple(self.domain_names))
        if len(self.domain_names) != 2:
            raise ValueError(
                "Expected domain_names to be two names, of domain A and domain B, "
                f"received {self.domain_names}: pass exactly two."
            )
        for part, images in self._arrays().items():
            if images is not None:
                check_images(images, part)
                _check_shape(images, part, "train_a", self.image_shape)

    @property
    def image_shape(self):
        """Shape of one image, `(height, width, channels)`."""
        return self.train_a.shape[1:]

    @functools.cached_property
    def fingerprint(self):
        """SHA-256 (hexadecimal) of the shapes, types and bytes of all arrays."""
        return _sha256(self._arrays())

    def _arrays(self):
        parts = ("train_a", "train_b", "test_a", "test_b")
        return {part: getattr(self, part) for part in parts}


def to_uint8(images, value_range):
    """Converts images with values in a given range to uint8, rounding to nearest.

    Args:
        images: Array of numbers, of any shape.
        value_range: `(low, high)`, the values of black and full intensity, such as
            `(-1, 1)` for the output of a generator with tanh.

    Returns:
        uint8 array of the same shape, where `low` becomes 0 and `high` 255.

    Raises:
        ValueError: If `low` is not below `high`, or a value is outside the range or not
            a number.
    """
    low, high = check_range(value_range)
    images = np.asarray(images)
    if images.dtype.kind not in "iuf":
        raise ValueError(
            f"Expected images to be an array of real numbers, received {images.dtype}: "
            "convert it with images.astype('float32') first."
        )
    if np.isnan(images).any():
        raise ValueError(
            f"Expected images in [{low}, {high}], received an array where "
            f"{np.isnan(images).sum()} of {images.size} values are NaN: find out where "
            "they come from first."
        )
    # Rounded like the images: NumPy 1 compares a float32 exactly with -0.3.
    limits = np.array((low, high), images.dtype if images.dtype.kind == "f" else float)
    if images.size and (images.min() < limits[0] or images.max() > limits[1]):
        raise ValueError(
            f"Expected images in [{low}, {high}], received values from "
            f"{images.min():g} to {images.max():g}: pass the range of the images, or "
            "clip them."
        )
    wide = images.astype(np.promote_types(images.dtype, np.float32))
    return np.rint((wide - low) * (255 / (high - low))).astype(np.uint8)


def _check_shape(images, part, first, shape):
    if images.shape[1:] != shape:
        raise ValueError(
            f"Expected all images to have one shape, received {first} {shape} and "
            f"{part} {images.shape[1:]}: resize one of them."
        )


def _sha256(arrays):
    """Hashes named arrays. A missing array is hashed as None."""
    digest = hashlib.sha256()
    for part, array in arrays.items():
        if array is None:
            digest.update(f"{part}: None\n".encode())
            continue
        digest.update(f"{part}: {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
