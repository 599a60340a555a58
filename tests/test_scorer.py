"""Scores of images: names, numbers, warnings, caches, baselines, the command line."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gankit import datasets, metrics
from gankit.cli import app
from gankit.metrics import Extractor, FeatureStatistics, Scorer, feature_set

RANGE = (0, 255)


class _Projection:
    """A fixed random projection of 8 x 8 pixels, which counts what it sees."""

    def __init__(self, dimension=6):
        self.matrix = np.random.default_rng(0).normal(size=(64, dimension))
        self.seen = 0

    def __call__(self, images):
        self.seen += len(images)
        pixels = images.reshape(len(images), -1).astype("float64")
        return (pixels @ self.matrix / 64).astype("float32")


@pytest.fixture
def extractor():
    return _extractor(_Projection())


def _extractor(compute, name="projection, weights 0"):
    return Extractor(
        name=name,
        frechet_name="FPD",
        kernel_name="KPD",
        dimension=compute.matrix.shape[1],
        channels=1,
        resize=None,
        compute=compute,
    )


def _images(n, seed, high=256):
    return np.random.default_rng(seed).integers(0, high, (n, 8, 8, 1), dtype="uint8")


def test_the_baseline_is_scored_once_when_it_is_asked_for(extractor):
    scorer = Scorer(
        _images(60, 0), extractor, value_range=RANGE, other_real=_images(60, 1)
    )
    assert extractor.compute.seen == 60
    for _ in range(2):
        (scores,) = scorer.baselines.values()
    assert extractor.compute.seen == 120 and scores[0].n_fake == 60


def test_all_scores_come_from_one_pass_over_each_side(extractor):
    real, fake = _images(60, 0), _images(60, 1, high=200)
    scorer = Scorer(real, extractor, value_range=RANGE)
    scores = scorer(fake, value_range=RANGE)
    assert extractor.compute.seen == 120
    names = ["KPD", "FPD", "precision", "recall", "density", "coverage"]
    assert [score.name for score in scores] == names  # KID leads below 1,000 images
    x, y = (extractor(images, value_range=RANGE) for images in (real, fake))
    kernel, frechet, *neighbours = scores
    assert float(kernel) == pytest.approx(metrics.kernel_distance(x, y).mean)
    assert float(frechet) == pytest.approx(metrics.frechet_distance(x, y))
    expected = metrics.prdc(real=x, fake=y)
    assert [s.value for s in neighbours] == pytest.approx(list(expected))
    for score in (kernel, frechet):
        low, high = score.interval
        assert low < score.value < high and score.spread == "halves of the pictures"
    for score in scores:
        assert (score.n_real, score.n_fake) == (60, 60)
        assert score.extractor == "projection, weights 0"


def test_a_score_is_one_line_with_all_that_matters(extractor):
    score = metrics.fid(
        _images(5, 0), _images(4, 1), value_range=RANGE, extractor=extractor
    )
    line = str(score)
    assert "\n" not in line
    assert re.match(r"FPD = [0-9.e+]+; ", line)
    for part in ("n = 5 real, 4 fake", "projection", "no full covariance", "unequal n"):
        assert part in line


def test_floats_of_any_range_score_as_the_levels_that_they_stand_for(extractor):
    real, fake = _images(40, 0), _images(40, 1)
    scores = [
        metrics.kid(real, images, value_range=value_range, extractor=extractor)
        for images, value_range in (
            (fake, RANGE),
            (fake / 127.5 - 1.0, (-1, 1)),
            ([fake[:7] / 255.0, fake[7:] / 255.0], (0, 1)),
        )
    ]
    assert len({score.value for score in scores}) == 1
    by_name = metrics.precision_recall(
        real=real, fake=fake, value_range=RANGE, extractor=extractor
    )
    assert by_name.precision.name == "precision" and 0 <= by_name.recall.value <= 1
    with pytest.raises(TypeError):
        metrics.precision_recall(real, fake, value_range=RANGE, extractor=extractor)


def test_returning_the_training_pictures_is_seen(extractor):
    train, held_out = _images(100, 0), _images(100, 1)
    scorer = Scorer(train, extractor, value_range=RANGE, held_out=held_out)
    *_, distance, _, _, _, _, copies = scorer(train.copy(), value_range=RANGE)
    assert (distance.name, copies.name) == ("FPD", "copy score")
    assert distance.value < 1e-9 and copies.value == 1.0
    fresh = scorer(_images(100, 2), value_range=RANGE)[-1]
    assert fresh.value < 0.3
    carried = metrics.fid(
        train, train, value_range=RANGE, extractor=extractor, held_out=held_out
    )
    assert any("copy score = 1" in warning for warning in carried.warnings)


def test_statistics_serve_where_they_fit_and_are_refused_where_not(extractor, tmp_path):
    real, fake = _images(50, 0), _images(50, 1)
    known = feature_set(real, extractor, value_range=RANGE).statistics
    known.save(tmp_path / "real.npz")
    loaded = FeatureStatistics.load(tmp_path / "real.npz")
    options = {"value_range": RANGE, "extractor": extractor}
    score = metrics.fid(loaded, fake, **options)
    assert score.value == pytest.approx(metrics.fid(real, fake, **options).value)
    assert score.n_real == 50
    with pytest.raises(ValueError, match="received statistics: give the images"):
        metrics.kid(loaded, fake, **options)
    other = _extractor(_Projection(), name="projection, weights 1")
    with pytest.raises(ValueError, match="those of projection, weights 0: compute"):
        metrics.fid(loaded, fake, value_range=RANGE, extractor=other)
    bare = FeatureStatistics.from_covariance(loaded.mean, loaded.covariance)
    score = metrics.fid(bare, fake, **options)
    assert score.n_real is None and "do not say which network" in str(score)
    narrow = _extractor(_Projection(dimension=5))
    with pytest.raises(ValueError, match="statistics of 5 features, received 6"):
        metrics.fid(bare, fake, value_range=RANGE, extractor=narrow)


def test_features_are_computed_once_and_never_taken_for_others(extractor, tmp_path):
    real = _images(50, 0)
    options = {"value_range": RANGE, "cache_name": "set-test", "folder": tmp_path}
    moments = feature_set(real, extractor, keep_features=False, **options)
    assert moments.features is None
    first = feature_set(real, extractor, **options)  # moments alone do not do
    assert extractor.compute.seen == 100
    again = feature_set(real, extractor, **options)
    assert extractor.compute.seen == 100
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(
        moments.statistics.covariance, again.statistics.covariance
    )
    with pytest.raises(ValueError, match="give these images another name"):
        feature_set(_images(50, 1), extractor, **options)
    # Another network keeps its features beside these.
    other = _extractor(_Projection(), name="projection, weights 1")
    feature_set(real, other, **options)
    assert other.compute.seen == 50
    with np.load(next((tmp_path / "statistics").iterdir())) as archive:
        assert {"mu", "sigma"} <= set(archive.files)  # as pytorch-fid reads them


def test_baselines_are_disjoint_and_of_one_size(extractor):
    real, source = _images(100, 0), _images(30, 1, high=100)
    # Each picture is its own number, so that the extractor sees who is where.
    sides = []

    def compute(images):
        sides.append(images)
        return extractor.compute(images)

    watched = _extractor(extractor.compute)
    watched = Extractor(**{**vars(watched), "compute": compute})
    lines = metrics.baselines(real, watched, value_range=RANGE, source=source)
    one, two, three = ({image.tobytes() for image in side} for side in sides)
    assert len(one) == len(two) == len(three) == 30
    assert not one & two and three == {image.tobytes() for image in source}
    assert set(lines) == {"real against real", "doing nothing"}
    for scores in lines.values():
        assert {(score.n_real, score.n_fake) for score in scores} == {(30, 30)}
    same, nothing = (scores[1].value for scores in lines.values())
    assert same < nothing
    with pytest.raises(ValueError, match="n from 2 to 50, .* received 51"):
        metrics.baselines(real, extractor, value_range=RANGE, n=51)


def test_images_are_found_by_name(tmp_path, monkeypatch):
    digits = datasets.digits(size=28)
    found = metrics.find_images("digits")
    np.testing.assert_array_equal(found.images, digits.test.images)
    assert (found.cache_name, found.held_out) == ("digits-28-test", None)
    train = metrics.find_images("digits:train", count=10)
    np.testing.assert_array_equal(train.images, digits.train.images[:10])
    np.testing.assert_array_equal(train.held_out.images, digits.test.images)

    for i, size in enumerate(((8, 8), (8, 6), (8, 8), (8, 8))):
        Image.new("L", size, 10 * i).save(tmp_path / f"{i}.png")
    batches = list(metrics.find_images(str(tmp_path), channels=1).images)
    assert sorted(b.shape for b in batches) == [(1, 6, 8, 1), (3, 8, 8, 1)]
    (pair,) = metrics.find_images(str(tmp_path), count=2).images
    assert pair[:, 0, 0, 0].tolist() == [0, 20] and pair.shape[-1] == 3

    with pytest.raises(FileNotFoundError, match="received 'digit': check"):
        metrics.find_images("digit")
    with pytest.raises(ValueError, match="train, validation, test, received tests"):
        metrics.find_images("digits:tests")
    with pytest.raises(ValueError, match="from 2 to 250, .* received 251"):
        metrics.find_images("digits", count=251)


def test_unknown_kinds_get_a_sentence(extractor):
    with pytest.raises(ValueError, match="received fid: choose among these"):
        Scorer(_images(5, 0), extractor, value_range=RANGE, kinds=("fid",))


def test_the_command_line_scores_folders_and_files(extractor, tmp_path, monkeypatch):
    monkeypatch.setattr(
        metrics, "inception_extractor", lambda features, resize, weights: extractor
    )
    for side in ("a", "b"):
        for i, image in enumerate(_images(12, ord(side))):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.fromarray(image[..., 0]).save(tmp_path / side / f"{i}.png")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    result = CliRunner().invoke(app, ["fid", a, b, "--json"])
    assert result.exit_code == 0, result.output
    (score,) = json.loads(result.stdout)
    assert (score["name"], score["n_real"], score["n_fake"]) == ("FPD", 12, 12)
    expected = metrics.frechet_distance(
        *(extractor(_images(12, ord(s)), value_range=RANGE) for s in "ab")
    )
    assert score["value"] == pytest.approx(expected)
    result = CliRunner().invoke(app, ["score", a, b, "--count", "10"])
    assert [line.split(" = ")[0] for line in result.stdout.splitlines()] == [
        *("KPD", "FPD", "sliced Wasserstein distance"),
        *("precision", "recall", "density", "coverage"),
    ]
    assert "n = 10 real, 10 fake" in result.stdout
    result = CliRunner().invoke(app, ["fid", a, "nowhere"])
    assert result.exit_code == 1 and "received 'nowhere'" in result.output
    result = CliRunner().invoke(app, ["score", a, b, "--classifier"])
    assert result.exit_code == 1 and "labelled data set to train" in result.output
    result = CliRunner().invoke(app, ["baselines", a, "--source", b, "--count", "6"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert (lines[0], lines[8]) == ("real against real:", "doing nothing:")
    assert len(lines) == 16 and "n = 6 real, 6 fake" in lines[9]
