"""`gankit dataset prepare` and what trains on its folders.

The faces are Eileen Collins, as scikit-image ships her, and Grace Hopper, as Matplotlib
does; both photographs are in the public domain.
"""

import csv
import hashlib
import io
import re

import keras
import numpy as np
import pytest
import skimage.data
from matplotlib import cbook
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from scipy import ndimage
from skimage import transform
from skimage.feature import local_binary_pattern
from skimage.filters import laplace
from typer.testing import CliRunner

from gankit import experiments
from gankit.cli import app
from gankit.datasets import image_folder, stripes
from gankit.experiments import own_pictures
from gankit.photos import faces
from gankit.photos.faces.backgrounds import remove_background
from gankit.photos.faces.contact_sheet import contact_sheets
from gankit.photos.faces.detection import EYES, align, find_faces
from gankit.photos.faces.folder import BLURRED
from gankit.photos.faces.likeness import (
    Likeness,
    chi_squared,
    describe,
    uniform_patterns,
)
from gankit.photos.faces.near_duplicates import (
    NEAR,
    difference_hash,
    laplacian_variance,
)

pytestmark = pytest.mark.tensorflow  # photographs need no backend

COLLINS = Image.fromarray(skimage.data.astronaut())
HOPPER = Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
HOPPER = HOPPER.convert("RGB")
CAT = Image.fromarray(skimage.data.chelsea())


def _compressed(picture, quality):
    file = io.BytesIO()
    picture.save(file, "jpeg", quality=quality)
    return Image.open(file).convert("RGB")


def _turned(picture, degrees):
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


def _face(picture, size=64):
    (face,) = find_faces(np.asarray(picture))
    return align(np.asarray(picture), face.eyes, size)


def _slope(eyes):
    (x1, y1), (x2, y2) = eyes
    return np.degrees(np.arctan2(y2 - y1, x2 - x1))


def _one_sentence(error):
    message = str(error.value)
    assert message.endswith(".") and not re.search(r"[.!?]\s", message), message
    return message


@pytest.fixture(scope="module")
def collins():
    """The same face four times, never quite the same picture."""
    return [
        _face(COLLINS),
        _face(_turned(COLLINS, 6)),
        _face(ImageEnhance.Contrast(COLLINS).enhance(0.7)),
        _face(COLLINS.filter(ImageFilter.GaussianBlur(1))),
    ]


