"""Classes of samples: counts and means by hand, the distance of known shares."""

import numpy as np
import pytest

from gankit.metrics import ClassProfile, class_imbalance, class_profile
from gankit.metrics.classifiers.scores import wilson_interval

NAMES = ("cat", "dog", "eel")


def test_counts_and_mean_probabilities_are_those_of_the_softmax():
    p = np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1]])
    profile = class_profile(np.log(p) + [[5.0], [-9.0], [700.0]], NAMES)
    np.testing.assert_array_equal(profile.counts, [2, 1, 0])
    np.testing.assert_allclose(profile.probabilities[0], [0.6, 0.3, 0.1])
    np.testing.assert_allclose(profile.confidence[:2], [0.6, 0.8])
    assert np.isnan(profile.probabilities[2]).all()
    np.testing.assert_allclose(profile.intervals[1], wilson_interval(1, 3))


def test_imbalance_is_the_share_that_would_have_to_move():
    balanced = ClassProfile(NAMES, np.array([10, 10, 10]), np.eye(3))
    collapsed = ClassProfile(NAMES, np.array([0, 60, 0]), np.eye(3))
    assert class_imbalance(balanced, balanced).value == 0
    score = class_imbalance(collapsed, balanced, extractor="judge")
    assert score.value == pytest.approx(2 / 3)
    assert (score.n_fake, score.n_real, score.extractor) == (60, 30, "judge")


def test_a_profile_comes_back_from_its_file(tmp_path):
    profile = class_profile(np.random.default_rng(0).normal(size=(50, 3)), NAMES)
    profile.save(tmp_path / "classes.csv")
    again = ClassProfile.load(tmp_path / "classes.csv")
    assert again.class_names == NAMES
    np.testing.assert_array_equal(again.counts, profile.counts)
    np.testing.assert_allclose(again.probabilities, profile.probabilities, atol=1e-5)


def test_logits_that_do_not_fit_get_a_sentence():
    with pytest.raises(ValueError, match=r"logits \(n, 3\) .* \(4, 2\)"):
        class_profile(np.zeros((4, 2)), NAMES)
