"""Translates images, folders of images and videos of any size by a trained CycleGAN."""

from gankit.photos.translation.any_size import translate
from gankit.photos.translation.files import Translation, kind_of, translate_file
from gankit.photos.translation.flicker import Flicker, flicker
from gankit.photos.translation.smoothing import ResidualSmoothing
from gankit.photos.translation.videos import read_video, write_video

__all__ = [
    "Flicker",
    "ResidualSmoothing",
    "Translation",
    "flicker",
    "kind_of",
    "read_video",
    "translate",
    "translate_file",
    "write_video",
]
