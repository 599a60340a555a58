"""Mean and covariance of features, and their files."""

import json
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gankit.files import atomic, open_npz

# Rounding to float32 can leave asymmetry and negative eigenvalues of this size,
# relative to the largest. A matrix with more of either is not a covariance.
ROUNDING = 1e-6
DAMAGED = "delete it and compute the statistics again"


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Mean and covariance of a set of features.

    Create it with a `MomentAccumulator`, `from_covariance` or `load`.

    Attributes:
        mean: float64 array `(d,)`.
        n: Number of feature vectors; `None` if a file does not say it.
        metadata: Dict of strings and numbers that describe the origin of the features.
    """

    mean: np.ndarray
    n: int | None
    metadata: dict
    _covariance: np.ndarray | None = field(default=None, repr=False)
    _deviations: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def from_covariance(cls, mean, covariance, n=None, metadata=None):
        """Creates statistics from known moments.

        Args:
            mean: Array `(d,)`.
            covariance: Array `(d, d)`, unbiased: divided by n - 1.
            n: Number of feature vectors, or `None` if it is not known.
            metadata: Dict that describes the origin of the features.

        Raises:
            ValueError: If the shapes do not match, or the covariance is not finite or
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
        """A matrix F `(d, r)` whose `F @ F.T` is the covariance, up to rounding.

        If there are at most d features, F holds the features themselves, centred and
        scaled, so squaring loses no accuracy. Otherwise F is the Cholesky factor, or
        scaled eigenvectors if the covariance is singular.

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
        # The share of each feature's variance that earlier features do not explain. If
        # it is only noise, so is the column, and its size is the square root of it.
        left = np.diag(factor) ** 2 / np.diag(self.covariance)
        if left.min() > singular:
            return factor
        return _eigenvector_factor(self.covariance, singular)

    def save(self, path, **arrays):
        """Writes an .npz file that pytorch-fid and TTUR can read too.

        Its keys are `mu`, `sigma`, `n` and, as JSON, `metadata`. The file is replaced
        in one step.

        Args:
            path: The file, whose name should end in .npz.
            **arrays: Further arrays to save in it.
        """
        if self.n is not None:
            arrays["n"] = self.n
        arrays |= {"mu": self.mean, "sigma": self.covariance}
        with atomic(path) as temporary, temporary.open("wb") as file:
            np.savez(file, metadata=json.dumps(self.metadata), **arrays)

    @classmethod
    def load(cls, path):
        """Reads a file from `save`, or one from pytorch-fid or TTUR with mu and sigma.

        Raises:
            ValueError: If the file is damaged or contains something else.
            OSError: If it cannot be opened.
        """
        with open_npz(path, DAMAGED) as archive:
            keys = archive.files
            n = int(archive["n"]) if "n" in keys else None
            metadata = json.loads(
                str(archive["metadata"] if "metadata" in keys else "{}")
            )
            moments = [archive[key] for key in ("mu", "sigma") if key in keys]
        if len(moments) < 2:
            raise ValueError(
                f"Expected {path} to hold mu and sigma, received "
                f"{', '.join(keys) or 'nothing'}: pass a file of statistics."
            )
        try:
            return cls.from_covariance(*moments, n, metadata)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _eigenvector_factor(covariance, singular):
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -ROUNDING * values[-1]:
        raise ValueError(
            "Expected a covariance without negative eigenvalues, received "
            f"{values[0]:.3g} next to a largest of {values[-1]:.3g}: compute it with "
            "numpy.cov(features, rowvar=False)."
        )
    # Negative eigenvalues are noise, and so are positive ones of the same size.
    significant = values > max(singular * values[-1], -values[0])
    return vectors[:, significant] * np.sqrt(values[significant])
