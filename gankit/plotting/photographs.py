"""Pictures of images for a notebook, in few bytes, with alternative text."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gankit.plotting.grids import draw_rows

# Of a JPEG, from 1 to 95: a fifth of the bytes of a PNG.
QUALITY = 60
# Height of the line with the title, in pixels.
TITLE = 24
# Rows of so many images at most leave room to enlarge each, by how much.
FEW, ENLARGED = 5, 1.5


def show_rows(rows, *, title):
    """Shows rows of photographs in a notebook as a JPEG, each with its caption.

    Five images in a row, or fewer, are enlarged.

    Args:
        rows: Dict from a caption to uint8 images `(n, height, width, channels)`, all
            of the same shape.
        title: Title of the picture, which is its alternative text as well.

    Returns:
        An `IPython.display.Image`.
    """
    if all(len(images) <= FEW for images in rows.values()):
        rows = {caption: _enlarged(images) for caption, images in rows.items()}
    picture, _ = draw_rows(rows)
    return _show(picture, title, photographs=True)


def show_picture(path, *, title, height=None, photographs=False):
    """Shows a saved picture of digits or photographs in a notebook.

    Args:
        path: A PNG from `save_grid` or `save_stages`.
        title: Title of the picture, which is its alternative text as well.
        height: Number of pixels to show from the top; `None` shows all.
        photographs: Whether to preserve colours with a JPEG, instead of four greys.

    Returns:
        An `IPython.display.Image`.
    """
    with Image.open(path) as picture:
        picture = picture.crop((0, 0, picture.width, height or picture.height))
    return _show(picture, title, photographs=photographs)


def _enlarged(images):
    size = [round(ENLARGED * side) for side in images.shape[2:0:-1]]
    pictures = [Image.fromarray(image.squeeze()).resize(size) for image in images]
    return np.stack(pictures).reshape(len(images), *size[::-1], images.shape[-1])


def _show(picture, title, *, photographs):
    from IPython.display import Image as NotebookImage

    font = ImageFont.load_default(14)
    width = max(picture.width, 12 + round(font.getlength(title)))
    shown = Image.new("RGB", (width, picture.height + TITLE), "white")
    shown.paste(picture, (0, TITLE))
    ImageDraw.Draw(shown).text((6, 3), title, fill="black", font=font)
    file = io.BytesIO()
    if photographs:
        shown.save(file, "jpeg", quality=QUALITY, progressive=True)
    else:
        shown.quantize(4).save(file, "png", optimize=True)
    return NotebookImage(file.getvalue(), metadata={"alt": title})
