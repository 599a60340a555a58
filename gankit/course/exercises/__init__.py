"""The exercises in notebooks: their cells, editions for a class, checks of answers.

Only the checks of losses, steps and layers need Keras. The notebooks import them by
name (`loss_checks` and others).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
