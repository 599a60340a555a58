"""Inspection: planted faults are found, and fields agree with gradients."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit import inspection
from gankit.backend.gradients import input_gradient
from gankit.inspection import (
    BATCH_NORM,
    DISCRIMINATOR_ACTIVATIONS,
    GENERATOR_ACTIVATIONS,
    GUIDELINES,
    NO_HIDDEN_DENSE,
    STRIDES,
)
from gankit.layers import SelfAttention2D, SpectralNormalization, instance_norm
from gankit.networks import dcgan, mlp


def _faults(findings):
    return {(f.guideline, f.network, f.layer): f.reason for f in findings if not f.kept}


def _generator(*, middle=None, output=None, first=None):
    """A correct sequential generator, or one with other parts."""
    up = {"strides": 2, "padding": "same"}
    middle = middle or [
        layers.Conv2DTranspose(4, 4, name="middle", **up),
        layers.BatchNormalization(),
        layers.Activation("relu"),
    ]
    output = output or [
        layers.Conv2DTranspose(1, 4, activation="tanh", name="out", **up)
    ]
    first = first or [
        layers.Dense(4 * 4 * 8, name="project"),
        layers.BatchNormalization(),
        layers.Activation(keras.activations.relu),
        layers.Reshape((4, 4, 8)),
    ]
    return keras.Sequential([keras.Input((6,)), *first, *middle, *output])


def _discriminator(*, first=None, middle=None, output=None):
    down = {"strides": 2, "padding": "same"}
    first = first or [
        layers.Conv2D(4, 4, activation="leaky_relu", name="first", **down)
    ]
    middle = middle or [
        layers.Conv2D(8, 4, name="middle", **down),
        layers.Dropout(0.1),
        layers.BatchNormalization(),
        layers.Activation("leaky_relu"),
    ]
    output = output or [layers.Flatten(), layers.Dense(1, name="out")]
    return keras.Sequential([keras.Input((16, 16, 1)), *first, *middle, *output])


@pytest.mark.parametrize("build", [dcgan.shallow, dcgan.deep, dcgan.photographs])
def test_dcgans_follow_all_guidelines(build):
    findings = inspection.guidelines(*build())
    assert _faults(findings) == {} and inspection.broken_guidelines(findings) == []
    assert {f.guideline for f in findings} == set(GUIDELINES)


def test_each_layer_is_checked_once_per_guideline_that_concerns_it():
    generator, discriminator = dcgan.shallow()
    findings = inspection.guidelines(generator, discriminator)
    kernels = {
        "generator": [s.name for s in inspection.steps(generator) if s.has_kernel],
        "discriminator": [
            s.name for s in inspection.steps(discriminator) if s.has_kernel
        ],
    }
    assert [len(names) for names in kernels.values()] == [3, 3]
    convolutions = {
        "generator": kernels["generator"][1:],
        "discriminator": kernels["discriminator"][:-1],
    }
    dense = {"generator": ["project"], "discriminator": ["logits"]}
    expected = {
        STRIDES: convolutions,
        BATCH_NORM: kernels,
        NO_HIDDEN_DENSE: dense,
        GENERATOR_ACTIVATIONS: {"generator": kernels["generator"]},
        DISCRIMINATOR_ACTIVATIONS: {"discriminator": kernels["discriminator"]},
    }
    assert [(f.guideline, f.network, f.layer) for f in findings] == [
        (guideline, network, name)
        for guideline, networks in expected.items()
        for network, names in networks.items()
        for name in names
    ]


def test_fully_connected_networks_break_what_they_should():
    generator, discriminator = mlp.generator(), mlp.discriminator()
    findings = inspection.guidelines(generator, discriminator)
    assert inspection.broken_guidelines(findings) == [
        BATCH_NORM,
        NO_HIDDEN_DENSE,
        GENERATOR_ACTIVATIONS,
    ]
    faults = _faults(findings)
    dense = [s.name for s in inspection.steps(generator) if s.has_kernel]
    assert dense[-1] == "to_image"
    for name in dense[:-1]:
        assert faults[BATCH_NORM, "generator", name] == "no normalisation"
        reason = faults[GENERATOR_ACTIVATIONS, "generator", name]
        assert reason == "LeakyReLU 0.2"
    assert (BATCH_NORM, "generator", "to_image") not in faults
    reasons = [faults[NO_HIDDEN_DENSE, "generator", name] for name in dense]
    assert reasons == [
        *(f"a hidden dense layer of {units} units" for units in (256, 512, 1024)),
        "a fully connected output",
    ]
    hidden = [n for g, p, n in faults if (g, p) == (NO_HIDDEN_DENSE, "discriminator")]
    assert len(hidden) == 2 and "logits" not in hidden


def _normalised(x, activation):
    return activation(layers.BatchNormalization()(x))


def _report_of_iisc():
    up = {"strides": 2, "padding": "same"}
    relu, leaky = layers.ReLU, lambda: layers.LeakyReLU(negative_slope=0.2)
    latent = keras.Input((62,))
    x = _normalised(layers.Dense(1024, name="hidden")(latent), relu())
    x = _normalised(layers.Dense(7 * 7 * 128, name="to_map")(x), relu())
    x = layers.Reshape((7, 7, 128))(x)
    x = _normalised(layers.Conv2DTranspose(64, 4, **up)(x), relu())
    x = layers.Conv2DTranspose(1, 4, activation="sigmoid", name="out", **up)(x)
    generator = keras.Model(latent, layers.Rescaling(2.0, -1.0)(x))
    images = keras.Input((28, 28, 1))
    x = layers.Conv2D(64, 4, **up)(layers.Rescaling(0.5, 0.5)(images))
    x = _normalised(layers.Conv2D(128, 4, **up)(leaky()(x)), leaky())
    x = _normalised(layers.Dense(1024, name="wide")(layers.Flatten()(x)), leaky())
    return generator, keras.Model(images, layers.Dense(1)(x))


def test_the_network_of_the_iisc_report_breaks_two():
    findings = inspection.guidelines(*_report_of_iisc())
    assert inspection.broken_guidelines(findings) == [
        NO_HIDDEN_DENSE,
        GENERATOR_ACTIVATIONS,
    ]
    assert _faults(findings) == {
        (NO_HIDDEN_DENSE, "generator", "hidden"): "a hidden dense layer of 1024 units",
        (NO_HIDDEN_DENSE, "generator", "to_map"): (
            "reshaped to a map, but after another layer"
        ),
        (NO_HIDDEN_DENSE, "discriminator", "wide"): (
            "a hidden dense layer of 1024 units"
        ),
        (GENERATOR_ACTIVATIONS, "generator", "out"): "sigmoid, at the output",
    }


def _planted():
    """Yields faults, a pair of networks with each, and the expected finding."""
    up = {"strides": 2, "padding": "same"}
    norm, relu, leaky = layers.BatchNormalization, layers.ReLU, layers.LeakyReLU

    def middle_up(**options):
        return layers.Conv2DTranspose(4, 4, name="middle", **up, **options)

    def middle_down(**options):
        return layers.Conv2D(8, 4, name="middle", **up, **options)

    first = [layers.Conv2D(4, 4, activation="leaky_relu", name="first", **up)]
    pool = layers.MaxPooling2D(name="fault")
    larger = [
        layers.UpSampling2D(name="fault"),
        layers.Conv2D(4, 3, padding="same"),
        norm(),
        relu(),
    ]
    out_up = layers.Conv2DTranspose(1, 4, name="out", **up)
    yield (
        "pooling",
        {},
        {"middle": [middle_down(), norm(), leaky(), pool]},
        (
            *(STRIDES, "discriminator", "fault"),
            "MaxPooling2D instead of",
        ),
    )
    average = [layers.GlobalAveragePooling2D(name="fault"), layers.Dense(1)]
    yield (
        "global pooling",
        {},
        {"output": average},
        (
            *(STRIDES, "discriminator", "fault"),
            "GlobalAveragePooling2D instead of",
        ),
    )
    yield (
        "upsampling",
        {"middle": larger},
        {},
        (
            *(STRIDES, "generator", "fault"),
            "checkerboards: Odena et al. 2016",
        ),
    )
    yield (
        "no norm in G",
        {"middle": [middle_up(), relu()]},
        {},
        (
            *(BATCH_NORM, "generator", "middle"),
            "no normalisation",
        ),
    )
    yield (
        "no norm in D",
        {},
        {"middle": [middle_down(), leaky()]},
        (
            *(BATCH_NORM, "discriminator", "middle"),
            "no normalisation",
        ),
    )
    instance = [middle_down(), instance_norm(), leaky()]
    yield (
        "instance norm",
        {},
        {"middle": instance},
        (
            *(BATCH_NORM, "discriminator", "middle"),
            "instance normalisation instead",
        ),
    )
    layer = [middle_up(), layers.LayerNormalization(), relu()]
    yield (
        "layer norm",
        {"middle": layer},
        {},
        (
            *(BATCH_NORM, "generator", "middle"),
            "layer normalisation instead",
        ),
    )
    for wrapper in (SpectralNormalization, layers.SpectralNormalization):
        inner = layers.Conv2D(8, 4, use_bias=False, **up)
        spectral = [wrapper(inner, name="wrapped"), leaky()]
        yield (
            f"{wrapper.__module__} norm",
            {},
            {"middle": spectral},
            (
                *(BATCH_NORM, "discriminator", "wrapped"),
                "spectral normalisation instead",
            ),
        )
    yield (
        "norm at G's output",
        {"output": [out_up, norm(), layers.Activation("tanh")]},
        ({}),
        (BATCH_NORM, "generator", "out", "batch normalisation, at the output"),
    )
    first_norm = [layers.Conv2D(4, 4, name="first", **up), norm(), leaky()]
    yield (
        "norm at D's input",
        {},
        {"first": first_norm},
        (
            *(BATCH_NORM, "discriminator", "first"),
            "batch normalisation, at the input",
        ),
    )
    yield (
        "norm of the images",
        {},
        {"first": [norm(name="fault"), *first]},
        (
            *(BATCH_NORM, "discriminator", "fault"),
            "of the images themselves",
        ),
    )
    wide = [layers.Flatten(), layers.Dense(5, name="fault"), norm(), leaky()]
    yield (
        "hidden dense",
        {},
        {"output": [*wide, layers.Dense(1)]},
        (
            *(NO_HIDDEN_DENSE, "discriminator", "fault"),
            "a hidden dense layer of 5 units",
        ),
    )
    yield (
        "leaky G",
        {"middle": [middle_up(), norm(), leaky(0.3)]},
        {},
        (
            *(GENERATOR_ACTIVATIONS, "generator", "middle"),
            "LeakyReLU 0.3",
        ),
    )
    sloped = [middle_up(), norm(), layers.ReLU(negative_slope=0.1)]
    yield (
        "a slope in ReLU",
        {"middle": sloped},
        {},
        (
            *(GENERATOR_ACTIVATIONS, "generator", "middle"),
            "LeakyReLU 0.1",
        ),
    )
    yield (
        "no activation",
        {"middle": [middle_up(), norm()]},
        {},
        (
            *(GENERATOR_ACTIVATIONS, "generator", "middle"),
            "no activation",
        ),
    )
    two = [middle_up(activation="relu"), norm(), layers.Activation("gelu")]
    yield (
        "two activations",
        {"middle": two},
        {},
        (
            *(GENERATOR_ACTIVATIONS, "generator", "middle"),
            "ReLU and GELU",
        ),
    )
    yield (
        "no tanh",
        {"output": [layers.Conv2DTranspose(1, 4, name="out", **up)]},
        {},
        (
            *(GENERATOR_ACTIVATIONS, "generator", "out"),
            "no activation, at the output",
        ),
    )
    yield (
        "ReLU in D",
        {},
        {"middle": [middle_down(), norm(), relu()]},
        (
            *(DISCRIMINATOR_ACTIVATIONS, "discriminator", "middle"),
            "ReLU",
        ),
    )
    argument = [layers.Conv2D(4, 4, activation="relu", name="first", **up)]
    yield (
        "ReLU as D's argument",
        {},
        {"first": argument},
        (
            *(DISCRIMINATOR_ACTIVATIONS, "discriminator", "first"),
            "ReLU",
        ),
    )
    own = [middle_down(), norm(), layers.Activation(_own_activation)]
    yield (
        "an activation of one's own",
        {},
        {"middle": own},
        (
            *(DISCRIMINATOR_ACTIVATIONS, "discriminator", "middle"),
            "_own_activation",
        ),
    )
    bounded = [layers.Flatten(), layers.Dense(1, activation="tanh", name="out")]
    yield (
        "tanh at the logit",
        {},
        {"output": bounded},
        (
            *(DISCRIMINATOR_ACTIVATIONS, "discriminator", "out"),
            "tanh, at the logit",
        ),
    )


def _own_activation(x):
    return x * ops.sigmoid(x)


@pytest.mark.parametrize(
    "fault, g, d, expected", [pytest.param(*case, id=case[0]) for case in _planted()]
)
def test_one_fault_is_found_at_its_layer_and_nowhere_else(fault, g, d, expected):
    generator = _generator(**g)
    assert generator.output_shape == (None, 16, 16, 1)
    faults = _faults(inspection.guidelines(generator, _discriminator(**d)))
    *place, reason = expected
    assert list(faults) == [tuple(place)], fault
    assert reason in faults[tuple(place)]


def _of_functions():
    """Networks with functions of keras.activations and ops, and nested models."""
    up = {"strides": 2, "padding": "same"}
    latent = keras.Input((6,))
    x = layers.Reshape((4, 4, 8))(layers.Dense(4 * 4 * 8)(latent))
    x = keras.activations.relu(layers.BatchNormalization()(x))
    small = keras.Input((4, 4, 8))
    y = layers.Conv2DTranspose(4, 4, **up)(small)
    block = keras.Model(small, ops.relu(layers.BatchNormalization()(y)))
    x = layers.Conv2DTranspose(1, 4, **up)(block(x))
    generator = keras.Model(latent, keras.activations.tanh(x))
    images = keras.Input((16, 16, 1))
    first = SpectralNormalization(layers.Conv2D(4, 4, use_bias=False, **up))
    x = keras.activations.leaky_relu(first(images * 0.5 + 0.5), 0.2)
    x = layers.Conv2D(8, 4, **up)(x)
    x = keras.activations.relu(layers.BatchNormalization()(x), negative_slope=0.2)
    x = layers.Dense(1, activation="sigmoid")(layers.Flatten()(x))
    return generator, keras.Sequential([images, keras.Model(images, x)])


def test_correct_networks_in_another_style_are_accepted():
    assert _faults(inspection.guidelines(_generator(), _discriminator())) == {}
    findings = inspection.guidelines(*_of_functions())
    assert _faults(findings) == {}
    # Layers of nested models are among them.
    assert sum(f.guideline == BATCH_NORM for f in findings) == 6
    assert findings[-1].reason == "sigmoid, which belongs to the loss, at the logit"
    convolution = layers.Conv2D(4, 4, 2, activation=layers.LeakyReLU(0.2))
    networks = _generator(), _discriminator(first=[convolution])
    assert _faults(inspection.guidelines(*networks)) == {}


def test_a_residual_block_is_followed_through_its_sum():
    latent = keras.Input((6,))
    x = layers.Reshape((8, 8, 2))(layers.Dense(128)(latent))
    x = _normalised(x, layers.ReLU())
    y = _normalised(layers.Conv2D(2, 3, padding="same")(x), layers.ReLU())
    y = layers.BatchNormalization()(layers.Conv2D(2, 3, padding="same")(y))
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh")(x)
    generator = keras.Model(latent, x)
    assert _faults(inspection.guidelines(generator, _discriminator())) == {}


def test_the_table_lists_breaches_below_their_guideline():
    lines = inspection.guideline_table(
        inspection.guidelines(*_report_of_iisc())
    ).splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    verdicts = ["kept", "kept", "broken", "broken", "kept"]
    assert [line.split(maxsplit=1) for line in heads] == [
        list(pair) for pair in zip(verdicts, GUIDELINES, strict=True)
    ]
    place = lines.index(heads[3])
    assert lines[place + 1].strip() == "generator, out: sigmoid, at the output"
    assert len(lines) == 5 + 4


def test_a_model_without_a_graph_raises():
    empty = keras.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match="received Sequential without a graph"):
        inspection.guidelines(_generator(), empty)


def _patch_gan(strided, size=None, batch_norm=False):
    """pix2pix's discriminator (Isola et al. 2017, appendix 6.1.2)."""
    images = x = keras.Input((size, size, 1))
    for stride in [2] * strided + [1, 1]:
        x = layers.LeakyReLU(0.2)(layers.Conv2D(1, 4, stride, padding="same")(x))
        x = layers.BatchNormalization()(x) if batch_norm else x
    return keras.Model(images, x)


