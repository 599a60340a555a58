"""The kernel distance against loops, closed forms and other implementations."""

import tracemalloc

import numpy as np
import oracles
import pytest

from gankit.metrics import kernel
from gankit.metrics.kernel import gaussian_kernel_distance, kernel_distance


def _by_hand(x, y, degree=3, gamma=None, coef0=1.0):
    """The unbiased estimate with one loop per pair."""
    gamma = 1 / x.shape[1] if gamma is None else gamma

    def k(a, b):
        return (gamma * sum(a * b) + coef0) ** degree

    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    xy = sum(k(a, b) for a in x for b in y)
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)


@pytest.mark.parametrize("block", [1, 40, 2**22])
@pytest.mark.parametrize(
    "options", [{}, {"degree": 1, "gamma": 0.3}, {"degree": 4, "coef0": 0.5}]
)
def test_one_estimate_by_hand(monkeypatch, block, options):
    monkeypatch.setattr(kernel, "BLOCK", block)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(17, 5)), rng.normal(0.4, 1, size=(23, 5))
    result = kernel_distance(x, y, **options)
    assert result.mean == pytest.approx(_by_hand(x, y, **options), rel=1e-12)
    assert kernel_distance(y, x, **options).mean == pytest.approx(result.mean)
    assert result.std is None and (result.subsets, result.subset_size) == (1, 17)
    assert "one estimate" in result.warnings[0] and "1,000" in result.warnings[0]


def test_tiny_examples():
    # d = 1: k(a, b) = (a b + 1)^3; 1 and 8 within the sides, 1 across.
    assert kernel_distance([[0.0], [0.0]], [[1.0], [1.0]]).mean == 1 + 8 - 2
    # Nothing of two equal points is off the diagonal's value: 27 + 27 - 2 * 27.
    assert kernel_distance([[2.0**0.5]] * 3, [[2.0**0.5]] * 2).mean == pytest.approx(0)


def test_a_linear_kernel_gives_the_distance_of_means():
    # E of the unbiased estimate is gamma |m1 - m2|^2; of the sample means it is that
    # less both variances of the mean.
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(300, 7)), rng.normal(0.2, 2, size=(200, 7))
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2)
    expected -= x.var(axis=0, ddof=1).sum() / 300 + y.var(axis=0, ddof=1).sum() / 200
    value = kernel_distance(x, y, degree=1, gamma=1.0).mean
    assert value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("n, m", [(20, 20), (15, 40)])
def test_expectation_is_zero_for_equal_distributions(n, m):
    rng = np.random.default_rng(2)
    values = [
        kernel_distance(rng.normal(1, 1, (n, 6)), rng.normal(1, 1, (m, 6))).mean
        for _ in range(1000)
    ]
    z = np.mean(values) / (np.std(values) / np.sqrt(len(values)))
    assert abs(z) < 3.3
    # The same power to see that it is not zero for others.
    others = [
        kernel_distance(rng.normal(1, 1, (n, 6)), rng.normal(1.1, 1, (m, 6))).mean
        for _ in range(1000)
    ]
    assert np.mean(others) / (np.std(others) / np.sqrt(len(others))) > 5


def test_subsets_are_drawn_without_replacement_from_each_side():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(60, 4)), rng.normal(0.5, 1, size=(45, 4))
    result = kernel_distance(x, y, subsets=30, subset_size=20, seed=5)
    draws = np.random.default_rng(5)
    values = [
        _by_hand(x[draws.permutation(60)[:20]], y[draws.permutation(45)[:20]])
        for _ in range(30)
    ]
    assert result.mean == pytest.approx(np.mean(values), rel=1e-12)
    assert result.std == pytest.approx(np.std(values), rel=1e-12)
    assert result[2:] == (30, 20, ())
    assert kernel_distance(x, y, subsets=30, subset_size=20, seed=5) == result
    other = kernel_distance(x, y, subsets=30, subset_size=20, seed=6)
    assert 0 < abs(other.mean - result.mean) < 4 * result.std
    # The mean over subsets estimates what all examples together do.
    whole = kernel_distance(x, y).mean
    assert abs(result.mean - whole) < 4 * result.std / np.sqrt(30)


def test_a_side_that_enters_whole_is_said_to():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(80, 4)), rng.normal(size=(30, 4))
    for size in (30, 50):
        result = kernel_distance(x, y, subsets=10, subset_size=size)
        assert (result.subsets, result.subset_size) == (10, 30) and result.std > 0
        assert "all 30 examples of the smaller side" in result.warnings[0]
    assert kernel_distance(x, x, subset_size=80).std is None
    assert kernel_distance(x, x, subset_size=79, subsets=2).std is not None


def test_float32_features_are_compared_in_float64():
    rng = np.random.default_rng(5)
    x = rng.normal(30, 1, size=(50, 8)).astype("float32")
    y = rng.normal(30, 1, size=(50, 8)).astype("float32")
    expected = _by_hand(x.astype("float64"), y.astype("float64"))
    # Kernels of 1e9, whose difference is about 1e4: single precision leaves no digit.
    assert kernel_distance(x, y).mean == pytest.approx(expected, rel=1e-4)
    half = kernel_distance(x, y, subsets=3, subset_size=25)
    full = kernel_distance(
        x.astype("float64"), y.astype("float64"), subsets=3, subset_size=25
    )
    assert half == full


