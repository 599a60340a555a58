"""Grids of images, as arrays, files and figures."""

import json
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from gankit.plotting.picture import Picture

# Pixels between images and around them.
PADDING = 2
# Where a picture of rows says what they are.
_ROWS = "gankit rows"


def image_grid(images, *, columns=None):
    """Arranges images in rows on a white background, two pixels apart.

    Args:
        images: uint8 array `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row; `None` makes the grid as square as possible.

    Returns:
        uint8 array `(height, width)`, with a last axis of 3 for colour.

    Raises:
        ValueError: If `images` has another type or shape.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "Expected uint8 images (n, height, width, 1 or 3), received "
            f"{images.dtype} {images.shape}: convert them with "
            "gankit.datasets.to_uint8."
        )
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    height, width = height + PADDING, width + PADDING
    cells = np.full((rows * columns, height, width, channels), 255, "uint8")
    cells[:n, :-PADDING, :-PADDING] = images
    grid = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    grid = np.pad(grid, ((PADDING, 0), (PADDING, 0), (0, 0)), constant_values=255)
    return grid[..., 0] if channels == 1 else grid


def save_grid(path, images, *, columns=None, scale=1):
    """Writes images as one PNG.

    Args:
        path: The file.
        images: uint8 array `(n, height, width, channels)`.
        columns: Images in a row; `None` makes the grid as square as possible.
        scale: Integer factor that enlarges the pixels.
    """
    picture = Image.fromarray(image_grid(images, columns=columns))
    if scale != 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    picture.save(path, optimize=True)


def save_rows(path, rows):
    """Writes rows of images as one PNG, each with a caption on its left.

    Args:
        path: The file.
        rows: Dict from a caption to uint8 images `(n, height, width, channels)`, all
            of the same shape. `read_rows` reads it back.
    """
    picture, written = draw_rows(rows)
    picture.save(path, optimize=True, pnginfo=written)


def draw_rows(rows):
    """Draws the picture that `save_rows` writes, and what it says of its rows.

    Args:
        rows: As in `save_rows`.

    Returns:
        A `PIL.Image.Image` and a `PIL.PngImagePlugin.PngInfo`.
    """
    font = ImageFont.load_default(14)
    margin = 10 + max(math.ceil(font.getlength(caption)) for caption in rows)
    images = list(rows.values())
    grid = Image.fromarray(image_grid(np.concatenate(images), columns=len(images[0])))
    picture = Image.new(grid.mode, (margin + grid.width, grid.height), "white")
    picture.paste(grid, (margin, 0))
    draw = ImageDraw.Draw(picture)
    pitch = images[0].shape[1] + PADDING
    for i, caption in enumerate(rows):
        place = (margin - 6, PADDING + (i + 0.5) * pitch)
        draw.text(place, caption, fill="black", font=font, anchor="rm")
    written = PngInfo()
    sizes = {"captions": [*rows], "margin": margin, "image": images[0].shape[1:3]}
    written.add_text(_ROWS, json.dumps(sizes))
    return picture, written


def read_rows(path):
    """Reads the rows of images in a picture that `save_rows` wrote.

    Args:
        path: The file.

    Returns:
        Dict from a caption to uint8 images `(n, height, width, channels)`; an empty
        one if the picture does not say what its rows are.
    """
    with Image.open(path) as picture:
        written = json.loads(picture.text.get(_ROWS, "{}"))
        grid = np.asarray(picture)
    if not written:
        return {}
    captions, (height, width) = written["captions"], written["image"]
    grid = np.atleast_3d(grid)[PADDING:, written["margin"] + PADDING :]
    cells = grid.reshape(
        len(captions), height + PADDING, -1, width + PADDING, grid.shape[-1]
    )
    images = cells[:, :height, :, :width].swapaxes(1, 2)
    return dict(zip(captions, images, strict=True))


def save_each(folder, images):
    """Writes every image as a separate PNG, named by its number.

    Args:
        folder: The folder, which is created if it is missing.
        images: uint8 array `(n, height, width, channels)`.

    Raises:
        FileExistsError: If it contains other files, which a score would count too.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{i:06d}.png" for i in range(len(images))]
    if others := sorted({path.name for path in folder.iterdir()} - set(names)):
        raise FileExistsError(
            f"Expected {folder} to hold no files but the {len(names)} to write, "
            f"received {len(others)} more, such as {others[0]}: choose a new folder."
        )
    for name, image in zip(names, images, strict=True):
        picture = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(picture).save(folder / name)


def show_grid(images, *, columns=None, title=None):
    """Draws images as a Matplotlib figure, for a notebook.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        columns: Images in a row; `None` makes the grid as square as possible.
        title: Title of the figure.

    Returns:
        The `Picture`.
    """
    grid = image_grid(images, columns=columns)
    height, width = grid.shape[:2]
    figure = Picture(figsize=(6, 6 * height / width + 0.3), layout="constrained")
    axes = figure.subplots()
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.axis("off")
    if title:
        axes.set_title(title)
    return figure
