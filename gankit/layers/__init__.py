"""Layers for GANs that Keras lacks or defines differently."""

from gankit.layers import augmentation
from gankit.layers.adaptive_augmentation import AdaptiveAugmentation
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.layers.conditional_batch_normalization import ConditionalBatchNormalization
from gankit.layers.image_pool import ImagePool
from gankit.layers.instance_norm import instance_norm
from gankit.layers.reflection_padding import ReflectionPadding2D
from gankit.layers.self_attention import SelfAttention2D
from gankit.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "AdaptiveAugmentation",
    "ConditionalBatchNormalization",
    "DifferentiableAugmentation",
    "ImagePool",
    "ReflectionPadding2D",
    "SelfAttention2D",
    "SpectralNormalization",
    "augmentation",
    "instance_norm",
]
