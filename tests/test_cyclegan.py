"""CycleGAN: losses, image pool, exact resume, patch sizes and a run."""

import json

import keras
import numpy as np
import PIL.Image
import pytest
from keras import layers, ops

from gankit import experiments
from gankit.callbacks import checkpoint
from gankit.datasets import Batches, UnpairedImageData, stripes
from gankit.experiments.running import translations
from gankit.experiments.running.saved import LARGEST_PICTURE
from gankit.experiments.scoring import translations as translation_scores
from gankit.inspection import receptive_field
from gankit.losses import translation as translation_losses
from gankit.metrics.classifiers import training as classifier_training
from gankit.networks import cyclegan
from gankit.trainers import CycleGAN

SHAPE = (4, 4, 1)


class Scaled(layers.Layer):
    """Multiplies by a weight, adds a number and counts the images that it sees."""

    def __init__(self, scale, offset=0.0):
        super().__init__()
        self.offset = offset
        self.seen = []
        self.scale = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(scale)
        )

    def call(self, x):
        self.seen.append(x.shape[0])
        return self.scale * x + self.offset


def _generator(name, *numbers):
    images = keras.Input(SHAPE)
    model = keras.Model(images, Scaled(*numbers)(images), name=name)
    model.layers[1].seen = []
    return model


def _discriminator(name, scale):
    images = keras.Input(SHAPE)
    x = Scaled(scale)(layers.GlobalAveragePooling2D(keepdims=True)(images))
    return keras.Model(images, x, name=name)


def _stub(**options):
    """G(x) = x / 2 + 0.1, F(x) = -x; the discriminators give the mean, and twice it."""
    return CycleGAN(
        _generator("g_ab", 0.5, 0.1),
        _generator("g_ba", -1.0),
        _discriminator("d_a", 1.0),
        _discriminator("d_b", 2.0),
        **options,
    )


def _batch(n=3):
    return ops.full((n, *SHAPE), 0.5), ops.full((n, *SHAPE), -0.25)


def _float(x):
    return float(ops.convert_to_numpy(x))


@pytest.mark.parametrize("loss, power", [("l1", 1), ("l2", 2)])
def test_the_losses_equal_the_papers(loss, power):
    gan = _stub(cycle_loss=loss, identity_loss=loss)
    # G(0.5) = 0.35, F(-0.25) = 0.25, F(0.35) = -0.35, G(0.25) = 0.225.
    adversarial = 0.5 * ((0.25 - 1) ** 2 + (2 * 0.35 - 1) ** 2)
    cycle = 0.85**power + 0.475**power
    identity = 1.0**power + 0.225**power
    expected = adversarial + 10 * cycle + 5 * identity
    assert _float(gan.generator_loss(_batch())) == pytest.approx(expected, rel=1e-5)
    of_a = 0.5 * ((0.5 - 1) ** 2 + 0.25**2)
    of_b = 0.5 * ((-0.5 - 1) ** 2 + 0.7**2)
    found = _float(gan.discriminator_loss(_batch()))
    assert found == pytest.approx(of_a + of_b, rel=1e-5)
    without = _stub(cycle_weight=0.0, identity_weight=0.0).generator_loss(_batch())
    assert _float(without) == pytest.approx(adversarial, rel=1e-5)


def test_identity_generators_have_no_cycle_or_identity_loss():
    gan = CycleGAN(
        *(_generator(name, 1.0) for name in ("g_ab", "g_ba")),
        *(_discriminator(name, 0.0) for name in ("d_a", "d_b")),
    )
    assert _float(gan.generator_loss(_batch())) == pytest.approx(2 * 0.5)
    images = np.arange(32, dtype="uint8").reshape(2, *SHAPE)
    for direction in ("ab", "ba"):
        np.testing.assert_array_equal(gan.reconstruct(images, direction), images)


