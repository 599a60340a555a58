"""Builders of generators and discriminators, each a plain `keras.Model`."""

from gankit.networks import all_convolutional, dcgan, hidden_dense, mlp

__all__ = ["all_convolutional", "dcgan", "hidden_dense", "mlp"]
