"""Scores, each of which says what it is."""

from gankit.metrics.precision_recall import PrecisionRecall, precision_recall
from gankit.metrics.score import Score

__all__ = ["PrecisionRecall", "Score", "precision_recall"]
