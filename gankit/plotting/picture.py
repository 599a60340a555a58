"""A Matplotlib figure that notebooks show and files keep."""

import io

from matplotlib.figure import Figure
from PIL import Image


class Picture(Figure):
    """A Matplotlib figure that a notebook shows, though pyplot does not manage it."""

    def _repr_png_(self):
        drawn, png = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png")
        # A notebook keeps its pictures: 256 colours take a third of the room.
        with Image.open(drawn) as picture:
            few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
            few.save(png, format="png", optimize=True)
        return png.getvalue()
