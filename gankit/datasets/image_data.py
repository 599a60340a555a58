"""What a data set is: images in uint8, labels in int32, in named parts."""

import dataclasses
import functools
import hashlib

import numpy as np

from gankit.datasets.checks import check_images, check_labels


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Images of one part of a data set, with their labels where there are any.

    Args:
        images: uint8 array of shape `(n, height, width, channels)`, values 0 to
            255, with 1 (grey) or 3 (red, green, blue) channels.
        labels: Whole numbers from 0 up, of shape `(n,)`; kept as int32. None for
            images without classes.

    Raises:
        ValueError: If the images or the labels have another type or shape.
    """

    images: np.ndarray
    labels: np.ndarray | None = None

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
        validation: A `Split` for choices made during training, or None.
        test: A `Split` kept back for the final scores, or None.
        class_names: The names of labels 0, 1, ... or None.
        name: What the data set is called in results.

    Raises:
        ValueError: If the splits differ in image shape, if only some of them have
            labels, or if a label is no index of `class_names`.
    """

    train: Split
    validation: Split | None = None
    test: Split | None = None
    class_names: tuple[str, ...] | None = None
    name: str = "images"

    def __post_init__(self):
        if self.class_names is not None:
            object.__setattr__(self, "class_names", tuple(self.class_names))
        for part, split in self._splits():
            if split.images.shape[1:] != self.image_shape:
                raise ValueError(
                    "All splits must hold images of one shape, but train holds "
                    f"{self.image_shape} and {part} {split.images.shape[1:]}: resize "
                    "one of them."
                )
            if (split.labels is None) != (self.train.labels is None):
                raise ValueError(
                    "Either all splits have labels or none has, but train and "
                    f"{part} differ in that: pass the missing labels or leave all "
                    "labels out."
                )
            if split.labels is not None and split.labels.max() >= self.num_classes:
                raise ValueError(
                    f"Labels must lie in 0..{self.num_classes - 1} (num_classes="
                    f"{self.num_classes}), but {part} holds the label "
                    f"{split.labels.max()}: correct the labels or give class_names "
                    "one name per class."
                )

    @property
    def image_shape(self):
        """Shape of one image, `(height, width, channels)`."""
        return self.train.images.shape[1:]

    @property
    def num_classes(self):
        """Number of classes, or None where there are neither names nor labels."""
        if self.class_names is not None:
            return len(self.class_names)
        if self.train.labels is not None:
            return int(self.train.labels.max()) + 1
        return None

    @functools.cached_property
    def fingerprint(self):
        """SHA-256 (hexadecimal) over shapes, types and bytes of all arrays."""
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
    """Two sets of images, domain A and domain B, with no pairs between them.

    Args:
        train_a: uint8 array of shape `(n, height, width, channels)`, domain A.
        train_b: The same for domain B; its number of images may differ.
        test_a: Images of domain A kept back for the scores, or None.
        test_b: Images of domain B kept back for the scores, or None.
        name: What the data set is called in results.
        domain_names: Names of domain A and of domain B.

    Raises:
        ValueError: If an array is not uint8 images, or shapes differ.
    """

    train_a: np.ndarray
    train_b: np.ndarray
    test_a: np.ndarray | None = None
    test_b: np.ndarray | None = None
    name: str = "unpaired images"
    domain_names: tuple[str, str] = ("A", "B")

    def __post_init__(self):
        object.__setattr__(self, "domain_names", tuple(self.domain_names))
        if len(self.domain_names) != 2:
            raise ValueError(
                "domain_names must be two names, of domain A and of domain B, but "
                f"received {self.domain_names}: pass exactly two."
            )
        for part, images in self._arrays().items():
            if images is None:
                continue
            check_images(images, part)
            if images.shape[1:] != self.image_shape:
                raise ValueError(
                    "Both domains must hold images of one shape, but train_a holds "
                    f"{self.image_shape} and {part} {images.shape[1:]}: resize one "
                    "of them."
                )

    @property
    def image_shape(self):
        """Shape of one image, `(height, width, channels)`."""
        return self.train_a.shape[1:]

    @functools.cached_property
    def fingerprint(self):
        """SHA-256 (hexadecimal) over shapes, types and bytes of all arrays."""
        return _sha256(self._arrays())

    def _arrays(self):
        parts = ("train_a", "train_b", "test_a", "test_b")
        return {part: getattr(self, part) for part in parts}


def to_uint8(images, value_range):
    """Converts images of a stated range to uint8, rounding to the nearest level.

    Args:
        images: Array of numbers, of any shape.
        value_range: `(low, high)`, the values that mean black and full intensity,
            as `(-1, 1)` for what a generator with a tanh output gives.

    Returns:
        uint8 array of the same shape: `low` becomes 0 and `high` 255.

    Raises:
        ValueError: If `low` is not below `high`, or a value is outside the range,
            NaN or not a number.
    """
    low, high = value_range
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(
            "value_range must be two finite numbers, low below high, but received "
            f"{value_range}: pass (-1, 1) or (0, 255), for example."
        )
    images = np.asarray(images)
    if images.dtype.kind not in "iuf":
        raise ValueError(
            f"Images must be an array of real numbers, but received {images.dtype}: "
            "convert it with images.astype('float32') first."
        )
    if np.isnan(images).any():
        raise ValueError(
            f"Images must lie in [{low}, {high}], but {np.isnan(images).sum()} of "
            f"{images.size} values are NaN: find out where they come from first."
        )
    if images.size and (images.min() < low or images.max() > high):
        raise ValueError(
            f"Images must lie in [{low}, {high}], but received values from "
            f"{images.min():g} to {images.max():g}: pass the range that they have, or "
            "clip them."
        )
    wide = images.astype(np.promote_types(images.dtype, np.float32))
    return np.rint((wide - low) * (255 / (high - low))).astype(np.uint8)


def _sha256(arrays):
    """Hashes named arrays; a missing array counts as None, not as nothing."""
    digest = hashlib.sha256()
    for part, array in arrays.items():
        if array is None:
            digest.update(f"{part}: None\n".encode())
            continue
        digest.update(f"{part}: {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
