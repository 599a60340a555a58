"""Finds image files and decodes them to uint8 arrays, whatever their mode."""

import concurrent.futures
import functools
import os
import warnings
from pathlib import Path

import numpy as np

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"}


def list_files(folder):
    """Returns the files in a folder and its subfolders, except hidden ones."""
    files = []
    # Links are followed, since data sets are often on another disk.
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(files, key=lambda file: file.relative_to(folder).parts)


def list_images(folder):
    """Returns the image files in a folder and its subfolders, except hidden ones."""
    if not folder.is_dir():
        raise ValueError(
            f"Expected a folder of images, received a path where {folder} is a file: "
            f"pass the folder that it is in, {folder.parent}."
        )
    files = [file for file in list_files(folder) if file.suffix.lower() in SUFFIXES]
    if not files:
        raise ValueError(
            f"Expected {folder} to hold images ({', '.join(sorted(SUFFIXES))}), "
            "received none, not even in subfolders: check the path, or convert the "
            "images."
        )
    return files


def load_images(files, folder, *, size, channels):
    """Decodes files on all cores, and warns once about those that cannot be decoded.

    Args:
        files: Paths of image files.
        folder: Their folder, for messages.
        size: Height and width to scale and crop to, or None to keep the size.
        channels: 1 or 3.

    Returns:
        A list of uint8 arrays `(height, width, channels)`, and the indices of these
        images in `files`.
    """
    from PIL import Image

    read = functools.partial(decode, size=size, channels=channels)
    with warnings.catch_warnings():
        # One warning below replaces Pillow's warnings about single files.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            images = list(pool.map(read, files))
    indices = [index for index, image in enumerate(images) if image is not None]
    bad = [
        file.name for file, image in zip(files, images, strict=True) if image is None
    ]
    examples = ", ".join(bad[:3]) + (" and others" if len(bad) > 3 else "")
    if not indices:
        raise ValueError(
            f"Expected {folder} to hold images, received a folder where none of its "
            f"{len(files)} image files can be decoded ({examples}): replace them."
        )
    if bad:
        warnings.warn(
            f"{len(bad)} of {len(files)} images in {folder} cannot be decoded and are "
            f"left out: {examples}.",
            stacklevel=3,
        )
    return [images[index] for index in indices], indices


def decode(file, *, size=None, channels=3):
    """Decodes one image file and rotates it according to its EXIF data.

    Args:
        file: Its path.
        size: Height and width to scale and crop to, or None to keep the size.
        channels: 1 or 3.

    Returns:
        A uint8 array `(height, width, channels)`, or None if the file is damaged.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            image = _flatten(ImageOps.exif_transpose(opened), channels)
    except Exception:  # Damaged files raise almost every kind of exception.
        return None
    if size is not None:
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(image.height, image.width, channels)


def _flatten(image, channels):
    """Converts a PIL image of any mode to 8-bit grey or colour."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("The range of floating-point images is unknown.")
    if image.mode.startswith("I"):
        # 16 bits of grey: convert() would clip all levels above 255 to white.
        levels = np.clip(np.asarray(image), 0, 65535) / 257
        image = Image.fromarray(np.rint(levels).astype(np.uint8))
    elif image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("L" if channels == 1 else "RGB")
