"""Finds image files and decodes them, whatever their mode, to one form."""

import concurrent.futures
import functools
import os
import warnings
from pathlib import Path

import numpy as np

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"}


def list_images(folder):
    """Returns the image files in a folder and below, sorted; never hidden ones."""
    if not folder.is_dir():
        raise ValueError(
            f"A folder of images is expected, but {folder} is a file: pass the folder "
            f"that it lies in, {folder.parent}."
        )
    files = []
    # Links are followed, as data sets often lie on another disk.
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [
            Path(place, name)
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        ]
    if not files:
        raise ValueError(
            f"{folder} must hold images ({', '.join(sorted(SUFFIXES))}), but none is "
            "there or below: check the path, or convert the images."
        )
    return sorted(files, key=lambda file: file.relative_to(folder).parts)


def load_images(files, folder, *, size, channels):
    """Decodes files on all cores and warns once of those that cannot be.

    Args:
        files: Paths of image files.
        folder: Where they lie, for messages.
        size: Height and width to scale and crop to, or None to keep them.
        channels: 1 or 3.

    Returns:
        A list of uint8 arrays `(height, width, channels)`, and the positions of
        these images in `files`.
    """
    from PIL import Image

    read = functools.partial(decode, size=size, channels=channels)
    with warnings.catch_warnings():
        # What Pillow has to say of single files is summed up below.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            images = list(pool.map(read, files))
    kept = [index for index, image in enumerate(images) if image is not None]
    bad = [
        file.name for file, image in zip(files, images, strict=True) if image is None
    ]
    shown = ", ".join(bad[:3]) + (" and others" if len(bad) > 3 else "")
    if not kept:
        raise ValueError(
            f"{folder} must hold images, but none of its {len(files)} image files can "
            f"be decoded ({shown}): replace them."
        )
    if bad:
        warnings.warn(
            f"{len(bad)} of {len(files)} images in {folder} cannot be decoded and are "
            f"left out: {shown}.",
            stacklevel=3,
        )
    return [images[index] for index in kept], kept


def decode(file, *, size=None, channels=3):
    """Decodes one image file, turned upright as its EXIF data say.

    Args:
        file: Its path.
        size: Height and width to scale and crop to, or None to keep them.
        channels: 1 or 3.

    Returns:
        A uint8 array `(height, width, channels)`, or None where the file is damaged.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            image = _flatten(ImageOps.exif_transpose(opened), channels)
    except Exception:  # Damaged files raise nearly every kind of exception.
        return None
    if size is not None:
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(image.height, image.width, channels)


def _flatten(image, channels):
    """Converts a PIL image of any mode to 8-bit grey or colour."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("The range of floating-point images is not stated.")
    if image.mode.startswith("I"):
        # 16 bits of grey: convert() would cut all levels above 255 to white.
        levels = np.clip(np.asarray(image), 0, 65535) / 257
        image = Image.fromarray(np.rint(levels).astype(np.uint8))
    elif image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("L" if channels == 1 else "RGB")
