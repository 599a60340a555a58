"""Data sets as uint8 arrays, and batches that let training resume exactly."""

from gankit.datasets.batches import Batches
from gankit.datasets.classics import cifar10, fashion_mnist, mnist
from gankit.datasets.downloads import data_folder
from gankit.datasets.drawn_animals import stripes, walking_animal
from gankit.datasets.drawn_shapes import shapes
from gankit.datasets.embedded_digits import digits
from gankit.datasets.folders import image_folder, unpaired_folders
from gankit.datasets.image_data import ImageData, Split, UnpairedImageData, to_uint8
from gankit.datasets.tensorflow_batches import repeat_batch

__all__ = [
    "Batches",
    "ImageData",
    "Split",
    "UnpairedImageData",
    "cifar10",
    "data_folder",
    "digits",
    "fashion_mnist",
    "image_folder",
    "mnist",
    "repeat_batch",
    "shapes",
    "stripes",
    "to_uint8",
    "unpaired_folders",
    "walking_animal",
]
