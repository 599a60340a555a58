"""Mean and covariance of features, and files of them."""

import json
import os
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

# Asymmetry and negative eigenvalues, relative to the largest, that rounding to float32
# can leave; a matrix with more of either is no covariance.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Mean and covariance of a set of features.

    Made by a `MomentAccumulator`, by `from_covariance` or by `load`.

    Attributes:
        mean: float64 array `(d,)`.
        n: Number of feature vectors; `None` where a file does not say it.
        metadata: Dict of strings and numbers that say how the features came about.
    """

    mean: np.ndarray
    n: int | None
    metadata: dict
    _covariance: np.ndarray | None = field(default=None, repr=False)
    _deviations: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def from_covariance(cls, mean, covariance, n=None, metadata=None):
        """Statistics of which the moments are known.

        Args:
            mean: Array `(d,)`.
            covariance: Array `(d, d)`, unbiased: divided by n - 1.
            n: Number of feature vectors, or `None` where it is not known.
            metadata: Dict that says how the features came about.

        Raises:
            ValueError: If the shapes do not fit, or the covariance is not finite or
                not symmetric.
        """
        mean = np.asarray(mean, "float64")
        covariance = np.asarray(covariance, "float64")
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape or not mean.size:
            raise ValueError(
                "Expected a mean (d,) and a square covariance (d, d), received "
                f"{mean.shape} and {covariance.shape}: pass mean(axis=0) and "
                "numpy.cov(features, rowvar=False)."
            )
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            raise ValueError(
                "Expected a finite mean and covariance, received NaN or infinity: "
                "compute them from finite features."
            )
        largest = np.abs(covariance).max()
        asymmetry = np.abs(covariance - covariance.T).max()
        if asymmetry > ROUNDING * largest:
            raise ValueError(
                "Expected a symmetric covariance, received one whose halves differ by "
                f"{asymmetry / largest:.2g} of its largest entry: compute it with "
                "numpy.cov(features, rowvar=False)."
            )
        return cls(mean, n, dict(metadata or {}), _covariance=covariance)

    @cached_property
    def covariance(self):
        """Unbiased covariance, divided by n - 1: float64 `(d, d)`."""
        if self._covariance is not None:
            return self._covariance
        return self._deviations.T @ self._deviations / (self.n - 1)

    @cached_property
    def factor(self):
        """A matrix F `(d, r)` with `F @ F.T` the covariance, to rounding.

        Where there are no more features than dimensions these themselves are one,
        centred and scaled; no accuracy is lost in squares. Else it is the Cholesky
        factor, or eigenvectors where the covariance is singular.

        Raises:
            ValueError: If the covariance has negative eigenvalues beyond rounding.
        """
        if self._deviations is not None:
            return self._deviations.T / np.sqrt(self.n - 1)
        singular = 10 * len(self.mean) * np.finfo("float64").eps
        try:
            factor = np.linalg.cholesky(self.covariance)
        except np.linalg.LinAlgError:
            return _eigenvector_factor(self.covariance, singular)
        # The share of a feature's variance that the features before it leave over. If
        # it is noise, so is the column, and its size is the noise's square root.
        left = np.diag(factor) ** 2 / np.diag(self.covariance)
        if left.min() > singular:
            return factor
        return _eigenvector_factor(self.covariance, singular)

    def save(self, path, **arrays):
        """Writes an .npz file that pytorch-fid and TTUR can read too.

        Its keys are `mu`, `sigma`, `n` and `metadata`, this as JSON. A process that is
        killed meanwhile leaves the old file, or none.

        Args:
            path: The file, whose name should end in .npz.
            **arrays: Further arrays to keep in it.
        """
        path = Path(path)
        if self.n is not None:
            arrays["n"] = self.n
        temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
        with temporary.open("wb") as file:
            np.savez(
                file,
                mu=self.mean,
                sigma=self.covariance,
                metadata=json.dumps(self.metadata),
                **arrays,
            )
        os.replace(temporary, path)

    @classmethod
    def load(cls, path):
        """Reads a file of `save`, or one of pytorch-fid or TTUR with mu and sigma only.

        Raises:
            ValueError: If the file is damaged or holds something else.
            OSError: If it cannot be read.
        """
        try:
            with Path(path).open("rb") as file, np.load(file) as archive:
                found = {
                    key: archive[key]
                    for key in ("mu", "sigma", "n", "metadata")
                    if key in archive.files
                }
                keys = ", ".join(archive.files)
            n = int(found["n"]) if "n" in found else None
            metadata = json.loads(str(found.get("metadata", "{}")))
        # TypeError: an .npy file gives an array, which is no context.
        except (ValueError, TypeError, EOFError, BadZipFile, zlib.error) as error:
            raise ValueError(
                f"Expected {path} to be an .npz file of statistics, received a damaged "
                "or another file: delete it and compute the statistics anew."
            ) from error
        if not {"mu", "sigma"} <= set(found):
            raise ValueError(
                f"Expected {path} to hold mu and sigma, received {keys or 'nothing'}: "
                "give a file of statistics."
            )
        try:
            return cls.from_covariance(found["mu"], found["sigma"], n, metadata)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _eigenvector_factor(covariance, singular):
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -ROUNDING * values[-1]:
        raise ValueError(
            "Expected a covariance without negative eigenvalues, received "
            f"{values[0]:.3g} beside a largest of {values[-1]:.3g}: compute it with "
            "numpy.cov(features, rowvar=False)."
        )
    # Negative ones are noise, and so are positive ones of their size.
    kept = values > max(singular * values[-1], -values[0])
    return vectors[:, kept] * np.sqrt(values[kept])
