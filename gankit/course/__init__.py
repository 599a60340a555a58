"""For teaching: exercises, grading, a clinic, toys, the laboratory, report kit.

Parts are imported when they are first used: grading does not need Keras, and the toys
do not need Jupyter.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
