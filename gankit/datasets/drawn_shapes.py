"""Ten classes of drawn shapes in colour, a built-in substitute for CIFAR-10."""

import math

import numpy as np

from gankit.backend.arguments import check_number
from gankit.datasets.image_data import ImageData, Split

# Masks are drawn this many times larger and averaged down, for smooth edges.
OVERSAMPLING = 4


def shapes(count=5000, size=32, seed=0):
    """Draws a data set of ten shapes in colour, in the format of CIFAR-10.

    Every image shows one shape of random colour, position, scale and rotation on a
    colour gradient. Use this set instead of CIFAR-10 if you want to avoid a download:
    it has the same image shape and number of classes, but other classes.

    Args:
        count: Number of training images, at least 10. Validation has a tenth and test
            a fifth of this number, at least 10 each.
        size: Height and width of the images in pixels, from 8 to 512.
        seed: An integer from 0; the same seed draws the same images.

    Returns:
        `ImageData` with uint8 images of shape `(n, size, size, 3)`, labels and ten
        class names. In each split, class sizes differ by at most one image.

    Raises:
        ValueError: If an argument is outside its limits.
    """
    check_number("count", count, at_least=10)
    check_number("size", size, at_least=8, at_most=512)
    check_number("seed", seed, at_least=0)
    counts = (count, max(count // 10, 10), max(count // 5, 10))
    streams = np.random.SeedSequence(seed).spawn(len(counts))
    train, validation, test = (
        _draw_split(number, size, np.random.Generator(np.random.Philox(stream)))
        for number, stream in zip(counts, streams, strict=True)
    )
    return ImageData(
        train, validation, test, class_names=tuple(OUTLINES), name=f"shapes-{size}"
    )


def _draw_split(count, size, random):
    from PIL import Image, ImageDraw

    labels = random.permutation(np.arange(count) % len(OUTLINES))
    radius = random.uniform(0.25, 0.40, count)
    centre = 0.5 + random.uniform(-1, 1, (count, 2)) * (0.45 - radius)[:, None]
    angle = random.uniform(0, 2 * math.pi, count)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn.transpose(2, 0, 1) * radius[:, None, None]

    canvas = size * OVERSAMPLING
    outlines = list(OUTLINES.values())
    masks = np.empty((count, size, size), dtype=np.uint8)
    for index in range(count):
        mask = Image.new("L", (canvas, canvas))
        draw = ImageDraw.Draw(mask)
        for outline, ink in zip(outlines[labels[index]], (255, 0), strict=False):
            points = (outline @ turn[index].T + centre[index]) * canvas
            draw.polygon(points.ravel().tolist(), fill=ink)
        masks[index] = mask.reduce(OVERSAMPLING)

    images = _paint(masks[..., None] / np.float32(255), size, random)
    return Split(images, labels.astype(np.int32))


def _paint(masks, size, random):
    """Colours masks `(n, size, size, 1)` in [0, 1]; returns uint8 images."""
    count = len(masks)
    hue = random.uniform(0, 1, count)
    value = random.uniform(0.75, 1.0, count)
    shape = _colour(hue, random.uniform(0.55, 1.0, count), value)
    # The background has another hue and is darker or paler than the shape.
    other = hue + random.uniform(0.25, 0.75, count)
    pale = random.uniform(0, 1, count) < 0.5
    saturation = random.uniform(0.1, 0.6, count) * np.where(pale, 0.4, 1)
    begin, end = (
        _colour(
            other + random.uniform(-0.08, 0.08, count),
            saturation,
            np.where(
                pale,
                random.uniform(0.85, 1.0, count),
                random.uniform(0.1, 0.45, count),
            ),
        )
        for _ in range(2)
    )
    angle = random.uniform(0, 2 * math.pi, count)
    axis = np.linspace(-0.7, 0.7, size)
    ramp = (
        np.cos(angle)[:, None, None] * axis
        + np.sin(angle)[:, None, None] * axis[:, None]
    )
    ramp = np.clip(ramp + 0.5, 0, 1)[..., None].astype(np.float32)
    background = begin + (end - begin) * ramp
    # Light from above gives the flat shapes some depth.
    light = np.linspace(1.0, 0.78, size, dtype=np.float32)[:, None, None]
    images = background + (shape * light - background) * masks
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def _colour(hue, saturation, value):
    """Converts arrays `(n,)` of hue, saturation and value to RGB `(n, 1, 1, 3)`."""
    sector = (np.array([5, 3, 1]) + 6 * hue[:, None]) % 6
    strength = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    rgb = value[:, None] * (1 - saturation[:, None] * strength)
    return rgb.astype(np.float32)[:, None, None, :]


def _star(radii):
    """Returns corners at equal angles around the origin, the first one above it."""
    angle = np.arange(len(radii)) / len(radii) * 2 * math.pi
    return np.array(radii)[:, None] * np.stack([np.sin(angle), -np.cos(angle)], 1)


def _heart():
    t = np.linspace(0, 2 * math.pi, 60, endpoint=False)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y - 2.5], 1) / 16.5


def _cross():
    quarter = np.array([(0.3, -1.0), (0.3, -0.3), (1.0, -0.3)])
    turn = np.array([[0, 1], [-1, 0]])
    turns = [np.linalg.matrix_power(turn, number) for number in range(4)]
    return np.concatenate([quarter @ turned for turned in turns])


ARROW = [(-1, -0.25), (0.1, -0.25), (0.1, -0.75), (1.05, 0), (0.1, 0.75), (0.1, 0.25)]
BOLT = [(-0.1, -1), (0.52, -1), (0.18, -0.35), (0.62, -0.35), (-0.32, 1), (-0.04, 0.12)]

# Class names and outlines within a circle of radius 1.13 around the origin, with y
# downwards. A second outline is cut out of the first.
OUTLINES = {
    "circle": [_star([0.92] * 60)],
    "square": [_star([1.05] * 4)],
    "triangle": [_star([1.1] * 3)],
    "star": [_star([1.1, 0.45] * 5)],
    "cross": [_cross()],
    "ring": [_star([1.0] * 60), _star([0.58] * 60)],
    "heart": [_heart()],
    "crescent": [_star([1.0] * 60), _star([0.82] * 60) + [0.45, 0]],
    "arrow": [np.array([*ARROW, (-1, 0.25)])],
    "bolt": [np.array([*BOLT, (-0.52, 0.12)])],
}
