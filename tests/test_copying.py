"""The copy score of generators that copy, and that do not; nearest neighbours."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gankit.metrics.copying import copy_score, nearest


@pytest.fixture(scope="module")
def sides():
    """Training, held-out and fresh pictures (n, 16) of one distribution."""
    x = np.random.default_rng(0).normal(size=(4000, 16)).astype("float32")
    return x[:1000], x[1000:2000], x[2000:]


@pytest.mark.parametrize("offset", [0, 1e5])
def test_nearest_is_that_of_scikit_learn(sides, offset):
    # More rows than one block on either side, and far from the origin.
    train, fake = (
        offset + np.concatenate(x).astype("float64")
        for x in ((sides[1], sides[2], sides[2] + 3), (sides[0], sides[0] + 1))
    )
    indices, distances = nearest(fake, train)
    expected, rows = (
        NearestNeighbors(n_neighbors=1, algorithm="brute")
        .fit(train - offset)
        .kneighbors(fake - offset)
    )
    np.testing.assert_array_equal(indices, rows[:, 0])
    np.testing.assert_allclose(distances, expected[:, 0], rtol=1e-6)


def test_exact_copies_are_at_distance_0():
    # Grey levels far from 0: the textbook formula would find distances of 1e-5 here.
    pictures = np.random.default_rng(0).integers(200, 256, (50, 3072)).astype("uint8")
    indices, distances = nearest(pictures[::-1], pictures)
    np.testing.assert_array_equal(indices, np.arange(50)[::-1])
    assert (distances == 0).all()


def test_copies_are_told_from_fresh_pictures(sides):
    train, held_out, fresh = sides

    def value(fake):
        return float(copy_score(fake, train=train, held_out=held_out))

    assert value(train) == 1
    half = np.concatenate([train, fresh[:1000]])
    assert value(half) == pytest.approx(0.525, abs=0.02)
    # The threshold of 500 pictures is uncertain by sqrt(0.05 * 0.95 / 500) = 0.01.
    assert value(fresh) == pytest.approx(0.05, abs=0.03)
    random = np.random.default_rng(1)
    assert value(train + random.normal(0, 0.1, train.shape)) == 1
    assert value(train + random.normal(0, 2, train.shape)) < 0.02


def test_the_threshold_is_right_on_average():
    # 20 pictures fix it each time: a plain quantile would make this 0.097.
    random = np.random.default_rng(0)
    values = []
    for _ in range(400):
        train, held_out, fresh = (random.normal(size=(n, 2)) for n in (100, 40, 50))
        values.append(float(copy_score(fresh, train=train, held_out=held_out)))
    assert np.mean(values) == pytest.approx(0.05, abs=0.008)


def test_copies_count_where_the_data_hold_duplicates(sides):
    train, held_out, fresh = sides
    held_out = np.concatenate([train[:100], held_out[:900]])
    assert float(copy_score(train, train=train, held_out=held_out)) == 1
    assert float(copy_score(fresh, train=train, held_out=held_out)) == 0


def test_the_score_says_how_well_its_threshold_holds(sides):
    train, held_out, fresh = sides
    score = copy_score(
        fresh, train=train, held_out=held_out, extractor="identity", seed=3
    )
    assert (score.name, score.extractor) == ("copy score", "identity")
    assert (score.n_real, score.n_fake) == (1000, 2000)
    low, high = score.interval
    assert low < score.value < high
    # By hand: the mean of the 500 distances' order statistics 25 and 26, at 25.05.
    distance = NearestNeighbors(n_neighbors=1).fit(train).kneighbors(held_out)[0][:, 0]
    order = np.random.default_rng(3).permutation(1000)
    ranked = np.sort(distance[order[:500]])
    threshold = 0.95 * ranked[24] + 0.05 * ranked[25]
    share = 100 * np.mean(distance[order[500:]] <= threshold)
    assert score.warnings == (
        f"{share:.1f} % of 500 fresh real pictures count as copies, 5 % expected",
    )


def test_features_that_do_not_fit_get_a_sentence(sides):
    train, held_out, fresh = sides
    with pytest.raises(ValueError, match="at least 40 held-out .* received 39"):
        copy_score(fresh, train=train, held_out=held_out[:39])
    with pytest.raises(ValueError, match=r"one width, received \(2000, 15\)"):
        copy_score(fresh[:, 1:], train=train, held_out=held_out)
    with pytest.raises(ValueError, match=r"at least one fake .* received \(0, 16\)"):
        nearest(fresh[:0], train)