def _write_photographs(folder):
    (folder / "sub").mkdir(parents=True)
    COLLINS.save(folder / "a.png")
    COLLINS.save(folder / "again.jpg", quality=40)
    blurred = COLLINS.filter(ImageFilter.GaussianBlur(3))
    blurred.crop((100, 0, 400, 300)).save(folder / "blurred.png")
    (folder / "broken.jpg").write_bytes((folder / "again.jpg").read_bytes()[:300])
    CAT.save(folder / "cat.png")
    COLLINS.crop((60, 0, 420, 380)).save(folder / "cropped.png")
    (folder / "phone.heic").write_bytes(b"no picture")
    side = Image.new("RGB", (600, 300), "grey")
    side.paste(HOPPER.resize((92, 108)), (10, 10))
    side.save(folder / "small.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise when shown
    HOPPER.transpose(Image.Transpose.ROTATE_90).save(
        folder / "sub" / "turned.png", exif=exif
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("album")
    photographs = folder / "photographs"
    _write_photographs(photographs)
    before = _contents(photographs)
    made = faces.prepare_faces(photographs, folder / "faces")
    assert _contents(photographs) == before
    return made


def _contents(folder):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("degrees", [-15, -5, 10])
def test_a_turned_photograph_gives_the_same_aligned_face(degrees):
    (straight,) = find_faces(np.asarray(COLLINS))
    (turned,) = find_faces(np.asarray(_turned(COLLINS, degrees)))
    # Counter-clockwise in a picture whose y points down.
    slope = _slope(straight.eyes) - degrees
    assert _slope(turned.eyes) == pytest.approx(slope, abs=1.5)
    aligned = _face(_turned(COLLINS, degrees), 128)
    (face,) = find_faces(np.kron(aligned, np.ones((2, 2, 1), "uint8")))
    assert abs(_slope(face.eyes)) < 2
    places = 256 * np.array(EYES)
    assert np.abs(np.array(face.eyes) - places).max() < 256 * 0.015


@pytest.mark.parametrize("degrees, scale", [(0, 1.0), (37, 1.7), (-160, 3.2)])
def test_marks_at_the_eyes_come_to_their_places(degrees, scale):
    size = 80
    apart = scale * (EYES[1][0] - EYES[0][0]) * size
    along = np.exp(1j * np.radians(degrees)) * apart / 2
    centre = 150 + 140j
    eyes = [((centre + s * along).real, (centre + s * along).imag) for s in (-1, 1)]
    y, x = np.mgrid[:280, :300] + 0.5
    marks = [np.exp(-((x - u) ** 2 + (y - v) ** 2) / 40) for u, v in eyes]
    photograph = np.stack([*(255 * mark for mark in marks), 0 * x], axis=-1)
    aligned = align(photograph.astype("uint8"), eyes, size)
    for channel, (x, y) in enumerate(EYES):
        row, column = ndimage.center_of_mass(aligned[..., channel].astype(float))
        assert (column + 0.5, row + 0.5) == pytest.approx((x * size, y * size), abs=0.1)


def test_align_is_the_similarity_of_scikit_image():
    (face,) = find_faces(np.asarray(COLLINS))
    size = int(face.eye_distance / (EYES[1][0] - EYES[0][0]))
    aligned = align(np.asarray(COLLINS), face.eyes, size)
    places = size * np.array(EYES) - 0.5
    similarity = transform.SimilarityTransform.from_estimate(
        places, np.array(face.eyes) - 0.5
    )
    expected = transform.warp(
        np.asarray(COLLINS), similarity, output_shape=(size, size), order=3
    )
    assert np.abs(aligned / 255 - expected).mean() < 0.012


def test_nothing_is_enlarged():
    with pytest.raises(ValueError, match="at least 52.0 pixels apart") as error:
        align(np.asarray(COLLINS), ((200, 100), (251, 100)), 200)
    _one_sentence(error)


def test_patterns_are_those_of_scikit_image():
    grey = np.random.default_rng(0).integers(0, 256, (60, 50), dtype="uint8")
    inner = slice(3, -3), slice(3, -3)
    ours = uniform_patterns(grey)[inner].ravel()
    theirs = local_binary_pattern(grey, 8, 2, "nri_uniform")[inner].ravel()
    pairs = set(zip(ours, theirs, strict=True))
    # Numbered in another order.
    assert len(pairs) == len(set(ours)) == len(set(theirs)) > 45
    every = np.random.default_rng(1).integers(0, 256, (300, 300), dtype="uint8")
    assert set(uniform_patterns(every).ravel()) == set(range(59))


def test_chi_squared_is_0_of_equal_and_2_of_disjoint_histograms():
    a, b = np.zeros((2, 49, 59))
    a[:, 0] = b[:, 1] = 1
    assert (chi_squared(a, a), chi_squared(a, b)) == (0, 2)
    half = (a + b) / 2
    assert chi_squared(a, half) == pytest.approx(0.25 / 1.5 + 0.25 / 0.5)


def test_the_examples_among_themselves_give_the_limit(collins):
    likeness = Likeness(collins)
    every = np.array(
        [[chi_squared(describe(a), describe(b)) for b in collins] for a in collins]
    )
    np.fill_diagonal(every, np.inf)
    assert likeness.limit == pytest.approx(every.min(axis=1).max())
    assert likeness.distance(_face(_turned(COLLINS, -8))) < likeness.limit
    assert likeness.distance(_face(HOPPER)) > 2 * likeness.limit
    with pytest.raises(ValueError, match="at least 3 examples.*received 2") as error:
        Likeness(collins[:2])
    _one_sentence(error)
    with pytest.raises(ValueError, match="Expected examples that differ") as error:
        Likeness([collins[0]] * 3)
    _one_sentence(error)


def test_near_duplicates_have_nearly_the_same_hash():
    bits = difference_hash(np.asarray(COLLINS))
    assert bits.shape == (256,)
    for same in (
        _compressed(COLLINS, 20),
        COLLINS.resize((200, 200)),
        ImageEnhance.Brightness(COLLINS).enhance(0.8),
        COLLINS.filter(ImageFilter.GaussianBlur(2)),
    ):
        assert np.sum(difference_hash(np.asarray(same)) != bits) <= NEAR
    for other in (HOPPER, CAT, COLLINS.transpose(Image.Transpose.FLIP_LEFT_RIGHT)):
        assert np.sum(difference_hash(np.asarray(other)) != bits) > 2 * NEAR


def test_blur_lowers_the_variance_of_the_laplacian():
    grey = np.asarray(COLLINS.convert("L"), float)
    assert laplacian_variance(np.asarray(COLLINS)) == pytest.approx(laplace(grey).var())
    found = [
        laplacian_variance(_face(COLLINS.filter(ImageFilter.GaussianBlur(radius))))
        for radius in (0, 1, 2, 3)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[1] > BLURRED > found[3]


def test_stages_lead_from_a_photograph_to_a_picture_of_the_set(tmp_path):
    photograph = np.asarray(HOPPER)
    pictures = faces.stages(photograph, size=32)
    first, marked, aligned, cut, small = pictures
    assert first is photograph and marked.shape == photograph.shape
    changed = np.any(marked != photograph, axis=2)
    (face,) = [face for face in find_faces(photograph) if face.eyes]
    left, top, width, height = face.box
    assert 0 < changed.sum() < 0.2 * changed.size
    inside = np.zeros_like(changed)
    inside[top : top + height + 1, left : left + width + 1] = True
    assert not (changed & ~inside).any()
    assert aligned.shape == cut.shape == (128, 128, 3) and small.shape == (32, 32, 3)
    # The picture that `prepare_faces` writes.
    (tmp_path / "album").mkdir()
    HOPPER.save(tmp_path / "album" / "hopper.png")
    out = tmp_path / "out"
    faces.prepare_faces(tmp_path / "album", out, size=32, without_background=True)
    np.testing.assert_array_equal(np.asarray(Image.open(out / "0001.png")), small)
    # A flat picture has no face, and no face is that large.
    for picture, size in ((np.full((80, 80, 3), 99, "uint8"), 32), (photograph, 512)):
        with pytest.raises(ValueError, match="a face with eyes at least"):
            faces.stages(picture, size=size)


def test_a_drawn_person_is_cut_out_of_a_drawn_background():
    random = np.random.default_rng(0)
    shape = Image.new("L", (128, 128))
    ImageDraw.Draw(shape).ellipse((30, 12, 98, 118), fill=1)
    ImageDraw.Draw(shape).polygon([(0, 127), (20, 108), (108, 108), (127, 127)], fill=1)
    person = np.asarray(shape).astype(bool)
    colours = np.where(person[..., None], (200, 150, 120), (60, 90, 160))
    picture = np.clip(colours + random.normal(0, 8, (128, 128, 3)), 0, 254)
    cut = remove_background(picture.astype("uint8"))
    kept = np.any(cut != 255, axis=-1)
    assert np.sum(kept & person) / np.sum(kept | person) > 0.95
    np.testing.assert_array_equal(cut[kept], picture.astype("uint8")[kept])


def test_each_file_has_its_verdict(prepared):
    with open(prepared.folder / "verdicts.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["photograph"]: (row["picture"], row["why"]) for row in rows}
    assert found == {
        "a.png": ("0001.png", ""),
        "again.jpg": ("", "near duplicate"),
        "blurred.png": ("", "blurred"),
        "broken.jpg": ("", "cannot be decoded"),
        "cat.png": ("", "no face found"),
        "cropped.png": ("", "near duplicate"),
        "phone.heic": ("", "not of a kind that is read"),
        "small.png": ("", "too small"),
        "sub/turned.png": ("0002.png", ""),
    }
    assert {row["kept"] for row in rows if row["picture"]} == {"yes"}
    assert prepared.dropped["near duplicate"] == 2


def test_the_faces_are_a_data_set_and_tell_nothing_else(prepared):
    images = image_folder(prepared.folder, size=64).train.images
    # Upright, as the EXIF data say, though the file lies on its side.
    for image, face in zip(images, (_face(COLLINS), _face(HOPPER)), strict=True):
        np.testing.assert_array_equal(image, face)
    for path in prepared.folder.glob("*.png"):
        with Image.open(path) as picture:
            assert not picture.getexif() and picture.size == (64, 64)
    assert (prepared.folder / "contact_sheet.pdf").read_bytes()[:4] == b"%PDF"


def test_a_sheet_holds_72_pictures():
    picture = np.zeros((64, 64, 3), "uint8")
    sheets = contact_sheets({"kept": [(picture, "")] * 73, "dropped": []})
    assert len(sheets) == 2 and sheets[0].width == sheets[1].width


def test_the_command_keeps_one_person_and_cuts_her_out(tmp_path):
    photographs, examples = tmp_path / "photographs", tmp_path / "examples"
    for folder in (photographs, examples):
        folder.mkdir()
    both = Image.new("RGB", (900, 520), "grey")
    both.paste(COLLINS.crop((80, 0, 400, 500)), (0, 0))
    both.paste(HOPPER.crop((50, 0, 500, 520)), (400, 0))
    both.save(photographs / "both.png")
    for i, degrees in enumerate((-6, 0, 6)):
        _turned(COLLINS, degrees).save(examples / f"{i}.png")
    options = ["--like", str(examples), "--remove-background"]
    result = CliRunner().invoke(
        app, ["dataset", "prepare", str(photographs), str(tmp_path / "out"), *options]
    )
    assert result.exit_code == 0, result.output
    assert "1  kept" in result.output and "1  unlike the examples" in result.output
    (face,) = image_folder(tmp_path / "out", size=64).train.images
    assert (face[:8, :4] == 255).all() and (face[:8, -4:] == 255).all()
    assert (
        np.abs(face[24:56, 24:40].astype(int) - _face(COLLINS)[24:56, 24:40]).mean()
        < 12
    )


@pytest.mark.parametrize(
    "out, message",
    [
        ("photographs/faces", "outside of .*photographs"),
        ("full", "new or empty folder"),
        ("empty", "none .no face found: 1.: add sharp photographs"),
    ],
)
def test_a_wrong_folder_gets_one_sentence(tmp_path, out, message):
    for folder in ("photographs", "empty", "full"):
        (tmp_path / folder).mkdir()
    CAT.save(tmp_path / "photographs" / "cat.png")
    (tmp_path / "full" / "something").touch()
    with pytest.raises(ValueError, match=message) as error:
        faces.prepare_faces(tmp_path / "photographs", tmp_path / out)
    _one_sentence(error)
    assert not list((tmp_path / "empty").iterdir())


def _save(folder, pictures):
    folder.mkdir(parents=True)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{i}.png")


def test_few_takes_a_folder_of_any_number_of_pictures(tmp_path):
    _save(tmp_path / "mine", stripes(count=8, size=80).train_a)
    few = experiments.find("few")
    images = few.data("class", tmp_path / "mine")
    assert images.train.images.shape == (8, 64, 64, 3) and images.name == "mine"
    gan = few.build(images)
    assert gan.discriminator.output_shape == (None, 4, 4, 1)
    augment = gan.discriminator.layers[1]
    assert augment.policy == "color,translation,cutout"
    _assert_schedule(gan, {0: 2e-4, 43_000: 2e-4, 64_500: 1e-4, 86_000: 0})
    history = {name: np.ones(3) for name in ("step", "d_loss", "g_loss")}
    scores = {score.name for score in few.score(gan, images, history)}
    assert "copy score, one left out" in scores
    assert few.scorer(images)(gan.sample(4), value_range=(0, 255))


def _assert_schedule(gan, rates):
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        schedule = keras.saving.deserialize_keras_object(
            optimizer.get_config()["learning_rate"]
        )
        found = [float(schedule(step)) for step in rates]
        assert found == pytest.approx(list(rates.values()))


def test_own_other_takes_two_folders(tmp_path):
    drawn = stripes(count=9, size=64)
    _save(tmp_path / "both" / "trainA", drawn.train_a)
    _save(tmp_path / "both" / "trainB", drawn.train_b[:8])
    experiment = experiments.find("own-other")
    images = experiment.data("full", tmp_path / "both")
    np.testing.assert_array_equal(images.train_a, drawn.train_a)
    assert len(images.train_b) == 8
    gan = experiment.build(images)
    assert (gan.identity_weight, gan.cycle_weight) == (5, 10)
    assert gan.translate(images.train_a[:1], "ab").shape == (1, 64, 64, 3)
    _assert_schedule(gan, {0: 3e-4, 15_000: 3e-4, 30_000: 0})
    Image.new("RGB", (63, 90)).save(tmp_path / "both" / "trainB" / "small.png")
    with pytest.raises(ValueError, match="1 smaller ones in .*trainB .small.png"):
        experiment.data("class", tmp_path / "both")


def test_pictures_that_cannot_be_used_get_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="received none") as error:
        own_pictures.own_pictures("full", None)
    _one_sentence(error)
    _save(tmp_path / "few", stripes(count=7, size=64).train_a)
    with pytest.raises(ValueError, match="at least 8 pictures.*received 7") as error:
        own_pictures.own_pictures("class", tmp_path / "few")
    _one_sentence(error)
    _save(tmp_path / "small", stripes(count=9, size=60).train_a)
    with pytest.raises(ValueError, match="received 9 smaller ones") as error:
        own_pictures.own_pictures("full", tmp_path / "small")
    assert own_pictures.own_and_other("smoke", None).name == "stripes-32"
