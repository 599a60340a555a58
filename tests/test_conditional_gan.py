"""Conditional networks and their trainer: where labels enter, and what they do."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit import ConditionalGAN, datasets
from gankit.networks import cgan, dcgan


def inner(model, layer, arrays):
    """Returns the output of a layer inside a model."""
    inputs = [ops.convert_to_tensor(array) for array in arrays]
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    return ops.convert_to_numpy(ops.cast(part(inputs), "float32"))


def small(conditioning, **options):
    return cgan.shallow((8, 8, 1), 4, 6, conditioning=conditioning, **options)


@pytest.fixture
def latent():
    return np.random.default_rng(1).normal(size=(3, 6)).astype("float32")


@pytest.fixture
def images():
    return np.random.default_rng(2).uniform(-1, 1, (3, 8, 8, 1)).astype("float32")


LABELS = np.array([2, 0, 2], "int32")


def named(model, kind):
    return next(layer for layer in model.layers if isinstance(layer, kind))


def test_multiplication_multiplies_by_the_embedding_of_the_label(latent, images):
    generator, discriminator = small("multiplication")
    for network, values in ((generator, latent), (discriminator, images)):
        table = ops.convert_to_numpy(named(network, layers.Embedding).embeddings)
        table = table[LABELS].reshape(values.shape)
        product = inner(network, named(network, layers.Multiply).name, (values, LABELS))
        np.testing.assert_allclose(product, values * table, rtol=1e-6)


def test_concatenation_appends_constant_planes_of_the_right_class(latent, images):
    # A known fault elsewhere: a reshape that scrambles the label planes.
    generator, discriminator = small("concatenation")
    name = named(discriminator, layers.Concatenate).name
    joined = inner(discriminator, name, (images, LABELS))
    np.testing.assert_array_equal(joined[..., :1], images)
    planes = np.eye(4)[LABELS][:, None, None, :] * np.ones((1, 8, 8, 1))
    np.testing.assert_array_equal(joined[..., 1:], planes)
    name = named(generator, layers.Concatenate).name
    joined = inner(generator, name, (latent, LABELS))
    np.testing.assert_array_equal(joined, np.hstack([latent, np.eye(4)[LABELS]]))


def test_projection_adds_the_inner_product_with_the_class(images):
    _, discriminator = small("projection")
    embedding = next(
        layer
        for layer in discriminator.layers
        if isinstance(layer, layers.Dense) and layer.name != "logits"
    )
    flat = named(discriminator, layers.Flatten).name
    features = inner(discriminator, flat, (images, LABELS))
    plain = inner(discriminator, "logits", (images, LABELS))
    table = ops.convert_to_numpy(embedding.kernel)
    expected = plain[:, 0] + (features * table[LABELS]).sum(axis=1)
    logits = inner(discriminator, "judgement", (images, LABELS))[:, 0]
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_projection_with_spectral_norm_bounds_the_embedding(images):
    _, discriminator = small("projection", batch_norm=False, spectral_norm=True)
    for _ in range(30):  # power iterations
        discriminator([images, LABELS], training=True)
    flat = named(discriminator, layers.Flatten).name
    features = inner(discriminator, flat, (images, LABELS))
    added = inner(discriminator, "projection", (images, LABELS))[:, 0]
    # The largest singular value of the embedding is 1, so no row is longer.
    assert np.all(np.abs(added) <= np.linalg.norm(features, axis=1) * 1.01)
    assert np.abs(added).max() > 0


def stubs():
    """A generator that paints its label, and a discriminator that compares both."""
    latent = keras.Input((2,), name="latent")
    labels = keras.Input((), dtype="int32", name="labels")
    shade = layers.Reshape((1, 1, 1))(ops.cast(labels, "float32")[:, None])
    weight = layers.Dense(1, use_bias=False, kernel_initializer="zeros")(latent)
    out = shade + layers.Reshape((1, 1, 1))(weight)
    generator = keras.Model([latent, labels], out)
    images = keras.Input((1, 1, 1), name="images")
    # Zero where image and label agree.
    apart = layers.Flatten()(images) - ops.cast(labels, "float32")[:, None]
    logits = layers.Dense(1, use_bias=False, kernel_initializer="ones")(apart**2)
    return generator, keras.Model([images, labels], logits)


def test_fakes_have_the_labels_of_the_real_images():
    gan = ConditionalGAN(*stubs(), num_classes=5, latent_dim=2, loss="wasserstein")
    labels = np.array([0, 3, 4, 1], "int32")
    real = labels.astype("float32").reshape(-1, 1, 1, 1) + 2.0
    batch = (ops.convert_to_tensor(real), ops.convert_to_tensor(labels))
    # D is (image - label)^2: 4 for these real images, 0 for fakes of the same labels.
    loss = gan.discriminator_loss(batch)
    assert float(ops.convert_to_numpy(loss)) == pytest.approx(-4.0)
    loss = gan.generator_loss(batch)
    assert float(ops.convert_to_numpy(loss)) == pytest.approx(0.0)


def test_a_relative_loss_compares_images_of_one_class():
    gan = ConditionalGAN(*stubs(), num_classes=5, latent_dim=2, loss="relativistic")
    labels = np.array([0, 3, 4, 1], "int32")
    real = labels.astype("float32").reshape(-1, 1, 1, 1) + 2.0
    batch = (ops.convert_to_tensor(real), ops.convert_to_tensor(labels))
    loss = float(ops.convert_to_numpy(gan.discriminator_loss(batch)))
    assert loss == pytest.approx(np.logaddexp(0, -4.0))
    before = ops.convert_to_numpy(gan.seed_generator.state)
    loss = float(ops.convert_to_numpy(gan.generator_loss(batch)))
    assert loss == pytest.approx(np.logaddexp(0, 4.0))
    # One draw: latents, and no labels.
    drawn = ops.convert_to_numpy(gan.seed_generator.state) - before
    np.testing.assert_array_equal(drawn, [0, 1])


def test_the_generator_draws_new_labels_evenly():
    gan = ConditionalGAN(*stubs(), num_classes=5, latent_dim=2)
    first, second = (ops.convert_to_numpy(gan.sample_labels(10_000)) for _ in range(2))
    assert np.abs(np.bincount(first, minlength=5) - 2000).max() < 200  # five sigma
    assert (first != second).any()


def test_samples_have_the_requested_classes():
    gan = ConditionalGAN(*stubs(), num_classes=2, latent_dim=2)
    # The stub paints 0 as mid-grey and 1 as white.
    grey = gan.sample(4, labels=[1, 0, 0, 1])[:, 0, 0, 0]
    np.testing.assert_array_equal(grey, [255, 128, 128, 255])
    np.testing.assert_array_equal(gan.sample(3)[:, 0, 0, 0], [128, 255, 128])
    with pytest.raises(ValueError, match="from 0 to 1, received values from"):
        gan.sample(2, labels=[0, 2])
    with pytest.raises(ValueError, match="shape"):
        gan.sample(2, labels=[0])


def test_networks_without_labels_raise():
    generator, discriminator = small("multiplication")
    plain = dcgan.discriminator((4,), (2,), image_shape=(8, 8, 1))
    with pytest.raises(ValueError, match="takes \\[images, labels"):
        ConditionalGAN(generator, plain, num_classes=4, latent_dim=6)
    with pytest.raises(ValueError, match="make latent_dim"):
        ConditionalGAN(generator, discriminator, num_classes=4, latent_dim=7)
    with pytest.raises(ValueError, match="from 2 up"):
        ConditionalGAN(generator, discriminator, num_classes=1, latent_dim=6)
    with pytest.raises(ValueError, match="multiplication, concatenation"):
        small("addition")


def test_a_loaded_model_resumes_exactly(tmp_path):
    data = datasets.digits(size=8).train
    keras.utils.set_random_seed(3)
    gan = ConditionalGAN(
        *cgan.shallow((8, 8, 1), 10, 6, conditioning="projection"),
        num_classes=10,
        latent_dim=6,
        ema=0.9,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))

    def train(model, start):
        batches = datasets.Batches(
            data.images, data.labels, batch_size=8, seed=0, start_step=start
        )
        model.fit(batches, steps_per_epoch=2, verbose=0)

    train(gan, 0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    for model in (gan, loaded):
        train(model, 2)
    for one, other in zip(gan.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(gan.sample(12), loaded.sample(12))
