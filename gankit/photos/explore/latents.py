"""Paths through the latent space: lines and great circles."""

import numpy as np


def interpolate(start, end, steps, *, kind="spherical"):
    """Interpolates between two latents.

    Normal latents of many dimensions lie near a sphere. The straight line between two
    of them crosses the inside, where the generator was hardly ever trained; a great
    circle stays on the sphere.

    Args:
        start: Latent `(latent_dim,)`.
        end: Latent `(latent_dim,)`.
        steps: Number of latents, both ends included, at least 2.
        kind: `"spherical"` or `"linear"`. The spherical one changes the direction by
            equal angles and the length linearly.

    Returns:
        float32 array `(steps, latent_dim)`.

    Raises:
        ValueError: If the latents have different dimensions, `steps` is too small, or
            `kind` is unknown; for spherical interpolation, also if a latent is zero or
            the two are opposite, which leaves the great circle undefined.

    Reference:
        White 2016, section 2.1, "Sampling Generative Networks"
        (https://arxiv.org/abs/1609.04468), after Shoemake 1985.
    """
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    if start.ndim != 1 or start.shape != end.shape or steps < 2:
        raise ValueError(
            "Expected two latents (latent_dim,) and at least 2 steps, received "
            f"{start.shape}, {end.shape} and {steps}: pass two rows of sample_latent."
        )
    if kind not in ("spherical", "linear"):
        raise ValueError(
            f"Expected kind to be spherical or linear, received {kind!r}: choose one."
        )
    share = np.linspace(0.0, 1.0, steps)[:, None]
    if kind == "linear":
        return ((1 - share) * start + share * end).astype("float32")
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if 0.0 in lengths:
        raise ValueError(
            "Expected latents other than zero, which has no direction, received zero: "
            "choose another, or kind='linear'."
        )
    first, last = start / lengths[0], end / lengths[1]
    # This stays accurate for small angles, unlike the arccos of the product.
    angle = 2 * np.arctan2(np.linalg.norm(first - last), np.linalg.norm(first + last))
    if np.pi - angle < 1e-6:
        raise ValueError(
            "Expected latents that are not opposite, which infinitely many great "
            "circles join, received two that are: insert a third between them."
        )
    if angle < 1e-9:
        direction = np.repeat(first[None], steps, axis=0)
    else:
        direction = (
            np.sin((1 - share) * angle) * first + np.sin(share * angle) * last
        ) / np.sin(angle)
    length = (1 - share) * lengths[0] + share * lengths[1]
    return (length * direction).astype("float32")
