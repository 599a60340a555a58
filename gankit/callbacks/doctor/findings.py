"""Findings of the doctor, and the signs that lead to them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A fault that a `TrainingDoctor` found.

    Attributes:
        kind: `"not_finite"`, `"still"`, `"mixed"`, `"rate"`, `"epsilon"`, `"flag"`,
            `"discriminator_won"`, `"swapped"`, `"collapse"`, `"clipping"`, `"slope"`,
            `"latent"`, `"augmentation"`, `"range"`, `"data"`, `"logits"` or `"labels"`.
        step: Training steps done when it was found.
        sentence: What happens, what it means and what to try.
    """

    kind: str
    step: int
    sentence: str


class TrainingStopped(RuntimeError):
    """Ends `fit()` when further training makes no sense.

    Attributes:
        finding: The `Finding` with the reason.
    """

    def __init__(self, finding):
        super().__init__(f"Stopped after step {finding.step:,}. {finding.sentence}")
        self.finding = finding


@dataclass(frozen=True)
class Sign:
    """The result of one check.

    Attributes:
        kind: As in `Finding`.
        sentence: As in `Finding`.
        about: The network or penalty it concerns, if there are several.
        holds: Whether the sign is present.
        patient: Whether it must persist for a while before it is reported.
    """

    kind: str
    sentence: str
    about: str = ""
    holds: bool = True
    patient: bool = False
