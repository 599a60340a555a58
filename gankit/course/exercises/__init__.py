"""Exercises in notebooks: their cells, editions for a class, checks of answers.

None of this needs Keras except the checks of losses, steps and layers, which the
notebooks import by name (`loss_checks` and others).
"""

from gankit.course.exercises.cells import Exercise, exercises, notebooks_in, read
from gankit.course.exercises.editions import handout, marking_key, students

__all__ = [
    "Exercise",
    "exercises",
    "handout",
    "marking_key",
    "notebooks_in",
    "read",
    "students",
]