@pytest.mark.parametrize("identity_weight, seen", [(0.0, [3, 3]), (5.0, [6, 3])])
def test_a_step_translates_each_image_once_and_fills_the_pool(identity_weight, seen):
    gan = _stub(identity_weight=identity_weight, pool_size=4)
    gan.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    logs = gan.update_players(_batch())
    assert gan.g_ab.layers[1].seen == gan.g_ba.layers[1].seen == seen
    # The pool holds translations from before the update of the generators.
    for pool, value in ((gan.pool_b, 0.35), (gan.pool_a, 0.25)):
        stored = ops.convert_to_numpy(pool.images)
        np.testing.assert_allclose(stored[:3], value, rtol=1e-5)
        np.testing.assert_array_equal(stored[3:], 0)
        assert int(pool.count) == 3
    assert _float(gan.g_ab.layers[1].scale) != 0.5
    adversarial = 0.5 * ((0.25 - 1) ** 2 + (2 * 0.35 - 1) ** 2)
    assert _float(logs["adversarial_loss"]) == pytest.approx(adversarial, rel=1e-5)
    assert _float(logs["cycle_loss"]) == pytest.approx(0.85 + 0.475, rel=1e-5)
    gan.update_players(_batch())
    assert int(gan.pool_a.count) == 4 and gan.steps_done == 2


def test_ssim_equals_scikit_image():
    from skimage.metrics import structural_similarity

    x = stripes(count=1, size=32).test_a[:2] / 127.5 - 1
    y = x + np.random.default_rng(0).normal(0, 0.2, x.shape)
    expected = np.mean(
        [
            structural_similarity(
                *pair,
                data_range=2.0,
                channel_axis=-1,
                gaussian_weights=True,
                use_sample_covariance=False,
            )
            for pair in zip(x, y, strict=True)
        ]
    )
    found = translation_losses.ssim(*(ops.convert_to_tensor(v) for v in (x, y)))
    assert _float(found) == pytest.approx(expected, abs=1e-4)
    same = ops.convert_to_tensor(x)
    assert _float(translation_losses.ssim_l1(same, same)) == pytest.approx(0, abs=1e-4)
    with pytest.raises(ValueError, match="at least 11 x 11 pixels.*received 8 x 8"):
        translation_losses.ssim(same[:, :8, :8], same[:, :8, :8])


def test_consistency_compares_maps_by_position_or_aligned(monkeypatch):
    monkeypatch.setattr(translation_losses, "SHIFT", 0)
    images = ops.convert_to_tensor(stripes(count=1, size=16).test_a[:8] / 255.0)
    seeds = keras.random.SeedGenerator(1)
    moved, flips = translation_losses.shift_and_flip(images, seeds)
    flags = ops.convert_to_numpy(flips).ravel()
    assert 0 < flags.sum() < 8
    # A discriminator that looks at single pixels.
    consistency = translation_losses.consistency
    assert _float(consistency(images, moved, flips)) == pytest.approx(0, abs=1e-10)
    x = ops.convert_to_numpy(images)
    expected = np.mean((x - x[:, :, ::-1]) ** 2 * flags[:, None, None, None])
    assert _float(consistency(images, moved)) == pytest.approx(expected, rel=1e-4)


def test_consistency_is_part_of_the_discriminators_loss():
    # The mean of an image changes when it is shifted, but not when it is flipped.
    plain = _float(_stub().discriminator_loss(_batch()))
    for which in ("fake", "real", "both"):
        gan = _stub(consistency_weight=2.0, consistency_on=which)
        assert _float(gan.discriminator_loss(_batch())) > plain


