"""A score: a number together with the facts that explain it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Score:
    """A number with everything you need to compare it with another one.

    `float(score)` is the number, `str(score)` one line with all details.

    Attributes:
        name: What was measured, such as `FID-768/tf1`.
        value: The number.
        n_real: Number of real images; `None` if none were used.
        n_fake: Number of generated images; `None` if none were used.
        extractor: The network that computed features; `None` without a network.
        resize: How images were resized; `None` if they were not.
        report: The number in the published report; `None` if it gives none.
        warnings: Sentences that must accompany the number.
        std: Standard deviation of the value; `None` if it was not computed.
        interval: 95 % interval `(low, high)`; `None` if it was not computed.
        spread: What `std` or `interval` covers, such as `"100 subsets of 1,000"`.
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
        return "; ".join([f"{self.name} = {number}", *notes, *self.warnings])
