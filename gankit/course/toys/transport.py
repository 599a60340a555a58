"""The earth mover's distance as a primal and a dual linear program."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog


@dataclass(frozen=True, eq=False)
class Plan:
    """The optimal transport plan between two distributions.

    Attributes:
        distance: Its cost.
        mass: Array `(n, m)`: the mass that it moves from point i of the one to point j
            of the other.
    """

    distance: float
    mass: np.ndarray


@dataclass(frozen=True, eq=False)
class Potentials:
    """The optimal potentials of the dual problem.

    Attributes:
        distance: The value of the dual problem.
        source: Array `(n,)`, the potential f at the points of p.
        target: Array `(m,)`, the potential g at the points of q.
    """

    distance: float
    source: np.ndarray
    target: np.ndarray


def costs(x, y):
    """Euclidean distances `(n, m)` between points `(n, d)` and `(m, d)`.

    Args:
        x: Array `(n, d)`.
        y: Array `(m, d)`.

    Returns:
        Array `(n, m)`, the `cost` of `primal` and `dual`.
    """
    return np.linalg.norm(x[:, None, :] - y[None, :, :], axis=-1)


def primal(p, q, cost):
    """The minimum of `<cost, plan>` over plans with the marginals p and q.

    Args:
        p: Masses `(n,)`, never negative.
        q: Masses `(m,)` with the same sum.
        cost: Array `(n, m)`, the cost of moving a unit of mass from i to j.

    Returns:
        The `Plan`.

    Raises:
        ValueError: If the masses have different sums.

    Reference:
        Peyre and Cuturi 2019, equation 2.11 (https://arxiv.org/abs/1803.00567).
    """
    n, m = _shape(p, q, cost)
    rows = sparse.kron(sparse.eye(n), np.ones((1, m)))
    columns = sparse.kron(np.ones((1, n)), sparse.eye(m))
    result = linprog(
        cost.ravel(),
        A_eq=sparse.vstack([rows, columns]),
        b_eq=np.concatenate([p, q]),
        bounds=(0, None),
    )
    return Plan(float(result.fun), result.x.reshape(n, m))


def dual(p, q, cost):
    """The maximum of `<p, f> + <q, g>` over potentials with `f_i + g_j <= cost_ij`.

    By strong duality it equals the primal minimum. If p and q have the same points and
    the cost is a distance, g = -f is optimal too. Then f is the critic of the
    Kantorovich-Rubinstein form, with slope 1 at most.

    Args:
        p: Masses `(n,)`.
        q: Masses `(m,)` with the same sum.
        cost: Array `(n, m)`.

    Returns:
        The `Potentials`, fixed by f_0 = 0.

    Raises:
        ValueError: If the masses have different sums.

    Reference:
        Peyre and Cuturi 2019, equation 2.20 (https://arxiv.org/abs/1803.00567).
    """
    n, m = _shape(p, q, cost)
    of_f = sparse.kron(sparse.eye(n), np.ones((m, 1)))
    of_g = sparse.kron(np.ones((n, 1)), sparse.eye(m))
    result = linprog(
        -np.concatenate([p, q]),
        A_ub=sparse.hstack([of_f, of_g]),
        b_ub=cost.ravel(),
        bounds=[(0, 0)] + [(None, None)] * (n + m - 1),
    )
    return Potentials(float(-result.fun), result.x[:n], result.x[n:])


def critic(p, q, distances):
    """The maximum of `<p - q, f>` over f with slope 1 at most on one set of points.

    Args:
        p: Masses `(n,)` of the data on the points.
        q: Masses `(n,)` of the generator on the same points.
        distances: Array `(n, n)` of the points' distances.

    Returns:
        The `Potentials`, where `source` is f, fixed by f_0 = 0, and `target` is -f.

    Raises:
        ValueError: If the masses have different sums.

    Reference:
        Arjovsky et al. 2017, equation 2 (https://arxiv.org/abs/1701.07875).
    """
    best = dual(p, q, distances)
    # The largest potential of p beside that of q. It is a minimum of functions with
    # slope 1, so its own slope is 1 at most, and its opposite is at least that of q.
    f = np.min(distances - best.target, axis=1)
    return Potentials(best.distance, f - f[0], f[0] - f)


def _shape(p, q, cost):
    if not np.isclose(np.sum(p), np.sum(q)):
        raise ValueError(
            f"Expected masses with equal sums, received {np.sum(p):g} and "
            f"{np.sum(q):g}: divide each by its sum."
        )
    return np.shape(cost)
