"""A Matplotlib figure that notebooks show as a small PNG."""

import io

from matplotlib.figure import Figure
from PIL import Image


class Picture(Figure):
    """A Matplotlib figure that a notebook shows without pyplot."""

    def _repr_png_(self):
        return self.png()

    def png(self, dpi="figure"):
        """Returns the figure as a small PNG, for a notebook or a repository."""
        drawn, png = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png", dpi=dpi)
        # Notebooks store their pictures. Lines, text and grey levels look the same with
        # few colours, but photographs would not.
        with Image.open(drawn) as picture:
            picture = picture.convert("RGB")
            few = picture.getcolors(8192) is not None
            # Otherwise the colour of a thin line would be merged with another one.
            method = Image.Quantize.MAXCOVERAGE if few else Image.Quantize.MEDIANCUT
            picture = picture.quantize(
                48 if few else 256, method, dither=Image.Dither.NONE
            )
            picture.save(png, format="png", optimize=True)
        return png.getvalue()
