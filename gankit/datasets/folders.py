"""Loads folders of images as one data set, or as two unpaired domains."""

from pathlib import Path

import numpy as np

from gankit.backend.arguments import check_choice, check_number
from gankit.datasets.downloads import data_folder
from gankit.datasets.image_data import ImageData, Split, UnpairedImageData
from gankit.datasets.image_files import list_images, load_images

BERKELEY = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/"
PARTS = ("trainA", "trainB", "testA", "testB")
# The photographs in each of these parts of an archive.
BERKELEY_SETS = {
    "apple2orange": (995, 1019, 266, 248),
    "horse2zebra": (1067, 1334, 120, 140),
    "monet2photo": (1072, 6287, 121, 751),
}


def image_folder(path, *, size, channels=3):
    """Loads a folder of images as a data set of images of one size.

    Subfolders with images are the classes, in alphabetical order. Without subfolders,
    there are no labels. A class none of whose files can be decoded does not count. The
    folder may contain JPEG, PNG, BMP, GIF (first frame), WebP, AVIF, JPEG 2000, TIFF,
    TGA, PCX and PNM files; a warning counts others. Images are rotated according to
    their EXIF data, placed on white if they are transparent, scaled to `size` along the
    shorter side (bicubic, antialiased) and cropped at the centre. Files that cannot be
    decoded are skipped with one warning, which gives the reasons.

    Args:
        path: The folder.
        size: Height and width of the images in pixels, at least 1; a pair `(height,
            width)` if they differ.
        channels: 3 for colour or 1 for grey.

    Returns:
        `ImageData` with uint8 images of shape `(n, height, width, channels)` in train,
        in the order of their paths, and without validation and test.

    Raises:
        FileNotFoundError: If the folder does not exist.
        ValueError: If the folder contains no image that can be decoded, or images both
            next to and inside its subfolders.
    """
    size = _checked(size, channels)
    folder = Path(path).expanduser()
    files = list_images(folder)
    classes = [file.relative_to(folder).parts[:-1][:1] for file in files]
    if () in classes and any(classes):
        raise ValueError(
            f"Expected {folder} to hold either images or one subfolder per class, "
            f"received {classes.count(())} images next to subfolders with images: move "
            "them into a subfolder."
        )
    images, indices = load_images(files, folder, size=size, channels=channels)
    labels = names = None
    if any(classes):
        found = [classes[index][0] for index in indices]
        names, labels = np.unique(found, return_inverse=True)
        names = tuple(names.tolist())
    return ImageData(
        Split(np.stack(images), labels), None, None, names, folder.absolute().name
    )


def unpaired_folders(path_or_name, *, size=None, channels=3, folder=None):
    """Loads two unpaired domains from folders trainA, trainB, testA and testB.

    This is the folder structure of "Unpaired Image-to-Image Translation using
    Cycle-Consistent Adversarial Networks" (Zhu et al., 2017,
    https://arxiv.org/abs/1703.10593). The test folders are optional. Files are decoded
    as in `image_folder`.

    Args:
        path_or_name: The folder that contains trainA and trainB; or a name such as
            "horse2zebra", which is first looked up in the data folder.
        size: Scale and crop the images to this height and width in pixels, or to a pair
            `(height, width)`. None keeps their size, which must then be the same for
            all.
        channels: 3 for colour or 1 for grey.
        folder: The data folder; None for `data_folder()`.

    Returns:
        `UnpairedImageData` with uint8 images of shape `(n, height, width, channels)`,
        in the order of their names. A name such as "horse2zebra" gives the domain names
        "horse" and "zebra", any other name "A" and "B".

    Raises:
        FileNotFoundError: If trainA or trainB is missing.
        ValueError: If a folder contains no image that can be decoded, the images
            differ in size and `size` is None, or a folder with the name and the test
            images of one of Berkeley's archives holds other numbers of images.
    """
    if size is not None:
        size = _checked(size, channels)
    root = _find_unpaired(path_or_name, folder)
    arrays, shapes = {}, {}
    counts = BERKELEY_SETS.get(root.name, [None] * len(PARTS))
    for part, count in zip(PARTS, counts, strict=True):
        if not (root / part).exists():
            continue
        files = list_images(root / part)
        # An archive has test images. Copies without them may hold fewer.
        if (root / "testA").exists() and count not in (None, len(files)):
            raise ValueError(
                f"Expected {root / part} to hold {count} images, as {root.name}.zip "
                f"does, received {len(files)}: unpack it again into an empty folder, "
                "or give another set another name."
            )
        arrays[part], _ = load_images(files, root / part, size=size, channels=channels)
        for image in arrays[part]:
            shapes.setdefault(image.shape[:2], part)
    if len(shapes) > 1:
        (one, place), (other, elsewhere) = list(shapes.items())[:2]
        raise ValueError(
            f"Expected all images in {root} to be of one size, received "
            f"{one[0]} x {one[1]} pixels (in {place}) and {other[0]} x {other[1]} "
            f"(in {elsewhere}): pass size= to scale and crop them to the same size."
        )
    name = root.absolute().name
    domains = name.split("2")
    return UnpairedImageData(
        *(np.stack(arrays[part]) if part in arrays else None for part in PARTS),
        name=name,
        domain_names=domains if len(domains) == 2 and all(domains) else ("A", "B"),
    )


def _checked(size, channels):
    """Returns `(height, width)`, or refuses the size or the channels."""
    check_choice("channels to be one of", channels, (1, 3))
    sides = size if isinstance(size, (tuple, list)) and len(size) == 2 else (size, size)
    return tuple(check_number("size", side, at_least=1) for side in sides)


def _find_unpaired(path_or_name, folder):
    """Returns the folder that contains trainA and trainB, or says what is missing."""
    root = Path(path_or_name).expanduser()
    if len(root.parts) == 1:
        named = data_folder(folder) / root
        # Relative folders work too if the data folder does not contain the name.
        root = named if named.is_dir() or not root.is_dir() else root
    missing = [part for part in ("trainA", "trainB") if not (root / part).is_dir()]
    if not missing:
        return root
    if root.name in BERKELEY_SETS:
        counts = ", ".join(map(str, BERKELEY_SETS[root.name]))
        source = (
            f"unpack {BERKELEY}{root.name}.zip, unverified as it comes over http and "
            f"has no checksum, into {root.parent}, where {', '.join(PARTS)} must then "
            f"hold {counts} images"
        )
    elif root.name == "grumpycat":
        source = "ask your course for this set, since it has no public address"
    else:
        source = "put the images of both domains there"
    raise FileNotFoundError(
        f"Expected {root} to hold the folders trainA and trainB (testA and testB are "
        f"optional), received one where {' and '.join(missing)} cannot be found: "
        f"{source}, or use stripes(size=...), drawn animals that need no download."
    )
