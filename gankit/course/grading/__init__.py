"""Marks for the notebooks that a class hands in.

Answers run in a process of their own, `gankit.course.exercises.runner`. This package
imports Keras only if the check of an exercise does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
