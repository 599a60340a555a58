"""Functions that build generators and discriminators as plain `keras.Model`s."""

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
