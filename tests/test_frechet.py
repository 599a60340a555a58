"""The Fréchet distance against closed forms, SciPy and itself."""

import numpy as np
import pytest
import scipy.linalg

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.statistics import FeatureStatistics
from gankit.metrics.frechet import frechet_distance


def _statistics(features):
    moments = MomentAccumulator()
    moments.update(features)
    return moments.result()


def _covariance(rng, d, decay=0.0):
    """A random covariance with eigenvalues from 1 down to d^-decay."""
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    return (basis * np.arange(1, d + 1) ** -decay) @ basis.T


def _by_sqrtm(a, b):
    """The usual recipe."""
    (m1, s1), (m2, s2) = a, b
    root = scipy.linalg.sqrtm(s1 @ s2).real
    return np.sum((m1 - m2) ** 2) + np.trace(s1) + np.trace(s2) - 2 * np.trace(root)


def _by_square_roots(x, y):
    """From the definition tr (S1^1/2 S2 S1^1/2)^1/2 in small, exact rank-wise steps.

    With centred features X = U D V^T / sqrt(n - 1) the root of S1 is V D V^T.
    """
    x, y = x.astype("float64"), y.astype("float64")
    a = (x - x.mean(0)) / np.sqrt(len(x) - 1)
    b = (y - y.mean(0)) / np.sqrt(len(y) - 1)
    _, singular, rows = np.linalg.svd(a, full_matrices=False)
    root = (rows.T * singular) @ rows
    trace = np.linalg.svd(root @ b.T, compute_uv=False).sum()
    return (
        np.sum((x.mean(0) - y.mean(0)) ** 2) + (a**2).sum() + (b**2).sum() - 2 * trace
    )


def test_commuting_covariances_have_a_closed_form():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    v, w = rng.uniform(0, 3, (2, 20))
    v[:5] = w[3:8] = 0  # singular, each in directions of its own
    m1, m2 = rng.normal(size=(2, 20))
    expected = np.sum((m1 - m2) ** 2) + np.sum((np.sqrt(v) - np.sqrt(w)) ** 2)
    a, b = ((m, (basis * s) @ basis.T) for m, s in ((m1, v), (m2, w)))
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d, decay", [(1, 0.0), (2, 2.5), (64, 2.5), (512, 0.5)])
def test_transported_covariance_has_a_closed_form(d, decay):
    # Where S2 = T S1 T with a positive T, the trace of the root is exactly tr(S1 T).
    rng = np.random.default_rng(d)
    s1 = _covariance(rng, d, decay)
    t = _covariance(rng, d) + 0.3 * _covariance(rng, d, 1.0)
    s2 = t @ s1 @ t
    s2 = (s2 + s2.T) / 2
    expected = np.trace(s1) + np.trace(s2) - 2 * np.trace(s1 @ t)
    zero = np.zeros(d)
    scale = np.trace(s1) + np.trace(s2)
    assert abs(frechet_distance((zero, s1), (zero, s2)) - expected) < 1e-12 * scale


def test_agrees_with_square_roots_of_scipy():
    rng = np.random.default_rng(1)
    for d in (3, 40):
        a = (rng.normal(size=d), _covariance(rng, d, 1.0))
        b = (rng.normal(size=d), _covariance(rng, d, 0.5))
        assert frechet_distance(a, b) == pytest.approx(_by_sqrtm(a, b), rel=1e-9)


def test_any_ranks_and_any_forms_of_the_sides_agree():
    rng = np.random.default_rng(2)
    for _ in range(200):
        d, n, m = rng.integers(1, 30, 3) + np.array([0, 1, 1])
        x, y = _low_rank(rng, n, d), _low_rank(rng, m, d)
        expected = _by_square_roots(x, y)
        pair = (x.mean(0), np.cov(x, rowvar=False).reshape(d, d))
        scale = expected + x.var() * d + y.var() * d
        # Covariances hold variances to 1e-16, thus roots of zero ones to 1e-8.
        for a, tolerance in ((x, 1e-12), (_statistics(x), 1e-12), (pair, 1e-7)):
            for b in (y, _statistics(y)):
                for value in (frechet_distance(a, b), frechet_distance(b, a)):
                    assert isinstance(value, float)
                    assert abs(value - expected) < tolerance * scale


def _low_rank(rng, n, d):
    rank = rng.integers(1, d + 1)
    return rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d)) + rng.normal(size=d)


