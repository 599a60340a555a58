"""The network of FID, TensorFlow's Inception of 5 December 2015, and its features."""

import functools
import zlib

import keras
import numpy as np
from keras import layers

from gankit import device
from gankit.metrics import inception_weights
from gankit.metrics.extractors import Extractor
from gankit.metrics.inception_layers import CLASSES, LAYERS, TAPS, layers_up_to
from gankit.metrics.resizing import resize, resize_matrix

SIZE = 299
# Images in one call of the network, the last of which is filled up: one shape is
# compiled once, and features do not depend on how images were batched.
BATCH = 16


def fid_inception(features=2048, *, logits=False):
    """The network of FID up to one of its taps, with random weights.

    This is the graph of 2015 and not Keras's `InceptionV3`, which was trained anew and
    whose last block averages where this one takes the maximum. Batch normalisation is
    part of kernels and biases.

    Args:
        features: 64, 192, 768 or 2048: after the first or second max pooling, after
            `mixed_7` or after `mixed_10`. The network ends there.
        logits: Whether the logits of the 1,008 classes are a second output, which the
            whole network of 2048 features alone has.

    Returns:
        A `keras.Model` from float32 images `(n, 299, 299, 3)` in -1 ... 1 to features
        `(n, features)`, averaged over the picture, and logits `(n, 1008)` if asked
        for. It computes in float32 whatever the global policy. Its layers bear the
        names of `gankit.metrics.inception_layers.LAYERS`.

    Raises:
        ValueError: If the network has no such tap, or no logits there.

    References:
        Szegedy et al. 2016, figures 5 to 7 (https://arxiv.org/abs/1512.00567);
        Heusel et al. 2017, section 3 (https://arxiv.org/abs/1706.08500).
    """
    layers_up_to(features)
    if logits and features != TAPS[-1]:
        raise ValueError(
            f"Expected features={TAPS[-1]} with logits=True, received {features}: the "
            "classes are told at the end of the network."
        )
    inputs = keras.Input((SIZE, SIZE, 3), dtype="float32")
    x = _average_over_picture(_body(inputs, features))
    outputs = x
    if logits:
        outputs = [x, layers.Dense(CLASSES, name="softmax", dtype="float32")(x)]
    return keras.Model(inputs, outputs, name=f"fid_inception_{features}")


def set_weights(model, weights):
    """Gives the network its weights, layer by layer.

    Args:
        model: A network of `fid_inception`.
        weights: Dict of arrays by `"<layer>/kernel"` and `"<layer>/bias"`, as
            `gankit.metrics.inception_weights.load_weights` gives them. Those of layers
            that the network lacks are left alone.

    Raises:
        ValueError: If an array is missing or of another shape.
    """
    for layer in model.layers:
        for variable in layer.weights:
            key = f"{layer.name}/{variable.name}"
            if key not in weights:
                raise ValueError(
                    f"Expected weights with {key}, received {len(weights)} arrays "
                    f"without it, {_suffices(weights)}."
                )
            if weights[key].shape != tuple(variable.shape):
                raise ValueError(
                    f"Expected {key} of shape {tuple(variable.shape)}, received "
                    f"{weights[key].shape}: these weights are of another network."
                )
            variable.assign(weights[key])


def inception_extractor(features=2048, resize="tf1", weights="auto"):
    """The network of FID with its weights, as an `Extractor` of features.

    The network is built and compiled once for all extractors of the same features and
    weights.

    Args:
        features: 64, 192, 768 or 2048, where the network is tapped. Scores of
            different taps are not comparable.
        resize: `"tf1"`, `"torch"` or `"clean"`; see `gankit.metrics.resizing.resize`.
            Scores of different resizings are not comparable either.
        weights: File of the weights, or `"auto"` to look for it; see
            `gankit.metrics.inception_weights.load_weights`.

    Returns:
        An `Extractor` of colour images of any size. It has logits where `features` is
        2048 and the file holds the last layer, `softmax`.

    Raises:
        ValueError: If the network has no such tap, the resizing is unknown, or the
            file holds too few layers.
        FIDWeightsUnavailable: If there is no file.

    Example:

    >>> extractor = inception_extractor(768)
    >>> extractor(images, value_range=(-1, 1)).shape
    (1000, 768)
    """
    layers_up_to(features)
    resize_matrix(resize, SIZE, SIZE)
    arrays, name = inception_weights.load_weights(weights, features=features)
    has_logits = features == TAPS[-1] and "softmax/kernel" in arrays
    key = (features, has_logits, name, device.default_jit_compile())
    if key not in _NETWORKS:
        _NETWORKS[key] = _compiled(features, has_logits, arrays)
    network = _NETWORKS[key]
    compute = functools.partial(_outputs, network, resize)
    network_name, comma, rest = name.partition(",")
    return Extractor(
        name=f"{network_name}:{features}{comma}{rest}",
        frechet_name=f"FID-{features}/{resize}",
        kernel_name=f"KID-{features}/{resize}",
        dimension=features,
        channels=3,
        resize=resize,
        compute=functools.partial(compute, 0),
        logits=functools.partial(compute, 1) if has_logits else None,
    )


