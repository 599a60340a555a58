"""The exercises in notebooks: their cells, editions for a class, checks of answers.

Only the checks of losses, steps and layers need Keras. The notebooks import them by
name (`loss_checks` and others).
"""

from gankit.course.exercises.cells import Exercise, exercises, notebooks_in, read
from gankit.course.exercises.editions import handout, marking_key, student_edition

__all__ = [
    "Exercise",
    "exercises",
    "handout",
    "marking_key",
    "notebooks_in",
    "read",
    "student_edition",
]