@pytest.mark.parametrize("strided, side", [(1, 16), (2, 34), (3, 70)])
def test_patches_have_the_sizes_of_the_pix2pix_paper(strided, side):
    assert inspection.receptive_field(_patch_gan(strided)) == (side, side)
    assert inspection.receptive_field(_patch_gan(strided, 32, True)) == (side, side)


def _measured(model, size):
    """Measures the extent of the pixels on which the middle output depends."""
    for weight in model.trainable_variables:
        weight.assign(np.full(weight.shape, 0.1))
    # All pixels differ, so that max-pooling selects different ones.
    x = np.random.default_rng(0).uniform(0.5, 1, (16, size, size, 1)).astype("float32")

    def centre(x):
        outputs = model(x, training=False)
        height, width = outputs.shape[1:3]
        return outputs[:, height // 2, width // 2, 0]

    gradient = ops.convert_to_numpy(input_gradient(centre, ops.convert_to_tensor(x)))
    touched = np.abs(gradient).max((0, 3)) > 0
    rows, columns = touched.any(1).nonzero()[0], touched.any(0).nonzero()[0]
    return tuple(int(np.ptp(places)) + 1 for places in (rows, columns))


def _field_networks():
    same = {"padding": "same"}

    def chain(*parts):
        return lambda images: keras.Sequential(parts)(images)

    def residual(x):
        x = layers.Conv2D(2, 3, **same)(x)
        y = layers.Conv2D(2, 3, **same)(layers.Conv2D(2, 5, **same)(x))
        return layers.Conv2D(1, 3, 2, **same)(x + y)

    yield "oblong", chain(layers.Conv2D(2, (3, 5)), layers.Conv2D(1, (2, 3), (2, 1)))
    yield (
        "dilated",
        chain(layers.Conv2D(2, 3, 2), layers.Conv2D(1, 3, dilation_rate=(2, 3))),
    )
    yield (
        "pooled",
        chain(
            layers.Conv2D(2, 3),
            layers.MaxPooling2D(3, 2),
            layers.Conv2D(1, 3),
            layers.AveragePooling2D(2),
        ),
    )
    yield (
        "separable",
        chain(
            layers.DepthwiseConv2D(3, 2),
            layers.ZeroPadding2D(1),
            layers.SeparableConv2D(1, 3),
            layers.Dense(1, activation="relu"),
        ),
    )
    yield "residual", residual
    yield (
        "spectral",
        chain(
            SpectralNormalization(layers.Conv2D(2, 4, 2, use_bias=False, **same)),
            layers.LeakyReLU(0.2),
            SpectralNormalization(layers.Conv2D(1, 4, 2, use_bias=False, **same)),
        ),
    )


@pytest.mark.parametrize(
    "network", [pytest.param(n, id=name) for name, n in _field_networks()]
)
def test_the_field_is_the_extent_of_the_gradient(network):
    images = keras.Input((40, 40, 1))
    model = keras.Model(images, network(images))
    field = inspection.receptive_field(model)
    assert max(field) < 30
    assert field == _measured(model, 40)


def test_the_field_of_70_is_the_extent_of_the_gradient():
    assert _measured(_patch_gan(3, 112), 112) == (70, 70)


def test_layers_that_join_all_pixels_see_the_whole_image():
    images = keras.Input((24, 32, 2))
    x = layers.Conv2D(8, 3, padding="same")(images)
    for joined in (
        layers.Dense(1)(layers.Flatten()(x)),
        layers.GlobalAveragePooling2D()(x),
        layers.GlobalMaxPooling2D(keepdims=True)(x),
        ops.mean(x, axis=(1, 2)),
        layers.Conv2D(1, 3)(SelfAttention2D()(x)),
    ):
        assert inspection.receptive_field(keras.Model(images, joined)) == (24, 32)
    # Flattening alone joins no pixels.
    model = keras.Model(images, layers.Flatten()(x))
    assert inspection.receptive_field(model) == (3, 3)


def test_labels_have_no_field():
    images, labels = keras.Input((16, 16, 1)), keras.Input((3,))
    map_of_labels = layers.Reshape((16, 16, 1))(layers.Dense(256)(labels))
    x = layers.Concatenate()([map_of_labels, images])
    model = keras.Model([labels, images], layers.Conv2D(1, 4, 2)(x))
    assert inspection.receptive_field(model) == (4, 4)


class _Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.convolution = layers.Conv2D(1, 3, padding="same")

    def call(self, x):
        return self.convolution(x)


@pytest.mark.parametrize(
    "layer, kind",
    [
        (lambda: layers.UpSampling2D(), "UpSampling2D"),
        (lambda: layers.Conv2DTranspose(1, 3, padding="same"), "Conv2DTranspose"),
        (lambda: layers.Reshape((32, 8, 1)), "Reshape"),
        (_Block, "_Block"),
    ],
)
def test_unknown_windows_raise(layer, kind):
    images = keras.Input((16, 16, 1))
    with pytest.raises(ValueError, match=rf"received '.*', a {kind}: measure"):
        inspection.receptive_field(keras.Model(images, layer()(images)))


def test_models_without_images_or_sides_raise():
    with pytest.raises(ValueError, match=r"received inputs \[\(None, 6\)\]"):
        inspection.receptive_field(_generator())
    images = keras.Input((None, None, 1))
    model = keras.Model(images, layers.GlobalAveragePooling2D()(images))
    with pytest.raises(ValueError, match="received None x None"):
        inspection.receptive_field(model)
