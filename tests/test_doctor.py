"""The doctor finds planted faults, and none in healthy trainings."""

import collections
import csv
import functools
import json
import re
import types
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit import datasets, losses
from gankit.backend.arguments import check_labels
from gankit.callbacks import checkpoint
from gankit.callbacks.doctor import (
    Finding,
    TrainingDoctor,
    TrainingStopped,
    players,
    samples,
    training_doctor,
)
from gankit.constraints import clip_weights
from gankit.datasets import Batches, UnpairedImageData, to_uint8
from gankit.experiments.running import registry, watchers
from gankit.experiments.running.task import task_of
from gankit.losses import R1, R2, GradientPenalty
from gankit.networks import cgan, mlp
from gankit.trainers import GAN, AdversarialModel, ConditionalGAN

SHAPE = (8, 8, 1)
EPOCH = 25
RESULTS = Path(__file__).parents[1] / "results"
# An epoch in one call, as steps of such small networks are mostly overhead.
ONE_CALL = {} if keras.backend.backend() == "torch" else {"steps_per_execution": EPOCH}


def _generator(output="tanh", latent_scale=1.0):
    latent = keras.Input((6,))
    x = layers.Dense(32, "leaky_relu")(layers.Rescaling(latent_scale)(latent))
    return keras.Model(latent, layers.Reshape(SHAPE)(layers.Dense(64, output)(x)))


def _discriminator():
    return mlp.discriminator(SHAPE, (32,))


def _gan(
    variant=GAN, *, generator=None, discriminator=None, rates=(1e-3, 1e-3), **kwargs
):
    """A small GAN; `rates` are the generator's and the discriminator's."""
    gan = variant(
        generator or _generator(),
        discriminator or _discriminator(),
        latent_dim=6,
        **kwargs,
    )
    optimizers = [keras.optimizers.Adam(rate, 0.5) for rate in rates]
    gan.compile(*optimizers, **ONE_CALL)
    return gan


def _train(gan, images, *, steps=350, **kwargs):
    """Trains `gan` on `images` and returns the doctor."""
    doctor = TrainingDoctor(images, **kwargs)
    batches = Batches(images, batch_size=16 * gan.discriminator_steps, seed=0)
    epochs = {"steps_per_epoch": EPOCH, "epochs": steps // EPOCH}
    gan.fit(batches, verbose=0, callbacks=[doctor], **epochs)
    return doctor


@pytest.mark.tensorflow
def test_the_data_of_no_experiment_are_a_finding(monkeypatch):
    """A false alarm here would be one in every run of the experiment."""
    monkeypatch.delenv("GANKIT_DATA", raising=False)
    for name in ("digits", "shapes", "stripes", "stacked_mnist"):
        draw = getattr(datasets, name)  # many experiments take the same
        monkeypatch.setattr(datasets, name, functools.cache(draw))
    for name in registry.names():
        data = registry.find(name).data("smoke", None)
        if isinstance(data, UnpairedImageData):
            images = data.train_a, data.train_b
        else:
            images = (data.train.images,)
            labels = data.train.labels
            if labels is not None:
                check_labels(labels, len(labels), data.num_classes)
                assert len(np.unique(labels)) > 1, name
        # What the doctor looks at, and all of them.
        for given in (*TrainingDoctor(images).domains, *images):
            real = given / np.float32(127.5) - 1
            for sign in samples.data_range(real, given):
                assert not sign.holds, (name, sign.sentence)


def _kinds(doctor):
    return [finding.kind for finding in doctor.findings]


class _Interchanged(GAN):
    """A GAN whose discriminator learns the opposite: samples are real."""

    def discriminator_loss(self, real):
        fake = ops.stop_gradient(self.generator(self.sample_latent(16), training=True))
        return self.adversarial_loss.discriminator(
            self.discriminator(fake, training=True),
            self.discriminator(real, training=True),
        )


class _Detached(GAN):
    """A GAN whose generator gets no gradient."""

    def generator_loss(self, real):
        fake = ops.stop_gradient(self.generator(self.sample_latent(16), training=True))
        return self.adversarial_loss.generator(self.discriminator(fake, training=True))


def _frozen():
    discriminator = _discriminator()
    discriminator.trainable = False
    return discriminator


STILL = {
    "frozen": (
        lambda: _gan(discriminator=_frozen()),
        "The discriminator does not learn.*no trainable weights.*`trainable`",
    ),
    "discriminator's rate": (
        lambda: _gan(rates=(1e-3, 0.0)),
        "The discriminator does not learn.*learning rate is 0",
    ),
    "generator's rate": (
        lambda: _gan(rates=(0.0, 1e-3)),
        "The generator does not learn.*learning rate is 0",
    ),
    "tiny rate": (
        lambda: _gan(rates=(1e-3, 1e-12)),
        "The discriminator does not learn.*learning rate is 1e-12",
    ),
    "detached": (
        lambda: _gan(_Detached),
        "The generator does not learn.*gets no gradient.*stop_gradient",
    ),
}


@pytest.mark.parametrize("fault", STILL)
def test_a_player_that_is_not_updated_is_found(images, fault):
    build, sentence = STILL[fault]
    doctor = _train(build(), images)
    # There is no other finding, though its opponent may have won by now.
    assert _kinds(doctor) == ["still"] and doctor.findings[0].step == EPOCH
    assert re.search(sentence, doctor.findings[0].sentence)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("loss", "steps"),
    # Squared errors fall slowest.
    [("non_saturating", 450), ("minimax", 450), ("least_squares", 700)],
)
def test_a_discriminator_that_has_won_is_found(images, loss, steps):
    doctor = _train(_gan(loss=loss, rates=(1e-6, 3e-3)), images, steps=steps)
    assert _kinds(doctor) == ["discriminator_won"]
    assert "real_label=0.9" in doctor.findings[0].sentence


