"""The student's own part of a report."""

import dataclasses

FEWEST_WORDS = 40


@dataclasses.dataclass(frozen=True)
class Words:
    """What no file of a run can say.

    A text may have paragraphs, lists, `*emphasis*`, `**strong**` and `` `code` ``, as
    in Markdown. What still stands in square brackets counts as not written.

    Attributes:
        title: Title of the report.
        authors: Who wrote it.
        question: What was asked.
        expected: What was expected before training, and why.
        found: What the figures and the table answer.
        threats_to_validity: What could make the answer wrong for these runs; without
            it nothing is exported.
        contributions: Who did what.
    """

    title: str = "[Title]"
    authors: str = "[Names]"
    question: str = "[What did you ask?]"
    expected: str = "[What did you expect before training, and why?]"
    found: str = "[What do the table and the figures answer?]"
    threats_to_validity: str = "[What could make the answer wrong for these runs?]"
    contributions: str = "[Who did what?]"

    @property
    def missing(self):
        """Names of the texts that are empty or still the placeholder."""
        return tuple(
            field.name
            for field in dataclasses.fields(self)
            if is_unwritten(getattr(self, field.name))
        )

    def check(self):
        """Refuses words without threats to validity.

        Raises:
            ValueError: If the paragraph is empty, a placeholder, shorter than 40 words,
                or that of `EXAMPLE` under another title.
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
            "as their seeds, steps, data, and what the score does not see."
        )

    @property
    def is_written(self):
        """Whether there are threats to validity, of 40 words or more."""
        text = self.threats_to_validity
        return not is_unwritten(text) and len(text.split()) >= FEWEST_WORDS


def is_unwritten(text):
    """Whether a text is empty or stands in square brackets."""
    text = text.strip()
    return not text.strip(". …") or (text[0] == "[" and text[-1] == "]")


EXAMPLE = Words(
    title="Example: how far do two seeds of one training differ?",
    authors="Nobody: these words come with gankit, write your own",
    question=(
        "A small DCGAN is trained twice on scikit-learn's handwritten digits. Nothing "
        "differs but the seed. How far are the two apart, measured by the interval "
        "that one of them has over pictures?"
    ),
    expected=(
        "Less than that interval: both see the same digits for the same number of "
        "steps. If two seeds differ by more, a comparison of two *methods* with one "
        "seed each could be a comparison of seeds."
    ),
    found=(
        "Table 1 has the mean of both seeds with its interval, the figures have each "
        "run. The distance between the two dots of the last figure is to be read "
        "beside the whiskers of the one before, and both beside the line of real "
        "images. In a report of yours the answer goes here: one sentence, then the "
        "figures that it rests on."
    ),
    threats_to_validity=(
        "Two seeds say little about a third. The training is far too short for good "
        "digits, so what holds here need not hold at the end of a budget. The features "
        "are those of a classifier of the same 1,797 digits: it sees strokes that tell "
        "classes apart and may miss others. Few images on each side make the score "
        "itself uncertain. All runs share one data set, one network and one machine."
    ),
    contributions="None: an example.",
)
