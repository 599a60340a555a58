"""How large a report is set, so that it fits on its pages."""

import dataclasses

PAGES = 2


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Type in points and figures in inches, at a `scale` of up to 1."""

    scale: float = 1.0

    @property
    def text(self):
        """Type of the student's words."""
        return round(8.5 * self.scale, 2)

    @property
    def small(self):
        """Type of captions, of the table, and of what the kit says."""
        return round(7.2 * self.scale, 2)

    @property
    def heading(self):
        """Type of headings."""
        return round(10 * self.scale, 2)

    @property
    def title(self):
        """Type of the title."""
        return round(14 * self.scale, 2)

    def figure_height(self, figure):
        """Inches that a `Figure` is high; its width stays."""
        # Pictures shrink more than type, which must stay legible.
        return figure.size[1] * self.scale**1.5


# From the size that is best to read to the smallest that can be read.
LARGEST_TO_SMALLEST = tuple(Sizes(scale / 100) for scale in range(100, 81, -3))
