"""Mean and covariance of features that come in batches."""

import numpy as np

from gankit.metrics.features.statistics import FeatureStatistics


class MomentAccumulator:
    """Gathers mean and covariance of features batch by batch, in bounded memory.

    Blocks of d vectors are centred at their own mean and then combined, in float64.
    So no digits are lost where the mean is large beside the deviations, as they are in
    a sum of squares. Up to d vectors are kept as they are.

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
        self._pending = []  # blocks of vectors that are not yet in the moments
        self._pending_n = 0
        self._moments_n = 0
        self._mean = None
        self._scatter = None  # sum of the squared deviations, (d, d)

    @property
    def n(self):
        """Number of vectors so far."""
        return self._moments_n + self._pending_n

    def update(self, features):
        """Adds features `(m, d)`.

        Raises:
            ValueError: If they are not finite or of another width than those before.
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
                f"received {width}: use one network for all."
            )
        if not np.isfinite(features).all():
            raise ValueError(
                "Expected finite features, received NaN or infinity: look at the "
                "images and the network that they came from."
            )
        for start in range(0, len(features), width):
            # A copy, since callers may write the next batch into the same array.
            block = np.array(features[start : start + width], "float64")
            self._pending.append(block)
            self._pending_n += len(block)
            if self._pending_n > width:
                self._settle()

    def merge(self, other):
        """Adds all that another accumulator has gathered, which stays as it is.

        Raises:
            ValueError: If its features have another width.
        """
        if other._mean is None:
            return
        self.update(np.empty((0, len(other._mean))))  # checks the width
        if other._moments_n:
            self._combine(other._moments_n, other._mean, other._scatter.copy())
        for block in list(other._pending):
            self.update(block)

    def result(self, metadata=None):
        """The `FeatureStatistics` of all features so far; more may follow.

        Args:
            metadata: Dict of strings and numbers that say how they came about.

        Raises:
            ValueError: If there are fewer than two.
        """
        if self.n < 2:
            raise ValueError(
                "Expected at least two feature vectors, as one has no covariance, "
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
        """Moves what is pending into the moments."""
        block = np.concatenate(self._pending)
        self._pending, self._pending_n = [], 0
        mean = block.mean(axis=0)
        block -= mean
        self._combine(len(block), mean, block.T @ block)

    def _combine(self, n, mean, scatter):
        if not self._moments_n:
            self._moments_n, self._mean, self._scatter = n, mean, scatter
            return
        total = self._moments_n + n
        shift = mean - self._mean
        between = np.outer(shift, shift)
        between *= self._moments_n * n / total
        self._scatter += scatter
        self._scatter += between
        self._mean = self._mean + shift * (n / total)  # results hold the old one
        self._moments_n = total
