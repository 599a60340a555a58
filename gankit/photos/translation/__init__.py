"""Translating images of any size, folders of them and videos by a trained CycleGAN."""

from gankit.photos.translation.any_size import translate
from gankit.photos.translation.files import Translated, kind_of, translate_file
from gankit.photos.translation.flicker import Flicker, flicker
from gankit.photos.translation.smoothing import ResidualSmoothing
from gankit.photos.translation.videos import read_video, write_video

__all__ = [
    "Flicker",
    "ResidualSmoothing",
    "Translated",
    "flicker",
    "kind_of",
    "read_video",
    "translate",
    "translate_file",
    "write_video",
]
