"""Checks of losses that are written from logits.

A check takes the function that a student wrote and passes it NumPy arrays, so that an
answer may use NumPy or `keras.ops`.
"""

import keras
import numpy as np
from keras import ops

from gankit import losses
from gankit.backend.gradients import input_gradient
from gankit.course.exercises.mistakes import Check

# Different counts, so that one mean over both kinds gives another value.
REAL = np.array([[2.0], [-0.5], [0.3], [1.2], [-1.0]], "float32")
FAKE = np.array([[-1.5], [0.8], [0.1]], "float32")
# Logits of a confident discriminator, right and wrong.
SURE_REAL = np.array([[200.0], [-200.0]], "float32")
SURE_FAKE = np.array([[-200.0], [200.0], [1.0]], "float32")
# Means beyond the margins, so that a relu after the mean gives another value.
WIDE_REAL = np.array([[3.0], [2.5], [0.3], [-0.5]], "float32")
WIDE_FAKE = np.array([[-3.5], [0.4], [-1.3]], "float32")
REAL_LABELS = (1.0, 0.9, 0.7)
SLOPES_AT = (-10.0, 0.0, 3.0)

SWAPPED = "The labels are swapped: real images are scored as generated ones."
SUMMED = (
    "The losses are summed over the batch: take the mean, or the loss grows with it."
)
HALVED = "The two means are averaged, not added: the loss is half of what it should be."
MIXED = (
    "One mean is taken over real and generated images together: take the mean of each "
    "kind, then add."
)
NEGATED = "The sign is wrong: this loss rises as the player gets better."


def cross_entropies(real, fake, real_label=1.0, fake_label=0.0, reduce=ops.mean):
    """The discriminator's cross-entropy with any labels.

    Args:
        real: Logits of real images.
        fake: Logits of generated images.
        real_label: Target of real images.
        fake_label: Target of generated images.
        reduce: Function that reduces the terms of each kind.

    Returns:
        A scalar.
    """
    return reduce(ops.softplus(real) - real_label * real) + reduce(
        ops.softplus(fake) - fake_label * fake
    )


def _labels(real_label, fake_label):
    return lambda real, fake: cross_entropies(real, fake, real_label, fake_label)


def _of_probabilities(real, fake):
    return ops.mean(-ops.log(ops.sigmoid(real))) + ops.mean(
        -ops.log(1.0 - ops.sigmoid(fake))
    )


def _weighted(real_weight, fake_weight):
    """The discriminator's loss with other weights than 1 of its two terms."""
    return lambda real, fake: (
        real_weight * ops.mean(ops.softplus(-real))
        + fake_weight * ops.mean(ops.softplus(fake))
    )


def _without_from_logits(real, fake):
    entropy = keras.losses.BinaryCrossentropy()
    return entropy(ops.ones_like(real), real) + entropy(ops.zeros_like(fake), fake)


def _one_mean(real, fake):
    total = cross_entropies(real, fake, reduce=ops.sum)
    return total / (len(real) + len(fake))


discriminator_loss = Check(
    {
        "loss of 5 and 3 logits": (REAL, FAKE),
        "loss where it is sure": (SURE_REAL, SURE_FAKE),
    },
    losses.non_saturating_discriminator_loss,
    {
        SWAPPED: _labels(0.0, 1.0),
        SUMMED: lambda real, fake: cross_entropies(real, fake, reduce=ops.sum),
        HALVED: lambda real, fake: cross_entropies(real, fake) / 2,
        MIXED: _one_mean,
        NEGATED: _weighted(-1.0, -1.0),
        "The logarithm of a sigmoid overflows: logits of 200 give infinity, as the "
        "sigmoid rounds to 0 or 1.": _of_probabilities,
        "The sigmoid is applied twice: you treat probabilities as logits.": (
            lambda real, fake: cross_entropies(ops.sigmoid(real), ops.sigmoid(fake))
        ),
        "BinaryCrossentropy takes logits for probabilities: pass from_logits=True.": (
            _without_from_logits
        ),
        "The arguments of the cross-entropy are swapped: labels first, then logits.": (
            lambda real, fake: ops.mean(ops.softplus(1.0) - real) + ops.softplus(0.0)
        ),
        "Both terms have the label 0: real images have the label 1.": _labels(0.0, 0.0),
        "Both terms have the label 1: fakes have the label 0.": _labels(1.0, 1.0),
        "The second term has the wrong sign: add both losses.": _weighted(1.0, -1.0),
        "The first term has the wrong sign: add both losses.": _weighted(-1.0, 1.0),
        "The generated images are missing: add their mean.": _weighted(1.0, 0.0),
        "The real images are missing: add their mean.": _weighted(0.0, 1.0),
    },
)


