"""Makes a data set of faces out of a folder of photographs."""

import collections
import csv
import dataclasses
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from gankit.datasets.checks import check_number
from gankit.datasets.image_files import SUFFIXES, decode, list_images
from gankit.photos.faces.backgrounds import remove_background
from gankit.photos.faces.contact_sheet import save_contact_sheet
from gankit.photos.faces.detection import EYE_DISTANCE, align, find_faces
from gankit.photos.faces.likeness import Likeness
from gankit.photos.faces.near_duplicates import (
    difference_hash,
    first_near,
    laplacian_variance,
)

# Below, a picture is blurred, whatever its size: our choice. The least of 204
# photographs of a cat at 64 x 64 has 500; a face whose sharp picture has 2,260 has 440
# behind a Gaussian blur of 0.7 pixels of the result, 180 behind one of 1.1.
BLURRED = 300.0
# Faces are compared with the examples at this size, or the one asked for if smaller.
COMPARED = 64
# Backgrounds are looked for in pictures of up to this many times the size.
FINER = 4


@dataclasses.dataclass
class Verdict:
    """What became of a face, or of a file without one.

    Args:
        photograph: The file, relative to the folder of photographs.
        why: Why it was dropped; empty if it was kept.
        details: Numbers that belong to `why`.
        face: Number of the face in its photograph from the left, from 1.
        picture: Name of the file written.
        sharpness: Variance of the Laplacian.
        distance: From the nearest example.
        image: The aligned face, uint8 array `(size, size, 3)`.
    """

    photograph: str
    why: str = ""
    details: str = ""
    face: int | None = None
    picture: str = ""
    sharpness: float | None = None
    distance: float | None = None
    image: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class PreparedFaces:
    """What `prepare_faces` wrote.

    Args:
        folder: The folder of pictures.
        verdicts: List of `Verdict`, in the order of the photographs.
        limit: The largest distance that was like the examples, None without them.
    """

    folder: Path
    verdicts: list
    limit: float | None

    @property
    def kept(self):
        """Verdicts of the pictures that were written."""
        return [verdict for verdict in self.verdicts if not verdict.why]

    @property
    def dropped(self):
        """How many were dropped for which reason, the most frequent first."""
        counts = collections.Counter(v.why for v in self.verdicts if v.why)
        return dict(counts.most_common())


def prepare_faces(photographs, out, *, size=64, like=None, without_background=False):
    """Finds the faces in photographs and writes them aligned, each as one picture.

    A face is dropped if both eyes are not found, if it would have to be enlarged, if
    it is less like the examples than these are like each other, if it is blurred, or
    if nearly the same was kept before. Photographs are turned upright as their EXIF
    data say; nothing is written beside them, and no picture written keeps data of
    theirs, such as their place.

    Args:
        photographs: The folder of photographs, with sub-folders.
        out: A new or empty folder elsewhere. In it: `0001.png` and so on;
            `verdicts.csv`, a line for every face and every file without one;
            `contact_sheet.pdf`, the pictures kept and the faces dropped.
        size: Height and width of the pictures in pixels, at least 16.
        like: A folder of at least 3 pictures of the one person to keep, of which each
            shows that face as the largest; None keeps all faces.
        without_background: Whether to put each person on white.

    Returns:
        The `PreparedFaces`.

    Raises:
        ImportError: If OpenCV is not installed.
        ValueError: If no face remains, the folders are not as stated, or there are too
            few examples.
    """
    check_number("size", size, at_least=16)
    source, out = _folders(photographs, out)
    images = set(list_images(source))
    likeness = None if like is None else Likeness(_examples(like, min(size, COMPARED)))
    maker = _Maker(size, likeness, without_background)
    verdicts = []
    for file in tqdm(_all_files(source), desc="photographs", unit="file"):
        name = file.relative_to(source).as_posix()
        if file in images:
            verdicts += maker.judge(name, _decoded(file))
        else:
            kinds = f"{file.suffix or 'no suffix'}, not {', '.join(sorted(SUFFIXES))}"
            verdicts.append(Verdict(name, "not of a kind that is read", kinds))
    made = PreparedFaces(out, verdicts, None if likeness is None else likeness.limit)
    if not made.kept:
        reasons = ", ".join(f"{why}: {n}" for why, n in made.dropped.items())
        raise ValueError(
            f"Expected at least one face to remain of {source}, received none "
            f"({reasons}): add sharp photographs that show faces from the front, or "
            "choose a smaller size."
        )
    _write(made)
    return made


