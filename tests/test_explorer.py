"""The explorer, against SVD, mixtures by hand and direct calls of the generator."""

import importlib.util

import keras
import numpy as np
import pytest
from keras import layers, ops

import gankit
from gankit import datasets, metrics
from gankit.networks import all_convolutional, cgan, dcgan, residual, sagan
from gankit.photos.explore import directions
from gankit.photos.explore.latents import interpolate
from gankit.photos.explore.rendering import Renderer, mixing_network

SHAPE = (8, 8, 1)


def discriminator(*inputs):
    """A discriminator that the tests do not call."""
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0],
        layers.Dense(1)(layers.Flatten()(inputs[0])),
    )


def gan_of(generator, **options):
    images = keras.Input(generator.output_shape[1:])
    if "num_classes" in options:
        labels = keras.Input((), dtype="int32")
        latent_dim = generator.input_shape[0][1]
        return gankit.ConditionalGAN(
            generator, discriminator(images, labels), latent_dim=latent_dim, **options
        )
    latent_dim = generator.input_shape[1]
    return gankit.GAN(
        generator, discriminator(images), latent_dim=latent_dim, **options
    )


def linear(matrix, layer=None):
    """A generator that multiplies a latent by a matrix `(latent_dim, 8 x 8)`."""
    latent = keras.Input((len(matrix),))
    layer = layer or layers.Dense(64, use_bias=True)
    generator = keras.Model(latent, layers.Reshape(SHAPE)(layer(latent)))
    generator.set_weights([matrix, np.full(64, 0.1)])
    return generator


def call(network, *inputs):
    """Calls a network directly."""
    inputs = [ops.convert_to_tensor(x) for x in inputs]
    images = network(inputs if len(inputs) > 1 else inputs[0])
    return ops.convert_to_numpy(ops.stop_gradient(images))


def draw(network, *inputs):
    return datasets.to_uint8(call(network, *inputs), (-1, 1))


def latent_of(gan, seed):
    return ops.convert_to_numpy(gan.sample_latent(1, seed=seed))


def scatter(network):
    """Sets random weights that are large enough to distinguish."""
    rng = np.random.default_rng(0)
    for variable in network.weights:
        if variable.name in ("kernel", "embeddings"):
            variable.assign(rng.normal(size=variable.shape, scale=0.3))


@pytest.fixture(scope="module")
def plain():
    gan = gan_of(dcgan.shallow(SHAPE, 6)[0])
    scatter(gan.generator)
    return gan


@pytest.fixture(scope="module")
def conditional():
    generator, _ = cgan.shallow(SHAPE, 4, 6, conditioning="projection")
    scatter(generator)
    return gan_of(generator, num_classes=4)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_directions_are_the_singular_vectors_of_a_linear_generator(distribution):
    matrix = 0.02 * np.random.default_rng(0).normal(size=(12, 64)).astype("float32")
    gan = gan_of(linear(matrix), latent_distribution=distribution)
    found = directions.find(gan, 5)
    left, singular, _ = np.linalg.svd(matrix)
    spread = 1.0 if distribution == "normal" else np.sqrt(1 / 3)
    np.testing.assert_allclose(
        np.abs(found.steps @ left[:, :5]), spread * np.eye(5), atol=1e-5
    )
    # One step changes a value by the singular value, shared out among the pixels.
    expected = (spread * singular[:5]) ** 2 / 64
    np.testing.assert_allclose(found.changes, expected, rtol=1e-3)
    np.testing.assert_allclose(found.levels, 127.5 * np.sqrt(expected), rtol=1e-3)


def test_an_activation_in_the_first_layer_changes_no_direction():
    matrix = 0.1 * np.random.default_rng(0).normal(size=(6, 64)).astype("float32")
    gan = gan_of(linear(matrix, layers.Dense(64, activation="tanh")))
    left, *_ = np.linalg.svd(matrix)
    # All six, as the order is that of the images.
    found = np.abs(directions.find(gan, 6).steps @ left)
    np.testing.assert_allclose(np.sort(found)[:, :-1], np.zeros((6, 5)), atol=1e-5)


def test_of_convolutions_and_normalised_layers_too():
    # A latent as a map of one pixel, and a kernel under spectral normalisation.
    for generator in (
        all_convolutional.generator(5, (8, 4, 4)),
        residual.generator((8, 8, 3), 5, 4),
    ):
        kernel = next(v for v in generator.trainable_variables if v.name == "kernel")
        kernel = ops.convert_to_numpy(kernel)
        matrix = kernel if kernel.ndim == 2 else np.moveaxis(kernel, -1, 0)
        left, *_ = np.linalg.svd(matrix.reshape(5, -1))
        found = np.abs(directions.find(gan_of(generator), 5).steps @ left)
        np.testing.assert_allclose(np.sort(found)[:, -1], np.ones(5), atol=1e-4)


