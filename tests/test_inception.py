"""The network of FID against Keras's own Inception, and what its extractor promises."""

import hashlib
import re

import keras
import numpy as np
import pytest

from gankit.backend import device
from gankit.metrics.features.resizing import resize
from gankit.metrics.inception import extractor as inception
from gankit.metrics.inception import weights as inception_weights
from gankit.metrics.inception.extractor import inception_extractor
from gankit.metrics.inception.layers import LAYERS, layers_up_to
from gankit.metrics.inception.network import fid_inception, set_weights


def _arrays(model):
    """The weights of a network, as `set_weights` takes them."""
    return {
        f"{layer.name}/{variable.name}": np.array(variable)
        for layer in model.layers
        for variable in layer.weights
    }


def _random_biases(arrays, seed=0):
    rng = np.random.default_rng(seed)
    return {
        key: rng.normal(0, 0.1, array.shape).astype("float32")
        if key.endswith("bias")
        else array
        for key, array in arrays.items()
    }


def _predict(model, inputs):
    model.compile(jit_compile=device.default_jit_compile())
    return model.predict_on_batch(inputs)


def _assert_close(features, expected):
    assert expected.std() > 0.01
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4 * expected.std())


def _colour(n, size=32, seed=0):
    shape = (n, size, size, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, "uint8")


@pytest.fixture
def weights_of(monkeypatch):
    """Makes `load_weights` find the random weights of a tap, with random biases."""

    def use(features, **kwargs):
        arrays = _random_biases(_arrays(fid_inception(features, **kwargs)))
        digest = hashlib.sha256(b"".join(arrays.values())).hexdigest()[:8]
        found = (arrays, f"random, weights {digest}")
        monkeypatch.setattr(inception, "CPU_BATCH", 4)  # as pictures are few
        monkeypatch.setattr(inception_weights, "load_weights", lambda *_, **__: found)
        return arrays

    return use


# On the other backends the tests against pytorch-fid say the same in less time.
@pytest.mark.tensorflow
def test_the_graph_is_that_of_keras_except_for_the_last_pooling():
    ours = fid_inception(2048)
    arrays = _random_biases(_arrays(ours))
    set_weights(ours, arrays)
    keras_model = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(299, 299, 3)
    )

    def in_order_of_creation(kind):
        found = [layer for layer in keras_model.layers if isinstance(layer, kind)]
        return sorted(found, key=lambda x: int(re.sub(r".*?(\d*)$", r"0\1", x.name)))

    convolutions = in_order_of_creation(keras.layers.Conv2D)
    normalizations = in_order_of_creation(keras.layers.BatchNormalization)
    for name, convolution, normalization in zip(
        LAYERS, convolutions, normalizations, strict=True
    ):
        convolution.set_weights([arrays[f"{name}/kernel"]])
        bias = arrays[f"{name}/bias"]
        # Without gamma: shift, mean and variance, to which 0.001 is added.
        normalization.set_weights([bias, 0 * bias, 0 * bias + 1 - 1e-3])
    maps = [keras_model.get_layer(name).output for name in ("mixed7", "mixed10")]
    images = np.random.default_rng(0).uniform(-1, 1, (2, 299, 299, 3))
    images = images.astype("float32")
    reference = keras.Model(keras_model.input, maps)
    expected_768, expected_2048 = (
        maps.mean(axis=(1, 2)) for maps in _predict(reference, images)
    )
    names = ("mixed_7", "mixed_9")
    maps = [ours.get_layer(name).output for name in names]
    at_mixed_7, at_mixed_9, features = _predict(
        keras.Model(ours.input, [*maps, ours.output]), images
    )
    _assert_close(at_mixed_7.mean(axis=(1, 2)), expected_768)
    _assert_close(features[:, :-192], expected_2048[:, :-192])
    # The pool branch of the last block, by hand: here, and here alone, the maximum.
    padded = np.pad(at_mixed_9, ((0, 0), (1, 1), (1, 1), (0, 0)))
    pooled = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    kernel = arrays["mixed_10_tower_2_conv/kernel"][0, 0]
    branch = pooled.max(axis=(-2, -1)) @ kernel + arrays["mixed_10_tower_2_conv/bias"]
    _assert_close(features[:, -192:], np.maximum(branch, 0).mean(axis=(1, 2)))


# The first two by hand; the others from Keras's InceptionV3, which counts 8,975,264 up
# to mixed7 and 21,802,784 in all, with 3 numbers instead of 1 for each channel.
@pytest.mark.parametrize(
    "features, parameters",
    [(64, 28_640), (192, 172_272), (768, 8_956_448), (2048, 21_768_352)],
)
def test_each_tap_has_the_layers_that_it_needs(features, parameters):
    model = fid_inception(features)
    assert model.output_shape == (None, features)
    assert model.count_params() == parameters
    kernels = {
        layer.name: tuple(layer.kernel.shape) for layer in model.layers if layer.weights
    }
    assert kernels == {
        name: layer.kernel for name, layer in layers_up_to(features).items()
    }


