"""Receptive fields."""

import math

import keras
from keras import layers

from gankit.backend.layer_tree import all_layers
from gankit.inspection.network_graph import pair, steps


def receptive_field(model):
    """Computes the size of the image patch on which one output of a network depends.

    Let r be the side of the patch and j the distance of two neighbouring outputs in
    pixels. A window of k pixels with dilation d and stride s changes them to

        r + (k - 1) d j,    j s.

    Where branches meet, the larger patch counts. After a dense layer, attention or
    global pooling, an output depends on the whole image. Statistics in normalisation
    layers are ignored. Near the border, or if the field is larger than the image, part
    of the patch is padding.

    Args:
        model: A built functional or sequential `keras.Model` of images
            `(n, height, width, channels)`. Inputs of another rank, such as labels, are
            ignored.

    Returns:
        `(height, width)` in pixels.

    Raises:
        ValueError: If `model` has no graph or takes no images, or the window of a layer
            is unknown, as in a transposed convolution.

    Reference:
        Araujo et al. 2019, equations 2 and 3
        (https://distill.pub/2019/computing-receptive-fields).
    """
    fields, images = {}, None
    for step in steps(model):
        inputs = [p for p in step.parents if fields[p] is not None]
        if inputs:
            sides, jumps = zip(*(fields[p] for p in inputs), strict=True)
            before = max((p.shape for p in inputs), key=len)
            fields[step] = _field(step, before, _maximum(sides), _maximum(jumps))
        else:
            of_images = not step.parents and len(step.shape) == 4
            fields[step] = ((1, 1), (1, 1)) if of_images else None
            images = images or (step.shape[1:3] if of_images else None)
    if images is None:
        raise ValueError(
            "Expected a model of images (n, height, width, channels), received inputs "
            f"{[tuple(t.shape) for t in model.inputs]}: pass the discriminator."
        )
    parents = {parent for step in fields for parent in step.parents}
    side = _maximum([f[0] for s, f in fields.items() if f and s not in parents])
    if math.inf in side and None in images:
        raise ValueError(
            "Expected images of fixed sides, as every output depends on all pixels, "
            f"received {images[0]} x {images[1]}: give keras.Input both sides."
        )
    return images if math.inf in side else side


def _maximum(pairs):
    return tuple(max(values) for values in zip(*pairs, strict=True))


def _field(step, before, side, jump):
    """Computes patch and distance of neighbours after a step from those before it."""
    layer, kind = step.layer, type(step.layer).__name__
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    transposed = window is not None and "Transpose" in kind
    dense = isinstance(layer, layers.Dense) and len(before) < 4
    reduced = len(step.shape) < len(before) and kind not in ("Flatten", "Reshape")
    if math.inf in side or dense or reduced or "Attention" in kind or "Global" in kind:
        return (math.inf, math.inf), jump
    if window is not None and not transposed:
        window, stride = pair(window), pair(layer.strides or window)
        dilation = pair(getattr(layer, "dilation_rate", 1))
        wider = (side[i] + (window[i] - 1) * dilation[i] * jump[i] for i in (0, 1))
        return tuple(wider), (jump[0] * stride[0], jump[1] * stride[1])
    # All other layers must treat each pixel separately; custom layers may have windows.
    parts = all_layers(layer) if isinstance(layer, keras.Layer) else []
    windows = [max(pair(getattr(part, "kernel_size", 1))) for part in parts]
    resized = len(step.shape) == 4 and step.shape[1:3] != before[1:3]
    resized = resized and "Pad" not in kind and "Crop" not in kind
    if transposed or "UpSampling" in kind or resized or max(windows, default=1) > 1:
        raise ValueError(
            "Expected convolutions, pooling and layers that treat every pixel "
            f"separately, received {step.name!r}, a {kind}: measure the gradient of "
            "one output instead."
        )
    return side, jump
