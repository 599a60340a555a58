"""Trainers: which player is updated when, on what, and what is saved."""

import json
import warnings
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from gankit import losses
from gankit.backend.gradients import input_gradient
from gankit.datasets import Batches
from gankit.trainers import GAN

NETWORKS = ("generator", "discriminator")


def _weights(gan, trainable):
    attribute = "trainable_weights" if trainable else "non_trainable_weights"
    return {
        name: [ops.convert_to_numpy(w) for w in getattr(getattr(gan, name), attribute)]
        for name in NETWORKS
    }


def _changed(before, after):
    return {
        name: [
            not np.array_equal(b, a)
            for b, a in zip(before[name], after[name], strict=True)
        ]
        for name in NETWORKS
    }


@pytest.mark.parametrize("player", NETWORKS)
def test_an_update_changes_only_its_own_player(make_gan, images, player):
    gan = make_gan()
    opponent = ({*NETWORKS} - {player}).pop()

    minimize = gan.minimize

    def minimize_player(loss, networks, optimizer):
        if networks == [getattr(gan, player)]:
            return minimize(loss, networks, optimizer)
        return ops.zeros(())

    gan.minimize = minimize_player
    before = _weights(gan, True), _weights(gan, False)
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=1, verbose=0)
    changed = _changed(before[0], _weights(gan, True))
    assert all(changed[player])
    assert not any(changed[opponent])
    # Both players' updates call both networks in training mode, which changes the
    # moving statistics of both.
    updated = _changed(before[1], _weights(gan, False))
    assert all(updated["generator"]) and all(updated["discriminator"])


def test_a_step_updates_both_players(make_gan, images):
    gan = make_gan()
    before = _weights(gan, True)
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=1, verbose=0)
    changed = _changed(before, _weights(gan, True))
    assert all(changed["generator"]) and all(changed["discriminator"])


@pytest.mark.tensorflow
def test_the_frozen_pattern_of_the_reports_leaves_the_discriminator_untrained(images):
    """Documents the old pattern: compile D, freeze it, compile the combined model.

    In Keras 2 a model kept the trainable variables that it had when it was compiled. In
    Keras 3 it finds none, and only warns.
    """
    latent = keras.Input((6,))
    x = keras.layers.Dense(64, activation="tanh")(latent)
    generator = keras.Model(latent, keras.layers.Reshape((8, 8, 1))(x))
    picture = keras.Input((8, 8, 1))
    x = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(picture))
    discriminator = keras.Model(picture, x)
    discriminator.compile("adam", "binary_crossentropy")
    discriminator.trainable = False
    combined = keras.Model(latent, discriminator(generator(latent)))
    combined.compile("adam", "binary_crossentropy")

    before = [w.copy() for w in discriminator.get_weights()]
    generator_before = [w.copy() for w in generator.get_weights()]
    real = images[:8].astype("float32") / 127.5 - 1
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        discriminator.train_on_batch(real, np.ones((8, 1)))
    assert any("does not have any trainable weights" in str(w.message) for w in said)
    combined.train_on_batch(np.ones((8, 6), "float32"), np.ones((8, 1)))
    for b, a in zip(before, discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(b, a)
    assert any(
        not np.array_equal(b, a)
        for b, a in zip(generator_before, generator.get_weights(), strict=True)
    )


def _record(gan, method, kept):
    """Replaces a loss by one that records its batches; for eager runs."""
    original = getattr(gan, method)

    def recording(batch):
        kept.append(ops.convert_to_numpy(batch))
        return original(batch)

    setattr(gan, method, recording)


@pytest.mark.tensorflow
def test_every_discriminator_update_takes_a_new_batch(make_gan, images):
    gan = make_gan(discriminator_steps=3)
    gan.run_eagerly = True
    seen, seen_by_generator = [], []
    _record(gan, "discriminator_loss", seen)
    _record(gan, "generator_loss", seen_by_generator)
    batches = Batches(images, batch_size=3 * 8, seed=0)
    gan.fit(batches, steps_per_epoch=2, verbose=0)
    expected = np.concatenate([batches[0], batches[1]]) / np.float32(127.5) - 1
    np.testing.assert_allclose(np.concatenate(seen), expected, atol=1e-6)
    np.testing.assert_array_equal(seen_by_generator[0], seen[2])
    np.testing.assert_array_equal(seen_by_generator[1], seen[5])


@pytest.mark.tensorflow
def test_every_update_draws_new_latents(make_gan, images):
    gan = make_gan(discriminator_steps=2, generator_steps=3)
    gan.run_eagerly = True
    drawn = []
    original = gan.sample_latent

    def sample_latent(n, **kwargs):
        latent = original(n, **kwargs)
        drawn.append(ops.convert_to_numpy(latent))
        return latent

    gan.sample_latent = sample_latent
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=2, verbose=0)
    assert len(drawn) == 2 * (2 + 3)
    assert len({latent.tobytes() for latent in drawn}) == len(drawn)


