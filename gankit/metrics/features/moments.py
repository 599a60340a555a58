"""Mean and covariance of features, accumulated batch by batch."""

import numpy as np

from gankit.metrics.features.checks import not_finite
from gankit.metrics.features.statistics import FeatureStatistics


class MomentAccumulator:
    """Accumulates mean and covariance of features batch by batch, in bounded memory.

    Blocks of d vectors are centred at their own mean and then combined, in float64.
    Unlike a sum of squares, this loses no digits if the mean is much larger than the
    deviations. Up to d vectors are stored unchanged.

    Reference:
        Chan, Golub and LeVeque 1983 (https://doi.org/10.2307/2683386), the pairwise
        algorithm, for covariances.

    Example:

    >>> moments = MomentAccumulator()
    >>> for batch in batches:
    ...     moments.update(batch)
    >>> statistics = moments.result()
    """

    def __init__(self):
        self._pending = []  # blocks of vectors not yet in the moments
        self._pending_n = 0
        self._moments_n = 0
        self._mean = None
        self._scatter = 0.0  # sum of the squared deviations, (d, d)

    @property
    def n(self):
        """Number of vectors so far."""
        return self._moments_n + self._pending_n

    def update(self, features):
        """Adds features `(m, d)`.

        Raises:
            ValueError: If they are not finite or differ in width from earlier ones.
        """
        features = np.asarray(features)
        if features.ndim != 2 or not features.shape[1]:
            raise ValueError(
                f"Expected features (m, d), received the shape {features.shape}: "
                "flatten or average all axes but the first and the last."
            )
        width = features.shape[1]
        if self._mean is None:
            self._mean = np.zeros(width)
        if width != len(self._mean):
            raise ValueError(
                f"Expected features of width {len(self._mean)} like those before, "
                f"received {width}: use the same network for all."
            )
        if not np.isfinite(features).all():
            raise not_finite()
        for start in range(0, len(features), width):
            # A copy, because callers may write the next batch into the same array.
            block = np.array(features[start : start + width], "float64")
            self._pending.append(block)
            self._pending_n += len(block)
            if self._pending_n > width:
                self._settle()

    def result(self, metadata=None):
        """Returns the `FeatureStatistics` of all features so far; more may follow.

        Args:
            metadata: Dict of strings and numbers that describe their origin.

        Raises:
            ValueError: If there are fewer than two features.
        """
        if self.n < 2:
            raise ValueError(
                "Expected at least two feature vectors, since one has no covariance, "
                f"received {self.n}: give more images."
            )
        metadata = dict(metadata or {})
        if not self._moments_n:
            features = np.concatenate(self._pending)
            mean = features.mean(axis=0)
            return FeatureStatistics(
                mean, self.n, metadata, _deviations=features - mean
            )
        if self._pending:
            self._settle()
        return FeatureStatistics(
            self._mean, self.n, metadata, _covariance=self._scatter / (self.n - 1)
        )

    def _settle(self):
        """Moves the pending vectors into the moments."""
        block = np.concatenate(self._pending)
        self._pending, self._pending_n = [], 0
        n, mean = len(block), block.mean(axis=0)
        block -= mean
        total = self._moments_n + n
        shift = mean - self._mean
        between = np.outer(shift, shift)
        between *= self._moments_n * n / total
        self._scatter += block.T @ block
        self._scatter += between
        # Results still refer to the old array.
        self._mean = self._mean + shift * (n / total)
        self._moments_n = total
