"""Figures: image grids, loss and score curves, classes, and films of a training."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
