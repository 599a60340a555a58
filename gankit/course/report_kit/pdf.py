"""A document as PDF, by fpdf2, which needs neither a browser nor system packages."""

import io
import re
from pathlib import Path

import matplotlib

from gankit.course.report_kit.document import FigureRow, Heading, Paragraph, Table

MARGIN = 14.0
DPI = 200
_LINE = 1.35
_INCH = 25.4
_POINT = _INCH / 72
_FONTS = {
    ("text", ""): "DejaVuSans.ttf",
    ("text", "B"): "DejaVuSans-Bold.ttf",
    ("text", "I"): "DejaVuSans-Oblique.ttf",
    ("text", "BI"): "DejaVuSans-BoldOblique.ttf",
    ("code", ""): "DejaVuSansMono.ttf",
}


def available():
    """Whether fpdf2 is installed."""
    try:
        import fpdf  # noqa: F401
    except ImportError:
        return False
    return True


def render(document, sizes, draft=False):
    """Writes a document as PDF.

    Args:
        document: The `Document`.
        sizes: The `Sizes` of type and figures.
        draft: Whether figures are left white, which takes no time.

    Returns:
        The bytes of the file, the number of its pages, and the characters that its
        font lacks, a text.

    Raises:
        ImportError: If fpdf2 is not installed.
    """
    page = _Page(document, sizes, draft)
    for block in document.blocks:
        page.add(block)
    return bytes(page.pdf.output()), page.pdf.pages_count, page.lacking


class _Page:
    """Writes blocks one below the other."""

    def __init__(self, document, sizes, draft):
        from fpdf import FPDF

        self.sizes = sizes
        self.draft = draft
        self.pdf = pdf = FPDF(format="A4")
        pdf.set_margin(MARGIN)
        pdf.set_auto_page_break(True, MARGIN)
        pdf.c_margin = 0
        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        for (family, style), file in _FONTS.items():
            pdf.add_font(family, style, folder / file)
        pdf.set_title(document.title)
        pdf.set_author(document.authors)
        pdf.set_lang("en")
        pdf.add_page()
        self.known = set(pdf.fonts["text"].cmap)
        self.unknown = set()
        self._text(document.title, sizes.title, "B", after=1)
        self._text(document.authors, sizes.text, after=1)

    @property
    def lacking(self):
        """Characters that the font has no picture of."""
        return "".join(sorted(self.unknown))

    def add(self, block):
        """Writes a block."""
        kinds = {
            Heading: self._heading,
            Paragraph: self._paragraph,
            Table: self._table,
            FigureRow: self._figures,
        }
        kinds[type(block)](block)

    def _height(self, size):
        return size * _POINT * _LINE

    def _seen(self, text):
        self.unknown |= {c for c in text if ord(c) not in self.known and c != "\n"}
        return text

    def _text(self, text, size, style="", after=0.0):
        self.pdf.set_font("text", style, size)
        self.pdf.multi_cell(
            0, self._height(size), self._seen(text), align="L", new_x="LMARGIN"
        )
        self.pdf.ln(after)

    def _room(self, height):
        """Begins a page where less than `height` is left of this one."""
        if self.pdf.will_page_break(height):
            self.pdf.add_page()

    def _heading(self, block):
        size = self.sizes.heading
        # With two lines of what it is the heading of.
        self._room(self._height(size) + 2 * self._height(self.sizes.text) + 2.6)
        self.pdf.ln(1.8)
        self._text(block.text, size, "B", after=0.4)

    def _paragraph(self, block):
        size = self.sizes.small if block.small else self.sizes.text
        indent = 4.0 if block.mark else 0.0
        self.pdf.set_font("text", "", size)
        # Lines are broken where all spans are known, not one by one.
        with (
            self.pdf.text_columns(line_height=_LINE, text_align="LEFT") as region,
            region.paragraph(
                indent=indent,
                bullet_string=block.mark,
                bullet_r_margin=1.5,
                bottom_margin=0.5 if block.mark else 1.2,
            ) as paragraph,
        ):
            for span in block.spans:
                code = span.style == "code"
                family, style = ("code", "") if code else ("text", span.style)
                self.pdf.set_font(family, style, size * 0.92 if code else size)
                paragraph.write(self._seen(span.text))

    def _table(self, block):
        from fpdf.fonts import FontFace

        size = self.sizes.small
        self._text(block.caption, size, after=0.8)
        self.pdf.set_font("text", "", size)
        self.pdf.set_line_width(0.1)
        with self.pdf.table(
            [
                [self._cell(cell) for cell in row]
                for row in (block.columns, *block.rows)
            ],
            col_widths=block.widths,
            text_align="LEFT",
            v_align="TOP",
            line_height=self._height(size) * 0.92,
            borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="BOLD"),
            padding=(0.4, 0.8),
        ):
            pass
        self.pdf.ln(0.8)
        for note in block.notes:
            self._text(note, size)

    def _cell(self, text):
        # A long name may go on in the next line after its signs.
        return re.sub(r"(?<=\w)([-/])(?=\w)", "\\1\u200b", self._seen(text))

    def _figures(self, block):
        small = self._height(self.sizes.small)
        placed = []
        left = MARGIN
        for figure, caption in zip(block.figures, block.captions, strict=True):
            width = figure.size[0] * _INCH
            height = self.sizes.figure_height(figure) * _INCH
            self.pdf.set_font("text", "", self.sizes.small)
            lines = self.pdf.multi_cell(
                width, small, self._seen(caption), dry_run=True, output="LINES"
            )
            tall = height + 0.8 + small * len(lines)
            placed.append((figure, caption, left, width, height, tall))
            left += width + 3
        tallest = max(tall for *_, tall in placed)
        self._room(tallest + 2)
        self.pdf.ln(1.2)
        top = self.pdf.get_y()
        for figure, caption, left, width, height, _ in placed:
            if not self.draft:
                png = io.BytesIO(figure.png(DPI, height / _INCH))
                self.pdf.image(png, left, top, w=width, h=height, alt_text=caption)
            self.pdf.set_xy(left, top + height + 0.8)
            self.pdf.multi_cell(width, small, caption, align="L")
        self.pdf.set_xy(MARGIN, top + tallest + 0.8)
