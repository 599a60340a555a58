"""Marks for the notebooks that a class hands in.

This package does not need Keras. Answers run in a process of their own,
`gankit.course.exercises.worker`, which imports Keras only if an exercise does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
