"""Features and statistics of a set of images, saved to disk on request."""

import dataclasses
import functools
import hashlib
import re

import numpy as np

from gankit.datasets import data_folder
from gankit.files import open_npz, save_if_possible
from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.statistics import DAMAGED, FeatureStatistics


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureSet:
    """What a score needs to know about one side.

    Attributes:
        statistics: `FeatureStatistics` of the features.
        features: float32 array `(n, d)`; `None` if only the moments were requested,
            whose memory does not grow with n.
    """

    statistics: FeatureStatistics
    features: np.ndarray | None = None

    @property
    def n(self):
        """Number of images; `None` if the file does not say it."""
        return self.statistics.n


def feature_set(
    images,
    extractor,
    *,
    value_range=None,
    keep_features=True,
    batch_size=64,
    progress=None,
    cache_name=None,
    folder=None,
):
    """Computes the features of images, or loads them from disk.

    Args:
        images: Images in any form that `features.images.uint8_batches` accepts.
        extractor: The `Extractor`.
        value_range: Range of floating-point images, `(low, high)`.
        keep_features: Whether to return the features as well as their moments. Kernel
            distances and nearest neighbours need them.
        batch_size: Number of images in one call of the network.
        progress: Caption of a progress bar; `None` shows none.
        cache_name: Name under which to save the result in `statistics/` of the data
            folder, such as `"cifar10-test"`; the images must then be an array. `None`
            saves nothing.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        A `FeatureSet`. The metadata of its statistics describe their origin.

    Raises:
        ValueError: If the file of that name belongs to other images or another
            extractor.
    """
    metadata = {"extractor": extractor.identity}
    path = None
    if cache_name is not None:
        metadata |= {"images": _fingerprint(images), "n": len(images)}
        path = _path(cache_name, extractor, folder)
        if path.exists() and (found := _read(path, metadata, keep_features)):
            return found
    moments = MomentAccumulator()
    batches = []
    for batch in extractor.batches(
        images, value_range=value_range, batch_size=batch_size, progress=progress
    ):
        moments.update(batch)
        if keep_features:
            batches.append(batch)
    statistics = moments.result(metadata)
    features = np.concatenate(batches) if keep_features else None
    if path is not None:
        more = {"features": features} if keep_features else {}
        save = functools.partial(statistics.save, **more)
        save_if_possible(path, save, f"Features of {cache_name}")
    return FeatureSet(statistics, features)


def _fingerprint(images):
    images = np.ascontiguousarray(images)
    digest = hashlib.sha256(f"{images.dtype.str} {images.shape}".encode())
    digest.update(images)
    return digest.hexdigest()


def _path(name, extractor, folder):
    # The full identity is too long for a file name. The metadata contain it.
    digest = hashlib.sha256(extractor.identity.encode()).hexdigest()[:8]
    words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{name}-{extractor.frechet_name}")
    return data_folder(folder) / "statistics" / f"{words}-{digest}.npz"


def _read(path, expected, keep_features):
    """Reads a file; returns `None` if it lacks the requested features."""
    statistics = FeatureStatistics.load(path)
    for key, value in expected.items():
        if statistics.metadata.get(key) != value:
            raise ValueError(
                f"Expected {path} to hold statistics of these images, whose {key} is "
                f"{value}, received those of {statistics.metadata.get(key)}: delete "
                "the file, or give these images another name."
            )
    if not keep_features:
        return FeatureSet(statistics)
    with open_npz(path, DAMAGED) as archive:
        if "features" not in archive:
            return None
        return FeatureSet(statistics, archive["features"])
