"""Ways through the latent space: lines, great circles, sums and differences."""

import numpy as np


def interpolate(start, end, steps, *, kind="spherical"):
    """Latents on the way from one latent to another.

    Normal latents of many dimensions lie near a sphere; the straight line between two
    of them cuts through its inside, where the generator was hardly ever trained. A
    great circle stays outside.

    Args:
        start: Latent `(latent_dim,)`.
        end: Latent `(latent_dim,)`.
        steps: Number of latents, both ends included, at least 2.
        kind: `"spherical"` or `"linear"`. On the way the spherical one goes through
            directions at a constant angle and through lengths linearly.

    Returns:
        float32 array `(steps, latent_dim)`.

    Raises:
        ValueError: If the latents differ in length, `steps` is too small, `kind` is
            unknown, or there is no great circle, as one latent is zero, or no shortest
            one, as they are opposite.

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
            "Expected latents other than zero, which has no direction, received one: "
            "choose another, or kind='linear'."
        )
    first, last = start / lengths[0], end / lengths[1]
    # Unlike arccos of the product this keeps its digits where the angle is small.
    angle = 2 * np.arctan2(np.linalg.norm(first - last), np.linalg.norm(first + last))
    if np.pi - angle < 1e-6:
        raise ValueError(
            "Expected latents that are not opposite, as every great circle joins "
            "these, received two that are: go by way of a third."
        )
    if angle < 1e-9:
        direction = np.repeat(first[None], steps, axis=0)
    else:
        direction = (
            np.sin((1 - share) * angle) * first + np.sin(share * angle) * last
        ) / np.sin(angle)
    length = (1 - share) * lengths[0] + share * lengths[1]
    return (length * direction).astype("float32")
