"""Checks of penalties on slopes, of the relativistic loss, and of counted modes.

Answers get the slope of a critic as a function of images, so that they need no
derivatives.
"""

import numpy as np
from keras import ops
from scipy.special import expit

from gankit import losses
from gankit.course.exercises.mistakes import Check, pair
from gankit.metrics.modes import mode_statistics

# Images of 2 x 2; slopes lie on both sides of 1.
REAL = np.linspace(-1.0, 1.4, 12).reshape(3, 2, 2, 1).astype("float32")
FAKE = np.array([0.9, -1.7, 0.2]).repeat(4).reshape(3, 2, 2, 1).astype("float32")
SHARE = np.array([0.1, 0.7, 0.4], "float32").reshape(3, 1, 1, 1)
LOGITS = np.array([[2.0], [-0.5], [0.3]]), np.array([[-1.5], [0.8], [0.1]])
# Logits with which the means before softplus give another value.
SURE = np.array([[8.0], [-8.0], [1.0]]), np.array([[-8.0], [8.0], [0.0]])
COUNTS = np.array([5, 0, 1, 2, 0, 2, 0, 0])
STEPS = {"step 0, every 4": (0, 4), "step 2, every 4": (2, 4), "step 3": (3, 1)}


def slope_of(images):
    """The slope of a critic that has a slope of its own at each image, `(n,)`."""
    return ops.abs(ops.sum(ops.convert_to_tensor(images), axis=(1, 2, 3))) / 2


def _between(real, fake, share):
    return share * real + (1 - share) * fake


def _one_sided(slopes):
    return ops.mean(ops.relu(slopes - 1) ** 2)


def _gradient_penalty(terms=_one_sided, points=_between):
    return lambda slope_of, real, fake, share: (
        10 * terms(slope_of(points(real, fake, share)))
    )


gradient_penalty = Check(
    {"penalty of 3 pairs": (slope_of, REAL, FAKE, SHARE)},
    _gradient_penalty(),
    {
        "The slopes are those at real images: take points between the pairs.": (
            _gradient_penalty(points=lambda real, fake, share: real)
        ),
        "The slopes are those at generated images: take points between the pairs.": (
            _gradient_penalty(points=lambda real, fake, share: fake)
        ),
        "The share belongs to the other image: share * real + (1 - share) * fake.": (
            _gradient_penalty(
                points=lambda real, fake, share: _between(fake, real, share)
            )
        ),
        "The difference is not squared: square it before the mean.": (
            _gradient_penalty(lambda s: ops.mean(ops.relu(s - 1)))
        ),
        "The mean is taken before the square: steep and flat images cancel out.": (
            _gradient_penalty(lambda s: ops.relu(ops.mean(s) - 1) ** 2)
        ),
        "The penalty has two sides: slopes below 1 cost nothing here.": (
            _gradient_penalty(lambda s: ops.mean((s - 1) ** 2))
        ),
        "The squared slope is compared with 1: compare the slope.": (
            _gradient_penalty(lambda s: ops.mean(ops.relu(s**2 - 1) ** 2))
        ),
        "The terms are summed over the batch: take the mean.": (
            _gradient_penalty(lambda s: ops.sum(ops.relu(s - 1) ** 2))
        ),
        "The weight is missing: multiply by 10.": (
            lambda *args: _gradient_penalty()(*args) / 10
        ),
    },
)


def _lazy(scale=lambda every: every, half=0.5, terms=lambda s: ops.mean(s**2), at=0):
    def penalty(slope_of, real, fake, gamma, step, every):
        if step % every:
            return 0.0
        return half * gamma * scale(every) * terms(slope_of((real, fake)[at]))

    return penalty


lazy_r1 = Check(
    {
        what: (slope_of, REAL, FAKE, 3.0, step, every)
        for what, (step, every) in STEPS.items()
    },
    _lazy(),
    {
        "The penalty is skipped, but not scaled: multiply it by `every`.": (
            _lazy(scale=lambda every: 1)
        ),
        "The penalty is divided by `every`: multiply, as it is computed less often.": (
            _lazy(scale=lambda every: 1 / every)
        ),
        "The penalty is computed in every step: return 0 in the others.": (
            lambda slope_of, real, fake, gamma, step, every: _lazy()(
                slope_of, real, fake, gamma, 0, every
            )
        ),
        "The slopes are those at generated images: this is R2.": _lazy(at=1),
        "The half is missing: gamma / 2.": _lazy(half=1.0),
        "The slopes are not squared: square them before the mean.": (
            _lazy(terms=ops.mean)
        ),
        "The mean is taken before the square: steep and flat images cancel out.": (
            _lazy(terms=lambda s: ops.mean(s) ** 2)
        ),
    },
)


