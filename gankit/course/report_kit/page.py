"""The report as one HTML file that refers to no other and prints on two A4 pages."""

import base64
import html
import string
from pathlib import Path

from markdown_it import MarkdownIt

from gankit.course.report_kit.words import is_unwritten

DPI = 200
# The page makes its own type smaller where the report is long; see its script.
_TEMPLATE = Path(__file__).with_name("page.html")
# The size of the type in inches, which is the CSS unit rem.
_REM = 8.5 / 72


def render(report, dpi=DPI):
    """Writes a report as HTML.

    Args:
        report: The `gankit.course.report_kit.Report`.
        dpi: Pixels of the pictures to an inch of print.

    Returns:
        The text of the file, with the pictures in it.
    """
    words = report.words
    parts = [
        _section("Question", markdown(words.question)),
        _section("Expectation", markdown(words.expectation)),
        _section("Runs", report.table._repr_html_()),
        _list("Cautions", report.cautions),
        _figures(report.figures, dpi),
        _section("Answer", markdown(words.answer)),
        _list("Failures", report.failures or ["No run failed."]),
        _section("Threats to validity", markdown(words.threats_to_validity)),
        _section("Contributions", markdown(words.contributions)),
        _list("How to reproduce this", report.commands),
    ]
    return string.Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(_written(words.title)),
        authors=html.escape(_written(words.authors)),
        body="\n".join(parts),
    )


def markdown(text):
    """Converts Markdown to HTML: paragraphs, lists, emphasis and code.

    Everything else, such as links and HTML, appears as it was typed.
    """
    reader = MarkdownIt("zero").enable(["emphasis", "list", "backticks", "newline"])
    return reader.render(_written(text))


def _written(text):
    return "(not written)" if is_unwritten(text) else text


def _section(title, content):
    return f"<h2>{title}</h2>\n{content}"


def _list(title, sentences):
    items = "\n".join(f"<li>{html.escape(text)}</li>" for text in sentences)
    return _section(title, f'<ul class="small">\n{items}\n</ul>') if items else ""


def _figures(figures, dpi):
    """Wide figures first, then the others in pairs."""
    wide = [figure for figure in figures if figure.is_wide]
    half = [figure for figure in figures if not figure.is_wide]
    rows = [[figure] for figure in wide]
    rows += [half[i : i + 2] for i in range(0, len(half), 2)]
    numbers = {id(figure): i for i, figure in enumerate(figures, 1)}
    return "\n".join(
        '<div class="figures">\n'
        + "\n".join(_figure(figure, numbers[id(figure)], dpi) for figure in row)
        + "\n</div>"
        for row in rows
    )


def _figure(figure, number, dpi):
    caption = html.escape(f"Figure {number}. {figure.caption}")
    data = base64.b64encode(figure.picture.png(dpi)).decode()
    return (
        f'<figure style="width: {figure.size[0] / _REM:.2f}rem">'
        f'<img src="data:image/png;base64,{data}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
