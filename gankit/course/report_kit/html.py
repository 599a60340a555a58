"""A document as one HTML file that refers to no other."""

import base64
import html

from gankit.course.report_kit.document import FigureRow, Heading, Paragraph, Table

DPI = 200
_STYLE = """
@page {{ size: A4; margin: 14mm; }}
body {{ font: {text}pt/1.35 "DejaVu Sans", Verdana, sans-serif; color: #111;
  max-width: 182mm; margin: 8mm auto; padding: 0 4mm; }}
h1 {{ font-size: {title}pt; margin: 0 0 1mm; }}
h2 {{ font-size: {heading}pt; margin: 2.6mm 0 0.8mm; break-after: avoid; }}
p {{ margin: 0 0 1.2mm; }}
p.item {{ padding-left: 4mm; text-indent: -4mm; margin-bottom: 0.5mm; }}
p.item b.mark {{ display: inline-block; width: 4mm; text-indent: 0; font-weight: 400; }}
p.small, figcaption, caption, td, th, p.note {{ font-size: {small}pt; }}
code {{ font-family: "DejaVu Sans Mono", monospace; font-size: 92%; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
caption {{ text-align: left; padding-bottom: 1mm; }}
th, td {{ text-align: left; vertical-align: top; padding: 0.4mm 0.8mm;
  overflow-wrap: anywhere; }}
th {{ border-bottom: 0.3mm solid #111; }} td {{ border-bottom: 0.1mm solid #aaa; }}
div.figures {{ display: flex; gap: 3mm; margin: 2mm 0; break-inside: avoid; }}
figure {{ margin: 0; max-width: 100%; }} figure img {{ width: 100%; }}
figcaption {{ margin-top: 0.5mm; }}
@media screen and (max-width: 640px) {{ div.figures {{ display: block; }} }}
@media print {{ body {{ margin: 0; padding: 0; max-width: none; }} }}
"""


def render(document, sizes, dpi=DPI):
    """Writes a document as HTML, for the screen and for two printed pages of A4.

    Args:
        document: The `Document`.
        sizes: The `Sizes` of type and figures.
        dpi: Pixels of the pictures to an inch of print.

    Returns:
        The text of the file; pictures are in it.
    """
    style = _STYLE.format(
        text=sizes.text, title=sizes.title, heading=sizes.heading, small=sizes.small
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{html.escape(document.title)}</title>",
        f"<style>{style}</style></head><body>",
        f"<h1>{html.escape(document.title)}</h1>",
        f"<p>{html.escape(document.authors)}</p>",
        *[_block(block, sizes, dpi) for block in document.blocks],
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _block(block, sizes, dpi):
    if isinstance(block, Heading):
        return f"<h2>{html.escape(block.text)}</h2>"
    if isinstance(block, Paragraph):
        return _paragraph(block)
    if isinstance(block, Table):
        return block._repr_html_()
    if isinstance(block, FigureRow):
        return _figures(block, sizes, dpi)
    raise TypeError(f"Expected a block of a document, received {type(block).__name__}.")


def _paragraph(block):
    classes = [*["item"] * bool(block.mark), *["small"] * block.small]
    kind = f' class="{" ".join(classes)}"' if classes else ""
    mark = f'<b class="mark">{block.mark}</b>' if block.mark else ""
    return f"<p{kind}>{mark}{''.join(_span(span) for span in block.spans)}</p>"


def _span(span):
    text = html.escape(span.text)
    if span.style == "code":
        return f"<code>{text}</code>"
    for letter, tag in (("I", "em"), ("B", "strong")):
        if letter in span.style:
            text = f"<{tag}>{text}</{tag}>"
    return text


def _figures(block, sizes, dpi):
    made = []
    for figure, caption in zip(block.figures, block.captions, strict=True):
        png = figure.png(dpi, sizes.figure_height(figure))
        data = base64.b64encode(png).decode()
        made.append(
            f'<figure style="width:{figure.size[0]:.2f}in">'
            f'<img src="data:image/png;base64,{data}" alt="{html.escape(caption)}">'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        )
    return f'<div class="figures">{"".join(made)}</div>'
