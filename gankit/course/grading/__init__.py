"""Marks for the notebooks that a class hands in.

This does not need Keras. Answers run in a process of their own,
`gankit.course.exercises.room`, which imports Keras only if an exercise does.
"""

from gankit.course.grading.marks import Mark, Shares, grade, save_marks, shares
from gankit.course.grading.predictions import Prediction, predictions, save_predictions

__all__ = [
    "Mark",
    "Prediction",
    "Shares",
    "grade",
    "predictions",
    "save_marks",
    "save_predictions",
    "shares",
]
