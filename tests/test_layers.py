"""Layers against singular value decompositions, NumPy, Keras and PyTorch."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

import gankit
from gankit.backend.gradients import input_gradient, value_and_gradients
from gankit.backend.layer_tree import all_layers
from gankit.datasets import Batches
from gankit.layers import (
    ConditionalBatchNormalization,
    ReflectionPadding2D,
    SelfAttention2D,
    SpectralNormalization,
    instance_norm,
)
from gankit.networks import dcgan
from gankit.trainers import GAN


def _numpy(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _matrix(layer, kernel):
    """The kernel as the paper's matrix, outputs first."""
    if isinstance(layer, layers.Conv2DTranspose):
        return np.moveaxis(kernel, -2, 0).reshape(kernel.shape[-2], -1)
    return np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)


def _kernel(layer):
    return layer.embeddings if isinstance(layer, layers.Embedding) else layer.kernel


# Layers, each with inputs.
LINEAR = {
    "dense": (lambda: layers.Dense(5, use_bias=False), _normal(3, 7)),
    "conv1d": (lambda: layers.Conv1D(4, 3, use_bias=False), _normal(2, 8, 3)),
    "conv2d": (
        lambda: layers.Conv2D(6, 3, 2, padding="same", use_bias=False),
        _normal(2, 8, 8, 2),
    ),
    "transposed": (
        lambda: layers.Conv2DTranspose(6, 3, 2, padding="same", use_bias=False),
        _normal(2, 4, 4, 2),
    ),
    "embedding": (lambda: layers.Embedding(9, 4), np.array([0, 3, 8, 3])),
}


@pytest.mark.parametrize("kind", LINEAR)
def test_spectral_normalization_divides_by_the_largest_singular_value(kind):
    make, x = LINEAR[kind]
    # Enough iterations to converge for any gap between the singular values.
    layer = SpectralNormalization(make(), power_iterations=100)
    layer.build(x.shape)
    kernel = _numpy(_kernel(layer.layer))
    inference = _numpy(layer(x, training=False))
    output = _numpy(layer(x, training=True))
    sigma = np.linalg.svd(_matrix(layer.layer, kernel), compute_uv=False)[0]
    assert float(layer.sigma) == pytest.approx(sigma, rel=1e-5)
    np.testing.assert_allclose(output, _numpy(layer.layer(x)) / sigma, atol=1e-5)
    # Inference gives the same result, and the kernel has not changed.
    np.testing.assert_array_equal(inference, output)
    np.testing.assert_allclose(_numpy(layer(x, training=False)), output, atol=1e-6)
    np.testing.assert_array_equal(_numpy(_kernel(layer.layer)), kernel)


@pytest.mark.parametrize("kind", LINEAR)
def test_the_gradient_passes_through_sigma_in_two_calls_of_one_loss(kind):
    make, x = LINEAR[kind]
    layer = SpectralNormalization(make(), power_iterations=100)
    real, fake = x, x[::-1].copy()
    weights = [
        ops.convert_to_tensor(_normal(*layer(x).shape, seed=seed)) for seed in (1, 2)
    ]

    def loss(call):
        return ops.sum(weights[0] * call(real)) - ops.sum(weights[1] * call(fake))

    kernel = _kernel(layer.layer)
    _, (gradient,) = value_and_gradients(
        lambda: loss(lambda x: layer(x, training=True)),
        [kernel],
        lambda: layer.variables,
    )
    # The loss without normalisation is linear in the kernel, <slope, W>, so that with
    # it the loss is <slope, W> / sigma(W).
    _, (slope,) = value_and_gradients(
        lambda: loss(layer.layer), [kernel], lambda: layer.variables
    )
    slope, w = (_dense(v).astype("float64") for v in (slope, kernel))

    def normalised(w):
        singular_values = np.linalg.svd(_matrix(layer.layer, w), compute_uv=False)
        return np.sum(slope * w) / singular_values[0]

    numeric = np.zeros_like(w)
    for index in np.ndindex(*w.shape):
        step = np.zeros_like(w)
        step[index] = 1e-5
        numeric[index] = (normalised(w + step) - normalised(w - step)) / 2e-5
    np.testing.assert_allclose(_dense(gradient), numeric, atol=1e-3 * abs(slope).max())