@pytest.mark.tensorflow
def test_with_the_hinge_loss_a_winning_discriminator_has_no_gradient(images):
    doctor = _train(_gan(loss="hinge", rates=(1e-6, 1e-2)), images)
    assert _kinds(doctor) == ["still", "discriminator_won"]
    assert "a hinge whose margins are all met" in doctor.findings[0].sentence


@pytest.mark.parametrize("loss", ["non_saturating", "wasserstein"])
def test_swapped_real_and_fake_are_found(images, loss):
    doctor = _train(_gan(_Interchanged, loss=loss, rates=(1e-4, 1e-3)), images)
    assert _kinds(doctor) == ["swapped"]


@pytest.mark.tensorflow
def test_collapse_is_found(images):
    # The latents have hardly any effect.
    generator = _generator(latent_scale=1e-3)
    doctor = _train(_gan(generator=generator, rates=(5e-3, 1e-3)), images, steps=425)
    assert _kinds(doctor) == ["collapse"]


@pytest.mark.tensorflow
def test_similar_grey_samples_have_not_collapsed(images):
    generator = _generator(latent_scale=1e-3)
    doctor = _train(_gan(generator=generator, rates=(1e-5, 1e-5)), images)
    assert _kinds(doctor) == []


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("output", "sentence"),
    [(None, "end at -1 and 1.*with a tanh"), ("sigmoid", "begin at -1.*not with a si")],
)
def test_samples_of_the_wrong_range_are_found(images, output, sentence):
    doctor = _train(_gan(generator=_generator(output)), images)
    assert _kinds(doctor) == ["range"]
    assert re.search(sentence, doctor.findings[0].sentence)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("scale", "span"), [(1.0, "to 239"), (255.0, "0 to 0.9")])
def test_images_of_the_wrong_range_are_found_before_the_first_step(images, scale, span):
    images = images.astype("float32") / scale
    doctor = TrainingDoctor(images)
    gan = _gan()
    gan.check_batch = lambda parts: None  # `fit` would convert or refuse them
    gan.fit(images, batch_size=16, epochs=9, verbose=0, callbacks=[doctor])
    assert _kinds(doctor) == ["data"] and doctor.findings[0].step == 0
    assert span in doctor.findings[0].sentence


