"""The FID network: TensorFlow's Inception of 5 December 2015."""

import re
import zlib

import keras
from keras import layers

from gankit.metrics.inception.layers import (
    CLASSES,
    LAYERS,
    TAPS,
    layers_up_to,
    tap_reached,
)

SIZE = 299


def fid_inception(features=2048, *, logits=False):
    """Builds the FID network up to one of its feature layers, with random weights.

    The random weights are the same in every call. This is the graph of 2015, not
    Keras's `InceptionV3`, which was trained separately and whose last block uses
    average pooling instead of max pooling. Batch normalisation is folded into kernels
    and biases.

    Args:
        features: 64, 192, 768 or 2048: the network ends after the first or second max
            pooling, after `mixed_7` or after `mixed_10`.
        logits: Whether to add the logits of the 1,008 classes as a second output. This
            requires 2048 features.

    Returns:
        A `keras.Model` from float32 images `(n, 299, 299, 3)` in -1 ... 1 to features
        `(n, features)`, averaged over the image, and to logits `(n, 1008)` on request.
        It computes in float32 under any global policy. Its layers have the names in
        `gankit.metrics.inception.layers.LAYERS`.

    Raises:
        ValueError: If `features` is unknown, or has no logits.

    References:
        Szegedy et al. 2016, figures 5 to 7 (https://arxiv.org/abs/1512.00567);
        Heusel et al. 2017, section 3 (https://arxiv.org/abs/1706.08500).
    """
    layers_up_to(features)
    if logits and features != TAPS[-1]:
        raise ValueError(
            f"Expected features={TAPS[-1]} with logits=True, received {features}: "
            "leave out logits, which only the whole network has."
        )
    inputs = keras.Input((SIZE, SIZE, 3), dtype="float32")
    x = _body(inputs, features)
    x = layers.GlobalAveragePooling2D("channels_last", dtype="float32")(x)
    outputs = x
    if logits:
        classes = layers.Dense(
            CLASSES,
            kernel_initializer=_initializer("softmax"),
            dtype="float32",
            name="softmax",
        )
        outputs = [x, classes(x)]
    return keras.Model(inputs, outputs, name=f"fid_inception_{features}")


def set_weights(model, weights):
    """Sets the weights of the network, layer by layer.

    Args:
        model: A network from `fid_inception`.
        weights: Dict of arrays by `"<layer>/kernel"` and `"<layer>/bias"`, as returned
            by `gankit.metrics.inception.weights.load_weights`. Arrays of layers that
            the network lacks are ignored.

    Raises:
        ValueError: If an array is missing or of another shape.
    """
    for layer in model.layers:
        for variable in layer.weights:
            key = f"{layer.name}/{variable.name}"
            if key not in weights:
                raise ValueError(
                    f"Expected weights with {key}, received {len(weights)} arrays "
                    f"without it, which suffice for features={tap_reached(weights)} "
                    "at most: build the network for that, or get the whole file."
                )
            if weights[key].shape != tuple(variable.shape):
                raise ValueError(
                    f"Expected {key} of shape {tuple(variable.shape)}, received "
                    f"{weights[key].shape}: pass the weights of the FID network."
                )
            variable.assign(weights[key])


def _initializer(name):
    # A separate seed leaves the global random numbers unchanged.
    return keras.initializers.HeNormal(zlib.crc32(name.encode()))


def _convolution(x, name, strides=1, padding="same"):
    height, width, _, filters = LAYERS[name].kernel
    return layers.Conv2D(
        filters,
        (height, width),
        strides,
        padding,
        data_format="channels_last",
        activation="relu",
        kernel_initializer=_initializer(name),
        dtype="float32",
        name=name,
    )(x)


def _chain(x, scope, *, reduces=False):
    """Applies the convolutions of a scope, the last of which may halve the image."""
    names = [name for name in LAYERS if re.fullmatch(rf"{scope}_conv(_\d)?", name)]
    for name in names:
        last = reduces and name == names[-1]
        x = _convolution(x, name, *((2, "valid") if last else ()))
    return x


def _max_pool(x, strides=2, padding="valid"):
    return layers.MaxPooling2D(3, strides, padding, "channels_last", dtype="float32")(x)


def _average_pool(x):
    # Like TensorFlow, Keras excludes the padding from the average.
    return layers.AveragePooling2D(3, 1, "same", "channels_last", dtype="float32")(x)


def _concatenate(branches, name):
    return layers.Concatenate(name=name, dtype="float32")(branches)


def _body(x, features):
    x = _convolution(x, "conv", 2, "valid")
    x = _convolution(x, "conv_1", padding="valid")
    x = _convolution(x, "conv_2")
    x = _max_pool(x)
    if features == 64:
        return x
    x = _convolution(x, "conv_3", padding="valid")
    x = _convolution(x, "conv_4", padding="valid")
    x = _max_pool(x)
    if features == 192:
        return x
    for name in ("mixed", "mixed_1", "mixed_2"):
        x = _block(x, name)
    x = _reduction(x, "mixed_3", ("", "_tower"))
    for name in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        x = _block(x, name)
    if features == 768:
        return x
    x = _reduction(x, "mixed_8", ("_tower", "_tower_1"))
    x = _forked_block(x, "mixed_9", _average_pool(x))
    # A mistake of 2015 that has become part of the definition of FID.
    return _forked_block(x, "mixed_10", _max_pool(x, 1, "same"))


def _block(x, name):
    branches = [_chain(x, f"{name}{part}") for part in ("", "_tower", "_tower_1")]
    pooled = _chain(_average_pool(x), f"{name}_tower_2")
    return _concatenate([*branches, pooled], name)


def _reduction(x, name, parts):
    branches = [_chain(x, f"{name}{part}", reduces=True) for part in parts]
    return _concatenate([*branches, _max_pool(x)], name)


def _forked_block(x, name, pooled):
    branches = [_chain(x, name)]
    for scope in (f"{name}_tower", f"{name}_tower_1"):
        stem = _chain(x, scope)
        branches += [
            _convolution(stem, f"{scope}_mixed_conv"),
            _convolution(stem, f"{scope}_mixed_conv_1"),
        ]
    return _concatenate([*branches, _chain(pooled, f"{name}_tower_2")], name)
