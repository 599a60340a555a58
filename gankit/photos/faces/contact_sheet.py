"""Contact sheets: small pictures in rows, each with a caption, as pages of a PDF.

A PDF, as folders of pictures are read whole, and a sheet is no picture of the set.
"""

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
        List of PIL images, at least one for each section that holds pictures.
    """
    sheets = []
    on_one = COLUMNS * ROWS
    for heading, pairs in sections.items():
        for start in range(0, len(pairs), on_one):
            sheets.append(_sheet(heading, pairs[start : start + on_one]))
    return sheets


def save_contact_sheet(path, sections):
    """Writes the sheets of `contact_sheets` as the pages of one PDF."""
    first, *others = contact_sheets(sections)
    first.save(path, save_all=True, append_images=others, resolution=RESOLUTION)


def _sheet(heading, pairs):
    pitch = SIDE + GAP, SIDE + CAPTION + GAP
    rows = -(-len(pairs) // COLUMNS)
    size = (GAP + COLUMNS * pitch[0], HEADING + rows * pitch[1])
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), heading, fill="black", font=ImageFont.load_default(18))
    font = ImageFont.load_default(10)
    for i, (picture, caption) in enumerate(pairs):
        row, column = divmod(i, COLUMNS)
        left, top = GAP + column * pitch[0], HEADING + row * pitch[1]
        image = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        sheet.paste(image, (left, top))
        draw.text((left, top + SIDE + 1), caption, fill="black", font=font)
    return sheet