def _flat(value):
    return np.full((64, *SHAPE), value, "uint8")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: _flat(0), "Of 32 images .* only 1 differ, and each has one colour"),
        (lambda x: _flat(255), "only 1 differ, and each has one colour"),
        (lambda x: np.repeat(x[:4], 16, axis=0), "Of 32 images .* only 4 differ:"),
        (lambda x: x % 2, "uint8 with no value above 1: .*to_uint8"),
        (lambda x: x // 15, "uint8 with no value above 15: .*to_uint8"),
        (lambda x: np.minimum(x, 31), "uint8 with no value above 31: .*to_uint8"),
    ],
    ids=["black", "white", "repeated", "zeros and ones", "to 15", "to 31"],
)
def test_images_with_little_to_learn_from_are_found(images, change, sentence):
    images = change(images)
    doctor = _train(_gan(), images, steps=EPOCH)
    assert [(f.kind, f.step) for f in doctor.findings] == [("data", 0)]
    assert re.search(sentence, doctor.findings[0].sentence)
    # What the sentence of dark images advises.
    if advice := re.findall(r"datasets\.(to_uint8.*)\.$", doctor.findings[0].sentence):
        images = eval(advice[0], {"to_uint8": to_uint8, "images": images})
        assert _kinds(_train(_gan(), images, steps=EPOCH)) == []


def test_dark_levels_from_32_on_are_no_finding(images):
    dark = np.minimum(images, 32)
    assert not any(sign.holds for sign in samples.data_range(dark / 127.5 - 1, dark))


def test_a_negative_rate_is_found(images):
    first, *_ = _train(_gan(rates=(1e-3, -1e-3)), images, steps=EPOCH).findings
    assert (first.kind, first.step) == ("rate", 0)
    assert "discriminator's learning rate is -0.001: with a neg" in first.sentence


@pytest.mark.parametrize(
    ("loss", "ending", "found"),
    [
        ("non_saturating", layers.Activation, True),
        ("minimax", layers.Dense, True),
        # Its targets are 0 and 1, which a sigmoid reaches.
        ("least_squares", layers.Activation, False),
        ("non_saturating", None, False),
    ],
)
def test_a_sigmoid_before_a_loss_of_logits_is_found(images, loss, ending, found):
    network = _discriminator()
    if ending is layers.Activation:
        network = keras.Model(network.input, ending("sigmoid")(network.output))
    elif ending:
        network = keras.Model(network.input, ending(1, "sigmoid")(network.output))
    doctor = _train(_gan(discriminator=network, loss=loss), images, steps=EPOCH)
    assert _kinds(doctor) == (["logits"] if found else [])


@pytest.mark.parametrize("constant", [True, False])
def test_constant_labels_are_found(images, constant):
    form = {"image_shape": SHAPE, "num_classes": 3}
    gan = ConditionalGAN(
        cgan.generator((4,), (2,), latent_dim=6, **form),
        cgan.discriminator((4,), (2,), **form),
        latent_dim=6,
        num_classes=3,
    )
    gan.compile(*(keras.optimizers.Adam(1e-4, 0.5) for _ in range(2)), **ONE_CALL)
    doctor = TrainingDoctor(images)
    labels = np.full(64, 2) if constant else np.arange(64) % 3
    batches = Batches(images, labels, batch_size=16, seed=0)
    gan.fit(batches, steps_per_epoch=EPOCH, epochs=13, verbose=0, callbacks=[doctor])
    assert ("labels" in _kinds(doctor)) == constant
    assert not {"data", "logits"} & set(_kinds(doctor))


def _is_won(rows):
    """Whether d_loss is as low for as long as in the doctor's verdict."""
    limit = samples.WON * losses.get("non_saturating").discriminator_equilibrium
    since = None
    for row in rows:
        if row["d_loss"] >= limit:
            since = None
        elif since is None:
            since = row["step"]
        elif row["step"] - since >= training_doctor.PATIENCE:
            return True
    return False


def test_what_the_histories_of_saved_runs_show_is_what_was_found():
    found, by_history, by_doctor = collections.Counter(), set(), set()
    paths = sorted(RESULTS.rglob("history.csv"))
    assert RESULTS / "demo@class-seed0" / "history.csv" in paths
    for path in paths:
        with path.open(encoding="utf-8") as file:
            rows = [
                {name: float(value or 0) for name, value in row.items()}
                for row in csv.DictReader(file)
            ]
        summary = json.loads((path.parent / "scores.json").read_text(encoding="utf-8"))
        kinds = [finding["kind"] for finding in summary.get("findings", ())]
        found.update(kinds)
        assert np.isfinite([[*row.values()] for row in rows]).all(), path
        # Losses below 0 are a critic's; those of translators have another scale.
        scaled = min(row["d_loss"] for row in rows) >= 0 and "cycle_loss" not in rows[0]
        name = path.parent.relative_to(RESULTS).as_posix()
        by_history |= {name} if scaled and _is_won(rows) else set()
        by_doctor |= {name} if "discriminator_won" in kinds else set()
    # Whatever is added here is a false alarm, or a run that nobody would save.
    assert found == {"discriminator_won": 5, "collapse": 5, "still": 1, "swapped": 1}
    assert len(by_history & by_doctor) == 4
    # The doctor judges 32 images by itself; the history has means over many steps.
    assert by_history ^ by_doctor == {"cmu/cats64-basic", "dtu/dcgan-tiny-epsilon"}


