"""Composes `docs/images/gallery.png` from saved samples; `make pages` calls it."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs/images/gallery.png"
LARGEST = 250_000
CIFAR10 = "airplane car bird cat deer dog frog horse ship truck".split()
MARGIN, GAP, TITLE, CAPTION = 10, 26, 24, 18
LARGE, SMALL = ImageFont.load_default(size=17), ImageFont.load_default(size=14)


def crop(run, left, top, width, height):
    """A part of the samples of a saved run, in true colours."""
    with Image.open(ROOT / "results" / run / "samples.png") as picture:
        box = (left, top, left + width, top + height)
        return picture.convert("RGB").crop(box)


def digits():
    """Two rows of ten digits, as far apart as the classes of CIFAR-10 below them."""
    panel = Image.new("RGB", (680, 120), "white")
    for column in range(10):
        tiles = crop("imperial/cgan-best", 4 + 60 * column, 4, 56, 116)
        panel.paste(tiles, (68 * column + 4, 0))
    return panel


def gallery():
    """The picture: digits and cats above, CIFAR-10 and horse to zebra below."""
    upper = digits(), crop("cmu/cats64-best", 2, 2, 396, 130)
    lower = (
        crop("buffalo/ladder-7-labels", 4, 4, 680, 132),
        crop("dtu/horse2zebra", 2, 2, 390, 130),
    )
    right = MARGIN + 680 + GAP
    middle = MARGIN + TITLE + 130 + GAP
    photographs = middle + TITLE + CAPTION
    size = right + 396 + MARGIN, photographs + 132 + MARGIN
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for left, top, title in (
        (MARGIN, MARGIN, "Digits of a requested class (conditional GAN, MNIST)"),
        (right, MARGIN, "A cat (GAN trained on 204 photographs)"),
        (MARGIN, middle, "Images of a requested class (residual SAGAN, CIFAR-10)"),
        (right, middle, "Horse to zebra, without pairs (CycleGAN)"),
    ):
        draw.text((left, top), title, "black", LARGE)
    captions = [(68 * column + 32, name) for column, name in enumerate(CIFAR10)]
    words = ("horse", "to zebra", "and reconstructed")
    captions += [(right - MARGIN + 130 * i + 64, word) for i, word in enumerate(words)]
    for centre, word in captions:
        place = MARGIN + centre, middle + TITLE + 13
        draw.text(place, word, "black", SMALL, anchor="ms")
    picture.paste(upper[0], (MARGIN, MARGIN + TITLE + 4))
    picture.paste(upper[1], (right, MARGIN + TITLE))
    picture.paste(lower[0], (MARGIN, photographs))
    picture.paste(lower[1], (right, photographs))
    # Even grey levels, and white: nobody sees it, and the file is an eighth smaller.
    return picture.point(lambda level: min(255, 2 * round(level / 2)))


def main():
    TARGET.parent.mkdir(exist_ok=True)
    gallery().save(TARGET, optimize=True)
    weight = TARGET.stat().st_size
    print(f"{TARGET.relative_to(ROOT)}: {weight:,} bytes")
    if weight > LARGEST:
        raise SystemExit(f"Expected at most {LARGEST:,} bytes: show fewer samples.")


if __name__ == "__main__":
    main()
