"""The slow-motion laboratory: a GAN in the plane, one update at a time.

`Laboratory` trains it and describes its state as `Frame`s. `Widget` shows it in a
notebook and needs anywidget. `export` writes a page of recorded trainings that needs
neither.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
