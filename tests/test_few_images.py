"""Few images: networks, preprocessing in the step, scores, one run with resume."""

import keras
import numpy as np
import PIL.Image
import pytest
from keras import layers, ops

from gankit import experiments
from gankit.callbacks import checkpoint
from gankit.datasets import Batches, ImageData, Split
from gankit.experiments import data as experiment_data
from gankit.experiments.scoring import few_images as scores
from gankit.experiments.scoring.few_image_measures import roughness
from gankit.inspection import receptive_field
from gankit.layers import ReflectionPadding2D, SpectralNormalization
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.networks import few_images
from gankit.trainers import AugmentedGAN

CELLS = {"basic": (384, 55, 123, None), "deluxe": (98, 72, 136, None)}
SUFFIXES = ("", "-diffaug", "-sn", "-diffaug-sn")


def _numpy(x):
    return ops.convert_to_numpy(ops.stop_gradient(x))


def _of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _pictures(n=8, side=16, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (n, side, side, 3), dtype="uint8")


def _gan(preprocessing, side=16, **options):
    shape, widths = (side, side, 3), (8, 4)
    gan = AugmentedGAN(
        few_images.generator(shape, 5, widths=widths),
        few_images.discriminator(shape, widths=widths[::-1], **options),
        latent_dim=5,
        latent_distribution="uniform",
        loss="least_squares",
        preprocessing=preprocessing,
    )
    gan.compile(*(keras.optimizers.Adam(1e-3, 0.5) for _ in range(2)))
    return gan


def _fit(gan, start_step, steps):
    batches = Batches(_pictures(), batch_size=4, seed=0, start_step=start_step)
    gan.fit(batches, steps_per_epoch=steps, verbose=0)


@pytest.mark.tensorflow
def test_networks_of_64_have_the_layers_of_the_hand_out():
    generator, discriminator = few_images.networks()
    assert [c.output.shape[1:] for c in _of(generator, layers.Conv2D)] == [
        *((8, 8, 128), (16, 16, 64), (32, 32, 32), (64, 64, 3)),
    ]
    assert generator.count_params() == (
        100 * 16 * 256 + 9 * (256 * 128 + 128 * 64 + 64 * 32) + (9 * 32 * 3 + 3)
    )
    assert [c.output.shape[1:] for c in _of(discriminator, layers.Conv2D)] == [
        *((32, 32, 32), (16, 16, 64), (8, 8, 128), (4, 4, 256), (1, 1, 1)),
    ]
    assert discriminator.count_params() == (
        (16 * 3 * 32 + 32) + 16 * (32 * 64 + 64 * 128 + 128 * 256) + (16 * 256 + 1)
    )
    assert discriminator.output_shape == (None, 1)
    assert len(_of(discriminator, layers.GroupNormalization)) == 3
    assert receptive_field(discriminator) == (94, 94)


@pytest.mark.tensorflow
def test_spectral_norm_and_augmentation_are_options_of_the_discriminator():
    augment = DifferentiableAugmentation(seed=0)
    _, network = few_images.networks(spectral_norm=True, augmentation=augment)
    assert network.layers[1] is augment
    assert len(_of(network, SpectralNormalization)) == 5
    assert not _of(network, layers.Conv2D)
    assert receptive_field(network) == (94, 94)


@pytest.mark.tensorflow
def test_networks_of_256_have_two_more_blocks_of_two_padded_convolutions():
    generator, discriminator = few_images.networks((256, 256, 3))
    assert generator.output_shape == discriminator.input_shape == (None, 256, 256, 3)
    assert len(_of(generator, layers.UpSampling2D)) == 6
    assert len(_of(generator, layers.Conv2D)) == 12
    assert len(_of(generator, ReflectionPadding2D)) == 12
    assert discriminator.output_shape == (None, 1)


@pytest.mark.tensorflow
def test_other_sides_get_a_sentence():
    with pytest.raises(ValueError, match="64 x 64 or 256 x 256, received 48 x 48"):
        few_images.networks((48, 48, 3))
    with pytest.raises(ValueError, match="16 x 16 for 2 widths, received 48"):
        few_images.generator((48, 48, 3), widths=(8, 4))


def test_real_images_are_augmented_anew_in_every_step_and_stay_in_range():
    gan = _gan("resize_crop_flip,color")
    pictures = ops.convert_to_tensor(_pictures())
    first, second = (_numpy(gan.prepare(pictures)) for _ in range(2))
    assert first.shape == (8, 16, 16, 3) and first.dtype == "float32"
    assert not np.allclose(first, second)
    for images in (first, second):
        assert images.min() >= -1 and images.max() <= 1
    plain = _numpy(_gan(None).prepare(pictures))
    np.testing.assert_allclose(plain, _pictures() / 127.5 - 1, atol=1e-6)


def test_a_resumed_training_draws_the_variants_of_a_whole_one(tmp_path):
    def trained(parts, gan):
        done = 0
        for steps in parts:
            if done:
                checkpoint.save(gan, tmp_path / "state.npz")
                gan = _gan("resize_crop_flip")
                assert checkpoint.restore(gan, tmp_path / "state.npz") == done
            _fit(gan, done, steps)
            done += steps
        return gan

    keras.utils.set_random_seed(1)
    whole = trained([4], _gan("resize_crop_flip"))
    keras.utils.set_random_seed(1)
    parts = trained([2, 2], _gan("resize_crop_flip"))
    for a, b in zip(whole.variables, parts.variables, strict=True):
        np.testing.assert_array_equal(_numpy(a), _numpy(b), a.path)

    whole.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.preprocessing == "resize_crop_flip"
    pictures = ops.convert_to_tensor(_pictures())
    again, other = (_numpy(gan.prepare(pictures)) for gan in (whole, loaded))
    np.testing.assert_array_equal(again, other)


