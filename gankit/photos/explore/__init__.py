"""Explores a trained generator: latents, directions and sliders."""

from gankit.photos.explore import directions, latents, rendering
from gankit.photos.explore.directions import traversal
from gankit.photos.explore.explorer import Explorer, explore

__all__ = [
    "Explorer",
    "directions",
    "explore",
    "latents",
    "rendering",
    "traversal",
]
