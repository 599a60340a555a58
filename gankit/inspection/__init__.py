"""What a network is made of: the guidelines it keeps and what its outputs see."""

from gankit.inspection.dcgan_guidelines import (
    BATCH_NORM,
    DISCRIMINATOR_ACTIVATIONS,
    GENERATOR_ACTIVATIONS,
    GUIDELINES,
    NO_HIDDEN_DENSE,
    STRIDES,
    Finding,
    broken,
    guideline_table,
    guidelines,
)
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
    "Step",
    "broken",
    "guideline_table",
    "guidelines",
    "receptive_field",
    "steps",
]
