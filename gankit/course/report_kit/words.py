"""The student's own part of a report."""

import dataclasses
import tomllib
from pathlib import Path

FEWEST_WORDS = 40


@dataclasses.dataclass(frozen=True)
class Words:
    """The texts that only the student can write.

    A text may have paragraphs, lists, `*emphasis*`, `**strong**` and code in backticks,
    as in Markdown. A text in square brackets counts as not written.

    Attributes:
        title: Title of the report.
        authors: Who wrote it.
        question: What you asked.
        expectation: What you expected before training, and why.
        answer: What the figures and the table answer.
        threats_to_validity: What could make the answer wrong for these runs. Without
            it nothing is exported.
        contributions: Who did what.
    """

    title: str = "[Title]"
    authors: str = "[Names]"
    question: str = "[What did you ask?]"
    expectation: str = "[What did you expect before training, and why?]"
    answer: str = "[What do the table and the figures answer?]"
    threats_to_validity: str = "[What could make the answer wrong for these runs?]"
    contributions: str = "[Who did what?]"

    @property
    def missing(self):
        """Names of the texts that are empty or still the placeholder."""
        texts = dataclasses.asdict(self)
        return tuple(name for name, text in texts.items() if is_unwritten(text))

    @property
    def is_written(self):
        """Whether there are threats to validity, of at least 40 words."""
        text = self.threats_to_validity
        return not is_unwritten(text) and len(text.split()) >= FEWEST_WORDS

    def check(self):
        """Refuses words without threats to validity.

        Raises:
            ValueError: If the paragraph is empty, a placeholder, shorter than 40 words,
                or copied from `EXAMPLE`.
        """
        text = self.threats_to_validity
        copied = text == EXAMPLE.threats_to_validity and self.title != EXAMPLE.title
        if self.is_written and not copied:
            return
        count = len(text.split())
        received = f"{count} word{'' if count == 1 else 's'}"
        if is_unwritten(text):
            received = "the placeholder" if text.strip() else "none"
        elif copied:
            received = "those of the example"
        raise ValueError(
            f"Expected threats to validity of at least {FEWEST_WORDS} words, received "
            f"{received}: write what could make the answer wrong for these runs, such "
            "as their seeds, steps and data, and what the score does not see."
        )


def is_unwritten(text):
    """Whether a text is empty or in square brackets."""
    text = text.strip()
    return not text.strip(". …") or (text[0] == "[" and text[-1] == "]")


_EXAMPLE = Path(__file__).with_name("example.toml")
EXAMPLE = Words(**tomllib.loads(_EXAMPLE.read_text("utf-8")))
