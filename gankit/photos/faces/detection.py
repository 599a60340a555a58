"""Finds faces and their eyes in photographs, and brings both eyes to fixed places."""

import dataclasses
import functools
import math

import numpy as np
from PIL import Image

# Where the eyes of an aligned face are, the one on the picture's left first, as shares
# of its sides: chin and most of the hair are then within, our choice.
EYES = ((0.37, 0.45), (0.63, 0.45))
EYE_DISTANCE = EYES[1][0] - EYES[0][0]
# Faces are looked for in photographs of at most this many pixels on a side, where
# they are at least that wide: a fortieth of a large photograph's longer side.
LONGEST = 1280
NARROWEST = 32
# Open eyes behind glasses or not, and open eyes.
EYE_CASCADES = ("eye_tree_eyeglasses", "eye")
# How many neighbouring windows must find a face, or an eye, too.
FACE_NEIGHBOURS = 6
EYE_NEIGHBOURS = 2
# Width at which eyes are looked for, and the share of a face's height they are in.
EYE_SEARCH = 200
UPPER = 0.65
# The most that a line through both eyes may slope, as a tangent: 30 degrees.
STEEPEST = math.tan(math.radians(30))


@dataclasses.dataclass(frozen=True)
class Face:
    """A face in a photograph.

    Args:
        box: `(left, top, width, height)` in pixels.
        eyes: Centres `((x, y), (x, y))` in pixels, the eye on the picture's left
            first, or None where both were not found.
    """

    box: tuple[int, int, int, int]
    eyes: tuple[tuple[float, float], tuple[float, float]] | None

    @property
    def eye_distance(self):
        """Pixels from eye to eye."""
        return math.dist(*self.eyes)


def opencv():
    """The module `cv2`, with the detectors that it ships.

    Raises:
        ImportError: If it is not installed, or is a version without them.
    """
    try:
        import cv2

        if not cv2.__version__.startswith("4."):  # version 5 ships no cascades
            raise ImportError(f"OpenCV {cv2.__version__}")
    except ImportError as error:
        raise ImportError(
            "Expected OpenCV 4, whose detectors find the faces, received "
            f"{error}: pip install 'opencv-python-headless<5'."
        ) from None
    return cv2


def find_faces(photograph):
    """Finds upright faces that look at the camera, and their eyes.

    Faces are looked for by the cascade that OpenCV ships, in a photograph of at most
    1,280 pixels on a side and not narrower there than 32; eyes by two others within
    the upper part of each face. Heads tilted by much more than 15 degrees and faces
    from the side are not found, and some things that are no faces may be.

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
    shrunk = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    found = _cascade("frontalface_default").detectMultiScale(
        shrunk, 1.1, FACE_NEIGHBOURS, minSize=(NARROWEST, NARROWEST)
    )
    boxes = sorted(tuple(round(float(side) / scale) for side in box) for box in found)
    return [Face(box, _find_eyes(cv2, grey, box)) for box in boxes]


@functools.cache
def _cascade(name):
    cv2 = opencv()
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")


def _find_eyes(cv2, grey, box):
    left, top, width, height = box
    upper = grey[top : top + round(UPPER * height), left : left + width]
    scale = EYE_SEARCH / width
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (EYE_SEARCH, round(scale * upper.shape[0]))
    upper = cv2.resize(upper, size, interpolation=kind)
    centres, weights = [], []
    for name in EYE_CASCADES:
        found = _cascade(name).detectMultiScale3(
            upper,
            1.05,
            EYE_NEIGHBOURS,
            minSize=(EYE_SEARCH // 8,) * 2,
            maxSize=(EYE_SEARCH // 2,) * 2,
            outputRejectLevels=True,
        )
        centres += [(x + w / 2, y + h / 2) for x, y, w, h in found[0]]
        weights += list(found[2])
    pair = _best_pair(centres, weights)
    return pair and tuple(
        (float(left + x / scale), float(top + y / scale)) for x, y in pair
    )


def _best_pair(centres, weights):
    """The two centres that may be eyes and were found most surely, or None."""
    best, most = None, -math.inf
    for (x1, y1), first in zip(centres, weights, strict=True):
        for (x2, y2), second in zip(centres, weights, strict=True):
            apart = 0.25 * EYE_SEARCH < x2 - x1 < 0.7 * EYE_SEARCH
            either_side = x1 < EYE_SEARCH / 2 < x2
            level = abs(y2 - y1) < STEEPEST * (x2 - x1)
            if apart and either_side and level and first + second > most:
                best, most = ((x1, y1), (x2, y2)), first + second
    return best


def align(photograph, eyes, size):
    """Turns, scales and crops a photograph so that the eyes come to the places `EYES`.

    The transform is a similarity: the face keeps its shape. What lies beyond the
    photograph repeats its border.

    Args:
        photograph: uint8 array `(height, width, 3)`.
        eyes: Centres of the eyes, as in `Face`.
        size: Height and width of the result in pixels; the eyes must be at least
            `EYE_DISTANCE * size` pixels apart, as nothing is to be enlarged.

    Returns:
        uint8 array `(size, size, 3)`.

    Raises:
        ValueError: If the eyes are nearer to each other.
    """
    distance = math.dist(*eyes)
    if distance < EYE_DISTANCE * size:
        raise ValueError(
            f"Expected eyes at least {EYE_DISTANCE * size:.1f} pixels apart for faces "
            f"of {size} x {size}, received {distance:.1f}: choose a smaller size, as "
            "enlarging adds nothing but blur."
        )
    # Complex numbers: to the place z of the result belongs turn * z + origin of the
    # photograph.
    first, second = (complex(*eye) for eye in eyes)
    place = complex(*EYES[0]) * size
    turn = (second - first) / (EYE_DISTANCE * size)
    origin = first - turn * place
    corners = [turn * complex(x, y) + origin for x in (0, size) for y in (0, size)]
    # Two pixels of the result more, as the bicubic kernel reaches beyond.
    margin = 2 * abs(turn) + 1
    left, right = _limits([c.real for c in corners], margin)
    top, bottom = _limits([c.imag for c in corners], margin)
    height, width = photograph.shape[:2]
    rows = np.clip(np.arange(top, bottom), 0, height - 1)
    columns = np.clip(np.arange(left, right), 0, width - 1)
    crop = Image.fromarray(photograph[rows[:, None], columns])
    # Shrunk first, with a filter that averages, and turned at its final size then.
    shrunk = crop.resize(
        [max(1, round(side / abs(turn))) for side in crop.size],
        Image.Resampling.LANCZOS,
    )
    across, down = (s / c for s, c in zip(shrunk.size, crop.size, strict=True))
    x, y = origin.real - left, origin.imag - top
    coefficients = (
        *(across * turn.real, -across * turn.imag, across * x),
        *(down * turn.imag, down * turn.real, down * y),
    )
    turned = shrunk.transform(
        (size, size),
        Image.Transform.AFFINE,
        coefficients,
        resample=Image.Resampling.BICUBIC,
    )
    return np.asarray(turned)


def _limits(values, margin):
    return math.floor(min(values) - margin), math.ceil(max(values) + margin)
