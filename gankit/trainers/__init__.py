"""Trainers: a GAN is a `keras.Model` whose `fit()` plays the adversarial game."""

from gankit.trainers.adversarial import AdversarialModel, input_gradient
from gankit.trainers.augmented_gan import AugmentedGAN
from gankit.trainers.conditional_gan import ConditionalGAN
from gankit.trainers.cycle_gan import CycleGAN
from gankit.trainers.gan import GAN
from gankit.trainers.separate_updates import (
    SeparateUpdatesConditionalGAN,
    SeparateUpdatesGAN,
)

__all__ = [
    "GAN",
    "AdversarialModel",
    "AugmentedGAN",
    "ConditionalGAN",
    "CycleGAN",
    "SeparateUpdatesConditionalGAN",
    "SeparateUpdatesGAN",
    "input_gradient",
]
