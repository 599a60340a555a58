"""Checks of features that several distances share."""

import numpy as np


def check_features(a, b):
    """Refuses features that are not two finite matrices of the same width."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            "Expected features (n, d) and (m, d) of one width, received "
            f"{a.shape} and {b.shape}: compute both with the same network and flatten "
            "them to vectors."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise not_finite()


def not_finite():
    """The error for features with NaN or infinity."""
    return ValueError(
        "Expected finite features, received NaN or infinity: check the images and the "
        "network that computed them."
    )
