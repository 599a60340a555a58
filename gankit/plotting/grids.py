"""Grids of images, as arrays, files and figures."""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gankit.plotting.picture import Picture


def image_grid(images, *, columns=None, padding=2, background=255):
    """Lays images out in rows.

    Args:
        images: uint8 array `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row; `None` makes the grid as square as may be.
        padding: Pixels between images and around them.
        background: Grey level of the padding and of empty places, 0 to 255.

    Returns:
        uint8 array `(rows, columns)` in pixels, with a last axis of 3 for colour.

    Raises:
        ValueError: If `images` is of another form.
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
    cells = np.full(
        (rows * columns, height + padding, width + padding, channels),
        background,
        "uint8",
    )
    cells[:n, :height, :width] = images
    grid = cells.reshape(rows, columns, *cells.shape[1:]).swapaxes(1, 2)
    grid = grid.reshape(rows * cells.shape[1], columns * cells.shape[2], channels)
    grid = np.pad(
        grid, ((padding, 0), (padding, 0), (0, 0)), constant_values=background
    )
    return grid[..., 0] if channels == 1 else grid


def save_grid(path, images, *, columns=None, scale=1, colours=None):
    """Writes images as one PNG.

    Args:
        path: The file.
        images: uint8 array `(n, height, width, channels)`.
        columns: Images in a row; `None` makes the grid as square as may be.
        scale: Whole number by which the pixels are enlarged.
        colours: To how many colours a picture in colour is reduced, at most 256, which
            makes a smaller file; `None` keeps all.
    """
    grid = image_grid(images, columns=columns)
    picture = _reduced(Image.fromarray(grid), colours)
    if scale != 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    picture.save(path, optimize=True)


def _reduced(picture, colours):
    if colours is None or picture.mode != "RGB":
        return picture
    return picture.quantize(colours)


def save_rows(path, rows, *, colours=None):
    """Writes rows of images as one PNG, each captioned on its left.

    Args:
        path: The file.
        rows: Dict from a caption to uint8 images `(n, height, width, channels)`, all
            of one shape.
        colours: As in `save_grid`.
    """
    font = ImageFont.load_default(14)
    margin = 10 + max(math.ceil(font.getlength(caption)) for caption in rows)
    images = list(rows.values())
    grid = Image.fromarray(image_grid(np.concatenate(images), columns=len(images[0])))
    picture = Image.new(grid.mode, (margin + grid.width, grid.height), "white")
    picture.paste(grid, (margin, 0))
    draw = ImageDraw.Draw(picture)
    pitch = images[0].shape[1] + 2
    for i, caption in enumerate(rows):
        place = (margin - 6, 2 + (i + 0.5) * pitch)
        draw.text(place, caption, fill="black", font=font, anchor="rm")
    _reduced(picture, colours).save(path, optimize=True)


def save_each(folder, images):
    """Writes every image as a PNG of its own, named by its number.

    Args:
        folder: The folder; it is made where it is missing.
        images: uint8 array `(n, height, width, channels)`.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        picture = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(picture).save(folder / f"{i:06d}.png")


def show_grid(images, *, columns=None, title=None):
    """Draws images as a Matplotlib figure, for a notebook.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        columns: Images in a row; `None` makes the grid as square as may be.
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


def show_picture(path, *, rows=None, photographs=False):
    """Shows a kept picture of digits or photographs in a notebook, in few bytes.

    Args:
        path: A PNG that `save_grid` or `save_stages` wrote.
        rows: Rows of 30 pixels below the caption to keep; `None` keeps all.
        photographs: Whether there are colours to keep: then as a JPEG, else in four
            greys.

    Returns:
        An `IPython.display.Image`.
    """
    from IPython.display import Image as Shown

    file = io.BytesIO()
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
    if rows:
        picture = picture.crop((0, 0, picture.width, 30 * (1 + rows)))
    if photographs:
        picture.save(file, "jpeg", quality=25)
    else:
        picture.quantize(4).save(file, "png", optimize=True)
    return Shown(file.getvalue())
