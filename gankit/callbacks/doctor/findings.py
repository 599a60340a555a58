"""What a doctor finds, and the signs that lead to it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a `TrainingDoctor` found.

    Attributes:
        kind: `"not_finite"`, `"still"`, `"mixed"`, `"rate"`, `"flag"`,
            `"discriminator_won"`, `"swapped"`, `"collapse"`, `"clipping"`, `"latent"`,
            `"augmentation"`, `"range"` or `"data"`.
        step: Steps done when it was found.
        sentence: What is seen, what it means and what to try.
    """

    kind: str
    step: int
    sentence: str


class TrainingStopped(RuntimeError):
    """Ends `fit()` where going on makes no sense.

    Attributes:
        finding: The `Finding` that says why.
    """

    def __init__(self, finding):
        super().__init__(f"Stopped after step {finding.step:,}. {finding.sentence}")
        self.finding = finding


@dataclass(frozen=True)
class Sign:
    """What one look says of one fault.

    Attributes:
        kind: As in `Finding`.
        sentence: As in `Finding`.
        about: Which network it is about, where there are several.
        holds: Whether the sign is there.
        patient: Whether it must be there for a while before it is voiced.
    """

    kind: str
    sentence: str
    about: str = ""
    holds: bool = True
    patient: bool = False
