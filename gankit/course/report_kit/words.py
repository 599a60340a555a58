"""The student's own part of a report."""

import dataclasses

FEWEST_WORDS = 40


@dataclasses.dataclass(frozen=True)
class Words:
    """The texts that only the student can write.

    A text may have paragraphs, lists, `*emphasis*`, `**strong**` and `` `code` ``, as
    in Markdown. A text in square brackets counts as not written.

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


EXAMPLE = Words(
    title="Example: how much do two seeds of one training differ?",
    authors="Example text from gankit: replace it with your own",
    question=(
        "A small DCGAN is trained twice on scikit-learn's handwritten digits. Only the "
        "seed differs. How far apart are the two scores, compared with the interval "
        "over images of one of them?"
    ),
    expectation=(
        "Less than that interval: both see the same digits for the same number of "
        "steps. If two seeds differ by more, a comparison of two *methods* with one "
        "seed each could be a comparison of seeds."
    ),
    answer=(
        "Table 1 has the mean of both seeds with its interval; the figures show each "
        "run. Compare the distance between the two dots of the last figure with the "
        "whiskers of the figure before it, and both with the line of real images. In "
        "your own report the answer goes here: one sentence, then the figures that "
        "support it."
    ),
    threats_to_validity=(
        "Two seeds say little about a third. The training is far too short for good "
        "digits, so the result may differ at the end of a full budget. The features "
        "come from a classifier of the same 1,797 digits: it sees the strokes that "
        "distinguish the classes and may miss others. With few images on each side the "
        "score itself is uncertain. All runs share one data set, one network and one "
        "machine."
    ),
    contributions="None: an example.",
)
