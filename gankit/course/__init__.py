"""A course out of the notebooks: two editions, and marks for what is handed in.

Nothing here needs Keras; `gankit.course.room` imports it in a process of its own, and
only where an exercise does. The checks of losses, steps and layers that the notebooks
import (`loss_checks` and others) do need it.
"""

from gankit.course.editions import handout, marking_key, students
from gankit.course.exercises import Exercise, exercises, notebooks_in, read
from gankit.course.grading import Mark, Shares, grade, save_marks, shares
from gankit.course.predictions import Prediction, predictions, save_predictions

__all__ = [
    "Exercise",
    "Mark",
    "Prediction",
    "Shares",
    "exercises",
    "grade",
    "handout",
    "marking_key",
    "notebooks_in",
    "predictions",
    "read",
    "save_marks",
    "save_predictions",
    "shares",
    "students",
]