@pytest.mark.parametrize("which", ["fake", "real", "both"])
def test_the_penalty_is_logged_apart_from_the_discriminators_loss(which):
    options = {"consistency_weight": 2.0, "consistency_on": which}
    gan, plain = _stub(pool_size=0, **options), _stub(pool_size=0)
    for model in (gan, plain):
        model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    logs, expected = (
        {name: _float(value) for name, value in model.update_players(_batch()).items()}
        for model in (gan, plain)
    )
    # The value of `test_the_losses_equal_the_papers`.
    without = 0.5 * ((0.5 - 1) ** 2 + 0.25**2) + 0.5 * ((-0.5 - 1) ** 2 + 0.7**2)
    assert logs["d_adversarial_loss"] == pytest.approx(without, rel=1e-5)
    assert logs["d_adversarial_loss"] == expected["d_loss"]
    assert logs["consistency_loss"] > 0
    total = without + 2 * logs["consistency_loss"]
    assert logs["d_loss"] == pytest.approx(total, rel=1e-5)
    assert set(logs) - set(expected) == {"d_adversarial_loss", "consistency_loss"}


@pytest.mark.parametrize("weight", [0.0, 3.0])
def test_a_history_has_the_penalty_only_where_there_is_one(weight):
    gan, data = _small(consistency_weight=weight), stripes(count=4, size=16)
    batches = Batches((data.train_a, data.train_b), batch_size=4, seed=0)
    logged = gan.fit(batches, steps_per_epoch=2, epochs=2, verbose=0).history
    history = {"step": np.array([2, 4])} | {k: np.array(v) for k, v in logged.items()}
    axes, _ = translations.loss_curves(history, gan, "losses").axes
    drawn = [line.get_label() for line in axes.lines if line.get_label()[0] != "_"]
    if not weight:
        assert drawn == ["d_loss", "adversarial_loss"] and len(logged) == 5
        return
    parts = history["d_adversarial_loss"] + weight * history["consistency_loss"]
    np.testing.assert_allclose(history["d_loss"], parts, rtol=1e-5)
    assert drawn == ["d_adversarial_loss", "adversarial_loss", "consistency_loss"]
    # An older history of such a model has no parts.
    older = {k: v for k, v in history.items() if not k.startswith(("d_adv", "cons"))}
    axes, _ = translations.loss_curves(older, gan, "losses").axes
    assert "d_loss" in [line.get_label() for line in axes.lines]


def _small(**options):
    shape = (16, 16, 3)
    gan = CycleGAN(
        cyclegan.small_generator(shape, (4,), 1, name="g_ab"),
        cyclegan.small_generator(shape, (4,), 1, name="g_ba"),
        cyclegan.patch22(shape, 4, name="d_a"),
        cyclegan.patch22(shape, 4, name="d_b"),
        pool_size=6,
        preprocessing="resize_crop_flip",
        **options,
    )
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    return gan


def _assert_equal_states(one, two):
    ours, theirs = (
        [ops.convert_to_numpy(v) for v in [*m.variables, *m.optimizer.variables]]
        for m in (one, two)
    )
    assert len(ours) == len(theirs)
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_resumed_training_ends_like_an_uninterrupted_one(tmp_path):
    data = stripes(count=9, size=16)
    images = (data.train_a, data.train_b)
    whole = _small(augmentation="translation")
    whole.fit(
        Batches(images, batch_size=4, seed=0),
        steps_per_epoch=2,
        epochs=2,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: checkpoint.save(
                    whole, tmp_path / f"{epoch}.npz"
                )
            )
        ],
    )
    resumed = _small(augmentation="translation")
    assert checkpoint.restore(resumed, tmp_path / "0.npz") == 2
    assert int(resumed.pool_a.count) == 6
    assert int(resumed.pool_a.count) == int(whole.pool_a.count)
    resumed.fit(
        Batches(images, batch_size=4, seed=0, start_step=2),
        steps_per_epoch=2,
        verbose=0,
    )
    _assert_equal_states(whole, resumed)

    whole.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    _assert_equal_states(whole, loaded)
    assert loaded.get_config().keys() == whole.get_config().keys()
    translated = whole.translate(data.test_a[:3], "ab")
    assert translated.shape == (3, 16, 16, 3) and translated.dtype == np.uint8
    np.testing.assert_array_equal(loaded.translate(data.test_a[:3], "ab"), translated)


