from . import augmentation as augmentation
from .adaptive_augmentation import AdaptiveAugmentation as AdaptiveAugmentation
from .augmentation import DifferentiableAugmentation as DifferentiableAugmentation
from .conditional_batch_normalization import (
    ConditionalBatchNormalization as ConditionalBatchNormalization,
)
from .image_pool import ImagePool as ImagePool
from .instance_norm import instance_norm as instance_norm
from .reflection_padding import ReflectionPadding2D as ReflectionPadding2D
from .self_attention import SelfAttention2D as SelfAttention2D
from .spectral_normalization import SpectralNormalization as SpectralNormalization
