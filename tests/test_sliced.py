"""The sliced Wasserstein distance against optimal transport and closed forms."""

import tracemalloc

import numpy as np
import pytest
from scipy import optimize, stats

from gankit.metrics import sliced
from gankit.metrics.classifiers.classifier import Classifier
from gankit.metrics.classifiers.networks import RECIPES
from gankit.metrics.features.cache import feature_set
from gankit.metrics.fid import kid, mind
from gankit.metrics.sliced import sliced_distance


def _features(n, d, seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, (n, d))


def _directions(x, y, directions):
    """The projections onto each direction, as pairs of vectors."""
    d = x.shape[1]
    random = np.random.Generator(np.random.Philox(0))
    for unit in random.normal(size=(directions, d)):
        unit /= np.linalg.norm(unit)
        yield x @ unit, y @ unit


def _transport(a, b):
    """Squared 2-Wasserstein distance of two samples by linear programming."""
    n, m = len(a), len(b)
    cost = (a[:, None] - b) ** 2
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    mass = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    return optimize.linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=mass
    ).fun


def test_equal_sizes_are_assignments_along_every_direction():
    x, y = _features(30, 4, 1), _features(30, 4, 2, 0.5)
    values = []
    for a, b in _directions(x, y, 20):
        cost = (a[:, None] - b) ** 2
        values.append(cost[optimize.linear_sum_assignment(cost)].mean())
    expected = 3 * 4 * np.mean(values)
    assert sliced_distance(x, y, directions=20) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n, m", [(6, 9), (7, 5), (1, 8), (4, 12)])
def test_unequal_sizes_are_optimal_transport_along_every_direction(n, m):
    x, y = _features(n, 3, 3), _features(m, 3, 4, 0.5)
    expected = 9 * np.mean([_transport(a, b) for a, b in _directions(x, y, 5)])
    assert sliced_distance(x, y, directions=5) == pytest.approx(expected, rel=1e-9)


def test_one_dimension_has_one_direction():
    x, y = _features(50, 1, 5), _features(50, 1, 6, 0.3)
    gaps = np.sort(x[:, 0]) - np.sort(y[:, 0])
    assert sliced_distance(x, y) == pytest.approx(3 * np.mean(gaps**2), rel=1e-12)
    # Twice each example is the same distribution.
    twice = np.repeat(y, 2, axis=0)
    assert sliced_distance(x, twice) == pytest.approx(sliced_distance(x, y), rel=1e-12)


def test_equal_sets_are_at_0_and_sides_may_be_swapped():
    x, y = _features(40, 8, 7), _features(25, 8, 8, 0.5)
    assert sliced_distance(x, np.random.default_rng(9).permutation(x)) < 1e-25
    assert sliced_distance(x, y) == pytest.approx(sliced_distance(y, x), rel=1e-12)
    assert sliced_distance(x, y) > 1


def test_a_shift_of_normal_distributions_has_its_closed_form():
    n, d = 4000, 64
    shift = np.full(d, 0.25)
    x, y = _features(n, d, 10), _features(n, d, 11) + shift
    assert sliced_distance(x, y) == pytest.approx(3 * shift @ shift, rel=0.1)
    # The samples alone are at 3 d times what two samples of one dimension are at.
    same = sliced_distance(x, y - shift)
    one = stats.norm.rvs(size=(300, 2, n), random_state=12)
    one.sort(axis=2)
    expected = 3 * d * np.mean((one[:, 0] - one[:, 1]) ** 2)
    assert same == pytest.approx(expected, rel=0.1)
    # A moved set is itself along no direction but the shift's.
    moved = sliced_distance(x, x + shift, directions=20_000)
    assert moved == pytest.approx(3 * shift @ shift, rel=0.03)


def test_a_scale_has_its_closed_form():
    # Along every direction N(0, 1) goes to N(0, 4): the squared distance is 1.
    x, y = _features(4000, 16, 13), 2 * _features(4000, 16, 14)
    assert sliced_distance(x, y) == pytest.approx(3 * 16, rel=0.03)


def test_seed_and_number_of_directions_determine_the_value(monkeypatch):
    x, y = _features(60, 8, 15), _features(50, 8, 16, 0.5)
    value = sliced_distance(x, y)
    assert sliced_distance(x, y, seed=0) == value
    others = [sliced_distance(x, y, seed=seed) for seed in range(1, 9)]
    assert value not in others and np.std(others) < 0.1 * value
    few = [sliced_distance(x, y, directions=20, seed=seed) for seed in range(1, 9)]
    assert np.std(few) > 3 * np.std(others)
    for block in (1, 100, 7777):
        monkeypatch.setattr(sliced, "BLOCK", block)
        assert sliced_distance(x, y) == pytest.approx(value, rel=1e-12)


def test_float32_features_are_compared_in_float64():
    x, y = (_features(50, 8, seed, 1e3).astype("float32") for seed in (17, 18))
    expected = sliced_distance(x.astype("float64"), y.astype("float64"))
    assert sliced_distance(x, y) == expected


def test_memory_is_that_of_a_block(monkeypatch):
    monkeypatch.setattr(sliced, "BLOCK", 2**16)
    x = _features(3000, 16, 19).astype("float32")
    tracemalloc.start()
    sliced_distance(x, x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1000 * 3000 * 8 / 4


def test_features_that_do_not_fit_get_a_sentence():
    x = np.ones((5, 3))
    with pytest.raises(ValueError, match=r"one width, received \(5, 3\) and \(5, 2\)"):
        sliced_distance(x, np.ones((5, 2)))
    with pytest.raises(ValueError, match="received 5, 0, 3 and 1000: give more"):
        sliced_distance(x, np.ones((0, 3)))
    with pytest.raises(ValueError, match="received 5, 5, 3 and 0: give more"):
        sliced_distance(x, x, directions=0)
    with pytest.raises(ValueError, match="finite features"):
        sliced_distance(x, np.full((5, 3), np.nan))


def test_images_are_scored_by_the_features_of_an_extractor():
    model = RECIPES["pooled"].build((8, 8, 1), 2, 0)
    names = {"data_name": "noise", "class_names": ("a", "b"), "data_fingerprint": ""}
    tested = {"test_accuracy": 0.5, "test_n": 4, "tested_on": "test images"}
    extractor = Classifier(model, **names, **tested, seed=0).extractor
    random = np.random.default_rng(0)
    real, fake = (
        random.integers(0, high, (40, 8, 8, 1), "uint8") for high in (256, 99)
    )
    options = {"value_range": (0, 255), "extractor": extractor}
    score = mind(real, fake, **options)
    x, y = (extractor(images, value_range=(0, 255)) for images in (real, fake))
    assert score.value == pytest.approx(sliced_distance(x, y), rel=1e-12)
    assert (score.name, score.n_real, score.n_fake) == ("MCD-noise", 40, 40)
    low, high = score.interval
    assert low < score.value < high and score.spread == "halves of the pictures"
    assert score.warnings == ("1,000 directions",)
    unequal = mind(real, fake[:30], **options)
    assert "unequal n" in str(unequal) and kid(real, real, **options).value < 0
    assert mind(real, real, **options).value == 0
    with pytest.raises(ValueError, match="received statistics: give the images"):
        mind(feature_set(real, **options).statistics, fake, **options)