def _folders(photographs, out):
    source, out = (Path(path).expanduser() for path in (photographs, out))
    if not source.exists():
        raise ValueError(
            f"Expected a folder of photographs, received {source}, which does not "
            f"exist: check the spelling (the working directory is {Path.cwd()})."
        )
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise ValueError(
            f"Expected a folder for the faces outside of {source}, in which nothing is "
            f"to change, received {out}: choose another."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(
            f"Expected a new or empty folder for the faces, received {out}, which "
            "is a file or holds files: choose another, or empty it."
        )
    return source, out


def _all_files(source):
    """Files that are not hidden, images or not, in the order of `list_images`."""
    files = []
    for place, folders, names in os.walk(source, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(files, key=lambda file: file.relative_to(source).parts)


def _decoded(file):
    with warnings.catch_warnings():
        # What Pillow has to say of single files is in their verdicts.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return decode(file)


def _examples(folder, size):
    """The largest face of each picture, aligned, where it is large enough."""
    examples = []
    for file in list_images(Path(folder).expanduser()):
        picture = _decoded(file)
        faces = [] if picture is None else find_faces(picture)
        faces = [face for face in faces if face.eyes]
        if faces:
            largest = max(faces, key=lambda face: face.eye_distance)
            if largest.eye_distance >= EYE_DISTANCE * size:
                examples.append(align(picture, largest.eyes, size))
    return examples


class _Maker:
    """Judges photographs one after the other and remembers what it kept."""

    def __init__(self, size, likeness, without_background):
        self.size = size
        self.likeness = likeness
        self.without_background = without_background
        self.photographs = {}
        self.faces = {}

    def judge(self, name, photograph):
        if photograph is None:
            return [Verdict(name, "cannot be decoded")]
        bits = difference_hash(photograph)
        twin = first_near(bits, list(self.photographs.values()))
        if twin is not None:
            return [Verdict(name, "near duplicate", list(self.photographs)[twin])]
        faces = find_faces(photograph)
        if not faces:
            return [Verdict(name, "no face found")]
        verdicts = []
        for number, face in enumerate(faces, start=1):
            verdict = Verdict(name, face=number)
            verdict.why, verdict.details = self._why_not(photograph, face, verdict)
            verdicts.append(verdict)
            if not verdict.why:
                self.photographs[name] = bits
                verdict.picture = f"{len(self.faces) + 1:04}.png"
                self.faces[verdict.picture] = difference_hash(verdict.image)
                if self.without_background:
                    verdict.image = self._cut_out(photograph, face)
        return verdicts

    def _why_not(self, photograph, face, verdict):
        """Why to drop a face, in words and numbers; both empty where it is kept."""
        if face.eyes is None:
            return "eyes not found", ""
        needed = EYE_DISTANCE * self.size
        if face.eye_distance < needed:
            return "too small", f"eyes {face.eye_distance:.1f} pixels apart of {needed}"
        verdict.image = align(photograph, face.eyes, self.size)
        if self.likeness:
            side = min(self.size, COMPARED)
            compared = align(photograph, face.eyes, side)
            verdict.distance = self.likeness.distance(compared)
            if verdict.distance > self.likeness.limit:
                limit = f"distance {verdict.distance:.3f} of {self.likeness.limit:.3f}"
                return "unlike the examples", limit
        verdict.sharpness = laplacian_variance(verdict.image)
        if verdict.sharpness < BLURRED:
            return "blurred", f"sharpness {verdict.sharpness:.0f} of {BLURRED:.0f}"
        twin = first_near(difference_hash(verdict.image), list(self.faces.values()))
        if twin is not None:
            return "near duplicate", list(self.faces)[twin]
        return "", ""

    def _cut_out(self, photograph, face):
        finer = int(min(FINER, face.eye_distance / (EYE_DISTANCE * self.size)))
        cut = remove_background(align(photograph, face.eyes, finer * self.size))
        return np.asarray(Image.fromarray(cut).reduce(finer))


def _write(made):
    made.folder.mkdir(parents=True, exist_ok=True)
    for verdict in made.kept:
        Image.fromarray(verdict.image).save(made.folder / verdict.picture)
    with open(made.folder / "verdicts.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        columns = ("photograph", "face", "picture", "why", "details")
        numbers = ("sharpness", "distance")
        rows.writerow(["kept", *columns, *numbers])
        for verdict in made.verdicts:
            rows.writerow(
                [
                    "no" if verdict.why else "yes",
                    *(getattr(verdict, column) for column in columns),
                    *(_rounded(getattr(verdict, number)) for number in numbers),
                ]
            )
    dropped = [v for v in made.verdicts if v.why and v.image is not None]
    save_contact_sheet(
        made.folder / "contact_sheet.pdf",
        {
            f"kept: {len(made.kept)}": [
                (v.image, v.picture.removesuffix(".png")) for v in made.kept
            ],
            f"dropped: {len(dropped)}": [(v.image, v.why) for v in dropped],
        },
    )


def _rounded(number):
    return "" if number is None else f"{number:.4g}"
