"""Random weights of the FID network, which are as fast as the true ones."""

import numpy as np

from gankit.metrics.inception.layers import layers_up_to

FEATURES = 768


def images():
    """64 random images of CIFAR-10's size."""
    return np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), "uint8")


def weights():
    """Kernels and biases under which activations neither vanish nor explode."""
    random = np.random.default_rng(0)
    arrays = {}
    for name, layer in layers_up_to(FEATURES).items():
        scale = np.sqrt(2 / np.prod(layer.kernel[:-1]))
        arrays[f"{name}/kernel"] = random.normal(0, scale, layer.kernel).astype("f4")
        arrays[f"{name}/bias"] = np.zeros(layer.kernel[-1], "f4")
    return arrays
