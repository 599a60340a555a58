"""Networks: shapes, widths, biases and numbers of parameters."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit.layers import SpectralNormalization
from gankit.networks import all_convolutional, dcgan, hidden_dense, mlp


def _of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _count(model):
    """Counts trainable parameters, without moving statistics."""
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_shallow_is_the_network_of_the_report():
    generator, discriminator = dcgan.shallow()
    transposed = _of(generator, layers.Conv2DTranspose)
    assert [(t.filters, t.kernel_size, t.strides) for t in transposed] == [
        (64, (5, 5), (2, 2)),
        (1, (5, 5), (2, 2)),
    ]
    convolutions = _of(discriminator, layers.Conv2D)
    assert [(c.filters, c.kernel_size, c.strides) for c in convolutions] == [
        (64, (5, 5), (2, 2)),
        (128, (5, 5), (2, 2)),
    ]
    dense = 100 * 7 * 7 * 128
    batch_norms = 2 * 128 + 2 * 64
    kernels = 25 * 128 * 64 + 25 * 64 * 1 + 1
    assert _count(generator) == dense + batch_norms + kernels
    assert _count(discriminator) == (25 * 64 + 64) + (25 * 64 * 128) + 2 * 128 + (
        7 * 7 * 128 + 1
    )


def test_deep_is_the_network_of_the_report():
    generator, discriminator = dcgan.deep()
    transposed = _of(generator, layers.Conv2DTranspose)
    assert [(t.filters, t.strides[0]) for t in transposed] == [
        (128, 2),
        (64, 2),
        (32, 1),
        (1, 1),
    ]
    convolutions = _of(discriminator, layers.Conv2D)
    assert [(c.filters, c.strides[0]) for c in convolutions] == [
        (32, 2),
        (64, 2),
        (128, 1),
        (256, 1),
    ]
    assert generator.output_shape == (None, 28, 28, 1)


def test_dtus_network_has_no_dense_layer_and_its_widths():
    generator = all_convolutional.generator()
    discriminator = all_convolutional.discriminator()
    for network in (generator, discriminator):
        assert not _of(network, layers.Dense)
    transposed = _of(generator, layers.Conv2DTranspose)
    assert [t.filters for t in transposed] == [1024, 512, 256, 1]
    assert [t.output.shape[1] for t in transposed] == [3, 7, 14, 28]
    convolutions = _of(discriminator, layers.Conv2D)
    assert [c.filters for c in convolutions] == [128, 256, 512, 1]
    assert [c.output.shape[1] for c in convolutions] == [14, 7, 3, 1]
    kernels = 9 * 100 * 1024 + 9 * 1024 * 512 + 16 * 512 * 256 + 16 * 256
    assert _count(generator) == kernels + 2 * (1024 + 512 + 256) + 1


def test_iiscs_network_equals_its_code():
    generator, discriminator = hidden_dense.generator(), hidden_dense.discriminator()
    assert generator.input_shape == (None, 62)
    assert [d.units for d in _of(generator, layers.Dense)] == [1024, 7 * 7 * 128]
    assert [d.units for d in _of(discriminator, layers.Dense)] == [1024, 1]
    # 2 sigmoid(x) - 1 = tanh(x / 2)
    latent = keras.random.normal((3, 62), seed=0)
    before = keras.Model(generator.inputs, generator.get_layer("to_image").output)
    np.testing.assert_allclose(
        ops.convert_to_numpy(generator(latent)),
        np.tanh(ops.convert_to_numpy(before(latent)) / 2),
        atol=1e-6,
    )
    images = np.random.default_rng(0).uniform(-1, 1, (3, 28, 28, 1))
    values = hidden_dense.discriminator(sigmoid=True)(images)
    values = ops.convert_to_numpy(values)
    assert 0 < values.min() and values.max() < 1


def test_photographs_has_four_layers_of_stride_2():
    generator, discriminator = dcgan.photographs(width=8)
    assert [t.filters for t in _of(generator, layers.Conv2DTranspose)] == [
        *(32, 16, 8, 3),
    ]
    assert [c.filters for c in _of(discriminator, layers.Conv2D)] == [8, 16, 32, 64]
    assert generator.output_shape == (None, 64, 64, 3)


@pytest.mark.parametrize(
    "build",
    [
        lambda **critic: dcgan.shallow(**critic)[1],
        all_convolutional.discriminator,
    ],
)
def test_a_spectral_critic_normalises_every_layer_with_weights(build):
    critic = build(batch_norm=False, spectral_norm=True)
    wrapped = _of(critic, SpectralNormalization)
    weighted = [layer for layer in critic.layers if layer.trainable_weights]
    assert weighted == wrapped and all(layer.use_bias for layer in wrapped)
    both = build(spectral_norm=True)
    assert len(_of(both, layers.BatchNormalization)) == len(
        _of(build(), layers.BatchNormalization)
    )


@pytest.mark.parametrize(
    "build",
    [
        dcgan.shallow,
        dcgan.deep,
        lambda: dcgan.photographs(width=4),
        lambda: (all_convolutional.generator(), all_convolutional.discriminator()),
        lambda: (hidden_dense.generator(), hidden_dense.discriminator()),
    ],
)
def test_no_bias_precedes_batch_normalisation(build):
    for network in build():
        followers = {}
        for layer in network.layers:
            for node in layer._inbound_nodes:
                for parent in node.parent_nodes:
                    followers.setdefault(parent.operation, []).append(layer)
        for layer in _of(network, (layers.Dense, layers.Conv2D)):
            after = followers.get(layer, [])
            while any(isinstance(f, layers.Reshape) for f in after):
                after = [g for f in after for g in followers[f]]
            normalised = any(isinstance(f, layers.BatchNormalization) for f in after)
            assert layer.use_bias != normalised, layer.name


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 48, 3)])
def test_networks_fit_each_other_and_the_image(shape):
    for generator, discriminator in (
        dcgan.shallow(shape, latent_dim=5),
        dcgan.deep(shape, latent_dim=5),
        (mlp.generator(shape, 5), mlp.discriminator(shape)),
    ):
        images = generator(np.zeros((2, 5), "float32"))
        assert tuple(images.shape) == (2, *shape)
        assert tuple(discriminator(images).shape) == (2, 1)
        values = ops.convert_to_numpy(images)
        assert -1 <= values.min() and values.max() <= 1


def test_fully_connected_networks_have_the_widths_given():
    generator = mlp.generator(hidden=(8, 16))
    assert [d.units for d in _of(generator, layers.Dense)] == [8, 16, 784]
    discriminator = mlp.discriminator(hidden=(16, 8))
    assert [d.units for d in _of(discriminator, layers.Dense)] == [16, 8, 1]


def test_strides_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="multiples of 4, .* received 30 x 28"):
        dcgan.shallow((30, 28, 1))
    for build in (dcgan.generator, dcgan.discriminator):
        with pytest.raises(ValueError, match="as many strides as filters, received 1"):
            build((8, 4), (2,))


def test_initial_weights_follow_the_paper():
    keras.utils.set_random_seed(0)
    generator, discriminator = dcgan.shallow()
    for network in (generator, discriminator):
        for layer in _of(network, layers.Conv2D):
            kernel = ops.convert_to_numpy(layer.kernel)
            assert kernel.mean() == pytest.approx(0, abs=0.003)
            assert kernel.std() == pytest.approx(0.02, rel=0.05)