def _dense(gradient):
    # TensorFlow's gradient of an embedding lists the rows that were looked up.
    return ops.convert_to_numpy(ops.convert_to_tensor(gradient))


def test_sigma_is_right_from_the_first_step():
    for units in (16, 64, 256):
        layer = SpectralNormalization(layers.Dense(units, use_bias=False))
        layer.build((None, 128))
        sigma = np.linalg.svd(_numpy(layer.layer.kernel), compute_uv=False)[0]
        assert float(layer.sigma) == pytest.approx(sigma, rel=0.05)


@pytest.mark.parametrize("kind", ["dense", "transposed"])
@pytest.mark.filterwarnings("ignore:.*spectral_norm:FutureWarning")
def test_power_iteration_equals_pytorch(kind):
    torch = pytest.importorskip("torch")
    layer = SpectralNormalization(LINEAR[kind][0](), use_bias=False)
    if kind == "dense":
        x = LINEAR[kind][1]
        theirs = torch.nn.Linear(7, 5, bias=False)
        axes, images = (1, 0), (0, 1)
    else:
        # No padding, as the two libraries pad differently.
        layer.layer.padding = "valid"
        x = LINEAR[kind][1]
        theirs = torch.nn.ConvTranspose2d(2, 6, 3, 2, bias=False)
        axes, images = (3, 2, 0, 1), (0, 3, 1, 2)
    layer.build(x.shape)
    theirs = torch.nn.utils.spectral_norm(theirs)
    start = _normal(layer.vector_u.shape[0], seed=3)
    start /= np.linalg.norm(start)
    layer.vector_u.assign(start)
    with torch.no_grad():
        theirs.weight_u.copy_(torch.tensor(start))
        theirs.weight_orig.copy_(
            torch.tensor(_numpy(layer.layer.kernel).transpose(axes).copy())
        )
    for _ in range(3):
        ours = _numpy(layer(x, training=True)).transpose(images)
        expected = theirs(torch.tensor(x.transpose(images).copy()))
        np.testing.assert_allclose(ours, expected.detach().numpy(), atol=1e-5)
        np.testing.assert_allclose(
            _numpy(layer.vector_u), theirs.weight_u.numpy(), atol=1e-5
        )


def test_the_slope_of_a_spectrally_normalised_critic_is_at_most_one():
    # Where patches do not overlap, the paper's matrix describes the whole convolution.
    large = {
        "use_bias": False,
        "kernel_initializer": keras.initializers.RandomNormal(stddev=5),
    }
    images = keras.Input((8, 8, 2))
    x = images
    for _ in range(2):
        x = SpectralNormalization(layers.Conv2D(8, 2, 2, **large))(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    for units in (16, 1):
        x = layers.Flatten()(x)
        x = SpectralNormalization(layers.Dense(units, **large))(x)
    critic = keras.Model(images, x)
    x = _normal(200, 8, 8, 2)
    for _ in range(20):
        critic(x[:1], training=True)
    gradients = _numpy(input_gradient(critic, ops.convert_to_tensor(x)))
    slopes = np.linalg.norm(gradients.reshape(200, -1), axis=1)
    assert 0.01 < slopes.max() <= 1 + 1e-3


def test_overlapping_patches_reach_the_documented_bound():
    # A constant image under a constant kernel: the worst case of kernel 4, stride 2.
    convolution = layers.Conv2D(1, 4, 2, use_bias=False, kernel_initializer="ones")
    layer = SpectralNormalization(convolution)
    x = np.ones((1, 200, 200, 1), "float32")
    stretch = np.linalg.norm(_numpy(layer(x))) / np.linalg.norm(x)
    assert stretch == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(
    "layer, sentence",
    [
        (lambda: layers.Dense(2), "use_bias=False and no activation"),
        (
            lambda: layers.Conv2D(2, 3, use_bias=False, activation="relu"),
            "activation=relu",
        ),
        (
            lambda: layers.Embedding(2, 3, activity_regularizer="l2"),
            "activity_regularizer=L2",
        ),
        (lambda: layers.DepthwiseConv2D(3), "received DepthwiseConv2D"),
        (lambda: layers.SeparableConv2D(2, 3), "received SeparableConv2D"),
        (lambda: layers.EinsumDense("ab,bc->ac", (2,)), "received EinsumDense"),
    ],
)
def test_spectral_normalization_rejects_unsuitable_layers(layer, sentence):
    with pytest.raises(ValueError, match=sentence):
        SpectralNormalization(layer())


def test_sigma_is_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    x = _normal(64, 8, 8, 16)
    layer = SpectralNormalization(
        layers.Conv2D(32, 3, use_bias=False), power_iterations=100
    )
    output = layer(x, training=True)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    assert layer.vector_u.dtype == "float32"
    kernel = _numpy(layer.layer.kernel)
    sigma = np.linalg.svd(_matrix(layer.layer, kernel), compute_uv=False)[0]
    assert float(layer.sigma) == pytest.approx(sigma, rel=1e-5)
    exact = _numpy(ops.conv(x, kernel)) / sigma
    np.testing.assert_allclose(_numpy(output), exact, atol=0.02 * abs(exact).max())
    # The gradient through sigma sums over the whole feature map.
    weights = ops.convert_to_tensor(_normal(*output.shape, seed=1))
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(ops.cast(layer(x), "float32") * weights),
        [layer.layer.kernel],
        lambda: layer.variables,
    )
    # Its component along the kernel is zero: scaling the kernel changes nothing.
    gradient = _numpy(gradient)
    alignment = np.sum(gradient * kernel) / np.linalg.norm(gradient)
    assert abs(alignment) < 0.01 * np.linalg.norm(kernel)