def test_the_class_multiplies_what_the_first_layer_sees():
    generator, _ = cgan.shallow(SHAPE, 4, 6, conditioning="multiplication")
    gan = gan_of(generator, num_classes=4)
    table, kernel = (ops.convert_to_numpy(v) for v in generator.weights[:2])
    stacked = np.concatenate([row[:, None] * kernel for row in table], axis=1)
    left, *_ = np.linalg.svd(stacked)
    found = np.abs(directions.find(gan, 6).steps @ left)
    np.testing.assert_allclose(np.sort(found)[:, -1], np.ones(6), atol=1e-4)


def test_what_changes_most_comes_first(conditional):
    found = directions.find(conditional, 6, seed=3)
    assert np.all(np.diff(found.changes) <= 0)
    latents = ops.convert_to_numpy(
        conditional.sample_latent(directions.LATENTS, seed=3)
    )
    labels = (np.arange(directions.LATENTS) % 4).astype("int32")
    for step, change in zip(found.steps, found.changes, strict=True):
        ends = [
            call(conditional.generator, latents + s * step / 2, labels) for s in (1, -1)
        ]
        assert change == pytest.approx(np.mean((ends[0] - ends[1]) ** 2), rel=1e-4)


@pytest.mark.parametrize(
    "build",
    [
        lambda: cgan.shallow(SHAPE, 4, 6, conditioning="multiplication")[0],
        lambda: cgan.shallow(SHAPE, 4, 6, conditioning="projection")[0],
        lambda: sagan.generator((32, 32, 3), 6, 4, num_classes=4),
    ],
)
def test_a_mixed_class_has_mixed_rows(build):
    generator = build()
    scatter(generator)
    mixing = mixing_network(generator, 4)
    latents = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    whole = call(mixing, latents, np.eye(4, dtype="float32"))
    expected = call(generator, latents, np.arange(4, dtype="int32"))
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    shares = np.tile(np.float32([0.25, 0, 0, 0.75]), (4, 1))
    mixed = call(mixing, latents, shares)
    # The same by hand: the tables get the mixture as the row of class 0.
    for table in generator.variables:
        if table.name == "embeddings":
            rows = ops.convert_to_numpy(table).copy()
            rows[0] = 0.25 * rows[0] + 0.75 * rows[3]
            table.assign(rows)
    by_hand = call(generator, latents, np.zeros(4, "int32"))
    np.testing.assert_allclose(mixed, by_hand, atol=1e-5)
    assert np.abs(by_hand - whole).max() > 0.01


def test_appended_labels_are_mixed_where_they_are_appended():
    generator, _ = cgan.shallow(SHAPE, 4, 6, conditioning="concatenation")
    mixing = mixing_network(generator, 4)
    latents = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    whole = call(mixing, latents, np.eye(4, dtype="float32"))
    expected = call(generator, latents, np.arange(4, dtype="int32"))
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    # By hand: what the first layer makes of the latent with shares appended.
    after = keras.Input(generator.get_layer("project").output.shape[1:])
    x = after
    for layer in generator.layers[
        generator.layers.index(generator.get_layer("project")) + 1 :
    ]:
        x = layer(x)
    shares = np.tile(np.float32([0.25, 0, 0, 0.75]), (4, 1))
    kernel = ops.convert_to_numpy(generator.get_layer("project").kernel)
    by_hand = call(keras.Model(after, x), np.hstack([latents, shares]) @ kernel)
    np.testing.assert_allclose(call(mixing, latents, shares), by_hand, atol=1e-5)


def test_labels_that_go_elsewhere_are_drawn_whole():
    latent, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    one_hot = ops.one_hot(labels, 3)
    x = layers.Dense(64)(layers.Concatenate()([latent, one_hot]))
    gan = gan_of(keras.Model([latent, labels], layers.Reshape(SHAPE)(x)), num_classes=3)
    render = Renderer(gan)
    assert not render.mixes_classes
    latents = latent_of(gan, 0)
    expected = call(gan.generator, latents, np.array([2], "int32"))
    found = render(latents, [[0.1, 0.3, 0.6]])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_sample_is_in_the_middle_of_its_traversal(plain, conditional):
    for gan, label in ((plain, None), (conditional, 2)):
        render = Renderer(gan)
        found = directions.find(render, 3)
        images = directions.traversal_images(render, found, label=label, seed=5)
        assert images.shape == (3, 7, *SHAPE)
        sample = gan.sample(1, seed=5, **({} if label is None else {"labels": [label]}))
        for row in images:
            np.testing.assert_array_equal(row[3], sample[0])
        moved = (latent_of(gan, 5) - 3 * found.steps[1]).astype("float32")
        labels = () if label is None else (np.array([label], "int32"),)
        np.testing.assert_array_equal(
            images[1, 0], draw(gan.generator, moved, *labels)[0]
        )
    (axes,) = gankit.traversal(plain, count=2).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()][::3] == [
        "-3",
        "0",
        "+3",
    ]
    assert len(axes.get_yticks()) == 2


