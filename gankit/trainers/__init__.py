"""Trainers: GANs as `keras.Model`s that `fit()` trains."""

from gankit.trainers.adversarial import AdversarialModel
from gankit.trainers.augmented_gan import AugmentedGAN
from gankit.trainers.conditional_gan import ConditionalGAN
from gankit.trainers.cycle_gan import CycleGAN
from gankit.trainers.gan import GAN
from gankit.trainers.schedules import ConstantThenLinearDecay

__all__ = [
    "GAN",
    "AdversarialModel",
    "AugmentedGAN",
    "ConditionalGAN",
    "ConstantThenLinearDecay",
    "CycleGAN",
]