@pytest.mark.parametrize("n", [30, 400])
def test_fewer_images_than_dimensions_on_either_side(n):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 100)) * np.linspace(1, 0.01, 100)
    y = rng.normal(0.2, 1.5, size=(n, 100))
    expected = _by_square_roots(x, y)
    # The same from covariances alone, which are singular.
    pairs = [(z.mean(0), np.cov(z, rowvar=False)) for z in (x, y)]
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(y, pairs[0]) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(*pairs) == pytest.approx(expected, rel=1e-9)


def test_float32_features_are_summed_in_float64():
    rng = np.random.default_rng(4)
    x = rng.normal(100, 1, size=(500, 20)).astype("float32")
    y = rng.normal(100, 1.1, size=(300, 20)).astype("float32")
    expected = _by_square_roots(x, y)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [2, 50, 300])
def test_equal_sides_have_distance_zero(n):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 100)) * np.logspace(0, -6, 100)
    trace = x.var(axis=0).sum()
    pair = (x.mean(0), np.cov(x, rowvar=False))
    for a, b in ((x, x), (pair, pair), (x, x[::-1]), (x, pair)):
        assert abs(frechet_distance(a, b)) < 1e-9 * trace
    same = np.ones((5, 3))
    assert frechet_distance(same, same) == 0
    assert frechet_distance(same, same + 1) == 3


def test_a_distance_of_zero_does_not_mean_equal_images():
    angles = 2 * np.pi * np.arange(1000) / 1000
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # Both have mean 0 and the covariance I / 2 (divided by n).
    four = np.repeat(circle[::250], 250, axis=0)
    assert frechet_distance(circle, four) == pytest.approx(0, abs=1e-9)
    assert len(np.unique(four.round(6), axis=0)) == 4


def test_one_outlier_leaves_a_finite_and_right_distance():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(200, 50))
    y = rng.normal(size=(200, 50))
    y[0] = 1e6
    # SVD on features knows nothing of the covariances' cancellations.
    assert frechet_distance(x, y) == pytest.approx(_by_square_roots(x, y), rel=1e-9)
    x[7] = 1e6
    trace = x.var(axis=0).sum()
    assert abs(frechet_distance(x, y) - _by_square_roots(x, y)) < 1e-9 * trace


def test_what_is_no_pair_of_sides_gets_a_sentence():
    good = (np.zeros(2), np.eye(2))
    with pytest.raises(ValueError, match="one width, received 2 and 3"):
        frechet_distance(good, np.ones((4, 3)))
    with pytest.raises(ValueError, match="negative eigenvalues, received -1 next to"):
        frechet_distance(good, (np.zeros(2), np.diag([3.0, -1.0])))
    with pytest.raises(ValueError, match=r"symmetric covariance, .* by 0\.5 of"):
        frechet_distance(good, (np.zeros(2), np.array([[2.0, 0.0], [1.0, 1.0]])))
    with pytest.raises(ValueError, match=r"received \(2,\) and \(2, 3\)"):
        frechet_distance(good, (np.zeros(2), np.ones((2, 3))))
    with pytest.raises(ValueError, match="finite mean and covariance"):
        frechet_distance(good, (np.zeros(2), np.diag([np.nan, 1])))
    with pytest.raises(ValueError, match="at least two feature vectors.* received 1"):
        frechet_distance(good, np.ones((1, 2)))
    # What rounding to float32 leaves is no reason to complain.
    rng = np.random.default_rng(7)
    x = rng.normal(size=(60, 200))
    rounded = np.cov(x, rowvar=False).astype("float32")
    y = rng.normal(0, 1.2, size=(300, 200))
    distance = frechet_distance((x.mean(0), rounded), y)
    assert distance == pytest.approx(frechet_distance(x, y), abs=5e-3)


def test_a_covariance_is_factored_once(monkeypatch):
    calls = []
    cholesky = np.linalg.cholesky
    monkeypatch.setattr(np.linalg, "cholesky", lambda s: calls.append(s) or cholesky(s))
    rng = np.random.default_rng(10)
    real = FeatureStatistics.from_covariance(np.zeros(6), np.eye(6))
    for n in (50, 66, 83, 100):
        frechet_distance(real, rng.normal(size=(n, 6)))
    assert sum(call is real.covariance for call in calls) == 1
    assert len(calls) == 5
