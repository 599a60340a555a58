"""What a score is: a number that says how it came about."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Score:
    """A number together with what one must know to compare it with another.

    Attributes:
        name: What was measured.
        value: The number.
        n_real: Real images that entered; `None` where none did.
        n_fake: Generated images that entered; `None` where none did.
        extractor: What turned images into features; `None` where nothing did.
        resize: How images were resized; `None` where they were not.
        report: The number that a report gives for it; `None` where it gives none.
        warnings: Sentences that a reader must know beside the number.
    """

    name: str
    value: float
    n_real: int | None = None
    n_fake: int | None = None
    extractor: str | None = None
    resize: str | None = None
    report: float | None = None
    warnings: tuple[str, ...] = ()
