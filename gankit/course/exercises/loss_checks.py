"""Checks of losses that are written from logits.

A check is called with the function that a student wrote; its arrays are NumPy's, so
that an answer may use NumPy or `keras.ops`.
"""

import numpy as np
from keras import ops

from gankit import losses
from gankit.backend.gradients import input_gradient
from gankit.course.exercises.mistakes import Check, Mistake, copies

# Of different numbers, so that a mean over both kinds at once shows.
REAL = np.array([[2.0], [-0.5], [0.3], [1.2], [-1.0]], "float32")
FAKE = np.array([[-1.5], [0.8], [0.1]], "float32")
# What a discriminator that is sure says, rightly and wrongly.
SURE_REAL = np.array([[200.0], [-200.0]], "float32")
SURE_FAKE = np.array([[-200.0], [200.0], [1.0]], "float32")
# With means beyond the margins, so that cutting off after the mean shows.
WIDE_REAL = np.array([[3.0], [2.5], [0.3], [-0.5]], "float32")
WIDE_FAKE = np.array([[-3.5], [0.4], [-1.3]], "float32")
REAL_LABELS = (1.0, 0.9, 0.7)
SLOPES_AT = (-10.0, 0.0, 3.0)

SWAPPED = "The labels are swapped: real images are scored as generated ones."
SUMMED = "The losses are summed over the batch: take the mean, or they grow with it."
HALVED = "The two means are averaged, not added: the loss is half of what it should be."
MIXED = (
    "One mean is taken over real and generated images together: take the mean of each "
    "kind, then add."
)
NEGATED = "The sign is wrong: this grows where the player gets better."


def cross_entropies(real, fake, real_label=1.0, fake_label=0.0, reduce=ops.mean):
    """The discriminator's loss with any labels.

    Args:
        real: Logits of real images.
        fake: Logits of generated images.
        real_label: Target of real images.
        fake_label: Target of generated images.
        reduce: What is done with the terms of a kind.

    Returns:
        A scalar.
    """
    return reduce(ops.softplus(real) - real_label * real) + reduce(
        ops.softplus(fake) - fake_label * fake
    )


def _of_probabilities(real, fake):
    return ops.mean(-ops.log(ops.sigmoid(real))) + ops.mean(
        -ops.log(1.0 - ops.sigmoid(fake))
    )


def _together(real, fake):
    total = cross_entropies(real, fake, reduce=ops.sum)
    return total / (len(real) + len(fake))


discriminator_loss = Check(
    lambda answer: {
        "loss of 5 and 3 logits": answer(*copies(REAL, FAKE)),
        "loss where it is sure": answer(*copies(SURE_REAL, SURE_FAKE)),
    },
    losses.non_saturating_discriminator_loss,
    Mistake(SWAPPED, lambda real, fake: cross_entropies(real, fake, 0.0, 1.0)),
    Mistake(SUMMED, lambda real, fake: cross_entropies(real, fake, reduce=ops.sum)),
    Mistake(HALVED, lambda real, fake: cross_entropies(real, fake) / 2),
    Mistake(MIXED, _together),
    Mistake(NEGATED, lambda real, fake: -cross_entropies(real, fake)),
    Mistake(
        "The logarithm of a sigmoid overflows: logits of 200 give infinity, as the "
        "sigmoid rounds to 0 or 1.",
        _of_probabilities,
    ),
    Mistake(
        "The sigmoid is applied twice: what you take for logits are probabilities.",
        lambda real, fake: cross_entropies(ops.sigmoid(real), ops.sigmoid(fake)),
    ),
)


def _smoothed(answer):
    return {
        f"real label {label}": answer(*copies(REAL, FAKE), label)
        for label in REAL_LABELS
    }


smoothed_loss = Check(
    _smoothed,
    lambda real, fake, label: losses.non_saturating_discriminator_loss(
        real, fake, real_label=label
    ),
    Mistake(SWAPPED, lambda real, fake, label: cross_entropies(fake, real, label)),
    Mistake(SUMMED, lambda *given: cross_entropies(*given, reduce=ops.sum)),
    Mistake(HALVED, lambda *given: cross_entropies(*given) / 2),
    Mistake(
        "Both kinds of label are smoothed: one-sided smoothing leaves the fakes at 0.",
        lambda real, fake, label: cross_entropies(real, fake, label, 1.0 - label),
    ),
    Mistake(
        "The fakes are smoothed and the real images are not: it is the other way "
        "round.",
        lambda real, fake, label: cross_entropies(real, fake, 1.0, 1.0 - label),
    ),
    Mistake(
        "The label only weighs the real term: a label of 0.9 also costs 0.1 of being "
        "called generated.",
        lambda real, fake, label: (
            ops.mean(label * ops.softplus(-real)) + ops.mean(ops.softplus(fake))
        ),
    ),
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
        for name, answer in zip(("minimax", "non_saturating"), answers, strict=True)
        for d in SLOPES_AT
    },
    _SLOPES,
    Mistake("The two slopes are swapped.", _SLOPES[::-1]),
    Mistake(
        "The signs are wrong: both losses fall as d grows.",
        tuple(lambda d, slope=slope: -slope(d) for slope in _SLOPES),
    ),
    Mistake(
        "These are slopes with respect to the probability D: multiply by D (1 - D), "
        "its slope in d.",
        (lambda d: -1.0 - np.exp(d), lambda d: -1.0 - np.exp(-d)),
    ),
    Mistake(
        "These are the losses themselves: differentiate them.",
        (lambda d: -np.logaddexp(0, d), lambda d: np.logaddexp(0, -d)),
    ),
)


def _hinges(real, fake, margin=1.0, cut=ops.relu, reduce=ops.mean):
    return reduce(cut(margin - real)) + reduce(cut(margin + fake))


hinge_discriminator = Check(
    lambda answer: {"discriminator's loss": answer(*copies(WIDE_REAL, WIDE_FAKE))},
    losses.hinge_discriminator_loss,
    Mistake(SWAPPED, lambda real, fake: _hinges(-real, -fake)),
    Mistake(SUMMED, lambda real, fake: _hinges(real, fake, reduce=ops.sum)),
    Mistake(HALVED, lambda real, fake: _hinges(real, fake) / 2),
    Mistake(
        "The margin is missing: a logit costs nothing only beyond 1 or -1.",
        lambda real, fake: _hinges(real, fake, margin=0.0),
    ),
    Mistake(
        "Nothing is cut off at 0, as in the Wasserstein loss: put a relu around each.",
        lambda real, fake: _hinges(real, fake, cut=lambda x: x),
    ),
    Mistake(
        "The mean is taken first and cut off then: cut off each logit's term.",
        lambda real, fake: _hinges(ops.mean(real), ops.mean(fake)),
    ),
)

hinge_generator = Check(
    lambda answer: {"generator's loss": answer(*copies(WIDE_FAKE))},
    losses.hinge_generator_loss,
    Mistake(SUMMED, lambda fake: -ops.sum(fake)),
    Mistake(NEGATED, lambda fake: ops.mean(fake)),
    Mistake(
        "The generator has no hinge: it wants logits as large as can be, beyond 1 too.",
        lambda fake: ops.mean(ops.relu(1.0 - fake)),
    ),
)