def _discriminator():
    images = keras.Input((8, 8, 1))
    x = images
    for filters in (8, 16):
        convolution = layers.Conv2D(filters, 4, 2, padding="same", use_bias=False)
        x = layers.LeakyReLU(0.2)(SpectralNormalization(convolution)(x))
        if filters == 8:
            x = SelfAttention2D(pool=True, spectral_normalization=True)(x)
    logits = SpectralNormalization(layers.Dense(1, use_bias=False, dtype="float32"))
    return keras.Model(images, logits(layers.Flatten()(x)))


def test_singular_vectors_are_updated_inside_a_gan(images, tmp_path):
    gan = GAN(
        dcgan.generator((8, 4), (2, 2), image_shape=(8, 8, 1), latent_dim=6),
        _discriminator(),
        loss="hinge",
        latent_dim=6,
    )
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    wrappers = [
        layer
        for layer in all_layers(gan.discriminator)
        if isinstance(layer, SpectralNormalization)
    ]
    assert len(wrappers) == 3 + 4
    before = [(_numpy(w.vector_u), _numpy(w.layer.kernel)) for w in wrappers]
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=8, verbose=0)
    for wrapper, (vector_u, kernel) in zip(wrappers, before, strict=True):
        now = _numpy(wrapper.layer.kernel)
        assert not np.array_equal(now, kernel)
        if len(vector_u) > 1:
            assert not np.array_equal(_numpy(wrapper.vector_u), vector_u)
        sigma = np.linalg.svd(_matrix(wrapper.layer, now), compute_uv=False)[0]
        assert float(wrapper.sigma) == pytest.approx(sigma, rel=0.1)

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    x = images[:4] / np.float32(127.5) - 1
    np.testing.assert_array_equal(
        _numpy(loaded.discriminator(x)), _numpy(gan.discriminator(x))
    )


