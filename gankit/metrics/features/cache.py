"""Features and statistics of a set of images, kept on disk where they cost much."""

import dataclasses
import hashlib
import re

import numpy as np

from gankit.datasets import data_folder
from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.statistics import FeatureStatistics


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureSet:
    """What a score needs to know of one side.

    Attributes:
        statistics: `FeatureStatistics` of the features.
        features: float32 array `(n, d)`; `None` where the moments alone were asked
            for, in memory that does not grow with n.
    """

    statistics: FeatureStatistics
    features: np.ndarray | None = None

    @property
    def n(self):
        """Number of images; `None` where a file does not say it."""
        return self.statistics.n


def feature_set(
    images,
    extractor,
    *,
    value_range,
    keep_features=True,
    batch_size=64,
    progress=None,
    cache_name=None,
    folder=None,
):
    """Extracts the features of images, or finds them on disk.

    Args:
        images: As `gankit.metrics.features.images.uint8_batches` takes them.
        extractor: The `Extractor`.
        value_range: Range of floating-point images.
        keep_features: Whether to keep the features beside their moments, which the
            kernel distance and nearest neighbours need.
        batch_size: Images that the network sees at once.
        progress: Caption of a progress bar; `None` shows none.
        cache_name: Name under which to keep the result in
            `statistics/` of the data folder, such as `"cifar10-test"`; images must
            then be an array. `None` keeps nothing.
        folder: The data folder; `None` for `gankit.datasets.data_folder()`.

    Returns:
        A `FeatureSet`, whose statistics say in their metadata how they came about.

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
    found = _extract(
        images,
        extractor,
        value_range,
        keep_features,
        batch_size,
        progress,
        metadata,
    )
    if path is not None:
        _write(path, found)
    return found


def _extract(
    images, extractor, value_range, keep_features, batch_size, progress, metadata
):
    moments = MomentAccumulator()
    kept = []
    for batch in extractor.batches(
        images, value_range=value_range, batch_size=batch_size, progress=progress
    ):
        moments.update(batch)
        if keep_features:
            kept.append(batch)
    return FeatureSet(
        moments.result(metadata), np.concatenate(kept) if keep_features else None
    )


def _fingerprint(images):
    images = np.ascontiguousarray(images)
    digest = hashlib.sha256(f"{images.dtype.str} {images.shape}".encode())
    digest.update(images)
    return digest.hexdigest()


def _path(name, extractor, folder):
    # The whole identity would be too long for a file's name; the metadata holds it.
    digest = hashlib.sha256(extractor.identity.encode()).hexdigest()[:8]
    words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{name}-{extractor.frechet_name}")
    return data_folder(folder) / "statistics" / f"{words}-{digest}.npz"


def _read(path, expected, keep_features):
    """The content of a file; `None` where it lacks features that are asked for."""
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
    with path.open("rb") as file, np.load(file) as archive:
        if "features" not in archive.files:
            return None
        return FeatureSet(statistics, archive["features"])


def _write(path, found):
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {} if found.features is None else {"features": found.features}
    found.statistics.save(path, **kept)
