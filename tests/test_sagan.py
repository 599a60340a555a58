"""The Buffalo report: its networks, separate updates, the scores of its experiments."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit import datasets, experiments
from gankit.backend.layer_tree import all_layers
from gankit.callbacks import checkpoint
from gankit.constraints import WeightClipping
from gankit.experiments import buffalo
from gankit.experiments import data as experiment_data
from gankit.experiments.running import registry
from gankit.experiments.scoring import photographs as scores_module
from gankit.experiments.separate_updates import (
    SeparateUpdatesConditionalGAN,
    SeparateUpdatesGAN,
)
from gankit.layers import SelfAttention2D, SpectralNormalization
from gankit.metrics import Extractor
from gankit.networks import residual, sagan
from gankit.trainers import GAN, ConditionalGAN

CLASSES = 10


def _numpy(x):
    return np.asarray(ops.convert_to_numpy(ops.stop_gradient(x)), "float64")


def _of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _normalised(model):
    """Returns all spectrally normalised layers, including those of attention."""
    return [
        layer for layer in all_layers(model) if isinstance(layer, SpectralNormalization)
    ]


def _parameters(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def _batch(n=4, seed=0):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (n, 32, 32, 3), dtype="uint8")
    return images, random.integers(0, CLASSES, n).astype("int32")


@pytest.mark.tensorflow
def test_dcgan_is_the_network_of_the_report():
    generator, discriminator = sagan.dcgan()
    transposed = _of(generator, layers.Conv2DTranspose)
    assert [(t.filters, t.strides, t.output.shape[1]) for t in transposed] == [
        (128, (2, 2), 8),
        (128, (2, 2), 16),
        (128, (2, 2), 32),
    ]
    convolutions = _of(discriminator, layers.Conv2D)
    assert [(c.filters, c.strides[0]) for c in convolutions] == [
        *((64, 1), (128, 2), (128, 2), (256, 2)),
    ]
    for network in (generator, discriminator):
        assert not _of(network, layers.BatchNormalization)
        assert all(a.negative_slope == 0.2 for a in _of(network, layers.LeakyReLU))
    maps = 4 * 4 * 256
    assert _parameters(generator) == (
        101 * maps
        + (16 * 256 * 128 + 128)
        + 2 * (16 * 128 * 128 + 128)
        + (9 * 128 * 3 + 3)
    )
    assert _parameters(discriminator) == (
        (9 * 3 * 64 + 64)
        + (9 * 64 * 128 + 128)
        + (9 * 128 * 128 + 128)
        + (9 * 128 * 256 + 256)
        + (maps + 1)
    )


@pytest.mark.tensorflow
def test_sagan_adds_attention_at_128_channels_and_nothing_else():
    for plain, attentive in zip(sagan.dcgan(), sagan.sagan(), strict=True):
        (attention,) = _of(attentive, SelfAttention2D)
        assert attention.output.shape[1:] == (16, 16, 128)
        # Query and key of 16 channels, value of 64, back to 128, and gamma.
        added = 128 * (16 + 16 + 64) + 64 * 128 + 1
        assert _parameters(attentive) == _parameters(plain) + added


@pytest.mark.tensorflow
def test_labels_become_one_plane_of_8_and_of_32():
    generator, discriminator = sagan.conditional_sagan(CLASSES, width=16)
    for network, side, channels in ((generator, 8, 16), (discriminator, 32, 3)):
        assert network.get_layer("label_embedding").output.shape == (None, 50)
        (joined,) = _of(network, layers.Concatenate)
        assert joined.output.shape[1:] == (side, side, channels + 1)
    clipped = [v for v in discriminator.trainable_variables if v.constraint]
    assert len(clipped) == 4 + 2 and all(v.name == "kernel" for v in clipped)
    assert all(isinstance(v.constraint, WeightClipping) for v in clipped)
    assert not any(v.constraint for v in generator.trainable_variables)
    config = keras.saving.serialize_keras_object(discriminator)
    loaded = keras.saving.deserialize_keras_object(config)
    assert sum(v.constraint is not None for v in loaded.trainable_variables) == 6


@pytest.mark.parametrize(
    "build",
    [
        lambda **form: sagan.conditional_sagan(CLASSES, width=16, **form),
        lambda **form: residual.networks(num_classes=CLASSES, width=16, **form),
    ],
)
@pytest.mark.tensorflow
def test_spectral_normalisation_bounds_every_matrix(build):
    pair = generator, discriminator = build()
    images, labels = (ops.convert_to_tensor(array) for array in _batch())
    latent = keras.random.normal((4, generator.input_shape[0][1]), seed=0)
    # Update the singular vectors, as in a training step.
    generator([latent, labels], training=True)
    images = ops.cast(images, "float32") / 127.5 - 1
    discriminator([images, labels], training=True)
    for network in pair:
        # All layers with weights, except for embeddings, batch statistics and gamma.
        bare = [
            layer
            for layer in network.layers
            if layer.trainable_weights
            and isinstance(layer, layers.Dense | layers.Conv2D | layers.Conv2DTranspose)
        ]
        assert not bare
        for layer in _normalised(network):
            kernel = _numpy(layer.layer.kernel)
            if isinstance(layer.layer, layers.Conv2DTranspose):
                kernel = np.swapaxes(kernel, -1, -2)
            matrix = kernel.reshape(-1, kernel.shape[-1])
            largest = np.linalg.svd(matrix, compute_uv=False)[0] / _numpy(layer.sigma)
            assert 1 - 1e-5 < largest < 1.15, layer.name
    for network in build(spectral_norm=False):
        assert not _normalised(network)


def test_the_projection_is_an_inner_product_with_the_class():
    discriminator = residual.discriminator(width=16, num_classes=CLASSES)
    images, labels = _batch()
    images = images / np.float32(127.5) - 1
    features = keras.Model(
        discriminator.inputs, discriminator.get_layer("features").output
    )([images, labels])
    assert features.shape == (4, 16)
    linear, embedding = sorted(
        (
            layer
            for layer in _of(discriminator, SpectralNormalization)
            if isinstance(layer.layer, layers.Dense)
        ),
        key=lambda layer: layer.layer.units,
    )
    assert linear.layer.units == 1 and embedding.layer.kernel.shape == (CLASSES, 16)
    w = _numpy(linear.layer.kernel) / _numpy(linear.sigma)
    v = _numpy(embedding.layer.kernel) / _numpy(embedding.sigma)
    h = _numpy(features)
    expected = h @ w + _numpy(linear.bias) + np.sum(h * v[labels], 1, keepdims=True)
    logits = discriminator([images, labels])
    np.testing.assert_allclose(_numpy(logits), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.tensorflow
def test_residual_networks_have_their_shapes_with_and_without_labels():
    for num_classes in (None, CLASSES):
        generator, discriminator = residual.networks(
            width=16, num_classes=num_classes, attention=num_classes is not None
        )
        latent = ops.zeros((2, 128))
        labels = [] if num_classes is None else [ops.convert_to_tensor([0, 9])]
        images = generator([latent, *labels] if labels else latent)
        assert images.shape == (2, 32, 32, 3) and np.abs(_numpy(images)).max() <= 1
        logits = discriminator([images, *labels] if labels else images)
        assert logits.shape == (2, 1)
        assert len(_of(generator, SelfAttention2D)) == len(labels)
    # The pixels of the first map, and two blocks that halve them.
    assert [p.output.shape[1] for p in _of(discriminator, layers.AveragePooling2D)] == [
        *(16, 16, 8, 8),
    ]


def _points(losses, **options):
    """A GAN of single pixels: the discriminator is w x + b, the generator a z."""
    latent, pixel = keras.Input((1,)), keras.Input((1, 1, 1))
    scale = layers.Dense(1, use_bias=False, kernel_initializer="ones")(latent)
    generator = keras.Model(latent, layers.Reshape((1, 1, 1))(scale))
    start = keras.initializers.Constant(0.5)
    logit = layers.Dense(1, kernel_initializer=start)(layers.Flatten()(pixel))
    gan = SeparateUpdatesGAN(
        generator, keras.Model(pixel, logit), loss=losses, latent_dim=1, **options
    )
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return gan


@pytest.mark.parametrize("losses", ["non_saturating", "wasserstein", "least_squares"])
def test_separate_updates_equal_updates_by_hand(losses):
    gan = _points(losses)
    z = np.array([[0.3], [-0.8], [1.2], [0.1]])
    gan.sample_latent = lambda n, seed=None: ops.convert_to_tensor(z, "float32")
    x = np.array([[0.9], [0.2], [-0.4], [0.7]])

    def sigmoid(logits):
        return 1 / (1 + np.exp(-logits))

    # Loss and its slope at logits, for the target 1 or 0.
    term = {
        "non_saturating": lambda t, real: (
            np.logaddexp(0, -t if real else t),
            sigmoid(t) - real,
        ),
        "wasserstein": lambda t, real: (-t, -np.ones_like(t)) if real else (t, t**0),
        "least_squares": lambda t, real: ((t - real) ** 2 / 2, t - real),
    }[losses]
    w, b, a = 0.5, 0.0, 1.0
    value = {}
    for real, points in ((1, x), (0, a * z)):
        loss, slope = term(w * points + b, real)
        value[real] = loss.mean(), np.mean((w * points + b > 0) == real)
        w, b = w - 0.1 * np.mean(slope * points), b - 0.1 * slope.mean()
    g_loss, slope = term(w * a * z + b, 1)
    a -= 0.1 * np.mean(slope * w * z)

    pixels = x.reshape(4, 1, 1, 1).astype("float32")
    gan.check_batch = lambda parts: None  # these numbers are in no range of images
    history = gan.fit(pixels, batch_size=4, shuffle=False, verbose=0).history
    logs = {name: values[0] for name, values in history.items()}
    found = [float(_numpy(v).ravel()[0]) for v in gan.trainable_variables]
    np.testing.assert_allclose(found, [a, w, b], atol=1e-6)
    expected = {
        "d_loss": value[1][0] + value[0][0],
        "d_loss_real": value[1][0],
        "d_loss_fake": value[0][0],
        "g_loss": g_loss.mean(),
    }
    if losses == "non_saturating":
        expected |= {"real_accuracy": value[1][1], "fake_accuracy": value[0][1]}
    assert logs.keys() == expected.keys()
    for name, number in expected.items():
        assert float(logs[name]) == pytest.approx(number, abs=1e-6), name
    assert gan.steps_done == 1 and int(gan.discriminator_optimizer.iterations) == 2


def test_losses_without_separate_terms_raise():
    with pytest.raises(ValueError, match="received 'hinge' with real_label=1.0"):
        _points("hinge")
    with pytest.raises(ValueError, match="real_label=0.9: choose one of these"):
        _points("non_saturating", real_label=0.9)


def test_steps_are_counted_with_several_updates():
    gan = _points("wasserstein", discriminator_steps=3)
    pixels = np.zeros((6, 1, 1, 1), "float32")
    gan.fit(pixels, batch_size=6, epochs=2, shuffle=False, verbose=0)
    assert gan.steps_done == 2 and int(gan.discriminator_optimizer.iterations) == 12


def _state(gan):
    return [_numpy(v) for v in [*gan.variables, *gan.optimizer.variables]]


@pytest.mark.tensorflow
def test_the_reports_conditional_model_resumes_exactly(tmp_path):
    images, labels = _batch(16)

    def build():
        keras.utils.set_random_seed(0)
        gan = SeparateUpdatesConditionalGAN(
            *sagan.conditional_sagan(
                CLASSES, latent_dim=6, width=8, spectral_norm=False
            ),
            num_classes=CLASSES,
            loss="wasserstein",
            latent_dim=6,
        )
        gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
        return gan

    def play(gan, steps):
        batches = datasets.Batches(
            images, labels, batch_size=4, seed=0, start_step=gan.steps_done
        )
        gan.fit(batches, steps_per_epoch=steps, verbose=0)

    whole = build()
    play(whole, 2)
    checkpoint.save(whole, tmp_path / "state.npz")
    play(whole, 2)
    resumed = build()
    assert checkpoint.restore(resumed, tmp_path / "state.npz") == 2
    play(resumed, 2)
    for one, other in zip(_state(whole), _state(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    kernels = [v for v in whole.discriminator.trainable_variables if v.constraint]
    assert all(np.abs(_numpy(kernel)).max() <= 0.01 for kernel in kernels)
    whole.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(loaded) is SeparateUpdatesConditionalGAN and loaded.steps_done == 4
    np.testing.assert_array_equal(loaded.sample(3), whole.sample(3))


@pytest.mark.tensorflow
def test_smoke_uses_shapes_instead_of_cifar10(tmp_path, monkeypatch):
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path))
    data = experiment_data.cifar10("smoke", None)
    assert data.name == "shapes-32" and data.image_shape == (32, 32, 3)
    assert experiment_data.cifar10("class", None).name == "shapes-32"


@pytest.fixture
def few(monkeypatch):
    """Few images, and a stand-in for each network that scores them."""

    def extractor(name, number):
        return Extractor(
            name=f"classifier-few {number}",
            frechet_name=name,
            kernel_name=f"kernel of {name}",
            dimension=3,
            channels=3,
            resize=None,
            compute=lambda images: images.mean(axis=(1, 2)) / 255,
        )

    monkeypatch.setattr(
        scores_module, "inception_extractor", lambda features: extractor("FID", 1)
    )
    classifier = dataclasses.make_dataclass("Stub", ["extractor"])(extractor("FCD", 2))
    for module in (scores_module, scores_module.classifier_scorer.__globals__):
        if isinstance(module, dict):
            monkeypatch.setitem(module, "classifier_for", lambda *a, **k: classifier)
        else:
            monkeypatch.setattr(module, "classifier_for", lambda *a, **k: classifier)
    monkeypatch.setattr(scores_module, "COUNT_DURING_TRAINING", 12)
    monkeypatch.setattr(scores_module, "COUNT", 24)
    monkeypatch.setattr(scores_module, "adversarial_scores", lambda *a: [])
    random = np.random.default_rng(0)

    def split():
        images = random.integers(0, 256, (40, 32, 32, 3), dtype="uint8")
        return datasets.Split(images, np.arange(40) % 2)

    return datasets.ImageData(split(), test=split(), name="few")


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.tensorflow
def test_fid_scores_during_training_need_a_gpu(few, gpu, tmp_path, monkeypatch):
    monkeypatch.setattr(scores_module.device, "has_gpu", lambda: gpu)
    scorer = scores_module.PhotographScorer(few, tmp_path)
    assert scorer.n == (12 if gpu else 20) and scorer.extractor.frechet_name == "FCD"
    found = scorer(few.train.images[: scorer.n], value_range=(0, 255))
    names = [score.name for score in found]
    assert len(set(names)) == len(names) and ("FID" in names) == gpu
    (lines,) = scorer.baselines.values()
    assert [line.name for line in lines] == names


@pytest.mark.tensorflow
def test_final_scores_come_with_those_of_training_images(few, tmp_path, monkeypatch):
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path))

    class Model:
        steps_done = 5

        def sample(self, n, seed):
            return few.train.images[:n]

    assert scores_module.photograph_scores(after=6)(Model(), few, {}) == []
    found = scores_module.photograph_scores(after=5)(Model(), few, {})
    values = {score.name: score.value for score in found}
    assert len(values) == len(found) == 2 * (2 + 4 + 2)
    # The samples are the training images, so their scores are equal.
    for name in ("FID", "kernel of FID", "precision", "recall", "FCD"):
        assert values[f"{name}, n = 24"] == values[f"{name}, n = 24, training images"]


@pytest.mark.parametrize("part", ["dcgan", "sagan", "csagan"])
@pytest.mark.tensorflow
def test_every_experiment_builds_a_trainable_model(part):
    names = experiments.names(f"buffalo/{part}")
    assert names
    data = _tiny_data()
    for name in names:
        experiment = experiments.find(name)
        model = experiment.build(data)
        assert tuple(model.generator.output_shape[1:]) == (32, 32, 3)
        assert model.compiled and experiment.scorings == 4
        conditional = ("csagan", "sagan-hinge")
        assert isinstance(model, ConditionalGAN) == any(
            word in name for word in conditional
        )


@pytest.mark.parametrize(("half", "width"), [(False, 128), (True, 64)])
@pytest.mark.tensorflow
def test_the_ladder_changes_one_thing_at_a_time(half, width):
    rungs = [
        experiments.find(name)
        for name in experiments.names("buffalo/ladder")
        if name.endswith("-half") == half
        and not any(beside.name in name for beside in buffalo.BESIDE.values())
    ]
    budgets = [(rung.budgets["full"].steps, rung.batch_size) for rung in rungs]
    assert budgets == [(8000, 32) if half else (10_000, 64)] * 8
    models = [rung.build(_tiny_data()) for rung in rungs]
    maps = [layer.output.shape for m in models for layer in m.generator.layers]
    assert {shape[-1] for shape in maps if shape[1:3] == (8, 8)} == {width}
    assert [type(model) for model in models] == [GAN] * 7 + [ConditionalGAN]
    assert [bool(_normalised(model.discriminator)) for model in models] == [
        *([False] + [True] * 7),
    ]
    assert [model.loss_name for model in models] == [
        *(["non_saturating"] * 2 + ["hinge"] * 6),
    ]
    assert [
        pytest.approx(float(_numpy(model.discriminator_optimizer.learning_rate)))
        for model in models
    ] == [2e-4] * 3 + [4e-4] * 5
    assert [model.ema for model in models] == [None] * 4 + [0.999] * 4
    assert [len(_of(model.generator, SelfAttention2D)) for model in models] == [
        *([0] * 5 + [1] * 3),
    ]


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("0-dcgan", False),
        ("0-batch-norm", True),
        ("6-no-norm", False),
        ("6-residual", True),
    ],
)
@pytest.mark.tensorflow
def test_two_rungs_have_a_twin_with_the_other_normalisation(name, normalised):
    model = experiments.find(f"buffalo/ladder-{name}-half").build(_tiny_data())
    assert bool(_of(model.generator, layers.BatchNormalization)) == normalised


def _tiny_data():
    images, _ = _batch(10)
    split = datasets.Split(images, np.arange(10))
    return datasets.ImageData(split, test=split, name="tiny")


@pytest.mark.tensorflow
def test_a_run_of_an_experiment_is_resumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment = experiments.find("buffalo/dcgan-half")

    def build(data):
        gan = SeparateUpdatesGAN(*sagan.dcgan(width=16), latent_dim=100)
        gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
        return gan

    small = dataclasses.replace(
        experiment, data=lambda *_: _tiny_data(), build=build, scorer=None, batch_size=4
    )
    monkeypatch.setitem(registry._EXPERIMENTS, "buffalo/dcgan-half", small)
    whole = experiments.run("buffalo/dcgan-half", size="smoke", out="whole")
    experiments.run("buffalo/dcgan-half", size="smoke", steps=1, out="parts")
    parts = experiments.run("buffalo/dcgan-half", size="smoke", out="parts")
    assert parts.finished and list(parts.history["step"]) == [1, 2]
    assert {"d_loss_real", "d_loss_fake", "real_accuracy"} <= set(parts.history)
    for one, other in zip(_state(whole.model), _state(parts.model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.tensorflow
def test_without_the_inception_weights_fid_is_left_out(few, tmp_path, monkeypatch):
    def unavailable(features):
        raise scores_module.FIDWeightsUnavailable("Expected weights, received none.")

    monkeypatch.setattr(scores_module, "inception_extractor", unavailable)
    monkeypatch.setattr(scores_module.device, "has_gpu", lambda: True)
    with pytest.warns(UserWarning, match="received none. FID is left out for now"):
        scorer = scores_module.PhotographScorer(few, tmp_path)
    assert scorer.n == 20
