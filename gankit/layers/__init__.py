"""Layers for GANs that Keras lacks or defines differently."""

import lazy_loader

# Python would set the name to the module of this name, if it imported that later.
from gankit.layers.instance_norm import instance_norm as instance_norm

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
