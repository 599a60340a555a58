"""Builders of generators and discriminators, each a plain `keras.Model`."""

from gankit.networks import dcgan, mlp

__all__ = ["dcgan", "mlp"]