def test_optimizers_count_their_own_updates(make_gan, images):
    gan = make_gan(discriminator_steps=2, generator_steps=3)
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=4, verbose=0)
    assert int(gan.discriminator_optimizer.iterations) == 8
    assert int(gan.generator_optimizer.iterations) == 12
    assert gan.steps_done == 4


def test_a_step_equals_a_step_by_hand(make_gan, images):
    """Compares SGD on fixed latents with numeric gradients, on all backends."""
    rate = 0.1
    gan = make_gan(lambda: keras.optimizers.SGD(rate))
    latents = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    gan.sample_latent = lambda n, seed=None: ops.convert_to_tensor(latents)
    real = images[:8].astype("float32") / 127.5 - 1
    variable = gan.discriminator.trainable_weights[-1]  # the logit's bias
    fake = gan.generator(latents, training=True)

    def bias_loss(shift):
        """The discriminator's loss with its last bias increased by `shift`."""
        logits = [
            ops.convert_to_numpy(gan.discriminator(x, training=True)).astype("float64")
            for x in (real, fake)
        ]
        r, f = logits[0] + shift, logits[1] + shift
        return np.mean(np.logaddexp(0, -r)) + np.mean(np.logaddexp(0, f))

    step = 1e-4
    gradient = (bias_loss(step) - bias_loss(-step)) / (2 * step)
    loss = bias_loss(0.0)
    history = gan.fit(images[:8], batch_size=8, verbose=0, shuffle=False).history
    assert history["d_loss"][0] == pytest.approx(loss, abs=1e-5)
    assert float(ops.convert_to_numpy(variable)[0]) == pytest.approx(
        -rate * gradient, abs=1e-6
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize(("loss", "judged"), [("hinge", 1), ("relativistic", 2)])
def test_only_a_relative_loss_shows_the_generator_real_images(
    make_gan, images, loss, judged
):
    gan = make_gan(loss=loss)
    latents = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(8, 6)))
    gan.sample_latent = lambda n, seed=None: ops.cast(latents, "float32")
    real = ops.convert_to_tensor(images[:8].astype("float32") / 127.5 - 1)
    fake = gan.generator(gan.sample_latent(8), training=True)
    logits = [gan.discriminator(x, training=True) for x in (fake, real)]
    expected = losses.get(loss).generator(*logits[:judged])
    discriminator, seen = gan.discriminator, []

    def judge(images, training):
        seen.append(ops.convert_to_numpy(images))
        return discriminator(images, training=training)

    vars(gan)["discriminator"] = judge
    assert float(gan.generator_loss(real)) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_array_equal(seen, [fake, real][:judged])


def test_training_reaches_its_target():
    """A generator of points learns the mean and standard deviation of a Gaussian."""
    rng = np.random.default_rng(0)
    target = (rng.normal(size=(4096, 2)) * 0.3 + [2.0, -1.0]).astype("float32")
    latent = keras.Input((4,))
    generator = keras.Model(latent, keras.layers.Dense(2)(latent))
    point = keras.Input((2,))
    x = keras.layers.Dense(32, activation="leaky_relu")(point)
    x = keras.layers.Dense(32, activation="leaky_relu")(x)
    discriminator = keras.Model(point, keras.layers.Dense(1)(x))
    gan = GAN(generator, discriminator, latent_dim=4, ema=0.99)
    gan.compile(keras.optimizers.Adam(5e-3, 0.5), keras.optimizers.Adam(5e-3, 0.5))
    gan.fit(target, batch_size=256, epochs=40, verbose=0)
    latents = gan.sample_latent(4096, seed=1)
    points = ops.convert_to_numpy(gan.ema_generator(latents))
    np.testing.assert_allclose(points.mean(axis=0), [2.0, -1.0], atol=0.1)
    np.testing.assert_allclose(points.std(axis=0), 0.3, atol=0.1)


def test_the_ema_generator_is_the_moving_average(make_gan, images):
    gan = make_gan(ema=0.9)
    kept = [w.copy() for w in gan.generator.get_weights()]
    batches = Batches(images, batch_size=8, seed=0)
    for step in range(1, 4):
        gan.fit(batches, steps_per_epoch=1, verbose=0)
        decay = min(0.9, (1 + step) / (10 + step))
        kept = [
            decay * mean + (1 - decay) * weight
            for mean, weight in zip(kept, gan.generator.get_weights(), strict=True)
        ]
    for mean, expected in zip(gan.ema_generator.get_weights(), kept, strict=True):
        np.testing.assert_allclose(mean, expected, atol=1e-6)
    owned = {id(v) for v in gan.optimizer._trainable_variables}
    assert not owned & {id(v) for v in gan.ema_generator.variables}


