"""Scores against brute force, scikit-learn and closed forms."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gankit.metrics import precision_recall


def _by_hand(real, fake, k):
    """The definitions, with radii from scikit-learn and one loop per pair."""

    def radii(x):
        distances, _ = NearestNeighbors(n_neighbors=k + 1).fit(x).kneighbors(x)
        return distances[:, k]

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
def test_precision_recall_density_coverage_by_hand(k):
    rng = np.random.default_rng(k)
    real = rng.normal(size=(60, 4))
    fake = rng.normal(0.7, 0.6, size=(40, 4))
    result = precision_recall(real=real, fake=fake, k=k)
    values = (result.precision, result.recall, result.density, result.coverage)
    assert values == pytest.approx(_by_hand(real, fake, k))
    # Swapped, precision and recall trade places: hence the names.
    swapped = precision_recall(real=fake, fake=real, k=k)
    assert (swapped.precision, swapped.recall) == (result.recall, result.precision)
    with pytest.raises(TypeError):
        precision_recall(real, fake)


def test_collapse_and_noise_are_told_apart():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(500, 2))
    same = precision_recall(real=real, fake=real)
    assert same.precision == same.recall == same.coverage == 1.0
    collapsed = precision_recall(real=real, fake=rng.normal(0, 0.05, (500, 2)))
    assert collapsed.precision > 0.95 and collapsed.recall < 0.05
    noise = precision_recall(real=real, fake=rng.uniform(-9, 9, (500, 2)))
    assert noise.precision < 0.4 and noise.recall > 0.9


def test_features_that_do_not_fit_get_a_sentence():
    features = np.zeros((5, 3))
    with pytest.raises(ValueError, match=r"received \(5, 3\) and \(5, 2\)"):
        precision_recall(real=features, fake=np.zeros((5, 2)))
    with pytest.raises(ValueError, match="more than k=3 .* received 5 and 3"):
        precision_recall(real=features, fake=np.zeros((3, 3)))