def test_average_pooling_leaves_the_padding_out():
    pools = [
        layer
        for layer in fid_inception(2048).layers
        if isinstance(layer, keras.layers.AveragePooling2D)
    ]
    assert len(pools) == 8  # one in each block but the reductions and the last
    image = np.arange(25, dtype="float32").reshape(1, 5, 5, 1)
    averages = keras.ops.convert_to_numpy(pools[0](image))[0, :, :, 0]
    padded = np.pad(image[0, :, :, 0], 1, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    np.testing.assert_allclose(averages, np.nanmean(windows, axis=(2, 3)), rtol=1e-6)


def test_it_computes_in_float32_whatever_the_policy():
    images = np.random.default_rng(0).uniform(-1, 1, (2, 299, 299, 3))
    images = images.astype("float32")
    expected = _predict(fid_inception(64), images)
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = fid_inception(2048, logits=True)
    computing = [x for x in model.layers if not isinstance(x, keras.layers.InputLayer)]
    assert {layer.compute_dtype for layer in computing} == {"float32"}
    assert {variable.dtype for variable in model.variables} == {"float32"}
    features = _predict(fid_inception(64), images)
    assert features.dtype == "float32"
    np.testing.assert_array_equal(features, expected)


def test_missing_and_misshapen_weights_get_a_sentence():
    arrays = _arrays(fid_inception(192))
    message = r"with mixed_\w+/kernel, received 10 arrays .* features=192 at most"
    with pytest.raises(ValueError, match=message):
        set_weights(fid_inception(768), arrays)
    arrays["conv_3/bias"] = np.zeros(81, "float32")
    with pytest.raises(
        ValueError, match=r"conv_3/bias of shape \(80,\), received \(81"
    ):
        set_weights(fid_inception(192), arrays)
    set_weights(fid_inception(64), arrays)  # which leaves the rest alone


def test_unknown_taps_and_resizings_get_a_sentence(weights_of):
    for function in (fid_inception, inception_extractor):
        with pytest.raises(ValueError, match="64, 192, 768, 2048, received 100"):
            function(100)
    with pytest.raises(ValueError, match="features=2048 with logits=True, received 64"):
        fid_inception(64, logits=True)
    weights_of(64)
    with pytest.raises(ValueError, match="tf1, torch, clean, received 'bilinear'"):
        inception_extractor(64, "bilinear")


@pytest.mark.parametrize("mode", ["tf1", "torch", "clean"])
def test_an_extractor_resizes_scales_and_says_so(mode, weights_of):
    arrays = weights_of(64)
    extractor = inception_extractor(64, mode)
    images = _colour(3)
    network = fid_inception(64)
    set_weights(network, arrays)
    levels = resize(images, mode)
    inputs = 2 * (levels / 255) - 1 if mode == "torch" else (levels - 128) / 128
    np.testing.assert_allclose(
        extractor.compute(images), _predict(network, inputs), atol=1e-5
    )
    assert extractor.name.startswith("random:64, weights ")
    assert extractor.frechet_name == f"FID-64/{mode}"
    assert extractor.kernel_name == f"KID-64/{mode}"
    assert extractor.sliced_name == f"MIND-64/{mode}"
    assert (extractor.dimension, extractor.channels) == (64, 3)
    assert (extractor.resize, extractor.logits) == (mode, None)


def test_features_do_not_depend_on_how_images_are_batched(weights_of):
    weights_of(64)
    extractor = inception_extractor(64)
    images = _colour(9)
    features = extractor(images, value_range=(0, 255), batch_size=9)
    assert features.shape == (9, 64) and features.std() > 0.01
    for size in (1, 4, 5):
        again = extractor(images[:7], value_range=(0, 255), batch_size=size)
        np.testing.assert_allclose(again, features[:7], atol=1e-5)


def test_a_network_is_built_and_compiled_once(weights_of, monkeypatch):
    weights_of(64)
    built = []

    def build(*args, **kwargs):
        built.append(fid_inception(*args, **kwargs))
        return built[-1]

    monkeypatch.setattr(inception, "fid_inception", build)
    monkeypatch.setattr(inception, "_networks", {})
    for mode in ("tf1", "clean", "tf1"):
        extractor = inception_extractor(64, mode)
        for size in (2, 5):
            extractor.compute(_colour(size, size=20))
    assert len(built) == 1
    if keras.backend.backend() == "tensorflow":
        assert built[0].predict_function.experimental_get_tracing_count() == 1


def test_logits_are_those_of_the_last_layer(weights_of):
    arrays = weights_of(2048, logits=True)
    extractor = inception_extractor(2048)
    images = _colour(2)
    expected = (
        extractor.compute(images) @ arrays["softmax/kernel"] + arrays["softmax/bias"]
    )
    assert expected.shape == (2, 1008)
    _assert_close(extractor.logits(images), expected)
