"""Builders of generators and discriminators, each a plain `keras.Model`."""

from gankit.networks import (
    all_convolutional,
    cgan,
    cyclegan,
    dcgan,
    few_images,
    hidden_dense,
    mlp,
    residual,
    sagan,
)

__all__ = [
    "all_convolutional",
    "cgan",
    "cyclegan",
    "dcgan",
    "few_images",
    "hidden_dense",
    "mlp",
    "residual",
    "sagan",
]
