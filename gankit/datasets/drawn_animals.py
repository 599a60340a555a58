"""Two unpaired domains of drawn animals, a built-in substitute for photographs."""

import math

import numpy as np

from gankit.backend.arguments import check_number
from gankit.datasets.animal_figure import draw_animal
from gankit.datasets.image_data import UnpairedImageData

# Scenes are drawn this many times larger and averaged down, for smooth edges.
OVERSAMPLING = 4
TEST_IMAGES = 40
# Strides of a walking animal across the width of the image.
STEPS_ACROSS = 2.5

SKIES = [(110, 170, 230), (160, 200, 235), (200, 212, 222), (236, 200, 160)]
GROUNDS = [(96, 144, 60), (126, 158, 70), (168, 156, 82), (190, 164, 104)]


def stripes(count=300, size=64, seed=0):
    """Draws plain and striped animals, two domains for unpaired translation.

    Domain A contains horses with plain brown coats. Domain B contains zebras, the same
    animal with black and white stripes around body, neck, head and legs. Position,
    scale, pose, direction and scenery are random with the same distribution in both
    domains, and no animal in A has a counterpart in B. Use this set instead of
    photographs such as horse2zebra if you want to avoid a download.

    Args:
        count: Number of training images of each domain, at least 1. There are always
            40 test images of each domain as well.
        size: Height and width of the images in pixels, from 16 to 256.
        seed: An integer from 0; the same seed draws the same images.

    Returns:
        `UnpairedImageData` with uint8 images of shape `(n, size, size, 3)` and domain
        names "plain" and "striped".

    Raises:
        ValueError: If an argument is outside its limits.
    """
    _check(size, seed, count=count)
    counts = (count, count, TEST_IMAGES, TEST_IMAGES)
    coats = (False, True, False, True)
    streams = np.random.SeedSequence(seed).spawn(len(counts))
    arrays = []
    for number, striped, stream in zip(counts, coats, streams, strict=True):
        random = _generator(stream)
        scenes = [_scene(_canvas(size, random), striped, random) for _ in range(number)]
        arrays.append(np.stack(scenes))
    return UnpairedImageData(
        *arrays, name=f"stripes-{size}", domain_names=("plain", "striped")
    )


def animal_pairs(count=TEST_IMAGES, size=64, seed=0):
    """Draws every animal twice, plain and striped, in one pose and one landscape.

    The images have the distribution of those of `stripes`. A translator must not be
    trained on such pairs if it is to be called unpaired, but they can score it.

    Args:
        count: Number of animals, at least 1.
        size: Height and width of the images in pixels, from 16 to 256.
        seed: An integer from 0; the same seed draws the same animals.

    Returns:
        The pair `(plain, striped)` of uint8 arrays `(count, size, size, 3)`.

    Raises:
        ValueError: If an argument is outside its limits.
    """
    _check(size, seed, count=count)
    plain, striped = [], []
    for stream in np.random.SeedSequence(seed).spawn(count):
        place, figure, coat = stream.spawn(3)
        landscape = _canvas(size, _generator(place))
        for images, has_stripes in ((plain, False), (striped, True)):
            random = {"random": _generator(figure), "of_stripes": _generator(coat)}
            images.append(_scene(landscape, has_stripes, **random))
    return np.stack(plain), np.stack(striped)


def walking_animal(frames=48, size=64, seed=0, positions=(-0.2, 1.2)):
    """Draws a film of a plain animal that walks across a landscape.

    Landscape and camera do not move. The animal changes only its position and its legs.

    Args:
        frames: Number of frames, at least 1.
        size: Height and width of the frames in pixels, from 16 to 256.
        seed: An integer from 0; the same seed draws the same film.
        positions: Where the centre of the animal is in the first and in the last frame,
            as shares of the width, measured from the side where it starts.

    Returns:
        uint8 array `(frames, size, size, 3)`.

    Raises:
        ValueError: If an argument is outside its limits.
    """
    _check(size, seed, frames=frames)
    place, figure = np.random.SeedSequence(seed).spawn(2)
    landscape = _canvas(size, _generator(place))
    film = []
    for share in np.linspace(*positions, frames):
        stride = 0.4 * math.sin(2 * math.pi * STEPS_ACROSS * share)
        pose = {"position": share, "stride": stride}
        film.append(_scene(landscape, False, _generator(figure), **pose))
    return np.stack(film)


def _check(size, seed, **number):
    for name, count in number.items():
        check_number(name, count, at_least=1)
    check_number("size", size, at_least=16, at_most=256)
    check_number("seed", seed, at_least=0)


def _generator(seed):
    return np.random.Generator(np.random.Philox(seed))


def _scene(landscape, striped, random, **options):
    """Draws one animal in a landscape; returns uint8 `(size, size, 3)`."""
    canvas = landscape.copy()
    draw_animal(canvas, striped, random, **options)
    return np.asarray(canvas.reduce(OVERSAMPLING))


def _canvas(size, random):
    """Draws a landscape, enlarged by OVERSAMPLING; returns a PIL image."""
    from PIL import Image

    landscape = Image.fromarray(_landscape(size, random))
    return landscape.resize((size * OVERSAMPLING,) * 2, Image.Resampling.BICUBIC)


def _landscape(size, random):
    """Paints sky, a line of trees and a meadow; returns uint8 `(size, size, 3)`."""
    row = (np.arange(size)[:, None] + 0.5) / size
    column = (np.arange(size) + 0.5) / size
    sky = np.array(SKIES[random.integers(len(SKIES))]) + random.normal(0, 8, 3)
    meadow = np.array(GROUNDS[random.integers(len(GROUNDS))]) + random.normal(0, 8, 3)
    horizon = random.uniform(0.38, 0.62)

    # The sky is paler towards the horizon.
    height = np.clip(1 - row / horizon, 0, 1)[..., None]
    image = 245 + (sky - 245) * (0.45 + 0.55 * height) + np.zeros((size, size, 3))

    frequency = np.array([1.3, 2.6, 3.9, 5.2])[:, None]
    phase = random.uniform(0, 2 * math.pi, (4, 1))
    waves = np.sin(2 * math.pi * frequency * column + phase) * 1.3 / frequency
    treetops = horizon - random.uniform(0.02, 0.09) * (1 + 0.5 * waves.sum(0))
    trees = meadow * 0.55 + random.uniform(-10, 10, 3)
    image += (trees - image) * _below(row, treetops, size)

    nearness = np.clip((row - horizon) / (1 - horizon), 0, 1)[..., None]
    # Blades of grass are noise smoothed vertically.
    noise = random.normal(0, 1, (size + 2, size))
    blades = (noise[:-2] + noise[1:-1] + noise[2:])[..., None]
    grass = meadow * (1.05 - 0.25 * nearness) + blades * (3 + 5 * nearness)
    image += (grass - image) * _below(row, horizon, size)
    return np.clip(image, 0, 255).astype(np.uint8)


def _below(row, edge, size):
    """Returns 1 below an edge, 0 above it, and values between on the edge itself."""
    return np.clip((row - edge) * size + 0.5, 0, 1)[..., None]
