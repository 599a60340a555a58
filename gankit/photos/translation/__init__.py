"""Translates images, folders of images and videos of any size by a trained CycleGAN."""

import lazy_loader

# Python would set the name to the module of this name, if it imported that later.
from gankit.photos.translation.flicker import flicker as flicker

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