def test_save_and_load_preserve_everything(make_gan, images, tmp_path):
    gan = make_gan(ema=0.9, real_label=0.9, latent_distribution="uniform")
    batches = Batches(images, batch_size=8, seed=0)
    gan.fit(batches, steps_per_epoch=3, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.get_config().keys() == gan.get_config().keys()
    assert loaded.steps_done == 3

    def state(model):
        return [
            ops.convert_to_numpy(v)
            for v in [*model.variables, *model.optimizer.variables]
        ]

    for one, other in zip(state(gan), state(loaded), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(gan.sample(5), loaded.sample(5))
    # Training resumes identically: same seeds, same moments.
    later = Batches(images, batch_size=8, seed=0, start_step=3)
    for model in (gan, loaded):
        model.fit(later, steps_per_epoch=2, verbose=0)
    for one, other in zip(state(gan), state(loaded), strict=True):
        np.testing.assert_array_equal(one, other)

    gan.generator.save(tmp_path / "generator.keras")
    generator = keras.saving.load_model(tmp_path / "generator.keras")
    latents = gan.sample_latent(3, seed=5)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(generator(latents)),
        ops.convert_to_numpy(gan.generator(latents)),
    )


def test_models_saved_under_earlier_names_load_with_their_average(
    make_gan, images, tmp_path
):
    gan = make_gan(ema=0.9, loss="hinge")
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    old = tmp_path / "old.keras"
    weights = tmp_path / "model.weights.h5"
    with zipfile.ZipFile(tmp_path / "gan.keras") as new, zipfile.ZipFile(old, "w") as z:
        config = json.loads(new.read("config.json"))
        options = config["config"]
        options["losses"], options["average"] = options.pop("loss"), options.pop("ema")
        weights.write_bytes(new.read(weights.name))
        with h5py.File(weights, "a") as file:
            file.move("ema_generator", "averaged_generator")
        z.write(weights, weights.name)
        z.writestr("config.json", json.dumps(config))
        z.writestr("metadata.json", new.read("metadata.json"))
    path = old
    for _ in range(2):  # loaded, saved under the present names and loaded again
        loaded = keras.saving.load_model(path)
        assert (loaded.loss_name, loaded.ema) == ("hinge", 0.9)
        for one, other in zip(gan.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(gan.sample(3), loaded.sample(3))
        path = tmp_path / "again.keras"
        loaded.save(path)


def test_samples_depend_only_on_their_seed(make_gan):
    gan = make_gan()
    first = gan.sample(5, seed=3)
    assert first.shape == (5, 8, 8, 1) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, gan.sample(5, seed=3))
    np.testing.assert_array_equal(first, gan.sample(5, seed=3, batch_size=2))
    assert not np.array_equal(first, gan.sample(5, seed=4))
    uniform = ops.convert_to_numpy(
        make_gan(latent_distribution="uniform").sample_latent(2000, seed=0)
    )
    assert -1 <= uniform.min() < -0.99 and 0.99 < uniform.max() <= 1


def test_input_gradient_can_be_differentiated_again():
    # f(x) = sum x^3: the gradient is 3 x^2, the gradient of its sum 6 x.
    x = ops.convert_to_tensor(np.array([[1.0, -2.0], [0.5, 3.0]], "float32"))
    first = input_gradient(lambda y: y**3, x)
    np.testing.assert_allclose(
        ops.convert_to_numpy(ops.stop_gradient(first)),
        3 * ops.convert_to_numpy(x) ** 2,
        rtol=1e-6,
    )
    second = input_gradient(lambda y: input_gradient(lambda z: z**3, y), x)
    np.testing.assert_allclose(
        ops.convert_to_numpy(ops.stop_gradient(second)),
        6 * ops.convert_to_numpy(x),
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"loss": "hinges"}, "received 'hinges'"),
        ({"discriminator_steps": 0}, "discriminator_steps .* received 0"),
        ({"generator_steps": 1.5}, "generator_steps .* received 1.5"),
        ({"real_label": 1.2}, "real_label .* received 1.2"),
        ({"real_label": 0.9, "loss": "hinge"}, "no labels to smooth"),
        ({"real_label": 0.9, "loss": "relativistic"}, "no labels to smooth"),
        ({"ema": 1.0}, "ema .* received 1.0"),
        ({"latent_distribution": "gaussian"}, "received 'gaussian'"),
    ],
)
def test_bad_arguments_raise(make_gan, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_gan(**arguments)


def test_networks_and_optimizers_that_do_not_fit_raise(make_gan):
    gan = make_gan()
    with pytest.raises(ValueError, match=r"latents \(n, 7\).*\(None, 6\)"):
        GAN(gan.generator, gan.discriminator, latent_dim=7)
    with pytest.raises(ValueError, match="different networks"):
        GAN(gan.generator, gan.generator, latent_dim=6)
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="one instance for both players"):
        gan.compile(shared, shared)
    keras.config.set_dtype_policy("mixed_float16")
    with pytest.raises(ValueError, match="mixed_float16"):
        gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_training_works_in_both_precisions(images, make_gan, precision):
    keras.config.set_dtype_policy(precision)
    gan = make_gan()
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=2, verbose=0)
    assert {v.dtype for v in gan.trainable_variables} == {"float32"}
    for network in NETWORKS:
        output = getattr(gan, network).output
        assert keras.backend.standardize_dtype(output.dtype) == "float32"
    assert np.isfinite(float(gan.d_loss_tracker.result()))
