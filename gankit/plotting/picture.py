"""A Matplotlib figure that notebooks show as a small PNG."""

import io

from matplotlib.colors import TABLEAU_COLORS
from matplotlib.figure import Figure
from PIL import Image, ImageColor

# Red, green and blue of what is drawn on photographs, which keeps its colours.
_COLOURS = ("white", "black", *TABLEAU_COLORS.values())
_MARKS = [value for colour in _COLOURS for value in ImageColor.getrgb(colour)]


class Picture(Figure):
    """A Matplotlib figure that a notebook shows without pyplot.

    `set_label` sets its alternative text. Without one, titles and labels are read out.
    """

    def _repr_png_(self):
        return self.png(), {"alt": self.alternative_text()}

    def alternative_text(self):
        """Returns what the figure shows, in words, for readers who cannot see it."""
        if self.get_label():
            return self.get_label()
        legends = [*self.legends, *(axes.get_legend() for axes in self.axes)]
        words = {
            "": [self.get_suptitle(), *(axes.get_title() for axes in self.axes)],
            "Horizontal axis: ": [axes.get_xlabel() for axes in self.axes],
            "Vertical axis: ": [axes.get_ylabel() for axes in self.axes],
            "Legend: ": [t.get_text() for each in legends if each for t in each.texts],
        }
        said = {lead: list(dict.fromkeys(filter(None, w))) for lead, w in words.items()}
        parts = [f"{lead}{'; '.join(w).rstrip('.')}." for lead, w in said.items() if w]
        return " ".join(" ".join(parts).split())

    def png(self, dpi="figure"):
        """Returns the figure as a small PNG, for a notebook or a repository."""
        drawn, png = io.BytesIO(), io.BytesIO()
        self.savefig(drawn, format="png", dpi=dpi)
        # Notebooks store their pictures. Lines, text and grey levels look the same with
        # few colours, but photographs would not.
        with Image.open(drawn) as picture:
            picture = picture.convert("RGB")
            if picture.getcolors(8192) is not None:
                # Otherwise the colour of a thin line would be merged with another one.
                few = picture.quantize(48, Image.Quantize.MAXCOVERAGE)
            else:
                few = picture.quantize(256 - len(_MARKS) // 3, Image.Quantize.MEDIANCUT)
                few.putpalette([*few.getpalette(), *_MARKS])
            picture = picture.quantize(palette=few, dither=Image.Dither.NONE)
            picture.save(png, format="png", optimize=True)
        return png.getvalue()