def test_every_step_augments_real_images_differently():
    gan = _small()
    images = stripes(count=4, size=16)
    batch = [ops.convert_to_tensor(x) for x in (images.train_a, images.train_b)]
    first, second = (ops.convert_to_numpy(gan.prepare(batch)[0]) for _ in range(2))
    assert first.shape == (4, 16, 16, 3) and np.abs(first).max() <= 1
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "build, side, field, logits",
    [
        (cyclegan.patch22, 64, 22, (8, 8)),
        (cyclegan.patch46, 64, 46, (4, 4)),
        (cyclegan.patch70, 256, 70, (30, 30)),
        (cyclegan.patch94, 256, 94, (8, 8)),
        (cyclegan.dc_discriminator, 64, 94, (1, 1)),
    ],
)
def test_discriminators_have_their_patch_sizes(build, side, field, logits):
    model = build((side, side, 3), 2)
    assert receptive_field(model) == (field, field)
    assert model.output_shape == (None, *logits, 1)


def test_generators_preserve_the_shape_of_any_image():
    model = cyclegan.generator(width=2, blocks=1, dropout=0.5, norm="batch")
    kinds = {type(layer) for layer in model.layers}
    assert {layers.BatchNormalization, layers.Dropout} <= kinds
    for build in (model, cyclegan.small_generator(filters=(2, 4))):
        for shape in ((1, 16, 24, 3), (2, 32, 16, 3)):
            images = ops.convert_to_numpy(build(np.zeros(shape, "float32")))
            assert images.shape == shape and np.abs(images).max() <= 1
    # The authors' 11,378,179 without the biases that instance normalisation subtracts.
    assert cyclegan.generator().count_params() == 11_378_179 - 5_248
    with pytest.raises(ValueError, match="one of instance, batch, received 'layer'"):
        cyclegan.generator(width=2, blocks=1, norm="layer")


@pytest.mark.parametrize("side, size", [(64, (794, 266)), (128, (782, 262))])
def test_pictures_of_a_run_are_small_enough_to_save(tmp_path, side, size):
    # Noise compresses worst.
    noise = np.random.default_rng(0).integers(0, 256, (8, side, side, 3), "uint8")

    class Translator:
        generators, steps_done = (), 10

        def translate(self, images, direction):
            return images[::-1]

        reconstruct = translate

    data = UnpairedImageData(noise, noise)
    translations.save(Translator(), data, tmp_path)
    picture = tmp_path / "samples.png"
    assert picture.stat().st_size < LARGEST_PICTURE
    with PIL.Image.open(picture) as grid:
        assert grid.size == size


@pytest.mark.tensorflow
def test_rows_of_256_have_the_papers_generator_and_patches_of_94():
    blank = np.zeros((1, 256, 256, 3), "uint8")
    for name, reported in (("cats", (107, 208)), ("apple2orange", (103, 144))):
        experiment = experiments.find(f"cmu/{name}256")
        assert tuple(experiment.reported.values()) == reported
    gan = experiment.build(UnpairedImageData(blank, blank))
    assert gan.g_ab.count_params() == cyclegan.generator().count_params()
    assert receptive_field(gan.d_b) == (94, 94)
    assert gan.d_b.output_shape == (None, 8, 8, 1)
    assert (gan.cycle_weight, gan.identity_weight) == (5.0, 2.5)


