"""Precision, recall, density and coverage against brute force and scikit-learn."""

import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gankit.metrics.precision_recall import prdc


def _by_hand(real, fake, k):
    """The definitions, with radii from scikit-learn and one loop per pair."""

    def radii(x):
        # A tree subtracts, where brute force would lose digits in squares.
        neighbours = NearestNeighbors(n_neighbors=k + 1, algorithm="ball_tree")
        return neighbours.fit(x).kneighbors(x)[0][:, k]

    real_radius, fake_radius = radii(real), radii(fake)
    distance = np.array([[np.linalg.norm(r - f) for f in fake] for r in real])
    inside_real = distance <= real_radius[:, None]
    inside_fake = distance <= fake_radius[None, :]
    return (
        np.mean([inside_real[:, j].any() for j in range(len(fake))]),
        np.mean([inside_fake[i].any() for i in range(len(real))]),
        np.sum(inside_real) / (k * len(fake)),
        np.mean([inside_real[i].any() for i in range(len(real))]),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("block", [1, 100, 2**22])
def test_precision_recall_density_coverage_by_hand(monkeypatch, k, block):
    monkeypatch.setitem(prdc.__globals__, "BLOCK", block)
    rng = np.random.default_rng(k)
    real = rng.normal(size=(60, 4))
    fake = rng.normal(0.7, 0.6, size=(40, 4))
    result = prdc(real=real, fake=fake, k=k)
    assert result == pytest.approx(_by_hand(real, fake, k))
    assert result._fields == ("precision", "recall", "density", "coverage")
    # Swapped, precision and recall trade places: hence the names.
    swapped = prdc(real=fake, fake=real, k=k)
    assert (swapped.precision, swapped.recall) == (result.recall, result.precision)
    with pytest.raises(TypeError):
        prdc(real, fake)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mean, scale", [(0, 1), (1000, 1), (1000, 1e-3)])
def test_many_dimensions_and_types_by_hand(dtype, mean, scale):
    rng = np.random.default_rng(0)
    real = (mean + scale * rng.normal(size=(90, 300))).astype(dtype)
    fake = (mean + scale * rng.normal(0.02, 0.97, size=(70, 300))).astype(dtype)
    expected = _by_hand(real.astype("float64"), fake.astype("float64"), 3)
    assert prdc(real=real, fake=fake) == pytest.approx(expected)


def test_pixels_of_integers_by_hand():
    # Grids of few levels are full of ties, which belong to the ball.
    rng = np.random.default_rng(1)
    real = rng.integers(0, 3, size=(80, 5)).astype("uint8")
    fake = rng.integers(0, 3, size=(60, 5)).astype("uint8")
    for k in (1, 3):
        expected = _by_hand(real.astype("float64"), fake.astype("float64"), k)
        assert prdc(real=real, fake=fake, k=k) == pytest.approx(expected)


def test_collapse_and_noise_are_told_apart():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(500, 2))
    same = prdc(real=real, fake=real)
    assert same.precision == same.recall == same.coverage == 1.0
    collapsed = prdc(real=real, fake=rng.normal(0, 0.05, (500, 2)))
    assert collapsed.precision > 0.95 and collapsed.recall < 0.05
    noise = prdc(real=real, fake=rng.uniform(-9, 9, (500, 2)))
    assert noise.precision < 0.4 and noise.recall > 0.9


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mean", [0, 300])
@pytest.mark.parametrize("d", [3, 64, 2048])
def test_copies_lie_in_balls_of_radius_zero(dtype, mean, d):
    rng = np.random.default_rng(2)
    points = rng.normal(mean, 1, size=(7, d)).astype(dtype)
    # Every real has five copies, more than k, so all radii are 0.
    real = np.repeat(points, 6, axis=0)[rng.permutation(42)]
    fake = np.concatenate([np.repeat(points[:1], 50, axis=0), points + 1])
    result = prdc(real=real, fake=fake, k=3)
    assert result.precision == pytest.approx(50 / 57)
    assert result.density == pytest.approx(50 * 6 / (3 * 57))
    assert result.coverage == pytest.approx(1 / 7)
    same = np.zeros((5, d), dtype)
    assert prdc(real=same, fake=same) == (1, 1, 5 / 3, 1)
    # 50 fakes have radius 0 and reach one real; the other 7 have a large one.
    assert prdc(real=real, fake=np.repeat(points[:1], 50, axis=0)).recall == (
        pytest.approx(1 / 7)
    )


def test_nearly_equal_points_are_still_told_apart():
    rng = np.random.default_rng(3)
    real = rng.normal(size=(40, 64))
    # All real within 1e-4 of one point, far from the fakes' centre.
    cluster = 5 + 1e-4 * real
    near = np.concatenate([5 + 1e-3 * real[:20], -5 + real[20:]])
    assert prdc(real=cluster, fake=near).precision == 0
    assert prdc(real=cluster, fake=cluster + 1e-6).precision == 1


def test_memory_does_not_grow_with_the_square_of_n():
    rng = np.random.default_rng(4)
    real, fake = rng.normal(size=(2, 4000, 64)).astype("float32")
    tracemalloc.start()
    result = prdc(real=real, fake=fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 4000 * 8 * 0.7
    neighbours = NearestNeighbors(n_neighbors=4).fit(real)
    radii = neighbours.kneighbors(real)[0][:, 3]
    nearest = NearestNeighbors(n_neighbors=1).fit(fake).kneighbors(real)[0][:, 0]
    assert result.coverage == pytest.approx(np.mean(nearest <= radii), abs=5e-4)


def test_features_that_do_not_fit_get_a_sentence():
    features = np.zeros((5, 3))
    with pytest.raises(ValueError, match=r"received \(5, 3\) and \(5, 2\)"):
        prdc(real=features, fake=np.zeros((5, 2)))
    with pytest.raises(ValueError, match="more than k=3 .* received 5 and 3"):
        prdc(real=features, fake=np.zeros((3, 3)))
    with pytest.raises(
        ValueError, match="k to be a whole number from 1 up, received 0"
    ):
        prdc(real=features, fake=features, k=0)
    with pytest.raises(ValueError, match="finite features"):
        prdc(real=features, fake=features + np.inf)
