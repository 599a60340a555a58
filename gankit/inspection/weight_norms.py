"""Spectral norms of a network's layers."""

import re
from typing import NamedTuple

import numpy as np
from keras import ops

from gankit.backend.layer_tree import all_layers
from gankit.constraints import WeightClipping
from gankit.layers import SelfAttention2D, SpectralNormalization
from gankit.layers.spectral_normalization import LINEAR, kernel_matrix


class LayerNorm(NamedTuple):
    """The spectral norm of a layer with one kernel.

    Attributes:
        name: Number and name of the layer, such as `"3 conv2d"`.
        kernel: Largest singular value of the stored kernel.
        normalised: With spectral normalisation, the largest singular value of the
            normalised kernel: `kernel` divided by the layer's estimate of it; else
            `None`.
        at_bound: With `gankit.constraints.WeightClipping`, the share of the kernel's
            entries at the bound (or beyond, before the first step), from 0 to 1; else
            `None`.
    """

    name: str
    kernel: float
    normalised: float | None
    at_bound: float | None


def layer_norms(network):
    """Computes the spectral norm of every dense layer and convolution.

    As in the paper, the kernel of a convolution is the matrix that maps a patch to its
    outputs, with one column per output channel. The norm of the whole layer may be up
    to ceil(kernel size / stride) times as large where patches overlap.

    Args:
        network: A built `keras.Model`.

    Returns:
        List of `LayerNorm` in the order of the layers, including those of attention.

    Reference:
        Miyato et al. 2018, section 2.1 (https://arxiv.org/abs/1802.05957).
    """
    norms = []
    for part in _linear_parts(network):
        is_normalised = isinstance(part, SpectralNormalization)
        layer = part.layer if is_normalised else part
        kernel = _largest_singular_value(kernel_matrix(layer))
        sigma = float(ops.convert_to_numpy(part.sigma)) if is_normalised else None
        normalised = kernel / sigma if is_normalised else None
        name = f"{len(norms) + 1} {_kind(part, layer)}"
        norms.append(LayerNorm(name, kernel, normalised, _at_bound(layer)))
    return norms


def attention_gains(network):
    """Returns gamma of every self-attention layer, the weight of its output.

    Args:
        network: A built `keras.Model`.

    Returns:
        List of floats, in the order of the layers.
    """
    return [
        float(ops.convert_to_numpy(layer.gamma))
        for layer in all_layers(network)
        if isinstance(layer, SelfAttention2D)
    ]


def _linear_parts(layer):
    """Yields all layers with one kernel, in order and inside their wrappers."""
    for part in all_layers(layer, recursive=False):
        kernel_of = part.layer if isinstance(part, SpectralNormalization) else part
        if isinstance(kernel_of, LINEAR):
            yield part
        else:
            yield from _linear_parts(part)


def _largest_singular_value(matrix):
    matrix = ops.convert_to_numpy(matrix).astype("float64")
    if not np.isfinite(matrix).all():
        return float("nan")
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    # The smaller product's eigenvalues are ten times as fast to compute as the SVD.
    return float(np.sqrt(max(0.0, np.linalg.eigvalsh(matrix.T @ matrix)[-1])))


def _at_bound(layer):
    # `gankit.constraints.clip_weights` sets the constraint on the variable only.
    clipping = layer.kernel.constraint
    if not isinstance(clipping, WeightClipping):
        return None
    # Rounded like the kernel's entries.
    bound = np.float32(clipping.c)
    return float(np.mean(np.abs(ops.convert_to_numpy(layer.kernel)) >= bound))


def _kind(part, layer):
    """Returns the layer's name without the number that Keras appends."""
    names = [re.sub(r"_\d+$", "", each.name) for each in (part, layer)]
    return names[1] if names[0] == "spectral_normalization" else names[0]