def test_copies_are_found_without_held_out_pictures():
    random = np.random.default_rng(0)
    train, fresh = random.normal(size=(2, 200, 8))
    copies = scores.leave_one_out_copy_score(train[:50] + 1e-3, train)
    assert float(copies) == 1 and copies.n_fake == 50
    assert float(scores.leave_one_out_copy_score(fresh, train)) < 0.12


def test_roughness_is_of_second_differences():
    (rough,) = roughness({"g_loss": np.array([1.0, 3.0, 1.0, 3.0])})
    assert float(rough) == 2
    (smooth,) = roughness({"g_loss": np.array([1.0, 2.0, 3.0])})
    assert float(smooth) == 0
    assert roughness({"g_loss": np.array([-1.0, 2.0, 3.0])}) == []
    assert roughness({"g_loss": np.array([1.0, 2.0])}) == []


@pytest.mark.tensorflow
def test_the_discriminator_sees_real_images_as_in_training_and_plain_samples():
    gan = _gan("resize_crop_flip")
    pictures = _pictures(80)
    history = {name: np.ones(3) for name in ("step", "d_loss", "g_loss")}
    data = ImageData(Split(pictures[:40]), test=Split(pictures[40:]))
    found = {s.name: s for s in scores.few_image_scores(gan, data, history)}
    for what in ("training", "held-out", "generated"):
        assert 0 <= float(found[f"discriminator accuracy, {what} images"]) <= 1
    assert float(found["pairwise distance, relative to real"]) < 0.5
    assert found["copy score"].n_fake == 80

    data = ImageData(data.train)
    names = {s.name for s in scores.few_image_scores(gan, data, history)}
    assert not [name for name in names if "held-out" in name or name == "copy score"]


@pytest.mark.tensorflow
def test_halves_of_all_pictures_are_scored_alike():
    pictures = _pictures(20)
    data = ImageData(Split(pictures[:12]), test=Split(pictures[12:]))
    scorer = scores.few_image_scorer(data)
    kernel, *_ = scorer(pictures[:10], value_range=(0, 255))
    (baseline, *_) = scorer.baselines["real against real"]
    for score in (kernel, baseline):
        assert score.name == "kernel distance of thumbnails"
        assert score.n_real == score.n_fake == scorer.n == 10


@pytest.mark.tensorflow
def test_the_table_is_registered_with_the_numbers_of_the_report():
    for row, numbers in CELLS.items():
        for suffix, number in zip(SUFFIXES, numbers, strict=True):
            experiment = experiments.find(f"cmu/cats64-{row}{suffix}")
            assert experiment.reported.get("FID of the report") == number
    for name in ("jitter", "best", "best-flip", "holdout-basic", "holdout-diffaug"):
        assert experiments.find(f"cmu/cats64-{name}").budgets["full"].steps == 6500


@pytest.mark.tensorflow
def test_cats_of_256_have_the_reports_networks_and_epochs(tmp_path, monkeypatch):
    whole, half = (
        experiments.find("cmu/cats256-deluxe-diffaug-sn", width=width)
        for width in ("full", "half")
    )
    assert (whole.budgets["full"].steps, whole.stages[-1]) == (2000 * 13, 2000 * 13)
    gans = [
        experiment.build(ImageData(Split(np.zeros((1, side, side, 3), "uint8"))))
        for experiment, side in ((whole, 256), (half, 128), (whole, 64))
    ]
    assert gans[0].generator.count_params() == (
        few_images.networks((256, 256, 3))[0].count_params()
    )
    for gan, side, blocks in zip(gans, (256, 128, 64), (6, 5, 4), strict=True):
        assert gan.generator.output_shape == (None, side, side, 3)
        assert len(_of(gan.generator, layers.UpSampling2D)) == blocks
        assert len(_of(gan.generator, ReflectionPadding2D)) == 2 * blocks
        assert len(_of(gan.discriminator, SpectralNormalization)) == blocks + 1
        assert len(_of(gan.discriminator, DifferentiableAugmentation)) == 1
        assert gan.preprocessing == "resize_crop_flip"
    widest = [
        max(layer.kernel.shape[-1] for layer in _of(gan.generator, layers.Conv2D))
        for gan in gans
    ]
    assert widest == [256, 128, 128]
    # Smaller pictures than asked for are enlarged.
    for domain in ("trainA", "trainB"):
        folder = tmp_path / "grumpycat" / domain
        folder.mkdir(parents=True)
        PIL.Image.fromarray(_pictures(1, 64)[0]).save(folder / "1.png")
    for experiment, side in ((whole, 256), (half, 128)):
        images = experiment.data("full", tmp_path)
        assert images.train.images.shape == (1, side, side, 3)


@pytest.mark.tensorflow
def test_a_run_is_resumed_scored_and_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "cmu/cats64-deluxe"
    experiments.run(name, size="smoke", steps=1)
    run = experiments.run(name, size="smoke")
    assert run.finished and list(run.history["step"]) == [1, 2]
    names = {score["name"] for score in run.scores["scores"]}
    kernel = "kernel distance of thumbnails"
    assert {kernel, f"{kernel}, n = 88", "copy score, one left out"} <= names
    assert experiments.load(run.folder).model.preprocessing == "resize_crop_flip"


@pytest.mark.data
@pytest.mark.tensorflow
def test_of_the_204_cats_44_are_held_out():
    every = experiment_data.cats("full", None)
    assert every.train.images.shape == (204, 64, 64, 3)
    divided = experiment_data.cats_held_out("full", None)
    assert (len(divided.train), len(divided.test)) == (160, 44)
    pictures = np.concatenate([divided.train.images, divided.test.images])
    assert {p.tobytes() for p in pictures} == {p.tobytes() for p in every.train.images}