def _attention(x, layer):
    """The layer's own weights through Keras's attention, which divides by sqrt(d)."""
    channels = x.shape[-1]
    theirs = layers.MultiHeadAttention(
        1,
        key_dim=channels // 8,
        value_dim=channels // 2,
        use_bias=False,
        attention_axes=(1, 2),
    )
    theirs(x, x)
    query, key, value, output = (
        _numpy(convolution.kernel)
        for convolution in (
            layer.query,
            layer.key,
            layer.value,
            layer.output_convolution,
        )
    )
    theirs.set_weights(
        [
            query[0, 0][:, None, :] * np.sqrt(channels // 8),
            key[0, 0][:, None, :],
            value[0, 0][:, None, :],
            output[0, 0][None],
        ]
    )
    return theirs(x, x, return_attention_scores=True)


def test_self_attention_is_keras_attention_without_scaling():
    x = _normal(2, 6, 4, 16)
    layer = SelfAttention2D()
    # Gamma starts at zero.
    np.testing.assert_array_equal(_numpy(layer(x)), x)
    layer.gamma.assign(0.7)
    output, attention = layer(x, return_attention=True)
    expected, scores = _attention(x, layer)
    np.testing.assert_allclose(_numpy(output), x + 0.7 * _numpy(expected), atol=1e-5)
    np.testing.assert_allclose(
        _numpy(attention), _numpy(scores).reshape(2, 24, 24), atol=1e-6
    )


def test_pooled_self_attention():
    # The seventh row has no partner for pooling.
    x = _normal(2, 7, 4, 16)
    layer = SelfAttention2D(pool=True, value_reduction=8)
    layer.build(x.shape)
    layer.gamma.assign(-2.0)
    output, attention = layer(x, return_attention=True)
    f, g, h, v = (
        _numpy(convolution.kernel)[0, 0]
        for convolution in (
            layer.key,
            layer.query,
            layer.value,
            layer.output_convolution,
        )
    )

    def pool(x):
        x = x[:, :6].reshape(2, 3, 2, 2, 2, -1)
        return x.max(axis=(2, 4)).reshape(2, 6, -1)

    scores = (x @ g).reshape(2, 28, -1) @ pool(x @ f).transpose(0, 2, 1)
    beta = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    o = (beta @ pool(x @ h)).reshape(2, 7, 4, -1) @ v
    np.testing.assert_allclose(_numpy(attention), beta, atol=1e-5)
    np.testing.assert_allclose(_numpy(output), x - 2 * o, atol=1e-5)


def test_a_model_can_return_attention_maps():
    images = keras.Input((4, 4, 8))
    for pool, keys in ((False, 16), (True, 4)):
        layer = SelfAttention2D(pool=pool)
        model = keras.Model(images, layer(images, return_attention=True))
        shapes = [tuple(x.shape) for x in model(np.ones((2, 4, 4, 8)))]
        assert shapes == [(2, 4, 4, 8), (2, 16, keys)]
        assert [x.shape[1:] for x in model.outputs] == [shape[1:] for shape in shapes]
    keras.config.set_dtype_policy("mixed_bfloat16")
    output, attention = SelfAttention2D()(_normal(2, 4, 4, 8), return_attention=True)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(attention.dtype) == "float32"
    with pytest.raises(ValueError, match="channels are a multiple of 8 and 2"):
        SelfAttention2D()(_normal(1, 4, 4, 12))


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_conditional_batch_normalization_scales_by_class(precision):
    keras.config.set_dtype_policy(precision)
    x = np.round(_normal(6, 4, 4, 3), 1)
    labels = np.array([0, 2, 2, 1, 0, 2])
    layer = ConditionalBatchNormalization(num_classes=4)
    layer.build([x.shape, labels.shape])
    x = _numpy(ops.cast(x, layer.compute_dtype))
    plain = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, center=False, scale=False, dtype="float32"
    )
    tolerance = 1e-5 if precision == "float32" else 0.02
    # With the initial gain 1 and bias 0, it is plain batch normalisation.
    np.testing.assert_allclose(
        _numpy(layer([x, labels], training=True)),
        _numpy(plain(x, training=True)),
        atol=tolerance,
    )
    gain, bias = _normal(4, 3, seed=1), _normal(4, 3, seed=2)
    layer.gain.embeddings.assign(gain)
    layer.bias.embeddings.assign(bias)
    for training in (True, False):
        output = _numpy(layer([x, labels], training=training))
        expected = _numpy(plain(x, training=training))
        expected = expected * gain[labels][:, None, None] + bias[labels][:, None, None]
        np.testing.assert_allclose(output, expected, atol=tolerance)
    with pytest.raises(ValueError, match=r"labels of shape \(n,\)"):
        ConditionalBatchNormalization(4)([x, labels[:, None]])


@pytest.mark.tensorflow
def test_replicas_can_share_statistics():
    layer = ConditionalBatchNormalization(num_classes=4, synchronized=True)
    copy = ConditionalBatchNormalization.from_config(layer.get_config())
    assert layer.normalize.synchronized and copy.normalize.synchronized