def test_clipping_that_leaves_no_freedom_is_found(images):
    gan = _gan(loss="wasserstein", rates=(1e-6, 1e-3))
    clip_weights(gan.discriminator, 1e-3)
    doctor = _train(gan, images)
    assert _kinds(doctor) == ["clipping"]
    assert re.match("9.%|100%", doctor.findings[0].sentence)


@pytest.mark.tensorflow
def test_a_slope_that_runs_away_from_its_penalty_is_found(images):
    # Between two updates with the penalty there are fifteen large steps without.
    gan = _gan(
        discriminator=mlp.discriminator(SHAPE, (64,) * 5),
        loss="wasserstein",
        rates=(1e-3, 1e-2),
        penalties=[GradientPenalty(every=16)],
    )
    doctor = _train(gan, images)
    assert _kinds(doctor) == ["slope"]
    assert re.search("or a smaller `every`.* since step", doctor.findings[0].sentence)


@pytest.mark.parametrize(
    ("penalty", "value", "loss", "found"),
    [
        (R1(10.0), 150.0, 0.7, True),
        # No more than a hundred times the loss.
        (R1(10.0), 150.0, -2.0, False),
        (R1(10.0), 0.2, 0.7, False),
        # A flat critic has this penalty.
        (GradientPenalty(1000.0), 1000.0, 0.1, False),
        (GradientPenalty(1000.0), 2e5, 0.1, True),
    ],
)
def test_a_runaway_slope_is_one_far_above_the_loss(penalty, value, loss, found):
    logs = {penalty.name: value, "d_loss": loss}
    (sign,) = players.runaway(penalty, logs, np.log(2))
    assert sign.holds == found and sign.patient
    assert "every" not in sign.sentence
    # In an epoch that never computed the penalty, nothing is known.
    assert list(players.runaway(penalty, {**logs, penalty.name: 0.0}, 0.0)) == []


def _epsilon_kinds(gan, optimizers, images, steps=350):
    """Trains with the optimizers; returns kinds, and the epsilons that are advised."""
    gan.compile(*optimizers, **ONE_CALL)
    doctor = _train(gan, images, steps=steps)
    sentences = " ".join(finding.sentence for finding in doctor.findings)
    advised = re.findall(r"Pass a smaller one, \w+\(..., epsilon=(.+?)\)", sentences)
    return _kinds(doctor), [float(number) for number in advised]


def _clipped_gan():
    """A WGAN whose critic has four layers of weights below 0.01."""
    gan = _gan(discriminator=mlp.discriminator(SHAPE, (32, 32, 32)), loss="wasserstein")
    gan.discriminator.set_weights([w / 50 for w in gan.discriminator.get_weights()])
    clip_weights(gan.discriminator, 0.01)
    return gan


def _pair(name, rate=1e-4, **options):
    optimizer = getattr(keras.optimizers, name)
    return [optimizer(rate, **options) for _ in range(2)]