_NETWORKS = {}


def _compiled(features, logits, weights):
    network = fid_inception(features, logits=logits)
    set_weights(network, weights)
    network.compile(jit_compile=device.default_jit_compile())
    return network


def _outputs(network, mode, index, images):
    """One output of the network for uint8 images `(n, height, width, 3)`."""
    found = []
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        inputs = np.zeros((BATCH, SIZE, SIZE, 3), "float32")
        inputs[: len(batch)] = _scaled(resize(batch, mode, SIZE), mode)
        outputs = network.predict_on_batch(inputs)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        found.append(outputs[index][: len(batch)])
    return np.concatenate(found)


def _scaled(levels, mode):
    """Levels 0 ... 255 as the network takes them; pytorch-fid has a scale of its own."""
    return levels / 127.5 - 1 if mode == "torch" else (levels - 128) / 128


def _suffices(weights):
    enough = [
        str(tap)
        for tap in TAPS
        if all(f"{layer}/kernel" in weights for layer in layers_up_to(tap))
    ]
    if not enough:
        return "which suffice for no tap: pass the file of another source"
    return f"which suffice for features={' or '.join(enough)}: choose that, or a whole file"


def _convolution(x, name, strides=1, padding="same"):
    height, width, _, filters = LAYERS[name].kernel
    return layers.Conv2D(
        filters,
        (height, width),
        strides,
        padding,
        data_format="channels_last",
        activation="relu",
        # A seed of its own leaves the random numbers of others alone.
        kernel_initializer=keras.initializers.HeNormal(zlib.crc32(name.encode())),
        dtype="float32",
        name=name,
    )(x)


def _chain(x, scope, length, *, reduces=False):
    """Convolutions one after another; the last one may halve the picture."""
    for index in range(length):
        last = {"strides": 2, "padding": "valid"} if reduces else {}
        x = _convolution(
            x,
            f"{scope}_conv_{index}" if index else f"{scope}_conv",
            **(last if index == length - 1 else {}),
        )
    return x


def _max_pool(x, strides=2, padding="valid"):
    return layers.MaxPooling2D(
        3, strides, padding, data_format="channels_last", dtype="float32"
    )(x)


def _average_pool(x):
    # Keras, like TensorFlow, leaves the padding out of the average.
    return layers.AveragePooling2D(
        3, 1, "same", data_format="channels_last", dtype="float32"
    )(x)


def _average_over_picture(x):
    return layers.GlobalAveragePooling2D("channels_last", dtype="float32")(x)


def _join(branches, name=None):
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
        x = _block(x, name, (2, 3))
    x = _reduction(x, "mixed_3", {"mixed_3": 1, "mixed_3_tower": 3})
    for name in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        x = _block(x, name, (3, 5))
    if features == 768:
        return x
    x = _reduction(x, "mixed_8", {"mixed_8_tower": 2, "mixed_8_tower_1": 4})
    x = _forked_block(x, "mixed_9", _average_pool(x))
    # An error of 2015 that has become part of the definition of FID.
    return _forked_block(x, "mixed_10", _max_pool(x, 1, "same"))


def _block(x, name, lengths):
    towers = [
        _chain(x, f"{name}_tower", lengths[0]),
        _chain(x, f"{name}_tower_1", lengths[1]),
        _chain(_average_pool(x), f"{name}_tower_2", 1),
    ]
    return _join([_chain(x, name, 1), *towers], name)


def _reduction(x, name, lengths):
    chains = [_chain(x, scope, n, reduces=True) for scope, n in lengths.items()]
    return _join([*chains, _max_pool(x)], name)


def _forked_block(x, name, pooled):
    branches = [_chain(x, name, 1)]
    for tower, length in (("tower", 1), ("tower_1", 2)):
        scope = f"{name}_{tower}"
        stem = _chain(x, scope, length)
        branches += [
            _convolution(stem, f"{scope}_mixed_conv"),
            _convolution(stem, f"{scope}_mixed_conv_1"),
        ]
    return _join([*branches, _chain(pooled, f"{name}_tower_2", 1)], name)
