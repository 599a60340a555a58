"""Finds faces and their eyes in photographs, and aligns faces by their eyes."""

import dataclasses
import functools
import itertools
import math

import numpy as np
from PIL import Image

# Positions of the eyes in an aligned face, the one on the picture's left first, as
# shares of its sides. They leave room for the chin and most of the hair (our choice).
EYES = ((0.37, 0.45), (0.63, 0.45))
EYE_DISTANCE = EYES[1][0] - EYES[0][0]
# The longer side of the photograph in which faces are searched, and the width of the
# smallest face there: a fortieth of a large photograph.
LONGEST = 1280
NARROWEST = 32
# Open eyes with or without glasses, and open eyes.
EYE_CASCADES = ("eye_tree_eyeglasses", "eye")
# The number of neighbouring windows that must also find a face, or an eye.
FACE_NEIGHBOURS = 6
EYE_NEIGHBOURS = 2
# Eyes are searched at this width, in this upper share of a face.
EYE_SEARCH = 200
UPPER = 0.65
# The steepest slope of the line through both eyes, as a tangent: 30 degrees.
STEEPEST = math.tan(math.radians(30))


@dataclasses.dataclass(frozen=True)
class Face:
    """A face in a photograph.

    Args:
        box: `(left, top, width, height)` in pixels.
        eyes: Centres `((x, y), (x, y))` in pixels, the eye on the picture's left
            first, or None if two eyes were not found.
    """

    box: tuple[int, int, int, int]
    eyes: tuple[tuple[float, float], tuple[float, float]] | None

    @property
    def eye_distance(self):
        """Distance of the eyes in pixels."""
        return math.dist(*self.eyes)


def opencv():
    """The module `cv2`, with its detectors.

    Raises:
        ImportError: If it is not installed, or is a version without them.
    """
    try:
        import cv2
    except ImportError:
        cv2 = None
    # Version 5 has no cascades.
    if cv2 is None or not cv2.__version__.startswith("4."):
        raise ImportError(
            "Expected OpenCV 4, whose detectors find the faces, received "
            f"{cv2 and cv2.__version__}: pip install 'opencv-python-headless<5'."
        )
    return cv2


def find_faces(photograph):
    """Finds upright faces that look at the camera, and their eyes.

    One of OpenCV's cascades searches for faces at least 32 pixels wide in the
    photograph, scaled down to at most 1,280 pixels a side. Two others search for eyes
    in the upper part of each face. They miss faces from the side and heads tilted by
    much more than 15 degrees, and find some faces where there are none.

    Args:
        photograph: uint8 array `(height, width, 3)`.

    Returns:
        List of `Face`, from left to right.

    Raises:
        ImportError: As `opencv`.

    Reference:
        Viola and Jones 2001, "Rapid object detection using a boosted cascade of simple
        features".
    """
    cv2 = opencv()
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, LONGEST / max(grey.shape))
    size = (round(scale * grey.shape[1]), round(scale * grey.shape[0]))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    boxes = _cascade("frontalface_default").detectMultiScale(
        small, 1.1, FACE_NEIGHBOURS, minSize=(NARROWEST, NARROWEST)
    )
    boxes = sorted(tuple(round(float(side) / scale) for side in box) for box in boxes)
    return [Face(box, _find_eyes(cv2, grey, box)) for box in boxes]


@functools.cache
def _cascade(name):
    cv2 = opencv()
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")


def _find_eyes(cv2, grey, box):
    left, top, width, height = box
    upper = grey[top : top + round(UPPER * height), left : left + width]
    scale = EYE_SEARCH / width
    size = (EYE_SEARCH, round(scale * upper.shape[0]))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    upper = cv2.resize(upper, size, interpolation=method)
    candidates = []
    for name in EYE_CASCADES:
        boxes, _, weights = _cascade(name).detectMultiScale3(
            upper,
            1.05,
            EYE_NEIGHBOURS,
            minSize=(EYE_SEARCH // 8,) * 2,
            maxSize=(EYE_SEARCH // 2,) * 2,
            outputRejectLevels=True,
        )
        for (x, y, w, h), weight in zip(boxes, weights, strict=True):
            candidates.append((x + w / 2, y + h / 2, weight))
    pairs = [pair for pair in itertools.permutations(candidates, 2) if _are_eyes(*pair)]
    if not pairs:
        return None
    best = max(pairs, key=lambda pair: pair[0][2] + pair[1][2])
    return tuple((float(left + x / scale), float(top + y / scale)) for x, y, _ in best)


def _are_eyes(first, second):
    """Whether two candidates are far enough apart, on either side, and level."""
    (x1, y1, _), (x2, y2, _) = first, second
    apart = 0.25 * EYE_SEARCH < x2 - x1 < 0.7 * EYE_SEARCH
    return apart and x1 < EYE_SEARCH / 2 < x2 and abs(y2 - y1) < STEEPEST * (x2 - x1)


def align(photograph, eyes, size):
    """Rotates, scales and crops a photograph to bring the eyes to `EYES`.

    The transform is a similarity, so the face keeps its shape. Outside the photograph
    the result repeats its border.

    Args:
        photograph: uint8 array `(height, width, 3)`.
        eyes: Centres of the eyes, as in `Face`.
        size: Height and width of the result in pixels. The eyes must be at least
            `EYE_DISTANCE * size` pixels apart, as nothing is enlarged.

    Returns:
        uint8 array `(size, size, 3)`.

    Raises:
        ValueError: If the eyes are closer together.
    """
    target = EYE_DISTANCE * size
    distance = math.dist(*eyes)
    if distance < target:
        raise ValueError(
            f"Expected eyes at least {target:.1f} pixels apart for faces of {size} x "
            f"{size}, received {distance:.1f}: choose a smaller size, as enlarging "
            "would only blur."
        )
    cv2 = opencv()
    # Scale down first, with a filter that averages, and rotate at the final size.
    sides = np.array(photograph.shape[1::-1])
    new_sides = np.maximum(1, np.rint(sides * target / distance).astype(int))
    small = Image.fromarray(photograph).resize(new_sides, Image.Resampling.LANCZOS)
    first, second = np.array(eyes) * new_sides / sides
    x, y = second - first
    # OpenCV counts from the centre of the first pixel.
    matrix = cv2.getRotationMatrix2D(
        first - 0.5, math.degrees(math.atan2(y, x)), target / math.hypot(x, y)
    )
    matrix[:, 2] += size * np.array(EYES[0]) - first
    return cv2.warpAffine(
        np.asarray(small),
        matrix,
        (size, size),
        flags=cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REPLICATE,
    )
