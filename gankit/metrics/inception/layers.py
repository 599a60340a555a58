"""The 94 convolutions of the FID network: names, shapes and feature layers."""

from typing import NamedTuple

from gankit.backend.arguments import check_choice

# The network is tapped after the first and the second max pooling, after mixed_7 and
# after mixed_10. These are the numbers of features, averaged over the image.
TAPS = (64, 192, 768, 2048)
CLASSES = 1008
SOFTMAX = {"softmax/kernel": (TAPS[-1], CLASSES), "softmax/bias": (CLASSES,)}


class Layer(NamedTuple):
    """A convolution with its batch normalisation.

    Attributes:
        kernel: Shape of the kernel, `(height, width, in, out)`.
        features: The first of `TAPS` that depends on the layer.
        scope: Its scope in the TensorFlow graph, `mixed_7/tower_1/conv_4`.
        module: Its module in the PyTorch port, `Mixed_6e.branch7x7dbl_5`.
    """

    kernel: tuple[int, int, int, int]
    features: int
    scope: str
    module: str


# Branches of a block by TensorFlow scope: name in the PyTorch port, and convolutions as
# kernel size and output channels. 1x3|3x1 are two convolutions of the same input.
def _block_a(pool):
    return {
        "": ("branch1x1", "1x1 64"),
        "tower/": ("branch5x5", "1x1 48, 5x5 64"),
        "tower_1/": ("branch3x3dbl", "1x1 64, 3x3 96, 3x3 96"),
        "tower_2/": ("branch_pool", f"1x1 {pool}"),
    }


def _block_c(n):
    return {
        "": ("branch1x1", "1x1 192"),
        "tower/": ("branch7x7", f"1x1 {n}, 1x7 {n}, 7x1 192"),
        "tower_1/": ("branch7x7dbl", f"1x1 {n}, 7x1 {n}, 1x7 {n}, 7x1 {n}, 1x7 192"),
        "tower_2/": ("branch_pool", "1x1 192"),
    }


_REDUCTION_B = {
    "": ("branch3x3", "3x3 384"),
    "tower/": ("branch3x3dbl", "1x1 64, 3x3 96, 3x3 96"),
}
_REDUCTION_D = {
    "tower/": ("branch3x3", "1x1 192, 3x3 320"),
    "tower_1/": ("branch7x7x3", "1x1 192, 1x7 192, 7x1 192, 3x3 192"),
}
_BLOCK_E = {
    "": ("branch1x1", "1x1 320"),
    "tower/": ("branch3x3", "1x1 384, 1x3|3x1 384"),
    "tower_1/": ("branch3x3dbl", "1x1 448, 3x3 384, 1x3|3x1 384"),
    "tower_2/": ("branch_pool", "1x1 192"),
}
_STEM = (
    ("conv", "Conv2d_1a_3x3", (3, 3, 3, 32), 64),
    ("conv_1", "Conv2d_2a_3x3", (3, 3, 32, 32), 64),
    ("conv_2", "Conv2d_2b_3x3", (3, 3, 32, 64), 64),
    ("conv_3", "Conv2d_3b_1x1", (1, 1, 64, 80), 192),
    ("conv_4", "Conv2d_4a_3x3", (3, 3, 80, 192), 192),
)
# Scope, module, channels of the input, first tap, branches.
_BLOCKS = (
    ("mixed", "Mixed_5b", 192, 768, _block_a(32)),
    ("mixed_1", "Mixed_5c", 256, 768, _block_a(64)),
    ("mixed_2", "Mixed_5d", 288, 768, _block_a(64)),
    ("mixed_3", "Mixed_6a", 288, 768, _REDUCTION_B),
    ("mixed_4", "Mixed_6b", 768, 768, _block_c(128)),
    ("mixed_5", "Mixed_6c", 768, 768, _block_c(160)),
    ("mixed_6", "Mixed_6d", 768, 768, _block_c(160)),
    ("mixed_7", "Mixed_6e", 768, 768, _block_c(192)),
    ("mixed_8", "Mixed_7a", 768, 2048, _REDUCTION_D),
    ("mixed_9", "Mixed_7b", 1280, 2048, _BLOCK_E),
    ("mixed_10", "Mixed_7c", 2048, 2048, _BLOCK_E),
)


def _branch(scope, module, convolutions, channels, features):
    steps = convolutions.split(", ")
    for index, step in enumerate(steps):
        sizes, out = step.split()
        sizes = sizes.split("|")
        for twin, size in enumerate(sizes):
            height, width = map(int, size.split("x"))
            number = twin if len(sizes) > 1 else index
            yield Layer(
                (height, width, channels, int(out)),
                features,
                scope
                + ("mixed/" if len(sizes) > 1 else "")
                + ("conv" if number == 0 else f"conv_{number}"),
                module
                + (f"_{index + 1}" if len(steps) > 1 else "")
                + ("ab"[twin] if len(sizes) > 1 else ""),
            )
        channels = int(out)


def _all_layers():
    for scope, module, kernel, features in _STEM:
        yield Layer(kernel, features, scope, module)
    for block, block_module, channels, features, branches in _BLOCKS:
        for scope, (module, convolutions) in branches.items():
            yield from _branch(
                f"{block}/{scope}",
                f"{block_module}.{module}",
                convolutions,
                channels,
                features,
            )


# By name, which is the scope with "_" instead of "/". From the input to the last block,
# and within a block by branch, in the order in which their outputs are concatenated.
LAYERS = {layer.scope.replace("/", "_"): layer for layer in _all_layers()}


def layers_up_to(features):
    """Returns the layers that a tap depends on.

    Args:
        features: One of `TAPS`.

    Returns:
        Dict of `Layer` by name, in the order of `LAYERS`.

    Raises:
        ValueError: If the network has no such tap.
    """
    check_choice("features to be one of", features, TAPS)
    return {name: layer for name, layer in LAYERS.items() if layer.features <= features}


def tap_reached(names):
    """Returns the last of `TAPS` whose arrays are all among these names; 0 if none."""
    names = set(names)
    return max((tap for tap in TAPS if names.issuperset(arrays_up_to(tap))), default=0)


def arrays_up_to(features):
    """Returns the names of the kernels and biases that a tap depends on, in order."""
    return [
        f"{name}/{part}"
        for name in layers_up_to(features)
        for part in ("kernel", "bias")
    ]
