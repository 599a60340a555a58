"""Adversarial losses, translation losses and gradient penalties.

`get(name)` returns the two adversarial losses of a GAN.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