def test_an_epsilon_above_the_gradients_is_found_and_the_advised_one_is_not(images):
    kinds, advised = _epsilon_kinds(_clipped_gan(), _pair("RMSprop"), images)
    assert kinds == ["epsilon", "epsilon"] and all(1e-24 < e < 1e-13 for e in advised)
    better = [_pair("RMSprop", epsilon=e)[0] for e in advised[::-1]]
    kinds, _ = _epsilon_kinds(_clipped_gan(), better, images)
    assert "epsilon" not in kinds


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "options"),
    [("Adam", {}), ("Adam", {"amsgrad": True}), ("Nadam", {}), ("AdamW", {})],
)
def test_adams_epsilon_is_found_though_no_weight_moves(images, name, options):
    optimizers = _pair(name, epsilon=1e6, **options)
    kinds, advised = _epsilon_kinds(_gan(), optimizers, images)
    # Nobody is said to be without a gradient.
    assert kinds == ["epsilon", "epsilon"] and all(1e-7 < e < 1e-3 for e in advised)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RMSprop", {"centered": True, "momentum": 0.5}),
        # Neither steps of another size nor a lack of epsilon.
        ("RMSprop", {"rate": 1e-6}),
        *((name, {}) for name in ("Nadam", "Adamax", "Lion", "SGD")),
    ],
)
def test_other_optimizers_are_healthy(images, name, options):
    assert _epsilon_kinds(_gan(), _pair(name, **options), images)[0] == []


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("loss", "rate", "kinds"),
    [
        ("hinge", 1e-2, ["still", "discriminator_won"]),
        ("minimax", 3e-3, ["discriminator_won"]),
    ],
)
def test_no_epsilon_helps_a_discriminator_that_has_won(images, loss, rate, kinds):
    """Its gradients are 0 or far below RMSprop's epsilon."""
    optimizers = keras.optimizers.Adam(1e-6), keras.optimizers.RMSprop(rate)
    found, _ = _epsilon_kinds(_gan(loss=loss), optimizers, images, 900)
    assert found[: len(kinds)] == kinds and "epsilon" not in found


@pytest.mark.tensorflow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "loss", ["non_saturating", "hinge", "least_squares", "wasserstein"]
)
def test_a_healthy_training_has_no_findings(images, loss, seed):
    keras.utils.set_random_seed(seed)
    gan = _gan(loss=loss)
    if loss == "wasserstein":
        clip_weights(gan.discriminator, 0.1)
    assert _kinds(_train(gan, images, steps=400)) == []


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("loss", "penalties"),
    [
        ("non_saturating", [R1(10.0)]),
        ("wasserstein", [GradientPenalty()]),
        ("relativistic", [R1(1.0, every=4), R2(1.0, every=4)]),
    ],
)
def test_a_healthy_penalised_training_has_no_findings(images, loss, penalties):
    assert _kinds(_train(_gan(loss=loss, penalties=penalties), images)) == []


def test_a_healthy_convolutional_training_has_no_findings(images, make_gan):
    gan = make_gan()
    rates = (keras.optimizers.Adam(1e-3, 0.5) for _ in range(2))
    gan.compile(*rates, **ONE_CALL)
    assert _kinds(_train(gan, images)) == []


