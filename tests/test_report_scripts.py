"""The scripts in benchmarks/ whose results the reports' pages show."""

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats

from gankit import experiments, files
from gankit.datasets import walking_animal
from gankit.experiments import figures
from gankit.metrics import ClassProfile

ROOT = Path(__file__).parents[1]
SAVED = [
    (report, entry)
    for report, page in figures.PAGES.items()
    for entry in page.entries
    if entry.draw == "saved"
]


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    before = {*sys.modules}
    yield __import__
    for name in {*sys.modules} - before:
        if str(ROOT / "benchmarks") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def table(folder):
    rows = files.read_table(ROOT / "results" / folder / "table.csv", words=("what",))
    return {row["what"]: row for row in rows}


@pytest.mark.parametrize("entry", [entry for _, entry in SAVED], ids=lambda e: e.name)
def test_a_saved_picture_is_small_and_its_command_is_there(entry):
    python, path = entry.command.split()
    assert python == "python" and (ROOT / path).is_file()
    picture = ROOT / "results" / entry.folder / "samples.png"
    assert not picture.exists() or picture.stat().st_size < 60_000


def test_a_caption_has_the_numbers_of_the_table(tmp_path, monkeypatch):
    what = ("two generators", "one encoder", "one encoder, half width")
    rows = [
        {
            "what": name,
            "parameters": 12_000 - 1000 * i,
            "passes": 8,
            "passes, identity loss": 12 - i,
            "times as fast, median": 1 + i,
            "times as fast, low": 0.5 + i,
            "times as fast, high": 1.5 + i,
        }
        for i, name in enumerate(what)
    ]
    folder = tmp_path / "results/shared-encoder"
    folder.mkdir(parents=True)
    files.append_table(folder / "table.csv", list(rows[0]), rows)
    Image.new("P", (9, 5)).save(folder / "samples.png")
    monkeypatch.chdir(tmp_path)
    found = experiments.figure("iisc", "6.1 speed")
    notice = found.caption["What to notice"]
    for words in (
        "8 passes",
        "2.00 times as fast at equal width (1.50 to 2.50",
        "3.00 times at half the width (2.50 to 3.50)",
        "11,000 parameters in place of 12,000, and 10,000 at half",
    ):
        assert words in notice
    (picture,) = found.pictures
    assert picture.size == (9, 5)
    # A picture of few colours stays one.
    assert figures._encode(picture).startswith(b"\x89PNG")


def test_the_slant_is_the_shear_of_the_ink(script):
    slant = script("latent_arithmetic").slant
    stroke = np.zeros((1, 41, 41, 1), "uint8")
    stroke[0, 8:33, 19:22] = 255
    upright = stroke[0, ..., 0].astype("float64")
    sheared = [
        # Row y takes column x + shear (y - 20), so ink above moves to the right.
        ndimage.affine_transform(
            upright, [[1, 0], [shear, 1]], offset=[0, -20 * shear], order=1
        )
        for shear in (-0.3, 0.0, 0.4)
    ]
    images = np.round(sheared).astype("uint8")[..., None]
    np.testing.assert_allclose(slant(images), [-0.3, 0.0, 0.4], atol=0.01)


