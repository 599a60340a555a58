"""Draws the pictures of `docs/images`; `make pages` calls it.

`gallery.png` is composed of saved samples. A saved model without any in `results/` gets
a picture of its own, drawn from its weights.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
TARGET = IMAGES / "gallery.png"
# Bytes.
LARGEST, LARGEST_SAMPLES = 250_000, 60_000
# Saved models whose samples are not in results/.
WITHOUT_SAMPLES = ("few",)
CIFAR10 = "airplane car bird cat deer dog frog horse ship truck".split()
MARGIN, GAP, TITLE, CAPTION = 10, 26, 24, 18
LARGE, SMALL = ImageFont.load_default(size=17), ImageFont.load_default(size=14)


def crop(run, left, top, width, height):
    """A part of the samples of a saved run, in true colours."""
    with Image.open(ROOT / "results" / run / "samples.png") as picture:
        box = (left, top, left + width, top + height)
        return picture.convert("RGB").crop(box)


def digits(run, columns, rows):
    """Rows of digits, as far apart as the classes of CIFAR-10 below them."""
    panel = Image.new("RGB", (68 * columns, 60 * rows), "white")
    for column in range(columns):
        tiles = crop(run, 4 + 60 * column, 4, 56, 60 * rows - 4)
        panel.paste(tiles, (68 * column + 4, 0))
    return panel


def gallery():
    """The picture: digits above, then digits and cats, CIFAR-10 and horse to zebra."""
    first = (
        digits("imperial/dcgan-shallow", 10, 1),
        digits("modern/stacked-relativistic", 6, 1).crop((4, 0, 400, 60)),
    )
    upper = (
        digits("imperial/cgan-best", 10, 2),
        crop("cmu/cats64-best", 2, 2, 396, 130),
    )
    lower = (
        crop("buffalo/ladder-7-labels", 4, 4, 680, 132),
        crop("dtu/horse2zebra", 2, 2, 390, 130),
    )
    right = MARGIN + 680 + GAP
    below = MARGIN + TITLE + 60 + GAP
    middle = below + TITLE + 130 + GAP
    photographs = middle + TITLE + CAPTION
    size = right + 396 + MARGIN, photographs + 132 + MARGIN
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for left, top, title in (
        (MARGIN, MARGIN, "Digits (DCGAN, MNIST)"),
        (right, MARGIN, "Red, green and blue digits (relativistic loss)"),
        (MARGIN, below, "Digits of a requested class (conditional GAN, MNIST)"),
        (right, below, "A cat (GAN trained on 204 photographs)"),
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
    for panel, left in zip(first, (MARGIN, right), strict=True):
        picture.paste(panel, (left, MARGIN + TITLE + 4))
    picture.paste(upper[0], (MARGIN, below + TITLE + 4))
    picture.paste(upper[1], (right, below + TITLE))
    picture.paste(lower[0], (MARGIN, photographs))
    picture.paste(lower[1], (right, photographs))
    # Every third level, and white: nobody sees it, and the file is a fifth smaller.
    return picture.point(lambda level: 3 * round(level / 3))


def samples(name):
    """Two rows of eight samples of a saved model, not selected."""
    import gankit
    from gankit.plotting import image_grid

    return Image.fromarray(image_grid(gankit.pretrained(name).sample(16), columns=8))


def main():
    IMAGES.mkdir(exist_ok=True)
    gallery().save(TARGET, optimize=True)
    check(TARGET, LARGEST)
    for name in WITHOUT_SAMPLES:
        target = IMAGES / f"{name}.jpg"
        samples(name).save(target, quality=90, subsampling=0)
        check(target, LARGEST_SAMPLES)


def check(path, largest):
    weight = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {weight:,} bytes")
    if weight > largest:
        raise SystemExit(f"Expected at most {largest:,} bytes: show fewer samples.")


if __name__ == "__main__":
    main()
