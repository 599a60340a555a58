"""Norms of layers, gains and maps of attention, and their log during training."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit import files, plotting
from gankit.callbacks import checkpoint
from gankit.callbacks.weight_log import WeightLog
from gankit.constraints import WeightClipping, clip_weights
from gankit.datasets import Batches
from gankit.inspection import attention_gains, attention_maps, layer_norms
from gankit.layers import SelfAttention2D, SpectralNormalization


def _numpy(x):
    return ops.convert_to_numpy(ops.stop_gradient(x))


def _largest(matrix):
    return np.linalg.svd(matrix.astype("float64"), compute_uv=False)[0]


def _network():
    clipped = {"kernel_constraint": WeightClipping(0.1)}
    return keras.Sequential(
        [
            keras.Input((6,)),
            SpectralNormalization(layers.Dense(48, use_bias=False), name="project"),
            layers.Reshape((4, 4, 3)),
            layers.Conv2DTranspose(8, 4, 2, padding="same"),
            SelfAttention2D(spectral_normalization=True),
            layers.Conv2D(5, 3, **clipped),
        ],
        name="player",
    )


def test_norms_equal_the_largest_singular_values():
    network = _network()
    norms = layer_norms(network)
    assert [norm.name for norm in norms] == [
        *("1 project", "2 conv2d_transpose", "3 query", "4 key", "5 value"),
        *("6 output", "7 conv2d"),
    ]
    project, _, transposed, attention, clipped = network.layers
    # Columns are outputs, the second last axis of a transposed convolution.
    kernel = np.swapaxes(_numpy(transposed.kernel), 2, 3).reshape(-1, 8)
    assert norms[1].kernel == pytest.approx(_largest(kernel), rel=1e-6)
    assert norms[1].normalised is None and norms[1].at_bound is None
    kernel = _numpy(clipped.kernel)
    assert norms[6].kernel == pytest.approx(_largest(kernel.reshape(-1, 5)), rel=1e-6)
    for norm, layer in ((norms[0], project), (norms[4], attention.value)):
        kernel = _numpy(layer.layer.kernel)
        kernel = kernel.reshape(-1, kernel.shape[-1])
        used = kernel / _numpy(layer.sigma)
        assert norm.kernel == pytest.approx(_largest(kernel), rel=1e-6)
        assert norm.normalised == pytest.approx(_largest(used), rel=1e-6)
        assert 1 - 1e-5 < norm.normalised < 1.1
    # Glorot's initial weights reach sqrt(6 / (9 * (8 + 5))) = 0.23, not clipped yet.
    assert norms[6].at_bound == pytest.approx(np.mean(np.abs(clipped.kernel) >= 0.1))
    clipped.kernel.assign(clipped.kernel_constraint(clipped.kernel * 1e6))
    assert layer_norms(network)[6].at_bound > 0.99
    clipped.kernel.assign(np.full(clipped.kernel.shape, np.nan))
    assert np.isnan(layer_norms(network)[6].kernel)


def test_a_clipped_critic_has_shares_at_the_bound():
    network = _network()
    clip_weights(network, 1e-6)
    assert all(norm.at_bound > 0.9 for norm in layer_norms(network))


def test_gains_of_attention_are_found():
    network = _network()
    assert attention_gains(network) == [0.0]
    network.layers[3].gamma.assign(0.25)
    assert attention_gains(network) == [0.25]


def test_a_resumed_training_writes_the_same_log(make_gan, images, tmp_path):
    def train(gan, path, steps):
        batches = Batches(images, batch_size=8, seed=0, start_step=gan.steps_done)
        epochs = (steps - gan.steps_done) // 2
        log = WeightLog(path)
        gan.fit(batches, steps_per_epoch=2, epochs=epochs, verbose=0, callbacks=[log])

    gan = make_gan(weight_clipping=0.02)
    start = [norm.kernel for norm in layer_norms(gan.generator)]
    train(gan, tmp_path / "whole.csv", 2)
    checkpoint.save(gan, tmp_path / "state.npz")
    text = (tmp_path / "whole.csv").read_text()
    train(gan, tmp_path / "whole.csv", 6)
    whole = files.read_history(tmp_path / "whole.csv")
    np.testing.assert_array_equal(whole["step"], [0, 2, 4, 6])
    for i, norms in ((0, start), (3, [n.kernel for n in layer_norms(gan.generator)])):
        columns = [name for name in whole if name.startswith("generator ")]
        logged = [whole[name][i] for name in columns]
        np.testing.assert_allclose(logged, norms, rtol=1e-4)
    # `weight_clipping` sets the constraint on variables, not on layers.
    clipped = {name.split()[0] for name in whole if "at bound" in name}
    assert clipped == {"discriminator"}

    # Killed at 4 with a checkpoint at 2: the row of 4 is removed and measured again.
    (tmp_path / "parts.csv").write_text(
        text + (tmp_path / "whole.csv").read_text().splitlines()[3] + "\n"
    )
    other = make_gan(weight_clipping=0.02)
    checkpoint.restore(other, tmp_path / "state.npz")
    train(other, tmp_path / "parts.csv", 6)
    parts = files.read_history(tmp_path / "parts.csv")
    np.testing.assert_array_equal(parts["step"], whole["step"])
    for name, column in whole.items():
        np.testing.assert_allclose(parts[name], column, rtol=1e-4)


def test_rows_come_at_multiples_however_the_training_is_divided(
    make_gan, images, tmp_path
):
    def steps(path, parts):
        gan = make_gan()
        log = WeightLog(tmp_path / path, every=3)
        batches = Batches(images, batch_size=8, seed=0)
        for epochs in parts:
            gan.fit(
                batches, steps_per_epoch=2, epochs=epochs, verbose=0, callbacks=[log]
            )
        return files.read_history(tmp_path / path)["step"].tolist()

    # Epochs of 2 steps: 4 is the first to reach 3, 6 reaches 6, 10 reaches 9.
    assert steps("whole.csv", [6]) == [0, 4, 6, 10, 12]
    assert steps("parts.csv", [1, 3, 2]) == [0, 4, 6, 10, 12]


@pytest.mark.parametrize("pool", [False, True])
def test_maps_equal_the_softmax_by_hand(pool):
    images = keras.Input((8, 12, 3))
    x = layers.Conv2D(16, 3, 2, padding="same")(images)
    attention = SelfAttention2D(pool=pool)
    critic = keras.Model(images, layers.Flatten()(attention(x)))
    photographs = np.random.default_rng(0).normal(size=(2, 8, 12, 3)).astype("float32")
    maps = attention_maps(critic, photographs, [(0, 0), (5, 11)])
    assert maps.shape == (2, 2, *((2, 3) if pool else (4, 6)))
    np.testing.assert_allclose(maps.sum(axis=(2, 3)), 1, rtol=1e-5)

    features = _numpy(keras.Model(images, x)(photographs))
    query = features @ _numpy(attention.query.kernel)[0, 0]
    key = features @ _numpy(attention.key.kernel)[0, 0]
    if pool:
        key = key.reshape(2, 2, 2, 3, 2, 2).max(axis=(2, 4))
    # The pixel (5, 11) of the image is the position (2, 5) of the map.
    for i, (row, column) in enumerate([(0, 0), (2, 5)]):
        scores = np.einsum("nc,nhwc->nhw", query[:, row, column], key)
        weights = np.exp(scores - scores.max(axis=(1, 2), keepdims=True))
        weights /= weights.sum(axis=(1, 2), keepdims=True)
        np.testing.assert_allclose(maps[:, i], weights, rtol=1e-4, atol=1e-6)
    figure = plotting.attention_overlays(
        np.zeros((2, 8, 12, 3), "uint8"),
        maps,
        [(0, 0), (5, 11)],
        title="Looking",
        names=("cat", "dog"),
    )
    assert len(figure.axes) == 2 * 3
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["cat", "dog"]
    shown = figure.axes[2].images[1]
    np.testing.assert_array_equal(shown.get_array(), maps[0, 1])


def test_a_generators_map_refers_to_its_images():
    latent = keras.Input((4,))
    x = layers.Reshape((4, 4, 8))(layers.Dense(128)(latent))
    x = layers.UpSampling2D(4)(SelfAttention2D()(x))
    labels = keras.Input((), dtype="int32")
    label = layers.Embedding(3, 8)(labels)
    x = layers.Multiply()([x, layers.Reshape((1, 1, 8))(label)])
    generator = keras.Model([latent, labels], layers.Conv2D(3, 1)(x))
    latents = np.eye(4, dtype="float32")
    maps = attention_maps(generator, [latents, np.array([0, 1, 2, 0])], [(15, 15)])
    assert maps.shape == (4, 1, 4, 4)
    with pytest.raises(ValueError, match=r"within 16 x 16 pixels, received \[\[16, 0"):
        attention_maps(generator, [latents, np.zeros(4, int)], [(16, 0)])
    plain = keras.Model(latent, layers.Dense(3)(latent), name="plain")
    with pytest.raises(ValueError, match="received 'plain' with 0: build one with"):
        attention_maps(plain, latents, [(0, 0)])
