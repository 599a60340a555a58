"""What a report is made of, whatever it is written as."""

import dataclasses
import html

from markdown_it import MarkdownIt

from gankit.course.report_kit.figures import Figure


@dataclasses.dataclass(frozen=True)
class Span:
    """Words of one kind: `style` is `""`, `"B"`, `"I"`, `"BI"` or `"code"`."""

    text: str
    style: str = ""


@dataclasses.dataclass(frozen=True)
class Heading:
    """A heading of a section."""

    text: str


@dataclasses.dataclass(frozen=True)
class Paragraph:
    """A paragraph, or an item of a list with its `mark`, such as `"•"`; `small` type
    is for what the kit says by itself."""

    spans: tuple[Span, ...]
    mark: str = ""
    small: bool = False


@dataclasses.dataclass(frozen=True)
class Table:
    """A table: `widths` are shares of the line, `notes` stand below."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    notes: tuple[str, ...] = ()

    def _repr_html_(self):
        total = sum(self.widths)
        columns = [f'<col style="width:{100 * w / total:.1f}%">' for w in self.widths]
        lines = [
            "<tr>"
            + "".join(f"<{tag}>{html.escape(t)}</{tag}>" for t in texts)
            + "</tr>"
            for tag, texts in (("th", self.columns), *(("td", r) for r in self.rows))
        ]
        return "\n".join(
            [
                f"<table><caption>{html.escape(self.caption)}</caption>",
                *columns,
                *lines,
                "</table>",
                *[f'<p class="note">{html.escape(note)}</p>' for note in self.notes],
            ]
        )


@dataclasses.dataclass(frozen=True)
class FigureRow:
    """Figures side by side, with their numbered captions."""

    figures: tuple[Figure, ...]
    captions: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Document:
    """A report: its head, and blocks of the kinds above in their order."""

    title: str
    authors: str
    blocks: tuple


def markdown(text):
    """Reads Markdown: paragraphs, lists, emphasis, code; all else stays as written.

    Returns:
        List of `Paragraph`.
    """
    reader = MarkdownIt("zero").enable(["emphasis", "list", "backticks", "newline"])
    found, marks, mark = [], [], ""
    for token in reader.parse(text.strip()):
        if token.type == "bullet_list_open":
            marks.append(None)
        elif token.type == "ordered_list_open":
            marks.append(int(token.attrs.get("start", 1)))
        elif token.type.endswith("_list_close"):
            marks.pop()
        elif token.type == "list_item_open":
            mark = "•" if marks[-1] is None else f"{marks[-1]}."
            marks[-1] = marks[-1] and marks[-1] + 1
        elif token.type == "inline":
            found.append(Paragraph(_spans(token.children), mark))
            mark = ""
    return found


def _spans(tokens):
    spans, strong, emphasis = [], 0, 0
    for token in tokens:
        if token.type in ("strong_open", "strong_close"):
            strong += token.nesting
        elif token.type in ("em_open", "em_close"):
            emphasis += token.nesting
        elif token.type == "code_inline":
            spans.append(Span(token.content, "code"))
        else:
            text = " " if token.type.endswith("break") else token.content
            spans.append(Span(text, "B" * bool(strong) + "I" * bool(emphasis)))
    return tuple(spans)
