"""Closed forms: optimal discriminators, divergences, slopes of losses."""

import numpy as np
from keras import ops
from scipy.special import rel_entr

from gankit import losses
from gankit.backend.gradients import input_gradient


def optimal_discriminator(real, fake):
    """The optimal discriminator: `p / (p + q)`.

    Args:
        real: Densities p of the data, an array of any shape, never negative.
        fake: Densities q of the generator at the same points.

    Returns:
        Array in [0, 1]; nan where both densities are 0, as any value is optimal there.

    Reference:
        Goodfellow et al. 2014, proposition 1 (https://arxiv.org/abs/1406.2661).
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    total = real + fake
    return np.divide(real, total, out=np.full(total.shape, np.nan), where=total > 0)


def kullback_leibler(real, fake, x):
    """`KL(p, q) = integral of p ln(p / q)`, by the trapezoid rule.

    Args:
        real: Densities p at the points x, an array `(n,)`.
        fake: Densities q there.
        x: Increasing points `(n,)` that cover the mass of p.

    Returns:
        A number of nats; infinite if p has mass where q has none.
    """
    return float(np.trapezoid(rel_entr(real, fake), x))


def jensen_shannon(real, fake, x):
    """The mean of both `KL` to the average of p and q.

    Args:
        real, fake: As in `kullback_leibler`.
        x: Increasing points `(n,)` that cover the mass of both.

    Returns:
        A number of nats from 0 to ln 2.

    Reference:
        Goodfellow et al. 2014, theorem 1 (https://arxiv.org/abs/1406.2661): with the
        optimal discriminator the game's value is `2 JS - 2 ln 2`.
    """
    middle = 0.5 * (np.asarray(real, "float64") + np.asarray(fake, "float64"))
    return 0.5 * (kullback_leibler(real, middle, x) + kullback_leibler(fake, middle, x))


def wasserstein(x, y):
    """The Wasserstein-1 distance of two samples on the line.

    Args:
        x: Array `(..., n)`.
        y: Array `(..., n)`, as many points; leading axes broadcast.

    Returns:
        Array `(...)`, exact for the two empirical distributions.

    Raises:
        ValueError: If the samples differ in size.

    Reference:
        Peyre and Cuturi 2019, remark 2.28 (https://arxiv.org/abs/1803.00567).
    """
    x, y = np.sort(x, axis=-1), np.sort(y, axis=-1)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"Expected two samples of equal size, received {x.shape[-1]} and "
            f"{y.shape[-1]} points: draw as many of each."
        )
    return np.mean(np.abs(x.astype("float64") - y), axis=-1)


def loss_slopes(loss, outputs):
    """The derivative of a generator's loss by the discriminator's output.

    Args:
        loss: A key of `gankit.losses.LOSSES`, or an `AdversarialLoss`.
        outputs: Array of the discriminator's outputs, each for one fake: a logit d with
            `D = sigmoid(d)` for `"minimax"` and `"non_saturating"`.

    Returns:
        float32 array like `outputs`: -D for the minimax loss, which vanishes where the
        discriminator is confident, and D - 1 for the non-saturating one.
    """
    if isinstance(loss, str):
        loss = losses.get(loss)
    outputs = ops.convert_to_tensor(outputs, "float32")
    count = int(np.prod(outputs.shape))
    slopes = input_gradient(lambda d: count * loss.generator(d), outputs)
    return ops.convert_to_numpy(ops.stop_gradient(slopes))