class _After(keras.callbacks.Callback):
    """Records the epochs that a callback after the doctor sees."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)


def test_nan_stops_the_training_before_its_state_is_saved(images, tmp_path):
    gan = _gan()
    path = tmp_path / "state.npz"
    batches = Batches(images, batch_size=16, seed=0)
    options = {"steps_per_epoch": EPOCH, "verbose": 0}
    gan.fit(batches, callbacks=[TrainingDoctor(images)], **options)
    checkpoint.save(gan, path)
    good = gan.get_weights()

    gan.generator_optimizer.learning_rate = float("inf")
    doctor, after = TrainingDoctor(images), _After()
    with pytest.raises(TrainingStopped, match="Stopped after step 50. NaN.*g_loss"):
        gan.fit(batches, epochs=3, callbacks=[doctor, after], **options)
    assert after.epochs == []
    # The learning rate alone announces it.
    assert _kinds(doctor) == ["rate", "not_finite"]
    assert [finding.step for finding in doctor.findings] == [25, 50]

    # The model resumes from the saved state.
    assert checkpoint.restore(gan, path) == EPOCH
    for expected, weight in zip(good, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, weight)
    gan.generator_optimizer.learning_rate = 1e-3
    gan.fit(batches, callbacks=[TrainingDoctor(images)], **options)
    assert gan.steps_done == 2 * EPOCH and np.ptp(gan.sample(4)) > 0


def test_training_is_the_same_with_and_without_the_doctor(images):
    """With batch normalisation, dropout, an average and all seeds."""

    def state(callbacks):
        keras.utils.set_random_seed(0)
        image = keras.Input(SHAPE)
        x = layers.Dense(16, "leaky_relu")(layers.Flatten()(image))
        # Without its own seed, dropout on torch would use torch's global generator.
        x = layers.Dropout(0.3, seed=1)(layers.BatchNormalization()(x))
        discriminator = keras.Model(image, layers.Dense(1)(x))
        latent = keras.Input((6,))
        x = layers.BatchNormalization()(layers.Dense(64)(latent))
        generator = keras.Model(latent, layers.Reshape(SHAPE)(ops.tanh(x)))
        gan = _gan(generator=generator, discriminator=discriminator, ema=0.9)
        batches = Batches(images, batch_size=16, seed=0)
        options = {"steps_per_epoch": EPOCH, "epochs": 3, "verbose": 0}
        gan.fit(batches, callbacks=callbacks, **options)
        return [
            ops.convert_to_numpy(v) for v in [*gan.variables, *gan.optimizer.variables]
        ]

    for alone, watched in zip(state([]), state([TrainingDoctor(images)]), strict=True):
        np.testing.assert_array_equal(alone, watched)


def test_each_finding_is_reported_once(images):
    said = []
    gan = _gan(rates=(1e-3, 0.0))
    doctor = _train(gan, images, steps=100, say=said.append)
    (finding,) = doctor.findings
    assert finding == Finding("still", EPOCH, finding.sentence)
    assert said == [f"gankit doctor, step 25: {finding.sentence}"]


def test_the_doctor_writes_to_stderr(images, capsys):
    _train(_gan(rates=(1e-3, 0.0)), images, steps=EPOCH)
    assert "The discriminator does not learn" in capsys.readouterr().err


class _WithLabels(AdversarialModel):
    """A GAN whose networks take labels; `sample` returns given images."""

    def __init__(self, samples):
        latent, image, label = keras.Input((6,)), keras.Input(SHAPE), keras.Input((1,))
        x = layers.Concatenate()([latent, label])
        self.samples = samples
        super().__init__(
            [keras.Model([latent, label], layers.Dense(64)(x), name="g")],
            [
                keras.Model(
                    [image, label],
                    layers.Dense(1)(
                        layers.Concatenate()([layers.Flatten()(image), label])
                    ),
                    name="d",
                )
            ],
        )
        (self.generator,), (self.discriminator,) = self.generators, self.discriminators

    def prepare(self, batch):
        images, labels = batch
        return super().prepare(images), ops.cast(labels, "float32")[:, None]

    def discriminator_loss(self, batch):
        return ops.mean(ops.square(self.discriminator(list(batch), training=True)))

    def generator_loss(self, batch):
        latent = keras.random.normal((16, 6), seed=self.seed_generator)
        return ops.mean(ops.square(self.generator([latent, batch[1]], training=True)))

    def sample(self, n, *, labels=None, seed=0):
        return self.samples[:n]


@pytest.mark.parametrize("collapsed", [False, True])
def test_conditional_models_are_checked_by_their_samples(images, collapsed):
    gan = _WithLabels(np.repeat(images[:1], 32, axis=0) if collapsed else images)
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), **ONE_CALL)
    doctor = TrainingDoctor(images)
    batches = Batches(images, np.arange(64) % 2, batch_size=16, seed=0)
    gan.fit(batches, steps_per_epoch=EPOCH, epochs=14, verbose=0, callbacks=[doctor])
    assert _kinds(doctor) == (["collapse"] if collapsed else [])


class _Translation(AdversarialModel):
    """A model with two networks per player and no latents, like CycleGAN."""

    def __init__(self):
        generators = [
            keras.Sequential([keras.Input(SHAPE), layers.Dense(1)], name=name)
            for name in ("g_ab", "g_ba")
        ]
        super().__init__(generators, [_discriminator(), _frozen()])
        self.discriminators[1].name = "d_b"

    def discriminator_loss(self, batch):
        return sum(ops.mean(ops.square(d(batch[0]))) for d in self.discriminators)

    def generator_loss(self, batch):
        return sum(ops.mean(ops.square(g(batch[0]))) for g in self.generators)


def test_a_model_that_draws_no_samples_gets_the_other_checks(images):
    gan = _Translation()
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    doctor = TrainingDoctor(images)
    gan.fit((images, images), batch_size=16, epochs=8, verbose=0, callbacks=[doctor])
    (finding,) = doctor.findings
    assert finding.sentence.startswith("The discriminator d_b does not learn")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda a, b: (a, _flat(0)),
            ["Of 32 images of domain B .* only 1 differ, and each has one colour"],
        ),
        (
            lambda a, b: (a // 15, b),
            ["images of domain A are uint8 with no .* above 15"],
        ),
        (
            lambda a, b: (a, (b / 255).astype("float32")),
            ["images of domain B reach the networks with values from 0 to 0.9"],
        ),
        # Levels as floats in one domain, floats from -1 to 1 in the other.
        (lambda a, b: (a.astype("float32"), (b / 127.5 - 1).astype("float32")), []),
        (lambda a, b: (_flat(0), _flat(255)), ["of domain A", "of domain B"]),
    ],
    ids=["black B", "dark A", "B from 0 to 1", "two ranges", "both"],
)
def test_both_domains_of_a_translator_are_checked(images, change, found):
    gan = _Translation()
    gan.compile(*(keras.optimizers.Adam() for _ in range(2)))
    pair = change(images, images[::-1])
    if "0 to 0.9" in "".join(found):
        gan.check_batch = lambda parts: None  # `fit` would refuse them
    doctor = TrainingDoctor(pair)
    gan.fit(pair, batch_size=16, epochs=1, verbose=0, callbacks=[doctor])
    findings = [f for f in doctor.findings if f.kind == "data"]
    assert [f.step for f in findings] == [0] * len(found)
    for finding, sentence in zip(findings, found, strict=True):
        assert re.search(sentence, finding.sentence)


def test_the_doctor_of_a_run_gets_both_domains(images):
    black = np.zeros_like(images)
    data = UnpairedImageData(images, black)
    run = types.SimpleNamespace(task=task_of(_Translation(), data))
    assert [len(domain) for domain in watchers.doctor(run).domains] == [32, 32]
    assert not watchers.doctor(run).domains[1].any()


def test_the_verdict_uses_smoothed_labels(images, monkeypatch):
    found = []

    def verdict(real_logits, fake_logits, losses):
        found.append((real_logits, fake_logits, losses))
        return ()

    monkeypatch.setattr(samples, "verdict", verdict)
    gan = _gan(real_label=0.9)
    _train(gan, images, steps=EPOCH)
    ((real, fake, loss),) = found
    smoothed = losses.get("non_saturating").smoothed(0.9)
    assert loss is gan.adversarial_loss
    values = [each.discriminator(real, fake) for each in (loss, smoothed)]
    assert float(samples.to_float(values[0])) == float(samples.to_float(values[1]))
    assert loss.discriminator_equilibrium == smoothed.discriminator_equilibrium


def test_a_discriminator_with_smoothed_labels_has_not_won():
    """Confident logits have a low loss without smoothing, a high loss with it."""
    real, fake = ops.full((32, 1), 6.0), ops.full((32, 1), -6.0)

    def kinds(loss):
        return [s.kind for s in samples.verdict(real, fake, loss) if s.holds]

    loss = losses.get("non_saturating")
    assert kinds(loss) == ["discriminator_won"]
    assert kinds(loss.smoothed(0.9)) == []


class _Observe(keras.callbacks.Callback):
    """Records the state of the doctor's hook during training."""

    def __init__(self):
        super().__init__()
        self.observers, self.methods = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.observers.append(len(self.model.update_observers))
        self.methods.append("minimize" in vars(self.model))