def _softplus(function):
    return lambda fake, real: ops.mean(ops.softplus(function(fake, real)))


relativistic_generator = Check(
    {"loss of 3 pairs": LOGITS[::-1], "loss where it is sure": SURE[::-1]},
    losses.get("relativistic").generator,
    {
        "This is the discriminator's loss: exchange the roles.": (
            _softplus(lambda fake, real: fake - real)
        ),
        "The real logits are missing: this is the non-saturating loss.": (
            _softplus(lambda fake, real: -fake)
        ),
        "The mean of the real logits is compared: compare the images in pairs.": (
            _softplus(lambda fake, real: ops.mean(real) - fake)
        ),
        "The means are compared: compare the images in pairs, then take the mean.": (
            lambda fake, real: ops.softplus(ops.mean(real) - ops.mean(fake))
        ),
        "All real images are compared with all generated ones: compare in pairs.": (
            _softplus(lambda fake, real: ops.transpose(real) - fake)
        ),
        "The losses are summed over the batch: take the mean, or the loss grows "
        "with it.": lambda fake, real: ops.sum(ops.softplus(real - fake)),
        "Softplus is missing: this is a Wasserstein loss.": (
            lambda fake, real: ops.mean(real - fake)
        ),
    },
)


def _kl(term):
    return lambda counts: term(counts[counts > 0] / counts.sum(), len(counts))


divergence = Check(
    {"divergence of 8 modes": (COUNTS,), "one mode alone": (np.array([0, 0, 7, 0]),)},
    lambda counts: mode_statistics(
        np.repeat(np.arange(len(counts)), counts), len(counts)
    )[1],
    {
        "The logarithm has base 2: take the natural one.": (
            _kl(lambda p, total: np.sum(p * np.log2(p * total)))
        ),
        "This is the entropy: compare each share with 1 / modes.": (
            _kl(lambda p, total: -np.sum(p * np.log(p)))
        ),
        "The sign is wrong: the divergence is never negative.": (
            _kl(lambda p, total: -np.sum(p * np.log(p * total)))
        ),
        "Only the modes found are counted: the uniform shares are 1 / all modes.": (
            _kl(lambda p, total: np.sum(p * np.log(p * len(p))))
        ),
        "The mean is taken over the modes: take the sum.": (
            _kl(lambda p, total: np.sum(p * np.log(p * total)) / total)
        ),
        "The logarithms are not weighted: multiply each by its share.": (
            _kl(lambda p, total: np.sum(np.log(p * total)))
        ),
    },
)


def _dirac(theta_of=lambda theta, psi, new: new, half=0.5, sign=1.0):
    """A step with the loss of the Dirac GAN, whose slopes are linear near (0, 0)."""

    def step(theta, psi, rate, gamma):
        new = psi - rate * (theta * expit(psi * theta) + 2 * half * gamma * psi)
        seen = theta_of(theta, psi, new)
        return theta + sign * rate * seen * expit(-seen * theta), new

    return step


dirac_step = Check(
    lambda step: _places(
        step, {"gamma 0": (1.0, 0.5, 0.1, 0.0), "gamma 2": (0.7, -1.2, 0.3, 2.0)}
    ),
    _dirac(),
    {
        "The generator sees the old discriminator: update psi first.": (
            _dirac(theta_of=lambda theta, psi, new: psi)
        ),
        "The penalty's derivative is gamma psi: the square's 2 cancels the half.": (
            _dirac(half=1.0)
        ),
        "The generator goes up its loss: change the sign.": _dirac(sign=-1.0),
    },
)


def _places(step, cases):
    found = {}
    for what, arguments in cases.items():
        message = "Return two numbers: the new theta and the new psi."
        theta, psi = pair(step(*arguments), message)
        found |= {f"theta, {what}": theta, f"psi, {what}": psi}
    return found
