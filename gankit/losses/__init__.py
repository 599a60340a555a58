"""Adversarial losses, translation losses and gradient penalties.

`get(name)` returns the two adversarial losses of a GAN.
"""

from gankit.losses import penalties, translation
from gankit.losses.adversarial import (
    LOSSES,
    AdversarialLoss,
    get,
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from gankit.losses.penalties import gradient_penalty, r1_penalty, slopes

__all__ = [
    "LOSSES",
    "AdversarialLoss",
    "get",
    "gradient_penalty",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "minimax_discriminator_loss",
    "minimax_generator_loss",
    "non_saturating_discriminator_loss",
    "non_saturating_generator_loss",
    "penalties",
    "r1_penalty",
    "slopes",
    "translation",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
