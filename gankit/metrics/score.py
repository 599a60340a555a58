"""What a score is: a number that says how it came about."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Score:
    """A number together with what one must know to compare it with another.

    `float(score)` is the number, `str(score)` one line with all of it.

    Attributes:
        name: What was measured, such as `FID-768/tf1`.
        value: The number.
        n_real: Real images that entered; `None` where none did.
        n_fake: Generated images that entered; `None` where none did.
        extractor: What turned images into features; `None` where nothing did.
        resize: How images were resized; `None` where they were not.
        report: The number that a report gives for it; `None` where it gives none.
        warnings: Sentences that a reader must know beside the number.
        std: Standard deviation of the value, `None` where none was computed.
        interval: `(low, high)`, 95 %, `None` where none was computed.
        spread: What `std` or `interval` is over, such as `"100 subsets of 1,000"`.
    """

    name: str
    value: float
    n_real: int | None = None
    n_fake: int | None = None
    extractor: str | None = None
    resize: str | None = None
    report: float | None = None
    warnings: tuple[str, ...] = ()
    std: float | None = None
    interval: tuple[float, float] | None = None
    spread: str | None = None

    def __float__(self):
        return float(self.value)

    def __str__(self):
        number = f"{self.value:.4g}"
        if self.std is not None:
            number += f" ± {self.std:.2g} (standard deviation over {self.spread})"
        if self.interval is not None:
            low, high = self.interval
            number += f" [{low:.4g}, {high:.4g}] (95 %, {self.spread})"
        sides = [
            f"{n:,} {side}"
            for n, side in ((self.n_real, "real"), (self.n_fake, "fake"))
            if n is not None
        ]
        notes = [f"n = {', '.join(sides)}"] if sides else []
        notes += [self.extractor] if self.extractor else []
        notes += self.warnings
        return "; ".join([f"{self.name} = {number}", *notes])
