"""min over x, max over y of x y: the smallest game in which descent goes wrong.

Every method here is linear, so that one step is a matrix and its spectral radius says
all: above 1 the players spiral out, at 1 they circle, below 1 they find the Nash
equilibrium (0, 0).
"""

import numpy as np

METHODS = ("simultaneous", "alternating", "extragradient", "penalty")


def step_matrix(method, rate=0.1, *, ratio=1.0, penalty=1.0):
    """The matrix by which one step of `method` takes (x, y) to its next place.

    Args:
        method: `"simultaneous"` (both move by the gradients at one place),
            `"alternating"` (y sees where x went), `"extragradient"` (both move by the
            gradients of where a step would have led them), or `"penalty"`
            (simultaneous, and y pays `penalty / 2 * y^2`, the gradient penalty of a
            discriminator D(x) = y x).
        rate: Learning rate of x.
        ratio: Learning rate of y, as a multiple of it: two time-scales.
        penalty: Weight of that penalty.

    Returns:
        float64 array `(2, 2)`.

    Raises:
        ValueError: If `method` is another word.

    Reference:
        Gidel et al. 2019, section 3 (https://arxiv.org/abs/1802.10551); Mescheder et
        al. 2018, section 2 and equation 9 (https://arxiv.org/abs/1801.04406) for the
        penalty.
    """
    if method not in METHODS:
        raise ValueError(
            f"Expected method to be one of {', '.join(METHODS)}, received {method!r}: "
            "choose one of these."
        )
    a, b = rate, ratio * rate
    gradients = np.array([[0.0, -a], [b, 0.0]])
    one = np.eye(2)
    if method == "simultaneous":
        return one + gradients
    if method == "alternating":
        x_moves, y_moves = one + gradients * [[1], [0]], one + gradients * [[0], [1]]
        return y_moves @ x_moves
    if method == "extragradient":
        return one + gradients @ (one + gradients)
    return one + gradients - np.diag([0.0, b * penalty])


def spectral_radius(matrix):
    """The largest absolute eigenvalue of a matrix."""
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))


def trajectory(matrix, steps, start=(1.0, 1.0)):
    """Where the players are from `start` on, float64 `(steps + 1, 2)`."""
    places = [np.asarray(start, "float64")]
    for _ in range(steps):
        places.append(matrix @ places[-1])
    return np.array(places)


def averages(places):
    """The mean of all places so far, float64 `(steps + 1, 2)`.

    The averages of alternating steps, which circle, go to the equilibrium as 1 / t.

    Reference:
        Gidel et al. 2019, section 3 (https://arxiv.org/abs/1802.10551).
    """
    return np.cumsum(places, axis=0) / np.arange(1, len(places) + 1)[:, None]
