"""Contact sheets: small pictures in rows, each with a caption, as pages of a PDF.

A PDF, because every image file in the folder counts as a picture of the data set.
"""

import itertools

from PIL import Image, ImageDraw, ImageFont

COLUMNS, ROWS = 8, 9
SIDE = 96
GAP = 8
CAPTION = 16
HEADING = 40
# Pixels in an inch: a sheet is about as wide as a page of A4.
RESOLUTION = 100


def contact_sheets(sections):
    """Lays pictures out on sheets.

    Args:
        sections: Dict from a heading to a list of pairs of a uint8 array
            `(height, width, 3)` and its caption.

    Returns:
        List of PIL images, at least one for each section that has pictures.
    """
    return [
        _sheet(heading, pairs[start : start + COLUMNS * ROWS])
        for heading, pairs in sections.items()
        for start in range(0, len(pairs), COLUMNS * ROWS)
    ]


def save_contact_sheet(path, sections):
    """Writes the sheets of `contact_sheets` as the pages of one PDF."""
    first, *others = contact_sheets(sections)
    first.save(path, save_all=True, append_images=others, resolution=RESOLUTION)


def _sheet(heading, pairs):
    width, height = SIDE + GAP, SIDE + CAPTION + GAP
    rows = -(-len(pairs) // COLUMNS)
    size = (GAP + COLUMNS * width, HEADING + rows * height)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), heading, fill="black", font=ImageFont.load_default(18))
    font = ImageFont.load_default(10)
    places = itertools.product(range(rows), range(COLUMNS))
    for (row, column), (picture, caption) in zip(places, pairs, strict=False):
        left, top = GAP + column * width, HEADING + row * height
        image = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        sheet.paste(image, (left, top))
        draw.text((left, top + SIDE + 1), caption, fill="black", font=font)
    return sheet
