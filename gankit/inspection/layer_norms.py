"""How far each layer of a network can stretch what it is given."""

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
        name: Number of the layer in the network and what it is, such as `"3 conv2d"`.
        kernel: Largest singular value of the kernel as it is kept.
        normalised: Under spectral normalisation that of what the layer multiplies by,
            the kernel divided by the estimate of its norm; `None` without.
        at_bound: Share of the kernel's entries that lie at the bound of
            `gankit.constraints.WeightClipping` or, before the first step, beyond it,
            0 to 1; `None` without that.
    """

    name: str
    kernel: float
    normalised: float | None
    at_bound: float | None


def layer_norms(network):
    """Measures the spectral norm of every dense layer and convolution.

    The kernel of a convolution counts as the matrix that takes a patch to its outputs,
    one column for each output channel, as in the paper. That is not the norm of the
    whole layer, which may stretch up to ceil(size / stride) times as far where patches
    overlap.

    Args:
        network: A built `keras.Model`.

    Returns:
        List of `LayerNorm`, in the order of the layers, those inside attention too.

    Reference:
        Miyato et al. 2018, section 2.1 (https://arxiv.org/abs/1802.05957).
    """
    found = []
    for part in _linear_parts(network):
        normalised = isinstance(part, SpectralNormalization)
        layer = part.layer if normalised else part
        kernel = _largest_singular_value(kernel_matrix(layer))
        used = kernel / float(ops.convert_to_numpy(part.sigma)) if normalised else None
        name = f"{len(found) + 1} {_kind(part, layer)}"
        found.append(LayerNorm(name, kernel, used, _at_bound(layer)))
    return found


def attention_gains(network):
    """Gamma of every self-attention: how much of it the network lets through.

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
    """Layers with one kernel, in their wrappers, nested ones too, in order."""
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
    # Of the smaller of both products, which is ten times as fast as all of the SVD.
    return float(np.sqrt(max(0.0, np.linalg.eigvalsh(matrix.T @ matrix)[-1])))


def _at_bound(layer):
    # Of the variable, where `gankit.constraints.clip_weights` sets it too.
    clipping = layer.kernel.constraint
    if not isinstance(clipping, WeightClipping):
        return None
    # Rounded as the kernel's entries are.
    bound = np.float32(clipping.c)
    return float(np.mean(np.abs(ops.convert_to_numpy(layer.kernel)) >= bound))


def _kind(part, layer):
    """The name that the layer was given, else its kind: Keras's numbers go on."""
    names = [re.sub(r"_\d+$", "", each.name) for each in (part, layer)]
    return names[1] if names[0] == "spectral_normalization" else names[0]