smoothed_loss = Check(
    {f"real label {label}": (REAL, FAKE, label) for label in REAL_LABELS},
    lambda real, fake, label: losses.non_saturating_discriminator_loss(
        real, fake, real_label=label
    ),
    {
        SWAPPED: lambda real, fake, label: cross_entropies(fake, real, label),
        SUMMED: lambda *inputs: cross_entropies(*inputs, reduce=ops.sum),
        HALVED: lambda *inputs: cross_entropies(*inputs) / 2,
        "Both labels are smoothed: one-sided smoothing leaves the fakes at 0.": (
            lambda real, fake, label: cross_entropies(real, fake, label, 1.0 - label)
        ),
        "The fakes' labels are smoothed and the real ones are not: it should be the "
        "other way round.": (
            lambda real, fake, label: cross_entropies(real, fake, 1.0, 1.0 - label)
        ),
        "The label only weights the real term: a label of 0.9 also adds 0.1 times the "
        "loss with label 0.": (
            lambda real, fake, label: (
                ops.mean(label * ops.softplus(-real)) + ops.mean(ops.softplus(fake))
            )
        ),
    },
)


def _slope(name):
    loss = losses.get(name).generator

    def slope(d):
        gradient = input_gradient(loss, ops.convert_to_tensor([[d]], "float32"))
        return ops.stop_gradient(gradient)[0, 0]

    return slope


_SLOPES = _slope("minimax"), _slope("non_saturating")

slopes = Check(
    lambda *answers: {
        f"{name} at d = {d:g}": answer(d)
        for name, answer in zip(("saturating", "non-saturating"), answers, strict=True)
        for d in SLOPES_AT
    },
    _SLOPES,
    {
        "The two slopes are swapped.": _SLOPES[::-1],
        "The signs are wrong: both losses fall as d grows.": (
            tuple((lambda d, slope=slope: -slope(d) for slope in _SLOPES))
        ),
        "These are slopes with respect to the probability D: multiply by D (1 - D), "
        "the derivative of D with respect to d.": (
            lambda d: -1.0 - np.exp(d),
            lambda d: -1.0 - np.exp(-d),
        ),
        "These are the losses themselves: differentiate them.": (
            lambda d: -np.logaddexp(0, d),
            lambda d: np.logaddexp(0, -d),
        ),
    },
)


def _hinges(real, fake, margin=1.0, cut=ops.relu, reduce=ops.mean):
    return reduce(cut(margin - real)) + reduce(cut(margin + fake))


hinge_discriminator = Check(
    {"discriminator's loss": (WIDE_REAL, WIDE_FAKE)},
    losses.hinge_discriminator_loss,
    {
        SWAPPED: lambda real, fake: _hinges(-real, -fake),
        SUMMED: lambda real, fake: _hinges(real, fake, reduce=ops.sum),
        HALVED: lambda real, fake: _hinges(real, fake) / 2,
        "The margin is missing: a logit costs nothing only beyond 1 or -1.": (
            lambda real, fake: _hinges(real, fake, margin=0.0)
        ),
        "Nothing is cut off at 0, as in the Wasserstein loss: apply a relu to each.": (
            lambda real, fake: _hinges(real, fake, cut=lambda x: x)
        ),
        "The relu comes after the mean: apply it to each logit's term first.": (
            lambda real, fake: _hinges(ops.mean(real), ops.mean(fake))
        ),
    },
)

hinge_generator = Check(
    {"generator's loss": (WIDE_FAKE,)},
    losses.hinge_generator_loss,
    {
        SUMMED: lambda fake: -ops.sum(fake),
        NEGATED: lambda fake: ops.mean(fake),
        "The generator's loss has no hinge: it rewards larger logits beyond 1, too.": (
            lambda fake: ops.mean(ops.relu(1.0 - fake))
        ),
    },
)
