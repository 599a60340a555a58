"""Counts the modes that a generator covers and the points near a mode."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Coverage:
    """Arrays with the leading axes `(...)` of the samples.

    Attributes:
        modes: Number of covered modes.
        high_quality: Share of points that are near a mode.
        mass: Array `(..., k)`: share of all points that are near each mode.
    """

    modes: np.ndarray
    high_quality: np.ndarray
    mass: np.ndarray


def coverage(samples, target, *, deviations=3.0, least=1):
    """Counts the modes of a mixture that samples cover.

    A point has high quality if it is within `deviations` standard deviations of a mode.
    A mode is covered if at least `least` such points are near it.

    Args:
        samples: Array `(..., n, d)`.
        target: A `gankit.course.toys.targets.GaussianMixture` of dimension d, whose
            modes are further apart than that.
        deviations: Largest distance from a mode, in standard deviations.
        least: Smallest number of points that cover a mode, at least 1.

    Returns:
        The `Coverage`.

    Reference:
        Lin et al. 2018 (https://arxiv.org/abs/1712.04086), after
        Srivastava et al. 2017 (https://arxiv.org/abs/1705.07761).
    """
    offsets = samples[..., None, :] - target.centres.astype("float32")
    near = np.sum(offsets**2, axis=-1) <= (deviations * target.scale) ** 2
    counts = near.sum(axis=-2)
    mass = counts / samples.shape[-2]
    return Coverage((counts >= least).sum(axis=-1), mass.sum(axis=-1), mass)
