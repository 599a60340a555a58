"""Checks of what spectral normalisation does to a kernel, on arrays of NumPy."""

import numpy as np

from gankit.course.exercises.mistakes import Check, Mistake, copies

_RANDOM = np.random.default_rng(0)
# Square, so that W and its transpose can be exchanged; the largest singular value, 3,
# is well above the next.
_LEFT, _RIGHT = (np.linalg.qr(_RANDOM.normal(size=(8, 8)))[0] for _ in range(2))
MATRIX = _LEFT @ np.diag([3.0, 1.5, *np.ones(6)]) @ _RIGHT
VECTOR = _RANDOM.normal(size=8)
ROUNDS = (1, 30)
KERNEL = _RANDOM.normal(size=(3, 3, 4, 6))


def _unit(vector):
    return vector / np.linalg.norm(vector)


def _iterated(value=lambda w, v, u, old: v @ w @ u, unit=_unit, turned=False):
    def power_iteration(w, u, iterations):
        w = w.T if turned else w
        for _ in range(iterations):
            old = u
            v = unit(w @ old)
            u = unit(w.T @ v)
        return value(w, v, u, old)

    return power_iteration


power_iteration = Check(
    lambda answer: {
        f"sigma after {rounds} round{'s' * (rounds > 1)}": answer(
            *copies(MATRIX, VECTOR), rounds
        )
        for rounds in ROUNDS
    },
    _iterated(),
    Mistake(
        "W and its transpose are exchanged: v goes with W u, u with the transpose of W "
        "and v.",
        _iterated(turned=True),
    ),
    Mistake(
        "The vectors are not brought to length 1 in every round: they grow.",
        _iterated(unit=lambda vector: vector),
    ),
    Mistake(
        "That is sigma squared, the eigenvalue of the transpose of W times W: take "
        "its root.",
        lambda *given: _iterated()(*given) ** 2,
    ),
    Mistake(
        "Sigma is computed from the u of the round before: take the new one.",
        _iterated(value=lambda w, v, u, old: v @ w @ _unit(old)),
    ),
    Mistake(
        "That is the exact value, however few rounds: no SVD, only the iteration.",
        lambda w, u, iterations: np.linalg.norm(w, 2),
    ),
    Mistake(
        "That is the root of the sum of all squares, not the largest singular value.",
        lambda w, u, iterations: np.linalg.norm(w),
    ),
    Mistake(
        "There is one round, whatever `iterations` says.",
        lambda w, u, iterations: _iterated()(w, u, 1),
    ),
)


def _largest_singular_value(matrix):
    return np.linalg.norm(matrix, 2)


normalized_kernel = Check(
    lambda answer: {"kernel / sigma": answer(*copies(KERNEL))},
    lambda kernel: (
        kernel / _largest_singular_value(kernel.reshape(-1, kernel.shape[-1]))
    ),
    Mistake(
        "The outputs come last in a kernel: reshape((outputs, -1)) mixes its numbers, "
        "reshape((-1, outputs)) does not.",
        lambda kernel: (
            kernel / _largest_singular_value(kernel.reshape(kernel.shape[-1], -1))
        ),
    ),
    Mistake(
        "Each of the k x k places has its own matrix here: the inputs are all numbers "
        "of a patch, k k in of them.",
        lambda kernel: kernel / np.linalg.svd(kernel, compute_uv=False).max(),
    ),
    Mistake(
        "Each of the k x k places is divided by a sigma of its own: there is one for "
        "the kernel.",
        lambda kernel: kernel / np.linalg.norm(kernel, 2, axis=(2, 3), keepdims=True),
    ),
    Mistake(
        "Each output is divided by its own length: one sigma divides the whole kernel.",
        lambda kernel: kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2), keepdims=True)),
    ),
    Mistake(
        "That is divided by the root of the sum of all squares: it is never less than "
        "sigma.",
        lambda kernel: kernel / np.linalg.norm(kernel),
    ),
    Mistake(
        "That is divided by the largest entry, not by the largest singular value.",
        lambda kernel: kernel / np.abs(kernel).max(),
    ),
)
