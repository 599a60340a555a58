"""Marks for the notebooks that a class hands in.

This package does not need Keras. Answers run in a process of their own,
`gankit.course.exercises.worker`, which imports Keras only if an exercise does.
"""

from gankit.course.grading.marks import ExerciseSummary, Mark, grade, summarise
from gankit.course.grading.predictions import (
    Prediction,
    count_predictions,
    read_predictions,
)
from gankit.course.grading.table import save_table

__all__ = [
    "ExerciseSummary",
    "Mark",
    "Prediction",
    "count_predictions",
    "grade",
    "read_predictions",
    "save_table",
    "summarise",
]