def test_a_slider_does_what_a_call_of_the_generator_does(plain):
    explorer = gankit.explore(plain, count=3, seed=4)
    np.testing.assert_array_equal(explorer.image, plain.sample(1, seed=4)[0])
    explorer.sliders[1].value = 2.5
    moved = (latent_of(plain, 4) + 2.5 * explorer.directions.steps[1]).astype("float32")
    np.testing.assert_array_equal(explorer.image, draw(plain.generator, moved)[0])
    assert (explorer.image != plain.sample(1, seed=4)[0]).any()
    # The slider moves both ends of the strip.
    np.testing.assert_array_equal(explorer.strip[0], explorer.image)
    end = (latent_of(plain, 5) + 2.5 * explorer.directions.steps[1]).astype("float32")
    np.testing.assert_array_equal(explorer.strip[-1], draw(plain.generator, end)[0])

    explorer.position.value = 0.5
    explorer.reset.click()
    assert [slider.value for slider in explorer.sliders] == [0, 0, 0]
    assert explorer.position.value == 0
    np.testing.assert_array_equal(explorer.image, plain.sample(1, seed=4)[0])
    explorer.another.click()
    np.testing.assert_array_equal(explorer.image, plain.sample(1, seed=5)[0])


@pytest.mark.parametrize("kind", ["spherical", "linear"])
def test_between_two_latents_it_goes_as_interpolate_does(plain, kind):
    explorer = gankit.explore(plain, count=1, seed=0)
    explorer.kind.value = kind
    explorer.position.value = 0.25
    path = interpolate(latent_of(plain, 0)[0], latent_of(plain, 1)[0], 5, kind=kind)
    np.testing.assert_array_equal(explorer.image, draw(plain.generator, path[1:2])[0])
    np.testing.assert_array_equal(explorer.strip[::2], draw(plain.generator, path))


def test_classes_are_chosen_and_crossed(conditional):
    explorer = gankit.explore(conditional, class_names="abcd", count=2)
    first, second = explorer.classes
    assert [name for name, _ in first.options] == list("abcd")
    first.value = 2
    np.testing.assert_array_equal(explorer.image, conditional.sample(1, labels=[2])[0])
    second.value = 3
    # The seed is the same: nothing changes but the class.
    np.testing.assert_array_equal(
        explorer.strip[-1], conditional.sample(1, labels=[3])[0]
    )
    explorer.position.value = 1.0
    np.testing.assert_array_equal(explorer.image, explorer.strip[-1])
    explorer.position.value = 0.5
    render = Renderer(conditional)
    halfway = render(latent_of(conditional, 0), [[0, 0, 0.5, 0.5]])[0]
    np.testing.assert_array_equal(explorer.image, datasets.to_uint8(halfway, (-1, 1)))
    assert "class c, seed 0 to class d, seed 0" in explorer._strip_picture.value


def test_the_nearest_training_image_is_that_of_the_metric(plain):
    train = np.random.default_rng(0).integers(0, 256, (50, *SHAPE), dtype="uint8")
    train[17] = plain.sample(1, seed=1)[0]
    explorer = gankit.explore(plain, train, count=1)
    pixels = train.reshape(50, -1) / 255
    (index,), (distance,) = metrics.nearest(explorer.image.reshape(1, -1) / 255, pixels)
    assert explorer.nearest == index
    assert f"at a distance of {distance:.1f}" in explorer._pictures.value
    explorer.another.click()
    assert explorer.nearest == 17


def test_the_averaged_generator_is_shown_and_follows_the_training():
    gan = gan_of(dcgan.shallow(SHAPE, 6)[0], ema=0.9)
    scatter(gan.ema_generator)
    explorer = gankit.explore(gan, count=1)
    latent = latent_of(gan, 0)
    averaged, trained = (
        draw(network, latent)[0] for network in (gan.ema_generator, gan.generator)
    )
    np.testing.assert_array_equal(explorer.image, averaged)
    assert (averaged != trained).any()
    gan.ema_generator.set_weights(gan.generator.get_weights())
    explorer.reset.click()
    np.testing.assert_array_equal(explorer.image, trained)


def test_without_widgets_there_is_a_sentence(plain, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert gankit.explore(plain) is None
    assert "pip install ipywidgets" in capsys.readouterr().out


def test_what_cannot_be_explored_gets_a_sentence(plain, conditional):
    with pytest.raises(ValueError, match="received Functional: pass the model"):
        gankit.explore(plain.generator)
    with pytest.raises(ValueError, match="from 1 to 6.*received 7"):
        gankit.explore(plain, count=7)
    with pytest.raises(ValueError, match="4 names of classes.*received 2"):
        gankit.explore(conditional, class_names=["a", "b"])
    with pytest.raises(ValueError, match=r"uint8 \(n, 8, 8, 1\).*received float64"):
        gankit.explore(plain, np.zeros((3, *SHAPE)))
    with pytest.raises(ValueError, match="a label from 0 to 3.*received 4"):
        gankit.traversal(conditional, label=4)
    with pytest.raises(ValueError, match="no label.*received 0"):
        gankit.traversal(plain, label=0)
    latent = keras.Input((64,))
    without = gan_of(keras.Model(latent, layers.Reshape(SHAPE)(latent)))
    with pytest.raises(ValueError, match="goes into a dense layer"):
        directions.find(without, 1)
