"""Paths through the latent space, by geometry."""

import numpy as np
import pytest

from gankit.photos.explore.latents import interpolate


def test_a_great_circle_keeps_the_length_and_turns_evenly():
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 100))
    start, end = 7 * start / np.linalg.norm(start), 7 * end / np.linalg.norm(end)
    path = interpolate(start, end, 9)
    np.testing.assert_allclose(path[[0, -1]], [start, end], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 7, rtol=1e-6)
    angles = np.arccos(np.sum(path[1:] * path[:-1], axis=1) / 49)
    np.testing.assert_allclose(angles, angles[0], rtol=1e-3)
    # All lie in the plane of the two ends.
    assert np.linalg.matrix_rank(path, tol=1e-4) == 2


def test_lengths_change_linearly_on_the_way():
    path = interpolate([1.0, 0.0], [0.0, 3.0], 5)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), [1, 1.5, 2, 2.5, 3])
    np.testing.assert_allclose(path[2], np.full(2, np.sqrt(2)), rtol=1e-6)
    np.testing.assert_allclose(interpolate([2.0, 1.0], [2.0, 1.0], 3), [[2, 1]] * 3)


def test_a_line_is_a_line():
    path = interpolate([1.0, 2.0], [3.0, 0.0], 3, kind="linear")
    np.testing.assert_allclose(path, [[1, 2], [2, 1], [3, 0]])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([1.0, 0.0], [-1.0, 0.0], 3), "not opposite"),
        (([1.0, 0.0], [0.0, 0.0], 3), "other than zero"),
        (([1.0, 0.0], [1.0], 3), "two latents"),
        (([1.0], [1.0], 1), "at least 2 steps"),
        (([1.0], [1.0], 2, "cubic"), "spherical or linear, received 'cubic'"),
    ],
)
def test_what_has_no_way_gets_a_sentence(arguments, sentence):
    start, end, steps, *kind = arguments
    with pytest.raises(ValueError, match=sentence):
        interpolate(start, end, steps, **({"kind": kind[0]} if kind else {}))
