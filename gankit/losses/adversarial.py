"""The losses of both players, on logits of any shape.

A discriminator (or critic) gives logits: one number per image, `(n, 1)`, or one per
patch, `(n, h, w, 1)`. Every loss averages over all of them and returns a float32
scalar that its player minimises. Each follows its paper's equation to the letter, so
the scales differ; `LOSSES[name]` also says what the losses come to where the
discriminator cannot tell real from fake.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from keras import ops


def _float32(logits):
    # Networks may compute in bfloat16, whose 8 bits of mantissa are too few to average.
    return ops.cast(logits, "float32")


def _cross_entropy(logits, target):
    """Binary cross-entropy of `sigmoid(logits)` against a constant `target`.

    Written with softplus: -t log s(x) - (1 - t) log(1 - s(x)) = softplus(x) - t x,
    which neither overflows nor loses the gradient of a confident discriminator.
    """
    logits = _float32(logits)
    return ops.mean(ops.softplus(logits) - target * logits)


def minimax_discriminator_loss(real_logits, fake_logits, *, real_label=1.0):
    """Cross-entropy of the discriminator: sum of the real and the fake term.

    `-E[log D(x)] - E[log(1 - D(G(z)))]` with `D = sigmoid(logits)`.

    Args:
        real_logits: Logits of real images, any shape.
        fake_logits: Logits of generated images, any shape.
        real_label: Target of real images in (0, 1]; below 1 this is one-sided label
            smoothing (Salimans et al. 2016, section 3.4). Fakes keep the target 0.

    Returns:
        A float32 scalar; 2 ln 2 = 1.386 when D answers 1/2 everywhere.

    Reference:
        Goodfellow et al. 2014, equation 1 (https://arxiv.org/abs/1406.2661).
    """
    return _cross_entropy(real_logits, real_label) + _cross_entropy(fake_logits, 0.0)


def minimax_generator_loss(fake_logits):
    """The generator's side of the minimax game: `E[log(1 - D(G(z)))]`.

    It saturates: where D rejects the fakes (D near 0) its gradient vanishes.

    Args:
        fake_logits: Logits of generated images, any shape.

    Returns:
        A float32 scalar, never positive; -ln 2 = -0.693 when D answers 1/2.

    Reference:
        Goodfellow et al. 2014, equation 1 (https://arxiv.org/abs/1406.2661).
    """
    return -_cross_entropy(fake_logits, 0.0)


def non_saturating_discriminator_loss(real_logits, fake_logits, *, real_label=1.0):
    """The discriminator's loss of the minimax game; only the generator's differs.

    See `minimax_discriminator_loss`.
    """
    return minimax_discriminator_loss(real_logits, fake_logits, real_label=real_label)


def non_saturating_generator_loss(fake_logits):
    """`-E[log D(G(z))]`: a strong gradient just where D rejects the fakes.

    Args:
        fake_logits: Logits of generated images, any shape.

    Returns:
        A float32 scalar; ln 2 = 0.693 when D answers 1/2.

    Reference:
        Goodfellow et al. 2014, section 3 (https://arxiv.org/abs/1406.2661).
    """
    return _cross_entropy(fake_logits, 1.0)


def least_squares_discriminator_loss(real_logits, fake_logits, *, real_label=1.0):
    """`1/2 E[(D(x) - b)^2] + 1/2 E[D(G(z))^2]` with b = `real_label`, a = 0.

    Args:
        real_logits: Outputs for real images, any shape; there is no sigmoid.
        fake_logits: Outputs for generated images, any shape.
        real_label: The target b of real images, in (0, 1].

    Returns:
        A float32 scalar; 1/4 when D answers 1/2 everywhere.

    Reference:
        Mao et al. 2017, equation 2 (https://arxiv.org/abs/1611.04076).
    """
    real_term = ops.mean(ops.square(_float32(real_logits) - real_label))
    fake_term = ops.mean(ops.square(_float32(fake_logits)))
    return 0.5 * (real_term + fake_term)


def least_squares_generator_loss(fake_logits):
    """`1/2 E[(D(G(z)) - 1)^2]`.

    Args:
        fake_logits: Outputs for generated images, any shape.

    Returns:
        A float32 scalar; 1/8 when D answers 1/2.

    Reference:
        Mao et al. 2017, equation 2 with c = 1 (https://arxiv.org/abs/1611.04076).
    """
    return 0.5 * ops.mean(ops.square(_float32(fake_logits) - 1.0))


def hinge_discriminator_loss(real_logits, fake_logits):
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]`.

    Args:
        real_logits: Logits of real images, any shape.
        fake_logits: Logits of generated images, any shape.

    Returns:
        A float32 scalar; 2 when D answers 0 everywhere.

    Reference:
        Miyato et al. 2018, equation 16 (https://arxiv.org/abs/1802.05957).
    """
    real_term = ops.mean(ops.relu(1.0 - _float32(real_logits)))
    fake_term = ops.mean(ops.relu(1.0 + _float32(fake_logits)))
    return real_term + fake_term


def hinge_generator_loss(fake_logits):
    """`-E[D(G(z))]`.

    Args:
        fake_logits: Logits of generated images, any shape.

    Returns:
        A float32 scalar; 0 when D answers 0.

    Reference:
        Miyato et al. 2018, equation 17 (https://arxiv.org/abs/1802.05957).
    """
    return -ops.mean(_float32(fake_logits))


def wasserstein_discriminator_loss(real_logits, fake_logits):
    """`E[f(G(z))] - E[f(x)]`: minus the critic's estimate of the distance.

    The estimate means something only for a Lipschitz critic: clip its weights,
    normalise them spectrally, or penalise its gradient.

    Args:
        real_logits: The critic's values for real images, any shape.
        fake_logits: The critic's values for generated images, any shape.

    Returns:
        A float32 scalar; 0 when the critic cannot tell.

    Reference:
        Arjovsky et al. 2017, equation 3 (https://arxiv.org/abs/1701.07875).
    """
    return ops.mean(_float32(fake_logits)) - ops.mean(_float32(real_logits))


def wasserstein_generator_loss(fake_logits):
    """`-E[f(G(z))]`.

    Args:
        fake_logits: The critic's values for generated images, any shape.

    Returns:
        A float32 scalar; its zero is arbitrary.

    Reference:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """
    return -ops.mean(_float32(fake_logits))


@dataclass(frozen=True)
class AdversarialLoss:
    """The two losses of a game, and their values at its equilibrium.

    Attributes:
        discriminator: `(real_logits, fake_logits) -> scalar`.
        generator: `(fake_logits) -> scalar`.
        discriminator_equilibrium: The discriminator's loss where it cannot tell.
        generator_equilibrium: The generator's loss there.
        formula: In words, what the discriminator's loss adds up.
        in_nats: Whether both losses are cross-entropies.
        smooths_labels: Whether the discriminator's loss takes `real_label`.
    """

    discriminator: Callable
    generator: Callable
    discriminator_equilibrium: float
    generator_equilibrium: float
    formula: str
    in_nats: bool = False
    smooths_labels: bool = False

    def smoothed(self, real_label):
        """The same game where the discriminator is to call real images `real_label`.

        Its equilibrium shifts: the best constant answer becomes `real_label / 2`.

        Args:
            real_label: Target of real images in (0, 1].

        Returns:
            An `AdversarialLoss` with the values of that equilibrium.

        Raises:
            ValueError: If the loss has no labels to smooth.
        """
        if not self.smooths_labels:
            raise ValueError(
                "Expected a loss with labels to smooth, received one without: use the "
                "minimax, non-saturating or least-squares loss."
            )
        answer = 0.5 * real_label
        if self.in_nats:
            answer = math.log(answer / (1.0 - answer))
        logits = ops.full((1,), answer, "float32")
        discriminator = functools.partial(self.discriminator, real_label=real_label)
        values = (discriminator(logits, logits), self.generator(logits))
        return replace(
            self,
            discriminator=discriminator,
            discriminator_equilibrium=float(ops.convert_to_numpy(values[0])),
            generator_equilibrium=float(ops.convert_to_numpy(values[1])),
        )


LOSSES = {
    "minimax": AdversarialLoss(
        minimax_discriminator_loss,
        minimax_generator_loss,
        2 * math.log(2),
        -math.log(2),
        "sum of two cross-entropies",
        in_nats=True,
        smooths_labels=True,
    ),
    "non_saturating": AdversarialLoss(
        non_saturating_discriminator_loss,
        non_saturating_generator_loss,
        2 * math.log(2),
        math.log(2),
        "sum of two cross-entropies",
        in_nats=True,
        smooths_labels=True,
    ),
    "least_squares": AdversarialLoss(
        least_squares_discriminator_loss,
        least_squares_generator_loss,
        0.25,
        0.125,
        "half the sum of two squared errors",
        smooths_labels=True,
    ),
    "hinge": AdversarialLoss(
        hinge_discriminator_loss,
        hinge_generator_loss,
        2.0,
        0.0,
        "sum of two hinges",
    ),
    "wasserstein": AdversarialLoss(
        wasserstein_discriminator_loss,
        wasserstein_generator_loss,
        0.0,
        0.0,
        "difference of two means",
    ),
}


def get(name):
    """Look up an `AdversarialLoss` by name.

    Args:
        name: A key of `LOSSES`.

    Returns:
        The `AdversarialLoss`.

    Raises:
        ValueError: If there is no such loss.
    """
    if name not in LOSSES:
        raise ValueError(
            f"Expected loss to be one of {', '.join(LOSSES)}, received "
            f"{name!r}: choose one of these names."
        )
    return LOSSES[name]
