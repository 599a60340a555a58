"""Finds image files and decodes them to uint8 arrays, whatever their mode."""

import collections
import concurrent.futures
import os
import warnings
from pathlib import Path

import numpy as np

# What Pillow reads and writes by itself, without Ghostscript for example.
SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".gif"),
    *(".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga"),
    *(".jp2", ".j2k", ".jpx", ".pcx"),
}
# Files that often lie next to images, and that nobody expects to be read.
COMPANIONS = {
    *("", ".txt", ".md", ".csv", ".tsv", ".json", ".xml", ".html", ".yml", ".yaml"),
    *(".ini", ".db", ".log", ".pdf", ".py"),
    *(".mat", ".npy", ".npz", ".zip", ".tar", ".gz"),
}

# Folders of which a warning said that their images may be too dark.
_WARNED = set()


def list_files(folder):
    """Returns the files in a folder and its subfolders, except hidden ones."""
    files, known = [], set()
    # Links are followed, since data sets are often on another disk. A folder that is
    # linked twice, perhaps from within itself, is read once.
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = sorted(n for n in folders if n[0] != "." and real not in known)
        if real not in known:
            files += [Path(place, name) for name in names if name[0] != "."]
        known.add(real)
    return sorted(files, key=lambda file: file.relative_to(folder).parts)


def list_images(folder):
    """Returns the image files in a folder and its subfolders, except hidden ones.

    Warns once about files of other kinds, which are left out.
    """
    if not folder.exists():
        raise FileNotFoundError(
            f"Expected a folder of images, received {folder}, which does not exist: "
            f"check the spelling (the working directory is {Path.cwd()})."
        )
    if not folder.is_dir():
        raise ValueError(
            f"Expected a folder of images, received a path where {folder} is a file: "
            f"pass the folder that it is in, {folder.parent}."
        )
    found = list_files(folder)
    files = [file for file in found if file.suffix.lower() in SUFFIXES]
    others = collections.Counter(file.suffix.lower() for file in found)
    counts = " and ".join(
        f"{n} {'file' if n == 1 else 'files'} ending in {suffix}"
        for suffix, n in others.most_common()
        if suffix not in SUFFIXES | COMPANIONS
    )
    if not files:
        raise ValueError(
            f"Expected {folder} to hold images ({', '.join(sorted(SUFFIXES))}), "
            f"received {counts or 'none'}, not even in subfolders an image: check the "
            "path, or export the images as JPEG or PNG."
        )
    if counts:
        warnings.warn(
            f"{counts} in {folder} left out: export them as JPEG or PNG.", stacklevel=3
        )
    return files


def load_images(files, folder, *, size, channels):
    """Decodes files on all cores, and warns once about those that cannot be decoded.

    Args:
        files: Paths of image files.
        folder: Their folder, for messages.
        size: `(height, width)` to scale and crop to, or None to keep the size.
        channels: 1 or 3.

    Returns:
        A list of uint8 arrays `(height, width, channels)`, and the indices of these
        images in `files`.
    """
    results = decode_all(files, size=size, channels=channels)
    indices = left_in(results, files, folder)
    return [results[index] for index in indices], indices


def decode_all(files, *, size, channels):
    """Decodes files as `decode` does, but returns its errors."""
    from PIL import Image

    dark = []

    def read(file):
        try:
            return decode(file, size=size, channels=channels, dark=dark)
        except ValueError as error:
            return error

    with warnings.catch_warnings():
        # One warning for all replaces Pillow's warnings about single files.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(read, files))
    if dark and files[0].parent not in _WARNED:
        _WARNED.add(files[0].parent)
        warnings.warn(
            f"Read {len(dark)} of {len(files)} images in {files[0].parent}, such as "
            f"{min(dark)}, as 16 bits, where 65535 is white, though none of their "
            "levels reaches half of it: if they use fewer bits, they are too dark, so "
            "scale them to the range from 0 to 65535.",
            stacklevel=4,
        )
    return results


def left_in(results, files, folder):
    """Returns the indices of results that are no errors; warns once about the others.

    Raises:
        ValueError: If all are errors.
    """
    reasons = {i: r for i, r in enumerate(results) if isinstance(r, ValueError)}
    bad = [f"{files[i].name} ({reason})" for i, reason in reasons.items()]
    examples = ", ".join(bad[:3]) + (" and others" if len(bad) > 3 else "")
    if len(bad) == len(files):
        raise ValueError(
            f"Expected {folder} to hold images, received a folder where none of its "
            f"{len(files)} image files can be decoded, {examples}: replace them."
        )
    if bad:
        warnings.warn(
            f"{len(bad)} of {len(files)} images in {folder} cannot be decoded and are "
            f"left out: {examples}.",
            stacklevel=4,
        )
    return [i for i in range(len(files)) if i not in reasons]


def decode(file, *, size, channels, dark):
    """Decodes one image file and rotates it according to its EXIF data.

    Args:
        file: Its path.
        size: `(height, width)` to scale and crop to, or None to keep the size.
        channels: 1 or 3.
        dark: List that gets the file's name if it has 16 bits, but no level of the
            upper half.

    Returns:
        A uint8 array `(height, width, channels)`.

    Raises:
        ValueError: If the file cannot be decoded. The message is the reason alone.
    """
    from PIL import Image, ImageOps

    try:
        if not Path(file).is_file():  # a pipe would wait for ever
            raise ValueError("no file, or a link to none")
        with Image.open(file) as opened:
            # Pillow keeps the upper 8 of 16 bits of a colour.
            deep = ";16" in str(opened.tile)
            image, deep = _flatten(ImageOps.exif_transpose(opened), channels, deep)
        if deep and 0 < np.max(image.getextrema()) < 128:
            dark.append(Path(file).name)
    except Image.UnidentifiedImageError as error:
        raise ValueError("damaged, or of a kind that Pillow does not read") from error
    except Exception as error:  # Damaged files raise almost every kind of exception.
        reason = str(error).split(". ")[0].rstrip(".")
        raise ValueError(reason or type(error).__name__) from error
    if size is not None:
        image = ImageOps.fit(image, size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(image.height, image.width, channels)


def _flatten(image, channels, deep):
    """Converts a PIL image to 8-bit grey or colour; returns whether it had 16 bits."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("floating-point values, whose range is unknown")
    if image.mode.startswith("I"):
        # 16 or 32 bits of grey: convert() would clip all levels above 255 to white.
        levels = np.asarray(image)
        low, high = levels.min(), levels.max()
        eight_bits = image.mode == "I" and high <= 255
        if low < 0 or high > 65535 or (0 < high < 4096 and not eight_bits):
            raise ValueError(
                f"levels from {low} to {high}, which fill neither 8 nor 16 bits: scale "
                "them to the range from 0 to 65535"
            )
        deep = not eight_bits
        levels = levels / (257 if deep else 1)
        image = Image.fromarray(np.rint(levels).astype(np.uint8))
    elif image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    elif image.mode == "LAB":
        image = image.convert("RGB")
    return image.convert("L" if channels == 1 else "RGB"), deep
