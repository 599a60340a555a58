"""A Matplotlib figure that notebooks show and files keep."""

import io

from matplotlib.figure import Figure
from PIL import Image


class Picture(Figure):
    """A Matplotlib figure that a notebook shows, though pyplot does not manage it."""

    def _repr_png_(self):
        return self.png()

    def png(self, dpi="figure"):
        """The figure as a PNG of few bytes, for a notebook or a repository."""
        drawn, png = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png", dpi=dpi)
        # A notebook keeps its pictures. Lines, text and grey levels lose nothing
        # visible with few colours; photographs, which have many, would.
        with Image.open(drawn) as picture:
            picture = picture.convert("RGB")
            few = picture.getcolors(8192) is not None
            # Else the colour of a thin line would be merged with another.
            method = Image.Quantize.MAXCOVERAGE if few else Image.Quantize.MEDIANCUT
            picture = picture.quantize(
                48 if few else 256, method, dither=Image.Dither.NONE
            )
            picture.save(png, format="png", optimize=True)
        return png.getvalue()