def test_the_doctor_observes_updates_and_replaces_no_method(images):
    gan = _gan(rates=(1e-3, 0.0))
    minimize = type(gan).minimize
    for _ in range(2):
        doctor, observe = TrainingDoctor(images), _Observe()
        batches = Batches(images, batch_size=16, seed=0)
        options = {"steps_per_epoch": EPOCH, "epochs": 2, "verbose": 0}
        gan.fit(batches, callbacks=[doctor, observe], **options)
        assert observe.observers == [1, 1] and observe.methods == [False, False]
        assert list(gan.update_observers) == [] and "minimize" not in vars(gan)
        assert type(gan).minimize is minimize
        assert _kinds(doctor) == ["still"]


def test_the_doctor_leaves_no_observer_when_it_stops_the_training(images):
    gan = _gan(rates=(float("inf"), 1e-3))
    with pytest.raises(TrainingStopped):
        _train(gan, images, steps=EPOCH)
    assert list(gan.update_observers) == [] and "minimize" not in vars(gan)


@pytest.mark.parametrize("shape", [(64, 8, 8), (1, 8, 8, 1)])
def test_bad_images_raise(shape):
    with pytest.raises(ValueError, match=re.escape(f"received the shape {shape}")):
        TrainingDoctor(np.zeros(shape, "uint8"))
