"""Target distributions on the line and in the plane for a small generator."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """A mixture of isotropic Gaussians with one standard deviation.

    Attributes:
        centres: Array `(k, d)`.
        scale: Standard deviation of every component in every direction.
        weights: Array `(k,)` that adds up to 1; `None` for equal weights.
    """

    centres: np.ndarray
    scale: float
    weights: np.ndarray | None = None

    @property
    def dimension(self):
        """Number of coordinates of a point, d."""
        return self.centres.shape[1]

    def density(self, x):
        """The density at points `(..., d)`, an array `(...)`."""
        distances = x[..., None, :] - self.centres
        exponents = -0.5 * np.sum((distances / self.scale) ** 2, axis=-1)
        heights = np.exp(exponents) / (self.scale * np.sqrt(2 * np.pi)) ** (
            self.dimension
        )
        return np.average(heights, axis=-1, weights=self.weights)

    def sample(self, n, seed):
        """Draws float32 points `(n, d)`; the same `seed` gives the same points."""
        rng = np.random.default_rng(seed)
        component = rng.choice(len(self.centres), size=n, p=self.weights)
        noise = rng.normal(size=(n, self.dimension))
        return (self.centres[component] + self.scale * noise).astype("float32")


@dataclass(frozen=True)
class Uniforms:
    """A mixture, with equal weights, of uniforms on disjoint intervals of the line.

    Attributes:
        intervals: Pairs of a lower and an upper end.
    """

    intervals: tuple
    dimension = 1

    def density(self, x):
        """The density at points `(..., 1)`, an array `(...)`."""
        inside = [
            ((x >= low) & (x < high)) / (high - low) for low, high in self.intervals
        ]
        return np.mean(inside, axis=0)[..., 0]

    def sample(self, n, seed):
        """Draws float32 points `(n, 1)`; the same `seed` gives the same points."""
        rng = np.random.default_rng(seed)
        low, high = np.asarray(self.intervals)[
            rng.integers(len(self.intervals), size=n)
        ].T
        return (low + (high - low) * rng.random(n)).astype("float32")[:, None]

    @property
    def centres(self):
        """Centres of the intervals, `(k, 1)`."""
        return np.mean(self.intervals, axis=1, keepdims=True)


def gaussian(mean=3.0, scale=0.5):
    """A Gaussian on the line.

    Args:
        mean: Its mean.
        scale: Its standard deviation.

    Returns:
        A `GaussianMixture` of one component.
    """
    return GaussianMixture(np.array([[mean]]), scale)


def mixture(means=(-2.0, 2.0), scale=0.4):
    """A mixture of Gaussians on the line, with equal weights.

    Args:
        means: Mean of each component.
        scale: Standard deviation of every component.

    Returns:
        A `GaussianMixture`.
    """
    return GaussianMixture(np.array(means)[:, None], scale)


def two_uniforms():
    """Two uniforms with equal weights, on [-2, -1] and on [1, 2].

    Returns:
        A `Uniforms`.
    """
    return Uniforms(((-2.0, -1.0), (1.0, 2.0)))


def ring(modes=8, radius=2.0, scale=0.02):
    """Gaussians on a circle.

    Args:
        modes: Number of Gaussians, at equal distances.
        radius: Radius of the circle around the origin.
        scale: Standard deviation of each, in both directions.

    Returns:
        A `GaussianMixture` in the plane.

    Reference:
        Metz et al. 2017, section 3 (https://arxiv.org/abs/1611.02163).
    """
    angle = 2 * np.pi * np.arange(modes) / modes
    centres = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return GaussianMixture(centres, scale)


def grid(side=5, spacing=2.0, scale=0.05):
    """Gaussians on a square grid of `side` by `side`, centred at the origin.

    Args:
        side: Number of Gaussians along each side.
        spacing: Distance between neighbours.
        scale: Standard deviation of each, in both directions.

    Returns:
        A `GaussianMixture` in the plane.

    Reference:
        Lin et al. 2018 (https://arxiv.org/abs/1712.04086).
    """
    at = spacing * (np.arange(side) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    return GaussianMixture(centres, scale)