@pytest.mark.tensorflow
def test_rows_of_drawn_animals_change_one_thing_each():
    def kinds(name):
        gan = experiments.find(f"dtu/stripes{name}").build(stripes(count=2, size=32))
        found = [
            type(layer)
            for network in [*gan.generators, *gan.discriminators]
            for layer in network.layers
        ]
        assert gan.g_ab.count_params() == gan.g_ba.count_params()
        return {
            kind: found.count(kind)
            for kind in (layers.BatchNormalization, layers.Dropout, layers.Add)
        }

    normal, drop, add = layers.BatchNormalization, layers.Dropout, layers.Add
    assert kinds("") == {normal: 0, drop: 0, add: 6}
    # 3 + 6 + 2 in each generator, 3 in each discriminator.
    assert kinds("-batch-norm") == {normal: 28, drop: 0, add: 6}
    assert kinds("-dropout") == {normal: 0, drop: 6, add: 6}
    assert kinds("-1-block") == {normal: 0, drop: 0, add: 2}
    assert kinds("-6-blocks") == {normal: 0, drop: 0, add: 12}


@pytest.mark.tensorflow
def test_horses_at_half_width_differ_by_sides_and_width_alone():
    images = UnpairedImageData(*[np.zeros((1, 64, 64, 3), "uint8")] * 2)
    whole, half, regular = (
        experiments.find(f"dtu/horse2zebra{name}").build(images)
        for name in ("", "-half", "-cr-half")
    )
    for one, other in zip(
        whole.generators + whole.discriminators,
        half.generators + half.discriminators,
        strict=True,
    ):
        shapes = [tuple(w.shape) for w in other.trainable_weights]
        assert len(shapes) == len(one.trainable_weights)
        widths = [
            (ours[-1], theirs.shape[-1])
            for ours, theirs in zip(shapes, one.trainable_weights, strict=True)
        ]
        assert all(ours in (1, 3, theirs // 2) for ours, theirs in widths)
    # Fine enough to see how evenly the losses fall.
    for name in ("", "-cr", "-half", "-cr-half"):
        full = experiments.find(f"dtu/horse2zebra{name}").budgets["full"]
        assert full.steps / full.epoch_steps >= 100
    options = [gan.get_config() for gan in (half, regular)]
    differ = {key for key in options[0] if options[0][key] != options[1][key]}
    assert "consistency_weight" in differ
    assert not differ & {"cycle_weight", "identity_weight", "pool_size"}


@pytest.mark.tensorflow
def test_grey_pictures_have_no_colour_scores(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier_training, "MINIMUM_STEPS", 5)

    class Nothing:
        def translate(self, images, direction):
            return images

        reconstruct = translate

    drawn = stripes(count=40, size=32)
    parts = (drawn.train_a, drawn.train_b, drawn.test_a, drawn.test_b)
    for channels, scored in ((3, True), (1, False)):
        data = UnpairedImageData(*(part[..., :channels] for part in parts))
        found = translation_scores.TranslationScorer(data, tmp_path)(Nothing())
        names = {score.name for score in found}
        assert ("inverted colours, A to B" in names) is scored
        assert {"reconstruction error, A to B", "domain score (B), A to B"} <= names


@pytest.mark.tensorflow
def test_reconstructions_are_the_other_real_pictures_after_a_round_trip(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(classifier_training, "MINIMUM_STEPS", 5)

    class Translator:
        def __init__(self, loss):
            self.loss, self.trips = loss, []

        def translate(self, images, direction):
            return 255 - images

        def reconstruct(self, images, direction):
            self.trips.append((direction, images))
            return images // self.loss * self.loss

    data = stripes(count=40, size=32)
    scorer = translation_scores.TranslationScorer(data, tmp_path)
    assert "baselines" not in vars(scorer)  # a training begins before they are scored
    assert set(scorer.baselines) == {"real against real", "doing nothing"}
    perfect, coarse = Translator(1), Translator(64)
    scorer(perfect)
    lines = scorer.baselines
    assert lines["reconstructions"] == lines["real against real"]
    # What is scored among the pictures of B comes from B and returns to it.
    (direction, pictures), *_ = perfect.trips
    other = {picture.tobytes() for picture in data.train_b}
    assert direction == "ba" and {p.tobytes() for p in pictures} <= other
    scorer(coarse)
    for found, real in zip(
        scorer.baselines["reconstructions"], lines["real against real"], strict=True
    ):
        assert (found.name, found.n_fake) == (real.name, real.n_fake)
        if found.name.startswith(("FCD", "KCD")):
            assert found.value > real.value


def test_bad_arguments_raise():
    with pytest.raises(ValueError, match="to be one of ab, ba, received 'a'"):
        _stub().translate(np.zeros((1, *SHAPE), "uint8"), "a")
    with pytest.raises(ValueError, match="type uint8 .* received float64"):
        _stub().translate(np.zeros((1, *SHAPE)), "ab")
    with pytest.raises(ValueError, match="one of l1, l2, ssim, received 'l3'"):
        _stub(cycle_loss="l3")
    with pytest.raises(ValueError, match="one of fake, real, both, received 'all'"):
        _stub(consistency_on="all")
    with pytest.raises(
        ValueError, match=r"cycle_weight to be .* at least 0, received -1:"
    ):
        _stub(cycle_weight=-1)
    with pytest.raises(ValueError, match="Expected d_b to fit the image shape"):
        CycleGAN(
            _generator("g_ab", 1.0),
            _generator("g_ba", 1.0),
            _discriminator("d_a", 1.0),
            cyclegan.patch22((16, 16, 3), 2),
        )


@pytest.mark.tensorflow
def test_an_experiment_translates_and_scores_both_directions(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier_training, "MINIMUM_STEPS", 5)
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path))
    run = experiments.run("cmu/cats-id", size="smoke", out=tmp_path / "run")
    assert run.finished
    assert {path.name for path in run.folder.iterdir()} >= {
        "history.csv",
        "scores.csv",
        "samples.png",
        "losses.png",
        "training.webp",
        "g_ab.keras",
        "g_ba.keras",
    }
    assert {"cycle_loss", "identity_loss"} <= set(run.history)
    scores = json.loads((run.folder / "scores.json").read_text())
    names = [score["name"] for score in scores["scores"]]
    for way in ("plain to striped", "striped to plain"):
        assert f"reconstruction error, {way}" in names
        assert f"KCD-stripes-32-domains, {way}" in names
        assert f"inverted colours, {way}" in names
    lines = {"real against real", "doing nothing", "reconstructions"}
    assert set(scores["baselines"]) == lines
    loaded = experiments.load(run.folder).model
    images = stripes(count=1, size=32).test_a[:2]
    np.testing.assert_array_equal(
        loaded.translate(images, "ab"), run.model.translate(images, "ab")
    )


def test_a_shared_encoder_is_one_network_after_loading_too(tmp_path):
    shape = (16, 16, 3)
    gan = CycleGAN(
        *cyclegan.fused_generators(shape, 2, 1),
        cyclegan.patch22(shape, 2, name="d_a"),
        cyclegan.patch22(shape, 2, name="d_b"),
        pool_size=0,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    images = ops.convert_to_tensor(stripes(count=2, size=16).train_a)
    before = ops.convert_to_numpy(gan.g_ab.get_layer("encoder").weights[0])
    gan.update_players(gan.prepare((images, images)))
    encoder = gan.g_ba.get_layer("encoder")
    assert encoder is gan.g_ab.get_layer("encoder")
    assert not np.array_equal(before, ops.convert_to_numpy(encoder.weights[0]))
    weights = {id(w): w for network in gan.generators for w in network.weights}
    count = sum(int(np.prod(w.shape)) for w in weights.values())
    assert count == 2 * gan.g_ab.count_params() - encoder.count_params()

    config = gan.get_config()
    config["losses"] = config.pop("loss")  # its earlier name
    assert CycleGAN.from_config(config).get_config()["loss"] == "least_squares"
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.g_ab.get_layer("encoder") is loaded.g_ba.get_layer("encoder")
    _assert_equal_states(gan, loaded)
