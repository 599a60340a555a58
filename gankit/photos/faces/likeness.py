"""Compares faces with examples of one person by histograms of local binary patterns."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from gankit.photos.faces.detection import opencv

# Cells on a side of the grid, and pixels on a side of a cell.
GRID = 7
CELL = 10
NEIGHBOURS = 8
RADIUS = 2
# The described part of an aligned face, as shares of its sides: no hair or background.
INNER = (0.2, 0.28, 0.8, 0.95)
# Fewer do not tell how much the pictures of one person differ.
FEWEST_EXAMPLES = 3
# Neighbours darker by less than this count as equal, as interpolation rounds.
ROUNDING = 1e-6


def uniform_patterns(grey):
    """Labels each pixel by which of 8 neighbours at distance 2 are not darker than it.

    The 58 patterns that change between 0 and 1 at most twice around the circle have a
    label each; all others share one.

    Args:
        grey: Array `(height, width)`; neighbours outside it repeat its border.

    Returns:
        Integer array `(height, width)` of labels from 0 to 58.

    Reference:
        Ojala et al. 2002, "Multiresolution gray-scale and rotation invariant texture
        classification with local binary patterns", there LBP(8, 2)^u2.
    """
    grey = np.asarray(grey, "float64")
    codes = np.zeros(grey.shape, int)
    for i in range(NEIGHBOURS):
        angle = 2 * math.pi * i / NEIGHBOURS
        shift = (RADIUS * math.sin(angle), -RADIUS * math.cos(angle))
        neighbour = ndimage.shift(grey, shift, order=1, mode="nearest")
        codes += (neighbour >= grey - ROUNDING).astype(int) << i
    return _LABELS[codes]


def _labels():
    codes = np.arange(2**NEIGHBOURS)
    bits = codes[:, None] >> np.arange(NEIGHBOURS) & 1
    uniform = np.sum(bits != np.roll(bits, 1, axis=1), axis=1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, uniform.sum())


_LABELS = _labels()
PATTERNS = int(_LABELS.max()) + 1


def describe(face):
    """Histograms of the patterns in each cell of a grid over the inner face.

    Args:
        face: uint8 array `(side, side, 3)`, as
            `gankit.photos.faces.detection.align` returns it.

    Returns:
        float64 array `(49, 59)` whose rows sum to 1.
    """
    side = GRID * CELL
    box = [share * len(face) for share in INNER]
    grey = Image.fromarray(face).convert("L")
    grey = grey.resize((side, side), Image.Resampling.LANCZOS, box)
    cells = uniform_patterns(grey).reshape(GRID, CELL, GRID, CELL).swapaxes(1, 2)
    counts = [np.bincount(c, minlength=PATTERNS) for c in cells.reshape(GRID**2, -1)]
    return np.array(counts) / CELL**2


def chi_squared(a, b):
    """Chi-squared distance of two descriptions, 0 to 2, the mean over all cells.

    All cells have the same weight; the paper gives the eyes more.
    """
    cv2 = opencv()
    # OpenCV sums 2 (a - b)^2 / (a + b).
    a, b = a.astype("float32"), b.astype("float32")
    return cv2.compareHist(a, b, cv2.HISTCMP_CHISQR_ALT) / (2 * len(a))


class Likeness:
    """Measures how far a face is from examples of one person.

    The examples set the limit: the largest distance of one of them from its nearest
    other. Of n examples, about one further face in n of the same kind is lost. How
    many strangers pass has not been measured, so look through the pictures.

    Args:
        examples: At least 3 aligned faces, uint8 arrays `(side, side, 3)`.

    Attributes:
        limit: The largest distance at which a face resembles the examples.

    Raises:
        ValueError: If there are fewer examples, or each of them appears twice.

    Reference:
        Ahonen et al. 2006, "Face description with local binary patterns: application
        to face recognition", nearest neighbours by the chi-squared distance.
    """

    def __init__(self, examples):
        if len(examples) < FEWEST_EXAMPLES:
            raise ValueError(
                f"Expected at least {FEWEST_EXAMPLES} examples with a face, which set "
                f"the limit, received {len(examples)}: add pictures that show the face "
                "from the front, or leave the examples out."
            )
        self.examples = [describe(face) for face in examples]
        self.limit = max(
            min(chi_squared(a, b) for b in self.examples if b is not a)
            for a in self.examples
        )
        if self.limit == 0:
            raise ValueError(
                "Expected examples that differ, which set the limit, received "
                f"{len(examples)} of which each appears twice: use other photographs "
                "of the same person."
            )

    def distance(self, face):
        """Distance of an aligned face from its nearest example, from 0 to 2."""
        description = describe(face)
        return min(chi_squared(description, example) for example in self.examples)
