"""Experiments of the CMU report: 204 pictures of a cat (part 1), CycleGAN (part 2)."""

from gankit.experiments.cmu import cyclegan, few_images

__all__ = ["cyclegan", "few_images"]
