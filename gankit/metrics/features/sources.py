"""Finds images by name: a folder, a file of statistics or a data set."""

import contextlib
import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gankit import datasets
from gankit.datasets.checks import check_images
from gankit.datasets.image_files import decode_all, left_in, list_images
from gankit.files import open_npz
from gankit.metrics.features.cache import feature_set
from gankit.metrics.features.statistics import FeatureStatistics

SETS = ("digits", "shapes", "stripes", "mnist", "fashion_mnist", "cifar10")
# Files and pixels decoded at one time: one photograph of a camera, or 64 small images.
CHUNK = 64
PIXELS = 64 * 512**2


@dataclass(frozen=True, eq=False)
class Source:
    """A set of images found by its name.

    Attributes:
        images: Array of uint8 images, an iterable of batches of them, or
            `FeatureStatistics`.
        cache_name: Name under which features of these images may be saved to disk;
            `None` if the images may change.
        held_out: If `images` are the training images of a data set, a `Source` of its
            test images. Otherwise `None`.
        data: The `ImageData` or `UnpairedImageData` of the images, or `None`.
    """

    images: Any
    cache_name: str | None = None
    held_out: "Source | None" = None
    data: Any = None

    def features(self, extractor, **options):
        """Returns the `FeatureSet` of the images; for options see `feature_set`."""
        if isinstance(self.images, FeatureStatistics):
            return self.images
        options |= {"value_range": (0, 255), "cache_name": self.cache_name}
        return feature_set(self.images, extractor, **options)


def find_images(name, *, count=None, channels=3, folder=None):
    """Finds images by name.

    Args:
        name: A folder of images of any sizes, including its subfolders; an .npz file
            of statistics; an .npz or .npy file of uint8 images `(n, height, width,
            channels)`; or a data set and one of its parts, as in `cifar10:test`,
            `mnist:train` or `horse2zebra:trainB`. The default part is the test images.
        count: Number of images: the first ones of a data set, or evenly spaced ones of
            a folder. `None` takes all.
        channels: Read the images of a folder in colour (3) or in grey (1).
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        A `Source`.

    Raises:
        FileNotFoundError: If nothing has this name.
        ValueError: If there are fewer images than `count`, or the part is unknown.
    """
    path = Path(name).expanduser()
    images = _array_of(path) if path.suffix in (".npy", ".npz") else None
    if images is not None:
        check_images(images, str(path))
        _check_count(count, len(images), path)
        return Source(images[:count])
    if path.suffix == ".npz":
        if count is not None:
            raise ValueError(
                f"Expected no count with the statistics in {path}, received "
                f"{count:,}: leave it out."
            )
        return Source(FeatureStatistics.load(path))
    if path.is_dir():
        files = list_images(path)
        _check_count(count, len(files), path)
        if count is not None:
            files = [files[i * len(files) // count] for i in range(count)]
        return Source(FolderImages(files, path, channels))
    return _data_set(name, count, folder)


class FolderImages:
    """Iterable over batches of images in a folder, decoded a few at a time.

    Args:
        files: Paths of image files.
        folder: Their folder, for messages.
        channels: 3 for colour or 1 for grey.
    """

    def __init__(self, files, folder, channels):
        self.files = files
        self.folder = folder
        self.channels = channels

    def __iter__(self):
        outcomes = []
        for files in _chunks(self.files):
            results = decode_all(files, size=None, channels=self.channels)
            images = [image for image in results if isinstance(image, np.ndarray)]
            outcomes += [None if isinstance(r, np.ndarray) else r for r in results]
            by_shape = sorted(images, key=np.shape)
            for _, alike in itertools.groupby(by_shape, key=np.shape):
                yield np.stack(list(alike))
        left_in(outcomes, self.files, self.folder)


def _chunks(files):
    """Divides files into lists of at most `CHUNK` files and `PIXELS` pixels."""
    chunk, total = [], 0
    for file in files:
        pixels = _pixels(file)
        if chunk and (len(chunk) == CHUNK or total + pixels > PIXELS):
            yield chunk
            chunk, total = [], 0
        chunk.append(file)
        total += pixels
    yield chunk


def _pixels(file):
    from PIL import Image

    # What cannot be opened counts as 0: decoding gives the reason.
    with contextlib.suppress(Exception):
        if file.is_file():
            with Image.open(file) as image:
                return math.prod(image.size)
    return 0


def _array_of(path):
    """Returns the only array of images in an .npy or .npz file; None for statistics."""
    with open_npz(path, "save the images again with numpy.savez") as archive:
        if "mu" in archive:
            return None
        arrays = {name: archive[name] for name in archive}
    images = [array for array in arrays.values() if np.ndim(array) > 2]
    if len(images) != 1:
        shapes = ", ".join(f"{name} {np.shape(a)}" for name, a in arrays.items())
        raise ValueError(
            f"Expected {path} to hold one array of images, or mu and sigma, received "
            f"{shapes or 'nothing'}: save the images with numpy.savez(path, images)."
        )
    return images[0]


def _data_set(name, count, folder):
    base, _, part = name.partition(":")
    place = datasets.data_folder(folder) / base
    if base in SETS:
        data = _load(base, folder)
    elif (place / "trainA").is_dir():
        data = datasets.unpaired_folders(base, size=_side_of(place), folder=folder)
    else:
        raise FileNotFoundError(
            f"Expected a folder of images, an .npz file of statistics, or a data set "
            f"({', '.join(SETS)}, or one with trainA in "
            f"{datasets.data_folder(folder)}), received {name!r}: check the spelling."
        )
    parts = _parts(data)
    part = part or ("test" if "test" in parts else "")
    if part not in parts:
        raise ValueError(
            f"Expected a part of {base}, one of {', '.join(parts)}, received "
            f"{part or 'none'}: name it as in {base}:{next(iter(parts))}."
        )
    images = parts[part]
    _check_count(count, len(images), name)
    images = images[:count]
    size = "" if count is None else f"-{count}"
    held_out = part.replace("train", "test")
    return Source(
        images,
        cache_name=f"{data.name}-{part}{size}",
        held_out=Source(parts[held_out], f"{data.name}-{held_out}")
        if held_out != part and held_out in parts
        else None,
        data=data,
    )


def _load(name, folder):
    loader = getattr(datasets, name)
    return loader() if name in ("digits", "shapes", "stripes") else loader(folder)


def _side_of(place):
    """Returns the shorter side of the first image, the size to crop all images to."""
    from PIL import Image

    with Image.open(list_images(place / "trainA")[0]) as image:
        return min(image.size)


def _parts(data):
    """Returns the images of each part by its name."""
    if isinstance(data, datasets.ImageData):
        splits = {name: getattr(data, name) for name in ("train", "validation", "test")}
        return {name: split.images for name, split in splits.items() if split}
    return {
        f"{part}{domain.upper()}": images
        for part in ("train", "test")
        for domain in "ab"
        if (images := getattr(data, f"{part}_{domain}")) is not None
    }


def _check_count(count, there, name):
    if count is not None and not 2 <= count <= there:
        raise ValueError(
            f"Expected a count from 2 to {there:,}, the number of images in {name}, "
            f"received {count:,}: request fewer."
        )
