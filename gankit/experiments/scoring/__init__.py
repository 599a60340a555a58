"""How the experiments are scored."""

from gankit.experiments.scoring.adversarial import (
    class_logits,
    classifier_scorer,
    profile_of,
)

__all__ = ["class_logits", "classifier_scorer", "profile_of"]
