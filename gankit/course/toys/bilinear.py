"""The bilinear game, min over x and max over y of x y, where descent can fail.

Every method here is linear, so that one step is a matrix. Its spectral radius decides:
above 1 the players spiral out, at 1 they circle, below 1 they converge to the Nash
equilibrium (0, 0).
"""

import numpy as np

from gankit.backend.arguments import check_choice

METHODS = ("simultaneous", "alternating", "extragradient", "penalty")


def step_matrix(method, rate=0.1, *, ratio=1.0, penalty=1.0):
    """The matrix that maps (x, y) to its values after one step of `method`.

    Args:
        method: `"simultaneous"` (both are updated with the gradients at the same
            point), `"alternating"` (y is updated with the new x), `"extragradient"`
            (both are updated with the gradients at the point that one step would
            reach), or `"penalty"` (simultaneous, and y pays `penalty / 2 * y^2`, the
            gradient penalty of a discriminator D(x) = y x).
        rate: Learning rate of x.
        ratio: Learning rate of y as a multiple of `rate`: two time-scales.
        penalty: Weight of the penalty.

    Returns:
        float64 array `(2, 2)`.

    Raises:
        ValueError: If `method` is unknown.

    Reference:
        Gidel et al. 2019, section 3 (https://arxiv.org/abs/1802.10551); Mescheder et
        al. 2018, section 2 and equation 9 (https://arxiv.org/abs/1801.04406) for the
        penalty.
    """
    check_choice("method to be one of", method, METHODS)
    a, b = rate, ratio * rate
    gradients = np.array([[0.0, -a], [b, 0.0]])
    one = np.eye(2)
    if method == "simultaneous":
        return one + gradients
    if method == "alternating":
        update_x, update_y = one + gradients * [[1], [0]], one + gradients * [[0], [1]]
        return update_y @ update_x
    if method == "extragradient":
        return one + gradients @ (one + gradients)
    return one + gradients - np.diag([0.0, b * penalty])


def spectral_radius(matrix):
    """The largest absolute eigenvalue of a matrix.

    Args:
        matrix: Square array, such as that of `step_matrix`.

    Returns:
        A float of at least 0.
    """
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))


def trajectory(matrix, steps, start=(1.0, 1.0)):
    """The values of (x, y) at each step from `start`, float64 `(steps + 1, 2)`.

    Args:
        matrix: Array `(2, 2)` from `step_matrix`.
        steps: Number of steps.
        start: x and y before the first step.

    Returns:
        The values, `start` first.
    """
    points = [np.asarray(start, "float64")]
    for _ in range(steps):
        points.append(matrix @ points[-1])
    return np.array(points)