def test_agrees_with_torch_fidelity():
    metric_kid = oracles.import_with_torchvision("torch_fidelity.metric_kid")
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(120, 16)), rng.normal(0.3, 1, size=(120, 16))
    theirs = metric_kid.kid_features_to_metric(
        torch.as_tensor(x),
        torch.as_tensor(y),
        kid_subsets=1,
        kid_subset_size=120,
        verbose=False,
    )
    value = theirs["kernel_inception_distance_mean"]
    assert kernel_distance(x, y).mean == pytest.approx(value, rel=1e-9)


def test_memory_does_not_grow_with_the_square_of_n(monkeypatch):
    monkeypatch.setattr(kernel, "BLOCK", 2**18)
    x = np.random.default_rng(7).normal(size=(3000, 2))
    tracemalloc.start()
    kernel_distance(x, x, subset_size=3000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 4


def test_features_that_do_not_fit_get_a_sentence():
    x = np.ones((5, 3))
    with pytest.raises(ValueError, match=r"one width, received \(5, 3\) and \(5, 2\)"):
        kernel_distance(x, np.ones((5, 2)))
    with pytest.raises(ValueError, match="at least two .* received 5, 1 and 1000"):
        kernel_distance(x, np.ones((1, 3)))
    with pytest.raises(
        ValueError, match="degree to be a whole number from 1 up, received 0"
    ):
        kernel_distance(x, x, degree=0)
    with pytest.raises(ValueError, match="finite features"):
        kernel_distance(x, np.full((5, 3), np.nan))


def _gaussian_by_hand(x, y, sigma):
    """The biased estimate with one loop per pair, as the paper scales it."""

    def mean(a, b):
        squares = [sum((p - q) ** 2) for p in a for q in b]
        return np.mean([np.exp(-square / (2 * sigma**2)) for square in squares])

    return 1000 * (mean(x, x) + mean(y, y) - 2 * mean(x, y))


@pytest.mark.parametrize("block", [1, 40, 2**22])
def test_the_gaussian_kernel_by_hand(monkeypatch, block):
    monkeypatch.setattr(kernel, "BLOCK", block)
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(17, 5)), rng.normal(0.4, 1, size=(23, 5))
    for sigma in (10.0, 0.7):
        expected = _gaussian_by_hand(x, y, sigma)
        value = gaussian_kernel_distance(x, y, sigma=sigma)
        assert value == pytest.approx(expected, rel=1e-9)
        assert gaussian_kernel_distance(y, x, sigma=sigma) == pytest.approx(value)
    assert gaussian_kernel_distance(x, y) == gaussian_kernel_distance(x, y, sigma=10)
    assert gaussian_kernel_distance(x, x.copy()) == pytest.approx(0, abs=1e-10)


def test_the_gaussian_kernel_between_normal_distributions():
    # E k(x, y) of N(0, s I) and N(m, t I) is (v / (v + s + t))^(d/2) times
    # exp(-|m|^2 / (2 (v + s + t))), where v = sigma^2. The diagonal of ones adds 1/n.
    n, d, sigma, s, t, m = 3000, 6, 2.0, 1.0, 2.25, 0.5

    def mean(spread, shift=0.0):
        total = sigma**2 + spread
        factor = (sigma**2 / total) ** (d / 2)
        return factor * np.exp(-d * shift**2 / (2 * total))

    within = [1 / n + (1 - 1 / n) * mean(2 * spread) for spread in (s, t)]
    expected = 1000 * (sum(within) - 2 * mean(s + t, m))
    rng = np.random.default_rng(9)
    x, y = rng.normal(0, s**0.5, (n, d)), rng.normal(m, t**0.5, (n, d))
    value = gaussian_kernel_distance(x, y, sigma=sigma)
    assert value == pytest.approx(expected, rel=0.05)
    # Equal distributions leave the bias, (2 / n) (1 - E k), on average.
    pairs = rng.normal(0, s**0.5, (500, 2, 20, d))
    values = [gaussian_kernel_distance(*pair, sigma=sigma) for pair in pairs]
    bias = 1000 * 2 / 20 * (1 - mean(2 * s))
    assert np.mean(values) == pytest.approx(bias, rel=0.05)


def test_a_gaussian_kernel_needs_features_and_a_width():
    x = np.ones((5, 3))
    for y, sigma in ((np.ones((0, 3)), 10), (x, 0), (x, np.nan)):
        with pytest.raises(ValueError, match="a positive sigma, received 5, .*: give"):
            gaussian_kernel_distance(x, y, sigma=sigma)
    with pytest.raises(ValueError, match=r"one width, received \(5, 3\) and \(5, 2\)"):
        gaussian_kernel_distance(x, np.ones((5, 2)))