def test_the_divergence_is_that_of_two_normal_distributions(script):
    mean, log_variance = np.random.default_rng(0).normal(size=(2, 3, 4))
    found = script("sharpness").divergence(
        *(keras.ops.cast(x, "float32") for x in (mean, log_variance))
    )
    # The mean of log p - log q over the quantiles of p.
    p = stats.norm(mean[..., None], np.exp(log_variance / 2)[..., None])
    x = p.ppf((np.arange(20_000) + 0.5) / 20_000)
    expected = (p.logpdf(x) - stats.norm.logpdf(x)).mean(axis=-1).sum(axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.tensorflow
def test_the_autoencoder_loses_what_its_pictures_lack(script):
    autoencoder = script("sharpness").build()
    images = np.full((2, 28, 28, 1), 255, "uint8")
    answer = np.full(images.shape, 0.5, "float32")
    autoencoder(images[:1])
    divergence = float(sum(autoencoder.losses))
    loss = autoencoder.compute_loss(images, None, answer, None)
    # White where the decoder says 0.75: -ln 0.75 for each pixel.
    assert float(loss) - divergence == pytest.approx(-784 * np.log(0.75), rel=1e-4)


def test_saved_samples_are_those_of_the_grid(script):
    folder = experiments.saved_folder("imperial/dcgan-shallow")
    digits = script("sharpness").cells(folder / "samples.png", 10, 2)
    assert digits.shape == (100, 28, 28, 1)
    grid = np.asarray(Image.open(folder / "samples.png"))
    # The third in the second row: tiles of 56 pixels, 4 apart.
    tile = grid[64:120, 124:180]
    assert np.array_equal(np.kron(digits[12, ..., 0], np.ones((2, 2))), tile)


def test_one_encoder_saves_passes_only_for_the_identity_loss(script):
    passes = script("shared_encoder").passes
    assert passes(False, 0.0) == passes(True, 0.0) == (4, 4)
    assert passes(False, 5.0) == (6, 6) and passes(True, 5.0) == (4, 6)


def test_a_coat_is_what_a_translation_changes(script):
    coat, colours = (
        getattr(script("translated_animals"), name) for name in ("coat", "colours")
    )
    plain, empty = walking_animal(2, 32, positions=(0.5, 5.0))
    animal = np.abs(plain.astype(int) - empty).mean(axis=-1) > 40
    assert np.array_equal(coat(plain, empty), plain[animal])
    orange, grey = np.full((5, 3), (200, 100, 0)), np.full((1, 3), 60)
    row, hue = colours([orange, grey])
    assert (row["darkest"], row["brightest"]) == (60, 100)
    assert row["deviation"] == pytest.approx(np.std([100, 60], ddof=1))
    assert hue == pytest.approx([30] * 5 + [0])


def test_tables_hold_what_the_runs_and_the_ledger_say():
    classes = table("digit-classes")
    folder = experiments.saved_folder("dtu/dcgan-non-saturating")
    profile = ClassProfile.load(folder / "classes.csv")
    found = [classes["DCGAN"][f"confidence of {c}"] for c in range(10)]
    assert found == list(profile.confidence) and np.argmin(found) == 8
    assert classes["DCGAN"]["4 or 9"] == profile.probabilities[4, 9]
    energy = {k: row["gradient energy"] for k, row in table("sharpness").items()}
    real = energy["real digits"]
    sharp = [energy[f"GAN, seed {seed}"] for seed in range(3)]
    blurred = [energy[f"autoencoder, 2 epochs, seed {seed}"] for seed in range(3)]
    noisy, later = (
        [energy[f"fully connected, {n} epochs, seed {seed}"] for seed in (1, 2, 3)]
        for n in (5, 19)
    )
    assert sharp == pytest.approx([real] * 3, rel=0.05) and max(blurred) < real / 2
    assert max(later) - real < (min(noisy) - real) / 2
    ledger = {claim.id: claim for claim in experiments.claims.ledger()}
    for claim, numbers in {
        "dtu-autoencoder": [f"{x:.3f}" for x in (real, *sharp, *blurred)],
        "dtu-epochs": [f"{x:.3f}" for x in (real, *noisy, *later)],
        "dtu-brown": [f"{row['deviation']:.0f}" for row in table("coats").values()],
        "cmu-video": [f"{table('flicker')['translated']['flicker']:.1f}"],
    }.items():
        said = re.findall(r"[\d.]*\d", ledger[claim].notebook["found"])
        assert {*numbers} <= {*said}, claim


def test_the_correlations_are_those_of_ranks():
    (picture,) = experiments.figure("imperial", "4 losses").pictures
    (claim,) = (c for c in experiments.claims.ledger() if c.id == "imperial-losses")
    for axes in picture.axes:
        points = [np.array(line.get_data()) for line in axes.lines]
        assert [each.shape for each in points] == [(2, 3)] * 6
        # Pearson's correlation of ranks is Spearman's.
        ranks = stats.rankdata(np.concatenate(points, axis=1), axis=1)
        found = f"{np.corrcoef(*ranks)[0, 1]:+.2f}"
        assert axes.get_title() == f"rank correlation: {found}"
        assert found in claim.notebook["found"]
    run = experiments.load_saved("imperial/cgan-deep@full-seed1")
    assert points[3][1, 1] == run.values["conditional accuracy"]
    (picture,) = experiments.figure("iisc", "5 distance").pictures
    assert picture.axes[0].get_title() == "rank correlation: -1.00"
    run = experiments.load_saved("iisc/wgan-mnist-shallow").on_the_way
    assert np.array_equal(picture.axes[0].lines[0].get_ydata(), run["FCD-mnist"])


def test_scores_are_drawn_where_a_figure_asks_for_them():
    (picture,) = experiments.figure("dtu", "1 random answers").pictures
    fcd, auc = picture.axes
    assert (fcd.get_yscale(), auc.get_yscale()) == ("log", "linear")
    run = experiments.load_saved("imperial/cgan-shallow-masked-c5").on_the_way
    assert np.array_equal(fcd.lines[7].get_ydata(), run["FCD-mnist"])
    expected = run["discriminator AUC, held-out images"]
    assert np.array_equal(auc.lines[7].get_ydata(), expected)
