"""Trainers: a GAN is a `keras.Model` whose `fit()` plays the adversarial game."""

from gankit.trainers.adversarial import AdversarialModel, input_gradient
from gankit.trainers.gan import GAN

__all__ = ["GAN", "AdversarialModel", "input_gradient"]
