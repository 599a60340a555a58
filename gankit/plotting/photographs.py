"""Rows of photographs for a notebook, in few bytes."""

import io
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gankit.plotting.grids import save_rows

# Of a JPEG, from 1 to 95: a fifth of the bytes of a PNG.
QUALITY = 60
# Height of the line with the title, in pixels.
TITLE = 24


def show_rows(rows, *, title):
    """Shows rows of photographs in a notebook as a JPEG, each with its caption.

    Args:
        rows: Dict from a caption to uint8 images `(n, height, width, channels)`, all
            of the same shape.
        title: Title of the picture, which is its alternative text as well.

    Returns:
        An `IPython.display.Image`.
    """
    from IPython.display import Image as NotebookImage

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.png"
        save_rows(path, rows)
        grid = Image.open(path).convert("RGB")
    font = ImageFont.load_default(14)
    width = max(grid.width, 12 + round(font.getlength(title)))
    picture = Image.new("RGB", (width, grid.height + TITLE), "white")
    picture.paste(grid, (0, TITLE))
    ImageDraw.Draw(picture).text((6, 3), title, fill="black", font=font)
    file = io.BytesIO()
    picture.save(file, "jpeg", quality=QUALITY, optimize=True)
    return NotebookImage(file.getvalue(), metadata={"alt": title})
