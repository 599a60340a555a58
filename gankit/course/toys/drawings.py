"""Target distributions in the plane given by drawn strokes."""

import numpy as np


class Drawing:
    """Points spread evenly over strokes drawn with a round pen.

    The share of the points on a stroke is proportional to its area: its length times
    the breadth, plus the round ends. Where strokes cross, both contribute. There is no
    density in closed form.

    Args:
        strokes: Strokes, each a sequence of corners `(k, 2)`; one corner is a dot.
        breadth: Diameter of the pen, greater than 0, in the unit of the corners.

    Raises:
        ValueError: If there is no stroke, a stroke has another shape or is not finite,
            or the breadth is not greater than 0.
    """

    dimension = 2

    def __init__(self, strokes, breadth=0.2):
        self.strokes = [_corners(stroke) for stroke in strokes]
        if not self.strokes:
            raise ValueError(
                "Expected a drawing with at least one stroke, received none: pass a "
                "list of strokes, such as [[(-1, 0), (1, 0)]], or draw one."
            )
        if not (np.isfinite(breadth) and breadth > 0):
            raise ValueError(
                f"Expected a breadth greater than 0, received {breadth!r}: pass the "
                "diameter of the pen."
            )
        self.breadth = float(breadth)

    @property
    def shares(self):
        """Share of the points on each stroke, float64 `(strokes,)`."""
        lengths = [
            np.sum(np.linalg.norm(np.diff(stroke, axis=0), axis=1))
            for stroke in self.strokes
        ]
        ink = np.array(lengths) + np.pi / 4 * self.breadth
        return ink / ink.sum()

    def sample(self, n, seed):
        """Draws float32 points `(n, 2)`; the same `seed` gives the same points."""
        rng = np.random.default_rng(seed)
        # The count on each stroke, the position along it, the offset within the pen.
        counts = rng.multinomial(n, self.shares)
        pairs = zip(self.strokes, counts, strict=True)
        drawn = [_along(stroke, rng.random(count)) for stroke, count in pairs]
        points = np.concatenate(drawn)
        radius = self.breadth / 2 * np.sqrt(rng.random(n))
        angle = rng.uniform(0, 2 * np.pi, n)
        points += radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return rng.permutation(points).astype("float32")


def two_moons(radius=1.5, breadth=0.2):
    """Two half circles, each ending in the centre of the other.

    This is the pattern of scikit-learn's `make_moons`, centred at the origin.
    """
    angle = np.linspace(0, np.pi, 60)
    arc = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    shift = radius * np.array([0.5, 0.25])
    return Drawing([arc - shift, shift - arc], breadth)


def heart(size=2.0, breadth=0.2):
    """The outline of a heart that extends about `size` from its centre."""
    t = np.linspace(0, 2 * np.pi, 120)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return Drawing([size / 17 * np.stack([x, y + 2.5], axis=1)], breadth)


def _along(stroke, fractions):
    """The points of a stroke at fractions of its length, float64 `(n, 2)`."""
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    return np.stack(
        [np.interp(fractions * at[-1], at, axis) for axis in stroke.T], axis=1
    )


def _corners(stroke):
    corners = np.asarray(stroke, "float64")
    if corners.ndim != 2 or corners.shape[1] != 2 or not len(corners):
        raise ValueError(
            "Expected strokes of corners (k, 2), received one of shape "
            f"{corners.shape}: pass each stroke as a list of pairs (x, y)."
        )
    if not np.all(np.isfinite(corners)):
        raise ValueError(
            "Expected finite corners, received nan or infinity: leave those out."
        )
    return corners
