"""Inspection of networks: guidelines, norms of layers, attention, receptive fields."""

from gankit.inspection import diagrams
from gankit.inspection.attention import attention_maps
from gankit.inspection.dcgan_guidelines import (
    BATCH_NORM,
    DISCRIMINATOR_ACTIVATIONS,
    GENERATOR_ACTIVATIONS,
    GUIDELINES,
    NO_HIDDEN_DENSE,
    STRIDES,
    Finding,
    broken_guidelines,
    guideline_table,
    guidelines,
)
from gankit.inspection.layer_norms import LayerNorm, attention_gains, layer_norms
from gankit.inspection.network_graph import Step, steps
from gankit.inspection.receptive_fields import receptive_field

__all__ = [
    "BATCH_NORM",
    "DISCRIMINATOR_ACTIVATIONS",
    "GENERATOR_ACTIVATIONS",
    "GUIDELINES",
    "NO_HIDDEN_DENSE",
    "STRIDES",
    "Finding",
    "LayerNorm",
    "Step",
    "attention_gains",
    "attention_maps",
    "broken_guidelines",
    "diagrams",
    "guideline_table",
    "guidelines",
    "layer_norms",
    "receptive_field",
    "steps",
]
