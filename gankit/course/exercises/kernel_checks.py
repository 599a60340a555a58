"""Checks of spectral normalisation, on NumPy arrays."""

import numpy as np

from gankit.course.exercises.mistakes import Check, copies, pair

_RANDOM = np.random.default_rng(0)
KERNEL = _RANDOM.normal(size=(3, 3, 4, 6))
VECTOR = _RANDOM.normal(size=6)
VECTOR /= np.linalg.norm(VECTOR)
# It stretches a pattern most, not a map of one colour.
STRIPED = KERNEL * (-1.0) ** np.arange(3)[:, None, None, None]
SIDE = 8


def _unit(vector):
    return vector / np.linalg.norm(vector)


def _sigma(matrix):
    return np.linalg.norm(matrix, 2)


def _matrix(kernel):
    return kernel.reshape(-1, kernel.shape[-1])


# One call of the layer in training.


def _call(answer):
    """What an answer makes of a kernel and of the vector u."""
    kernel, vector = pair(
        answer(*copies(KERNEL, VECTOR)),
        "Return two arrays: the normalised kernel and the new u.",
    )
    return {"normalised kernel": kernel, "new u": vector}


def _normalization(
    matrix=_matrix,
    unit=_unit,
    sigma=lambda w, v, u, old: v @ w @ u,
    stored=lambda u, old: u,
):
    def call(kernel, u):
        w = matrix(kernel)
        v = unit(w @ u)
        new = unit(w.T @ v)
        return kernel / sigma(w, v, new, u), stored(new, u)

    return call


spectral_call = Check(
    _call,
    _normalization(),
    {
        "The outputs are a kernel's last axis: reshape((outputs, -1)) mixes its "
        "numbers, reshape((-1, outputs)) does not.": _normalization(
            lambda kernel: kernel.reshape(kernel.shape[-1], -1).T
        ),
        "The vectors are not normalised to length 1: divide v and the new u by their "
        "lengths.": _normalization(unit=lambda vector: vector),
        "Sigma is computed from the old u: use the new one.": _normalization(
            sigma=lambda w, v, u, old: v @ w @ old
        ),
        "Sigma is exact: the layer takes one power iteration, not an SVD.": (
            _normalization(sigma=lambda w, *vectors: _sigma(w))
        ),
        "This divides by sigma squared: take the length after one multiplication.": (
            _normalization(sigma=lambda w, v, u, old: (v @ w @ u) ** 2)
        ),
        "This divides by the root of the sum of all squares, which is never less than "
        "sigma.": _normalization(sigma=lambda w, *vectors: np.linalg.norm(w)),
        "The old u is returned: without the new one, the next call starts from the "
        "same place again.": _normalization(stored=lambda u, old: old),
        "The kernel is multiplied by sigma: divide by it.": _normalization(
            sigma=lambda w, v, u, old: 1 / (v @ w @ u)
        ),
    },
)

# How much a convolution whose edges wrap around may stretch a map.


def _norm(
    frequencies=lambda kernel, side: np.fft.fft2(kernel, (side, side), axes=(0, 1)),
    of=lambda s: s.max(),
):
    def norm(kernel, side):
        matrices = frequencies(kernel, side)
        return of(np.linalg.svd(matrices, compute_uv=False))

    return norm


convolution_norm = Check(
    {"norm of the convolution": (STRIPED, SIDE)},
    _norm(),
    {
        "This is sigma of the kernel matrix, which looks at one patch alone: patches "
        "overlap.": lambda kernel, side: _sigma(_matrix(kernel)),
        "This is the bound k times sigma, which is rarely reached: use the matrix of "
        "each frequency.": lambda kernel, side: len(kernel) * _sigma(_matrix(kernel)),
        "There are n x n frequencies, not k x k: pass (n, n) to fft2.": _norm(
            lambda kernel, side: np.fft.fft2(kernel, axes=(0, 1))
        ),
        "This is frequency 0 alone, the stretch of a map of one colour: take the "
        "largest of all frequencies.": _norm(
            lambda kernel, side: kernel.sum(axis=(0, 1))
        ),
        "The transform runs over the channels: it belongs to the axes (0, 1).": _norm(
            lambda kernel, side: np.fft.fft2(kernel)
        ),
        "Singular values are averaged: take the largest.": _norm(of=lambda s: s.mean()),
        "The largest singular values of the frequencies are averaged: one map may "
        "consist of the worst frequency alone.": _norm(of=lambda s: s[..., 0].mean()),
        "This is the root of the sum of squares of one frequency: take the largest "
        "singular value.": _norm(of=lambda s: np.sqrt((s**2).sum(axis=-1)).max()),
        "This is the norm squared: take the root.": _norm(of=lambda s: s.max() ** 2),
    },
)
