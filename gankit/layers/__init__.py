"""Layers that GANs need and Keras lacks, or has in another formulation."""

from gankit.layers.conditional_batch_normalization import ConditionalBatchNormalization
from gankit.layers.instance_norm import instance_norm
from gankit.layers.reflection_padding import ReflectionPadding2D
from gankit.layers.self_attention import SelfAttention2D
from gankit.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "ConditionalBatchNormalization",
    "ReflectionPadding2D",
    "SelfAttention2D",
    "SpectralNormalization",
    "instance_norm",
]
