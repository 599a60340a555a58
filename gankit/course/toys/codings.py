"""The least-squares loss with any three labels."""

from keras import ops

from gankit.losses import AdversarialLoss


def least_squares(fake_label, real_label, target_label):
    """The least-squares loss with the labels a, b and c of its paper.

    The discriminator minimises `1/2 E[(D(x) - b)^2] + 1/2 E[(D(G(z)) - a)^2]`, the
    generator `1/2 E[(D(G(z)) - c)^2]`. With the labels (0, 1, 1) it is
    gankit's `"least_squares"`. Against an optimal discriminator, the generator
    minimises Pearson's chi-squared of p + q and 2 q only if b - c = 1 and b - a = 2,
    as with (-1, 1, 0).

    Args:
        fake_label: a.
        real_label: b.
        target_label: c, the generator's target.

    Returns:
        An `AdversarialLoss` with the equilibrium at D = (a + b) / 2.

    Reference:
        Mao et al. 2017, equation 2 and section 3.2 (https://arxiv.org/abs/1611.04076).
    """
    a, b, c = float(fake_label), float(real_label), float(target_label)

    def discriminator(real_logits, fake_logits):
        return 0.5 * (_distance(real_logits, b) + _distance(fake_logits, a))

    def generator(fake_logits):
        return 0.5 * _distance(fake_logits, c)

    middle = (a + b) / 2
    return AdversarialLoss(
        discriminator,
        generator,
        (b - a) ** 2 / 4,
        0.5 * (middle - c) ** 2,
        f"half the sum of two squared errors, labels {a:g}, {b:g}, {c:g}",
    )


def _distance(logits, label):
    return ops.mean(ops.square(ops.cast(logits, "float32") - label))


def optimal_least_squares(real, fake, fake_label, real_label):
    """The optimal discriminator: `(b p + a q) / (p + q)`.

    Args:
        real: Densities p, an array.
        fake: Densities q at the same points; p + q is greater than 0.
        fake_label: a.
        real_label: b.

    Returns:
        Array like `real`.

    Reference:
        Mao et al. 2017, section 3.2 (https://arxiv.org/abs/1611.04076).
    """
    return (real_label * real + fake_label * fake) / (real + fake)
