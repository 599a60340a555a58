"""Checks of spectral normalisation, on NumPy arrays."""

import numpy as np

from gankit.course.exercises.mistakes import Check, copies

_RANDOM = np.random.default_rng(0)
# Square, so that W and its transpose can be swapped. The largest singular value, 3, is
# well above the next.
_LEFT, _RIGHT = (np.linalg.qr(_RANDOM.normal(size=(8, 8)))[0] for _ in range(2))
MATRIX = _LEFT @ np.diag([3.0, 1.5, *np.ones(6)]) @ _RIGHT
VECTOR = _RANDOM.normal(size=8)
ROUNDS = (1, 30)
KERNEL = _RANDOM.normal(size=(3, 3, 4, 6))


def _unit(vector):
    return vector / np.linalg.norm(vector)


def _iteration(value=lambda w, v, u, old: v @ w @ u, unit=_unit, transpose=False):
    def power_iteration(w, u, iterations):
        w = w.T if transpose else w
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
    _iteration(),
    {
        "W and its transpose are swapped: compute v from W u, and u from the transpose "
        "of W times v.": _iteration(transpose=True),
        "The vectors are not normalised to length 1 in every round: they grow.": (
            _iteration(unit=lambda vector: vector)
        ),
        "This is sigma squared, the eigenvalue of the transpose of W times W: take the "
        "square root.": lambda *inputs: _iteration()(*inputs) ** 2,
        "Sigma is computed from the u of the previous round: use the new one.": (
            _iteration(value=lambda w, v, u, old: v @ w @ _unit(old))
        ),
        "This is the exact value, however few rounds: use the iteration, not an SVD.": (
            lambda w, u, iterations: np.linalg.norm(w, 2)
        ),
        "This is the root of the sum of all squares, not the largest singular value.": (
            lambda w, u, iterations: np.linalg.norm(w)
        ),
        "There is only one round, whatever `iterations` says.": (
            lambda w, u, iterations: _iteration()(w, u, 1)
        ),
    },
)


def _sigma(matrix):
    return np.linalg.norm(matrix, 2)


normalized_kernel = Check(
    lambda answer: {"kernel / sigma": answer(*copies(KERNEL))},
    lambda kernel: kernel / _sigma(kernel.reshape(-1, kernel.shape[-1])),
    {
        "The outputs are a kernel's last axis: reshape((outputs, -1)) mixes its "
        "numbers, reshape((-1, outputs)) does not.": (
            lambda kernel: kernel / _sigma(kernel.reshape(kernel.shape[-1], -1))
        ),
        "Each of the k x k positions has its own matrix here: the inputs of the matrix "
        "are all k x k x in numbers of a patch.": (
            lambda kernel: kernel / np.linalg.svd(kernel, compute_uv=False).max()
        ),
        "Each of the k x k positions is divided by its own sigma: one sigma divides "
        "the whole kernel.": (
            lambda kernel: (
                kernel / np.linalg.norm(kernel, 2, axis=(2, 3), keepdims=True)
            )
        ),
        "Each output is divided by its own norm: one sigma divides the whole kernel.": (
            lambda kernel: (
                kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2), keepdims=True))
            )
        ),
        "This is divided by the root of the sum of all squares, which is never less "
        "than sigma.": lambda kernel: kernel / np.linalg.norm(kernel),
        "This is divided by the largest entry, not by the largest singular value.": (
            lambda kernel: kernel / np.abs(kernel).max()
        ),
    },
)
