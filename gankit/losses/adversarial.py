"""Adversarial losses of the generator and the discriminator.

A discriminator (or critic) returns logits: one per image, `(n, 1)`, or one per patch,
`(n, h, w, 1)`. Every loss takes logits of any shape, averages over all of them and
returns a float32 scalar to minimise. Each follows its paper's equation exactly, so the
scales differ. `LOSSES[name]` also gives the value of each loss when the discriminator
cannot distinguish real from fake.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from keras import ops

from gankit.backend.arguments import check_choice, check_real


def _float32(logits):
    # Networks may compute in bfloat16, whose 8-bit mantissa is too short for averages.
    return ops.cast(logits, "float32")


def _cross_entropy(logits, target):
    """Binary cross-entropy between `sigmoid(logits)` and a constant `target`.

    The form -t log s(x) - (1 - t) log(1 - s(x)) = softplus(x) - t x neither overflows
    nor loses the gradient of a confident discriminator.
    """
    logits = _float32(logits)
    return ops.mean(ops.softplus(logits) - target * logits)


def minimax_discriminator_loss(real_logits, fake_logits, *, real_label=1.0):
    """`-E[log D(x)] - E[log(1 - D(G(z)))]` with `D = sigmoid(logits)`.

    Args:
        real_logits, fake_logits: Logits of real and of generated images, of any shape.
        real_label: Target for real images, in (0, 1]. Values below 1 are one-sided
            label smoothing. The target for generated images stays 0.

    Returns:
        A float32 scalar, 2 ln 2 = 1.386 if D is 1/2 everywhere.

    Raises:
        ValueError: If `real_label` is out of range.

    Reference:
        Goodfellow et al. 2014, equation 1 (https://arxiv.org/abs/1406.2661); smoothing:
        Salimans et al. 2016, section 3.4 (https://arxiv.org/abs/1606.03498).
    """
    target = check_real("real_label", real_label, above=0, at_most=1)
    return _cross_entropy(real_logits, target) + _cross_entropy(fake_logits, 0.0)


def minimax_generator_loss(fake_logits):
    """The generator's loss of the minimax game: `E[log(1 - D(G(z)))]`.

    It saturates: where D rejects the fakes (D near 0), the gradient vanishes.

    Args:
        fake_logits: Logits of generated images, of any shape.

    Returns:
        A float32 scalar, -ln 2 = -0.693 if D is 1/2 everywhere.

    Reference:
        Goodfellow et al. 2014, equation 1 (https://arxiv.org/abs/1406.2661).
    """
    return -_cross_entropy(fake_logits, 0.0)


def non_saturating_discriminator_loss(real_logits, fake_logits, *, real_label=1.0):
    """The same as `minimax_discriminator_loss`; only the generator's loss differs.

    Args:
        real_logits, fake_logits, real_label: As in `minimax_discriminator_loss`.

    Returns:
        A float32 scalar, 2 ln 2 = 1.386 if D is 1/2 everywhere.
    """
    return minimax_discriminator_loss(real_logits, fake_logits, real_label=real_label)


def non_saturating_generator_loss(fake_logits):
    """`-E[log D(G(z))]`, whose gradient is strong where D rejects the fakes.

    Args:
        fake_logits: Logits of generated images, of any shape.

    Returns:
        A float32 scalar, ln 2 = 0.693 if D is 1/2 everywhere.

    Reference:
        Goodfellow et al. 2014, section 3 (https://arxiv.org/abs/1406.2661).
    """
    return _cross_entropy(fake_logits, 1.0)


def least_squares_discriminator_loss(real_logits, fake_logits, *, real_label=1.0):
    """`1/2 E[(D(x) - b)^2] + 1/2 E[D(G(z))^2]` with b = `real_label`, a = 0.

    D is the output itself, without a sigmoid.

    Args:
        real_logits, fake_logits: Outputs for real and generated images, of any shape.
        real_label: Target for real images, in (0, 1].

    Returns:
        A float32 scalar, 1/4 if D is 1/2 everywhere.

    Raises:
        ValueError: If `real_label` is out of range.

    Reference:
        Mao et al. 2017, equation 2 (https://arxiv.org/abs/1611.04076).
    """
    target = check_real("real_label", real_label, above=0, at_most=1)
    real_term = ops.mean(ops.square(_float32(real_logits) - target))
    fake_term = ops.mean(ops.square(_float32(fake_logits)))
    return 0.5 * (real_term + fake_term)


def least_squares_generator_loss(fake_logits):
    """`1/2 E[(D(G(z)) - 1)^2]`; 1/8 if D is 1/2 everywhere.

    Args:
        fake_logits: Outputs for generated images, of any shape.

    Returns:
        A float32 scalar.

    Reference:
        Mao et al. 2017, equation 2 with c = 1 (https://arxiv.org/abs/1611.04076).
    """
    return 0.5 * ops.mean(ops.square(_float32(fake_logits) - 1.0))


def hinge_discriminator_loss(real_logits, fake_logits):
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]`; 2 if D is 0 everywhere.

    Args:
        real_logits, fake_logits: Logits of real and of generated images, of any shape.

    Returns:
        A float32 scalar.

    Reference:
        Miyato et al. 2018, equation 16 (https://arxiv.org/abs/1802.05957).
    """
    real_term = ops.mean(ops.relu(1.0 - _float32(real_logits)))
    fake_term = ops.mean(ops.relu(1.0 + _float32(fake_logits)))
    return real_term + fake_term


def hinge_generator_loss(fake_logits):
    """`-E[D(G(z))]`; 0 if D is 0 everywhere.

    Args:
        fake_logits: Logits of generated images, of any shape.

    Returns:
        A float32 scalar.

    Reference:
        Miyato et al. 2018, equation 17 (https://arxiv.org/abs/1802.05957).
    """
    return -ops.mean(_float32(fake_logits))


def wasserstein_discriminator_loss(real_logits, fake_logits):
    """`E[f(G(z))] - E[f(x)]`, the negative of the critic's estimate of the distance.

    The estimate is valid only for a Lipschitz critic f: clip its weights, normalise
    them spectrally or penalise its gradient.

    Args:
        real_logits, fake_logits: Outputs for real and generated images, of any shape.

    Returns:
        A float32 scalar, 0 if the critic cannot distinguish real from fake.

    Reference:
        Arjovsky et al. 2017, equation 3 (https://arxiv.org/abs/1701.07875).
    """
    return ops.mean(_float32(fake_logits)) - ops.mean(_float32(real_logits))


def wasserstein_generator_loss(fake_logits):
    """`-E[f(G(z))]`, of which only changes carry meaning.

    Args:
        fake_logits: The critic's outputs for generated images, of any shape.

    Returns:
        A float32 scalar.

    Reference:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """
    return -ops.mean(_float32(fake_logits))


def relativistic_discriminator_loss(real_logits, fake_logits):
    """`E[softplus(-(D(x) - D(G(z))))]` over pairs of a real and a generated image.

    The discriminator learns by how much each real image looks more real than its
    partner.

    Args:
        real_logits, fake_logits: Logits of real and of generated images, of one shape,
            in which the i-th entries are a pair.

    Returns:
        A float32 scalar, ln 2 = 0.693 if D gives all images the same logit.

    Raises:
        ValueError: If the logits differ in shape.

    Reference:
        Jolicoeur-Martineau 2018, section 4 (https://arxiv.org/abs/1807.00734), there
        called RSGAN; Huang et al. 2024, equation 2 (https://arxiv.org/abs/2501.05441),
        who also penalise its slope: `penalties=[R1(gamma), R2(gamma)]`.
    """
    real_logits, fake_logits = _float32(real_logits), _float32(fake_logits)
    shapes = real_logits.shape, fake_logits.shape
    if tuple(shapes[0]) != tuple(shapes[1]):
        # Otherwise (n, 1) and (n,) would be compared as n x n pairs.
        raise ValueError(
            "Expected real and fake logits of one shape, which the relativistic loss "
            f"compares in pairs, received {shapes[0]} and {shapes[1]}: generate as "
            "many images as there are real ones."
        )
    return ops.mean(ops.softplus(fake_logits - real_logits))


def relativistic_generator_loss(fake_logits, real_logits=None):
    """`E[softplus(-(D(G(z)) - D(x)))]`: the discriminator's with exchanged roles.

    Args:
        fake_logits, real_logits: As in `relativistic_discriminator_loss`.

    Returns:
        A float32 scalar, ln 2 = 0.693 if D gives all images the same logit.

    Raises:
        ValueError: If the logits differ in shape, or `real_logits` are missing.

    Reference:
        Huang et al. 2024, equation 2 (https://arxiv.org/abs/2501.05441).
    """
    if real_logits is None:
        raise ValueError(
            "Expected the logits of real images beside those of fakes, which the "
            "relativistic loss compares, received only those of fakes: choose another "
            "loss for this model."
        )
    return relativistic_discriminator_loss(fake_logits, real_logits)


@dataclass(frozen=True)
class AdversarialLoss:
    """A pair of adversarial losses and their values at equilibrium.

    Attributes:
        discriminator: `(real_logits, fake_logits) -> scalar`.
        generator: `(fake_logits) -> scalar`, or `(fake_logits, real_logits) -> scalar`
            if `is_relative`.
        discriminator_equilibrium: The discriminator's loss when it cannot distinguish
            real from fake.
        generator_equilibrium: The generator's loss at the same point.
        formula: The form of the discriminator's loss, in words.
        in_nats: Whether both losses are cross-entropies of `sigmoid(logits)`.
        smooths_labels: Whether the discriminator's loss takes `real_label`.
        is_relative: Whether the generator's loss also needs the logits of real images.
        undecided: Logit of an image that may be real or generated; `None` if only
            differences between logits carry meaning.
    """

    discriminator: Callable
    generator: Callable
    discriminator_equilibrium: float
    generator_equilibrium: float
    formula: str
    in_nats: bool = False
    smooths_labels: bool = False
    is_relative: bool = False
    undecided: float | None = 0.0

    def of_generator(self, logits_of, fake, real):
        """Computes the generator's loss from images, a scalar.

        Args:
            logits_of: Function of images that returns their logits. It is called on
                `real` only if the loss `is_relative`.
            fake: Generated images `(n, ...)`.
            real: Real images `(n, ...)`.
        """
        seen = [fake, real] if self.is_relative else [fake]
        return self.generator(*map(logits_of, seen))

    def smoothed(self, real_label):
        """Returns a copy whose target for real images is `real_label`, in (0, 1].

        The equilibrium shifts too: there D is `real_label / 2` everywhere.

        Raises:
            ValueError: If the loss has no labels to smooth, or `real_label` is out of
                range.
        """
        if not self.smooths_labels:
            raise ValueError(
                "Expected a loss with labels to smooth, received one without: use "
                "minimax, non_saturating or least_squares."
            )
        answer = 0.5 * check_real("real_label", real_label, above=0, at_most=1)
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
        undecided=0.5,
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
        undecided=None,
    ),
    "relativistic": AdversarialLoss(
        relativistic_discriminator_loss,
        relativistic_generator_loss,
        math.log(2),
        math.log(2),
        "cross-entropy of the differences in pairs",
        is_relative=True,
        undecided=None,
    ),
}


def get(name):
    """Returns the `AdversarialLoss` called `name`, a key of `LOSSES`.

    Args:
        name: Such as `"hinge"`.

    Raises:
        ValueError: If there is no such loss.
    """
    check_choice("loss to be one of", name, LOSSES)
    return LOSSES[name]
