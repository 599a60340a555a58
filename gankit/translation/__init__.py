"""Translating images of any size, folders of them and videos by a trained CycleGAN."""

from gankit.translation.any_size import translate
from gankit.translation.files import Translated, kind_of, translate_file
from gankit.translation.flicker import Flicker, flicker
from gankit.translation.smoothing import ResidualSmoothing
from gankit.translation.videos import read_video, write_video

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
