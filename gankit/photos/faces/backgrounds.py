"""Replaces the background of an aligned face by white."""

import numpy as np
from PIL import Image, ImageDraw

from gankit.photos.faces.detection import opencv

ROUNDS = 5
# Ellipses and the shoulders of an aligned face, as shares of its sides.
CERTAIN = (0.34, 0.32, 0.66, 0.84)
LIKELY = (0.16, 0.02, 0.84, 1.0)
SHOULDERS = ((0.0, 1.0), (0.2, 0.86), (0.8, 0.86), (1.0, 1.0))
# Strips at both sides, down to the shoulders, that do not show the person.
SIDE, DOWN = 0.04, 0.7


def remove_background(face):
    """Puts an aligned person on white.

    GrabCut starts from a guess: the middle of the face certainly belongs to the
    person, head and shoulders probably, and the borders left and right of the head do
    not. It separates colours, so it may remove hair before a dark wall, or a white
    collar.

    Args:
        face: uint8 array `(side, side, 3)`, as
            `gankit.photos.faces.detection.align` returns it.

    Returns:
        uint8 array of the same shape.

    Reference:
        Rother et al. 2004, "GrabCut: interactive foreground extraction using iterated
        graph cuts".
    """
    cv2 = opencv()
    mask = _first_guess(cv2, len(face))
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(face, mask, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))
    return np.where(_largest(cv2, person)[..., None], face, np.uint8(255))


def _first_guess(cv2, side):
    guess = Image.new("L", (side, side), cv2.GC_PR_BGD)
    draw = ImageDraw.Draw(guess)
    shoulders = [(x * side, y * side) for x, y in SHOULDERS]
    draw.ellipse([share * side for share in LIKELY], fill=cv2.GC_PR_FGD)
    draw.polygon(shoulders, fill=cv2.GC_PR_FGD)
    draw.ellipse([share * side for share in CERTAIN], fill=cv2.GC_FGD)
    mask = np.array(guess)
    strip = max(1, round(SIDE * side))
    for columns in (slice(strip), slice(-strip, None)):
        mask[: round(DOWN * side), columns] = cv2.GC_BGD
    return mask


def _largest(cv2, person):
    """The connected part at the middle of the face, with small holes filled."""
    side = len(person)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, side // 40 | 1),) * 2)
    closed = cv2.morphologyEx(person.astype("uint8"), cv2.MORPH_CLOSE, disc)
    _, parts = cv2.connectedComponents(closed)
    return parts == parts[round(0.55 * side), side // 2]
