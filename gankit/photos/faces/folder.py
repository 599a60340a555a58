"""Makes a data set of faces from a folder of photographs."""

import collections
import dataclasses
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from gankit.backend.arguments import check_number
from gankit.datasets.image_files import SUFFIXES, decode_all, list_files, list_images
from gankit.files import append_table
from gankit.photos.faces.backgrounds import remove_background
from gankit.photos.faces.contact_sheet import save_contact_sheet
from gankit.photos.faces.detection import EYE_DISTANCE, align, find_faces
from gankit.photos.faces.likeness import Likeness
from gankit.photos.faces.near_duplicates import (
    difference_hash,
    laplacian_variance,
    near_duplicate,
)

# Pictures with a lower sharpness count as blurred at any size (our choice). The lowest
# of 204 photographs of a cat at 64 x 64 is 500; a face with 2,260 drops to 440 after a
# Gaussian blur of 0.7 pixels of the result, and to 180 after one of 1.1.
BLURRED = 300.0
# Faces are compared with the examples at this size, or the requested one if smaller.
COMPARISON_SIZE = 64
# Backgrounds are removed in pictures up to this many times as large.
FINER = 4


@dataclasses.dataclass
class Verdict:
    """What became of a face, or of a file without one.

    Args:
        photograph: The file, relative to the folder of photographs.
        face: Number of the face in its photograph from the left, from 1.
        picture: Name of the written file.
        why: Why the face was dropped; empty if it was kept.
        details: Numbers that belong to `why`.
        sharpness: Variance of the Laplacian.
        distance: From the nearest example.
        image: The aligned face, uint8 array `(size, size, 3)`.
    """

    photograph: str
    face: int | None = None
    picture: str = ""
    why: str = ""
    details: str = ""
    sharpness: float | None = None
    distance: float | None = None
    image: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class PreparedFaces:
    """What `prepare_faces` wrote.

    Args:
        folder: The folder of pictures.
        verdicts: List of `Verdict`, in the order of the photographs.
        limit: The largest distance at which a face resembles the examples; None
            without them.
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
        """Dict from each reason to the number of dropped faces, largest first."""
        counts = collections.Counter(v.why for v in self.verdicts if v.why)
        return dict(counts.most_common())


def prepare_faces(photographs, out, *, size=64, like=None, without_background=False):
    """Finds the faces in photographs and writes each, aligned, as one picture.

    A face is dropped if two eyes are not found, if it would have to be enlarged, if it
    differs more from the examples than they do from each other, if it is blurred, or
    if it nearly repeats a face that was kept. EXIF data turn photographs upright. The
    folder of photographs does not change, and the pictures contain no EXIF data, such
    as the place.

    Args:
        photographs: The folder of photographs, with sub-folders.
        out: A new or empty folder elsewhere. It receives `0001.png` and so on;
            `verdicts.csv`, a line for each face and each file without one; and
            `contact_sheet.pdf`, the pictures and the dropped faces.
        size: Height and width of the pictures in pixels, at least 16.
        like: A folder of at least 3 pictures of one person, whose faces are kept. The
            largest face of each picture counts. None keeps all faces.
        without_background: Whether to replace the backgrounds by white.

    Returns:
        The `PreparedFaces`.

    Raises:
        ImportError: If OpenCV is not installed.
        ValueError: If no face remains, a folder is not as described, or there are too
            few examples.
    """
    check_number("size", size, at_least=16)
    source, out = _check_folders(photographs, out)
    with warnings.catch_warnings(action="ignore"):  # each file gets a verdict
        images = set(list_images(source))
    likeness = None
    if like is not None:
        likeness = Likeness(_examples(like, min(size, COMPARISON_SIZE)))
    sorter = _Sorter(size, likeness, without_background)
    verdicts = []
    for file in tqdm(list_files(source), desc="photographs", unit="file"):
        name = file.relative_to(source).as_posix()
        if file in images:
            verdicts += sorter.sort(name, _decode(file))
        else:
            verdict = Verdict(name, why="not of a kind that is read")
            suffixes = ", ".join(sorted(SUFFIXES))
            verdict.details = f"{file.suffix or 'no suffix'}, not {suffixes}"
            verdicts.append(verdict)
    faces = PreparedFaces(out, verdicts, likeness and likeness.limit)
    if not faces.kept:
        reasons = ", ".join(f"{why}: {n}" for why, n in faces.dropped.items())
        raise ValueError(
            f"Expected at least one usable face in {source}, received none "
            f"({reasons}): add sharp photographs that show faces from the front, or "
            "choose a smaller size."
        )
    _write(faces)
    return faces


def _check_folders(photographs, out):
    source, out = (Path(path).expanduser() for path in (photographs, out))
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise ValueError(
            f"Expected a folder for the faces outside of {source}, which must not "
            f"change, received {out}: choose another."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(
            f"Expected a new or empty folder for the faces, received {out}, which "
            "is a file or contains files: choose another, or empty it."
        )
    return source, out


def _decode(file):
    # The verdicts say which files could not be read.
    (result,) = decode_all([file], size=None, channels=3)
    return None if isinstance(result, ValueError) else result


def _examples(folder, size):
    """The largest face of each picture, aligned, if it is large enough."""
    examples = []
    for file in list_images(Path(folder).expanduser()):
        picture = _decode(file)
        faces = [] if picture is None else find_faces(picture)
        faces = [f for f in faces if f.eyes and f.eye_distance >= EYE_DISTANCE * size]
        if faces:
            largest = max(faces, key=lambda face: face.eye_distance)
            examples.append(align(picture, largest.eyes, size))
    return examples


class _Sorter:
    """Sorts the faces of one photograph after the other, and remembers their hashes."""

    def __init__(self, size, likeness, without_background):
        self.size = size
        self.likeness = likeness
        self.without_background = without_background
        self.photographs = {}
        self.faces = {}

    def sort(self, name, photograph):
        """The verdicts on a photograph; `photograph` is None if it is damaged."""
        if photograph is None:
            return [Verdict(name, why="cannot be decoded")]
        bits = difference_hash(photograph)
        twin = near_duplicate(bits, self.photographs)
        if twin is not None:
            return [Verdict(name, why="near duplicate", details=twin)]
        faces = find_faces(photograph)
        if not faces:
            return [Verdict(name, why="no face found")]
        verdicts = [Verdict(name, number) for number, _ in enumerate(faces, start=1)]
        for verdict, face in zip(verdicts, faces, strict=True):
            verdict.why, verdict.details = self._reason(photograph, face, verdict)
            if not verdict.why:
                self.photographs[name] = bits
                verdict.picture = f"{len(self.faces) + 1:04}.png"
                self.faces[verdict.picture] = difference_hash(verdict.image)
                if self.without_background:
                    verdict.image = _aligned_and_cut(photograph, face, self.size)[-1]
        return verdicts

    def _reason(self, photograph, face, verdict):
        """Why to drop a face, in words and numbers; both empty if it is kept."""
        if face.eyes is None:
            return "eyes not found", ""
        target = EYE_DISTANCE * self.size
        if face.eye_distance < target:
            return "too small", f"eyes {face.eye_distance:.1f} pixels apart of {target}"
        verdict.image = align(photograph, face.eyes, self.size)
        if self.likeness:
            small = align(photograph, face.eyes, min(self.size, COMPARISON_SIZE))
            verdict.distance, limit = self.likeness.distance(small), self.likeness.limit
            if verdict.distance > limit:
                details = f"distance {verdict.distance:.3f} of {limit:.3f}"
                return "unlike the examples", details
        verdict.sharpness = laplacian_variance(verdict.image)
        if verdict.sharpness < BLURRED:
            return "blurred", f"sharpness {verdict.sharpness:.0f} of {BLURRED:.0f}"
        twin = near_duplicate(difference_hash(verdict.image), self.faces)
        return ("", "") if twin is None else ("near duplicate", twin)


def _aligned_and_cut(photograph, face, size):
    """The aligned face, up to 4 times as large; the same on white; that of `size`."""
    finer = int(min(FINER, face.eye_distance / (EYE_DISTANCE * size)))
    aligned = align(photograph, face.eyes, finer * size)
    cut = remove_background(aligned)
    return aligned, cut, np.asarray(Image.fromarray(cut).reduce(finer))


def stages(photograph, *, size=64):
    """Shows the way of a photograph into a data set of faces, step by step.

    Args:
        photograph: uint8 array `(height, width, 3)`. Its largest face counts.
        size: Height and width of the final picture in pixels, at least 16.

    Returns:
        List of five uint8 arrays `(height, width, 3)`, which `diagrams.faces` draws:
        the photograph, the same with the face and its eyes marked, the aligned face up
        to 4 times as large as the final one, the same on white, the final picture.

    Raises:
        ImportError: If OpenCV is not installed.
        ValueError: If no face with two eyes is found that is large enough.
    """
    check_number("size", size, at_least=16)
    faces = [face for face in find_faces(photograph) if face.eyes]
    face = max(faces, key=lambda face: face.eye_distance, default=None)
    if face is None or face.eye_distance < EYE_DISTANCE * size:
        found = f"{face.eye_distance:.1f} pixels" if face else "none"
        raise ValueError(
            f"Expected a face with eyes at least {EYE_DISTANCE * size:.1f} pixels "
            f"apart, received {found}: take a larger photograph of a face from the "
            "front."
        )
    marked = Image.fromarray(photograph)
    draw, width = ImageDraw.Draw(marked), max(2, max(photograph.shape) // 100)
    left, top, across, down = face.box
    frame = (left, top, left + across, top + down)
    draw.rectangle(frame, outline="yellow", width=width)
    for eye in face.eyes:
        draw.circle(eye, face.eye_distance / 5, outline="yellow", width=width)
    aligned = _aligned_and_cut(photograph, face, size)
    return [photograph, np.asarray(marked), *aligned]


def _write(faces):
    faces.folder.mkdir(parents=True, exist_ok=True)
    for verdict in faces.kept:
        Image.fromarray(verdict.image).save(faces.folder / verdict.picture)
    columns = [f.name for f in dataclasses.fields(Verdict) if f.name != "image"]
    rows = []
    for verdict in faces.verdicts:
        values = {column: getattr(verdict, column) for column in columns}
        for number in ("sharpness", "distance"):
            if values[number] is not None:
                values[number] = f"{values[number]:.4g}"
        rows.append({"kept": "no" if verdict.why else "yes", **values})
    append_table(faces.folder / "verdicts.csv", ["kept", *columns], rows)
    kept = [(v.image, v.picture.removesuffix(".png")) for v in faces.kept]
    dropped = [
        (v.image, v.why) for v in faces.verdicts if v.why and v.image is not None
    ]
    save_contact_sheet(
        faces.folder / "contact_sheet.pdf",
        {f"kept: {len(kept)}": kept, f"dropped: {len(dropped)}": dropped},
    )