def test_classes_train_their_own_gain():
    layer = ConditionalBatchNormalization(num_classes=3)
    x, labels = _normal(4, 2, 2, 2), np.array([0, 2, 2, 0])
    layer.build([x.shape, labels.shape])
    _, gradients = value_and_gradients(
        lambda: ops.sum(layer([x, labels], training=True) ** 2),
        [layer.gain.embeddings, layer.bias.embeddings],
        lambda: layer.variables,
    )
    moved = [np.any(_dense(gradient) != 0, axis=1).tolist() for gradient in gradients]
    assert moved == [[True, False, True]] * 2


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_reflection_padding(precision):
    keras.config.set_dtype_policy(precision)
    x = _numpy(ops.cast(_normal(2, 5, 4, 3), "bfloat16"))
    layer = ReflectionPadding2D(3)
    expected = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(_numpy(layer(x)), expected)
    assert layer.compute_output_shape((None, 5, 4, 3)) == (None, 11, 10, 3)
    # Each pixel's gradient counts how often it appears in the padded image.
    gradient = _numpy(input_gradient(layer, ops.convert_to_tensor(x)))
    counts = np.pad(np.arange(20).reshape(5, 4), 3, mode="reflect")
    counts = np.bincount(counts.ravel(), minlength=20).reshape(5, 4)
    np.testing.assert_array_equal(gradient[0, :, :, 0], counts)
    with pytest.raises(ValueError, match="more than 3 pixels a side"):
        ReflectionPadding2D(3)(np.ones((1, 5, 3, 1)))


def test_instance_norm_equals_cyclegans():
    x = 3 + 2 * _normal(2, 6, 6, 4)
    mean = x.mean(axis=(1, 2), keepdims=True)
    variance = x.var(axis=(1, 2), keepdims=True)
    layer = instance_norm()
    np.testing.assert_allclose(
        _numpy(layer(x)), (x - mean) / np.sqrt(variance + 1e-5), atol=1e-5
    )
    assert layer.weights == []


def test_all_layers_are_found_in_wrappers_and_nested_models():
    images = keras.Input((8, 8, 3))
    convolution = layers.Conv2D(4, 3, use_bias=False)
    inner = keras.Model(images, SpectralNormalization(convolution)(images))
    outer = keras.Sequential([keras.Input((8, 8, 3)), inner, layers.Flatten()])
    found = all_layers(outer)
    assert any(layer is convolution for layer in found)
    assert len({id(layer) for layer in found}) == len(found)
    assert not any(layer is convolution for layer in all_layers(outer, recursive=False))


def test_only_one_file_calls_the_private_method_of_keras():
    package = Path(gankit.__file__).parent
    files = [p for p in package.rglob("*.py") if "_flatten_layers" in p.read_text()]
    assert files == [package / "backend" / "layer_tree.py"]


def test_every_layer_is_saved_and_loaded(tmp_path):
    images, labels = keras.Input((8, 8, 8)), keras.Input((), dtype="int32")
    x = ReflectionPadding2D(1)(images)
    convolution = layers.Conv2DTranspose(16, 3, use_bias=False)
    x = SpectralNormalization(convolution, power_iterations=2, use_bias=False)(x)
    x = ConditionalBatchNormalization(3, momentum=0.8, epsilon=1e-4)([x, labels])
    x = SelfAttention2D(4, pool=True, spectral_normalization=True, name="look")(x)
    embedded = SpectralNormalization(layers.Embedding(3, 16))(labels)
    x = instance_norm()(x) + layers.Reshape((1, 1, 16))(embedded)
    model = keras.Model([images, labels], x)
    model.get_layer("look").gamma.assign(1.0)
    batch = [_normal(3, 8, 8, 8), np.array([0, 2, 1])]
    model(batch, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(_numpy(loaded(batch)), _numpy(model(batch)))
    for layer, copy in zip(model.layers, loaded.layers, strict=True):
        config, copied = layer.get_config(), copy.get_config()
        # A wrapped layer's configuration knows whether it was built when written.
        assert config.pop("layer", {}).keys() == copied.pop("layer", {}).keys()
        assert config == copied
