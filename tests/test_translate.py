"""gankit translate: any size, folders, videos, the flicker score, smoothing, errors."""

import gc
import itertools
import json
import subprocess
import zipfile

import imageio.v3 as iio
import imageio_ffmpeg
import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from typer.testing import CliRunner

from gankit import pretrained
from gankit.backend.layer_tree import all_layers
from gankit.cli import app
from gankit.datasets import (
    ImageData,
    Split,
    UnpairedImageData,
    animal_pairs,
    walking_animal,
)
from gankit.experiments.running.results import save_network
from gankit.experiments.running.task import task_of
from gankit.networks import cgan, cyclegan
from gankit.photos import translation
from gankit.photos.translation.any_size import strides
from gankit.trainers import ConditionalGAN, CycleGAN

FPS = 12.5

# imageio-ffmpeg leaves the pipes of a video that was read to its end to the collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module", autouse=True)
def _collect_pipes():
    """Collects them while this module's filter is active."""
    yield
    gc.collect()


def _unfolding(name, sign=1.0):
    """The identity, or the negative, through convolutions of stride 4."""
    images = keras.Input((None, None, 3))
    x = layers.Conv2D(48, 4, 4, use_bias=False, name="there")(images)
    x = layers.Conv2DTranspose(3, 4, 4, use_bias=False, name="back")(x)
    model = keras.Model(images, x, name=name)
    kernel = np.eye(48).reshape(4, 4, 3, 48)
    model.get_layer("there").set_weights([kernel])
    model.get_layer("back").set_weights([sign * kernel])
    return model


@pytest.fixture(scope="module")
def model():
    """A to B changes nothing, B to A gives the negative."""
    discriminators = [
        cyclegan.patch22((16, 16, 3), 2, name=name) for name in ("d_a", "d_b")
    ]
    return CycleGAN(
        _unfolding("g_ab"), _unfolding("g_ba", -1.0), *discriminators, pool_size=0
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 13, 22, 3), dtype="uint8")


@pytest.mark.parametrize("height, width", [(16, 24), (13, 22), (1, 7), (5, 3)])
def test_an_image_of_any_size_comes_back_from_a_network_of_stride_4(
    model, height, width
):
    images = np.random.default_rng(0).integers(
        0, 256, (3, height, width, 3), dtype="uint8"
    )
    found = translation.translate(model, images, "ab", batch_size=2)
    np.testing.assert_array_equal(found, images)
    found = translation.translate(model, images, "ba", batch_size=2)
    np.testing.assert_array_equal(found, 255 - images)


def _translator(generator):
    """One translator for both directions."""
    discriminators = [
        cyclegan.patch22((16, 16, 3), 2, name=name) for name in ("d_a", "d_b")
    ]
    return CycleGAN(generator, generator, *discriminators, pool_size=0)


def test_a_generator_is_padded_to_what_it_needs_and_no_further():
    assert strides(cyclegan.small_generator(filters=(2, 4), blocks=1)) == 4
    gan = _translator(cyclegan.generator(width=2, blocks=1))
    assert strides(gan.g_ab) == 4
    images = walking_animal(2, 20)
    np.testing.assert_array_equal(
        translation.translate(gan, images, "ab", batch_size=2),
        gan.translate(images, "ab", batch_size=2),
    )
    odd = translation.translate(gan, images[:, :9, :3], "ab", batch_size=2)
    assert odd.shape == (2, 9, 3, 3)


def test_images_that_do_not_fit_are_refused(model, images):
    inputs = keras.Input((16, 16, 3))
    fixed = _translator(keras.Model(inputs, layers.ReLU()(inputs)))
    with pytest.raises(ValueError, match="of 16 x 16 pixels, the only.*13 x 22"):
        translation.translate(fixed, images, "ab")
    with pytest.raises(ValueError, match="images of 3 channels.*received 1"):
        translation.translate(model, images[..., :1], "ab")
    with pytest.raises(ValueError, match=r"shape \(13, 22, 3\): add an axis"):
        translation.translate(model, images[0], "ab")


def test_a_folder_keeps_its_names_and_says_what_it_leaves_out(model, images, tmp_path):
    source = tmp_path / "in"
    (source / "below").mkdir(parents=True)
    sizes = {"a.png": 13, "a.bmp": 13, "below/b.png": 13, "c.png": 7}
    for (name, height), image in zip(sizes.items(), images, strict=False):
        Image.fromarray(image[:height]).save(source / name)
    (source / "d.jpg").write_bytes(b"nothing")
    with pytest.warns(UserWarning, match="1 of 5 images .* cannot be decoded.*d.jpg"):
        done = translation.translate_file(model, source, tmp_path / "out", "ba")
    assert (done.kind, done.count) == ("folder", 4)
    written = {
        str(path.relative_to(tmp_path / "out")): np.asarray(Image.open(path))
        for path in (tmp_path / "out").rglob("*.*")
    }
    # a.bmp comes first.
    names = {
        "a.png.png": 0,
        "a.png": 1,
        "below/b.png": 2,
        "c.png": 3,
    }
    assert set(written) == set(names)
    for name, i in names.items():
        expected = 255 - images[i][: written[name].shape[0]]
        np.testing.assert_array_equal(written[name], expected)


@pytest.mark.tensorflow  # JAX warns of every process, as ffmpeg is one
@pytest.mark.parametrize("height, width", [(40, 64), (33, 47)])
def test_a_video_keeps_frames_size_and_rate(model, tmp_path, height, width):
    film = walking_animal(19, 64, seed=1)[:, -height:, :width]
    source, target = tmp_path / "in.mp4", tmp_path / "out" / "out.mp4"
    with translation.write_video(source, FPS) as write:
        for frame in film:
            write(frame)
    done = translation.translate_file(model, source, target, "ba", batch_size=8)
    assert (done.count, done.fps, done.sound_left_out) == (19, FPS, False)
    # Whatever the input does, its negative does too.
    assert done.flicker == done.flicker_before == 0
    found = iio.imread(target, plugin="FFMPEG")
    assert found.shape == film.shape
    assert iio.immeta(target, plugin="FFMPEG")["fps"] == FPS
    read = iio.imread(source, plugin="FFMPEG").astype(int)
    # Twice through a lossy code.
    assert np.abs(255 - read - found).mean() < 4
    assert [path.name for path in target.parent.iterdir()] == ["out.mp4"]


def test_flicker_is_what_changes_beyond_the_input():
    still = np.full((6, 4, 5, 3), 100, "uint8")
    flashing = still.copy()
    flashing[1::2, :2, :, 0] = 130
    # 30 levels in a third of the channels of half of the pixels.
    assert translation.flicker(still, flashing) == pytest.approx(5.0)
    assert translation.flicker(still, still) == 0
    assert translation.flicker(still[:1], flashing[:1]) == 0
    assert translation.flicker(flashing, still) == 0
    assert translation.flicker(flashing, 255 - flashing) == 0
    # In another channel by as much: none beyond the input.
    assert translation.flicker(flashing, flashing[..., ::-1]) == 0
    twice = still + 2 * (flashing - still)
    assert translation.flicker(flashing, twice) == pytest.approx(5.0)
    with pytest.raises(ValueError, match=r"all frames to be of \(4, 5, 3\), received"):
        meter = translation.Flicker()
        meter.update(still[0], still[0])
        meter.update(still[0, :2], still[0, :2])


def test_smoothing_calms_what_stands_still_and_leaves_the_moving_figure_alone():
    film = walking_animal(30, 64, seed=2)
    empty = walking_animal(1, 64, seed=2, positions=(-2, -2))
    figure = np.abs(film.astype(int) - empty).max(axis=-1) > 30
    assert 60 < figure.sum((1, 2)).max() < 64 * 64 // 2
    # A negative whose brightness and colour jump from frame to frame.
    jumps = np.random.default_rng(0).normal(0, 10, (30, 1, 1, 3))
    translated = np.clip(255.0 - film + jumps, 0, 255).astype("uint8")
    smooth = translation.ResidualSmoothing(0.8)
    smoothed = np.stack([smooth(*pair) for pair in zip(film, translated, strict=True)])
    before, after = (
        translation.flicker(film, frames) for frames in (translated, smoothed)
    )
    assert after < 0.7 * before
    # The figure is where it was, and as sharp.
    difference = np.abs(smoothed.astype(int) - translated)
    assert difference[figure].mean() < 0.1
    # Where it has been it leaves no ghost.
    negative = 255.0 - film
    errors = [np.abs(y - negative)[~figure].mean() for y in (translated, smoothed)]
    assert errors[1] < 0.8 * errors[0]
    # Averaged everywhere, what was added to the figure trails behind it.
    residual, ghosts = 0.0, []
    for x, y in zip(film.astype(float), translated, strict=True):
        residual = 0.8 * residual + 0.2 * (y - x) if ghosts else y - x
        ghosts.append(x + residual)
    trailing = np.abs(np.stack(ghosts) - negative)[~figure].mean()
    assert trailing > 2 * errors[0]


def test_smoothing_forgets_at_a_cut_and_averages_what_is_still():
    still = np.full((1, 16, 16, 3), 100, "uint8")
    smooth = translation.ResidualSmoothing(0.75)
    levels = [100, 140, 140]
    found = [smooth(still[0], np.full_like(still[0], level)) for level in levels]
    # 0.75 of 0 and 0.25 of 40; 0.75 of 10 and 0.25 of 40.
    assert [int(frame.max()) for frame in found] == [100, 110, 118]
    cut = smooth(still[0] + 100, np.full_like(still[0], 50))
    np.testing.assert_array_equal(cut, 50)
    none = translation.ResidualSmoothing(0.0)
    for level in levels:
        frame = np.full_like(still[0], level)
        np.testing.assert_array_equal(none(still[0], frame), frame)
    with pytest.raises(ValueError, match="at least 0 and below 1, received 1"):
        translation.ResidualSmoothing(1)


def _run(tmp_path, network):
    folder = tmp_path / "run"
    folder.mkdir()
    network.save(folder / "gan.keras")
    scores = {"name": "run", "size": "smoke", "seed": 0, "steps": 1, "budget": 1}
    (folder / "scores.json").write_text(json.dumps({**scores, "scores": []}))
    (folder / "run.json").write_text("{}")
    (folder / "history.csv").write_text("step\n1\n")
    return folder


@pytest.mark.tensorflow
def test_the_command_translates_and_prints_the_flicker(model, images, tmp_path):
    run = _run(tmp_path, model)
    image, video = tmp_path / "image.png", tmp_path / "video.mp4"
    Image.fromarray(images[0]).save(image)
    # Three frames, and a tone.
    lavfi = "-f lavfi -i testsrc=duration=0.24:rate=12.5:size=22x13 -f lavfi -i sine"
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error"]
    subprocess.run([*ffmpeg, *lavfi.split(), "-shortest", video], check=True)

    def call(*arguments):
        return CliRunner().invoke(app, ["translate", *map(str, arguments)])

    done = call(run, image, tmp_path / "new.png", "--direction", "b-to-a")
    assert done.exit_code == 0 and done.output.startswith("1 image translated: ")
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "new.png")), 255 - images[0]
    )
    done = call(run, video, tmp_path / "new.mp4", "--smoothing", 0.5)
    assert "3 frames translated at 12.5 a second" in done.output, done.output
    assert "Sound is left out." in done.output
    assert "Flicker 0.00, 0.00 before smoothing: grey levels" in done.output


@pytest.mark.tensorflow
def test_without_a_run_the_command_takes_the_saved_model(tmp_path, monkeypatch):
    horse, _ = animal_pairs(1)
    Image.fromarray(horse[0]).save(tmp_path / "horse.png")
    monkeypatch.chdir(tmp_path)  # where nothing was run
    arguments = ["translate", "dtu/stripes", "horse.png", "zebra.png"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    expected = pretrained("dtu/stripes").translate(horse, "ab", batch_size=1)
    np.testing.assert_array_equal(np.asarray(Image.open("zebra.png")), expected[0])


@pytest.mark.tensorflow
def test_what_cannot_be_translated_gets_a_sentence(model, make_gan, images, tmp_path):
    run = _run(tmp_path, model)
    image = tmp_path / "image.png"
    Image.fromarray(images[0]).save(image)
    spoilt = [tmp_path / name for name in ("spoilt.png", "spoilt.mp4")]
    for path in (*spoilt, tmp_path / "text.txt"):
        path.write_text("nothing")
    new = (tmp_path / f"new-{i}" for i in itertools.count())

    def sentence(*arguments):
        done = CliRunner().invoke(app, ["translate", *map(str, arguments)])
        assert done.exit_code == 1, done.output
        return done.output

    png = next(new).with_suffix(".png")
    assert "folder of a run or the name of an experiment" in sentence(
        "dtu/nothing", image, png
    )
    (tmp_path / "other").mkdir()
    other = _run(tmp_path / "other", make_gan())
    assert "a translator, received" in sentence(other, image, png)
    assert "can be decoded, spoilt.png (damaged" in sentence(run, spoilt[0], png)
    mp4 = next(new).with_suffix(".mp4")
    assert "that ffmpeg can read, received" in sentence(run, spoilt[1], mp4)
    assert "there is no" in sentence(run, tmp_path / "nowhere.png", png)
    assert "does not exist yet, received" in sentence(run, image, image)
    assert "to end in .apng" in sentence(run, image, mp4)
    assert "to end in .mkv, .mov, .mp4" in sentence(run, spoilt[1], png)
    assert "a folder or a video (" in sentence(run, tmp_path / "text.txt", png)
    assert "a video to smooth" in sentence(run, image, png, "--smoothing", 0.5)
    assert not png.exists() and not mp4.exists()
    assert not list(tmp_path.glob(".partial*"))


# What a run saves of a model.


def _small_cyclegan():
    form = {"filters": (8, 16), "blocks": 1}
    networks = [cyclegan.small_generator(name=n, **form) for n in ("g_ab", "g_ba")]
    networks += [cyclegan.patch22((16, 16, 3), 2, name=name) for name in ("d_a", "d_b")]
    return CycleGAN(*networks, pool_size=0)


def _conditional_gan():
    form = {"image_shape": (16, 16, 3), "num_classes": 3}
    return ConditionalGAN(
        cgan.generator((8, 4), (2, 2), latent_dim=6, **form),
        cgan.discriminator((4, 8), (2, 2), **form),
        latent_dim=6,
        num_classes=3,
        ema=0.9,
    )


@pytest.mark.parametrize("build", [_small_cyclegan, _conditional_gan])
def test_the_networks_that_a_run_saves_need_no_bfloat16(build, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 16, 16, 3), dtype="uint8")
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build()
    model.compile("adam", "adam")
    if build is _small_cyclegan:
        data, inputs = UnpairedImageData(images, images[::-1]), images / 127.5 - 1
        model.fit((data.train_a, data.train_b), batch_size=4, verbose=0)
        names = {"g_ab.keras": "g_ab", "g_ba.keras": "g_ba"}
    else:
        labels = np.arange(8) % 3
        data = ImageData(Split(images, labels))
        inputs = [rng.normal(size=(8, 6)).astype("float32"), labels]
        model.fit(images, labels, batch_size=4, verbose=0)
        names = {"generator.keras": "ema_generator"}
    task_of(model, data).save(tmp_path)

    keras.config.set_dtype_policy("float32")
    single = build()
    for file, name in names.items():
        with zipfile.ZipFile(tmp_path / file) as archive:
            assert b"bfloat16" not in archive.read("config.json")
        loaded = keras.saving.load_model(tmp_path / file)
        assert {layer.dtype_policy.name for layer in all_layers(loaded)} == {"float32"}
        trained, network = getattr(model, name), getattr(single, name)
        network.set_weights(trained.get_weights())
        for one, other in zip(trained.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        outputs, expected, rounded = (
            keras.ops.convert_to_numpy(keras.ops.cast(each(inputs), "float32"))
            for each in (loaded, network, trained)
        )
        np.testing.assert_array_equal(outputs, expected)
        assert 0 < np.abs(outputs - rounded).mean() < 0.2 * np.std(outputs)


def test_a_network_in_float32_is_saved_as_it_is(tmp_path):
    network = _unfolding("g_ab")
    save_network(network, tmp_path / "g_ab.keras")
    loaded = keras.saving.load_model(tmp_path / "g_ab.keras")
    pictures = np.random.default_rng(0).random((2, 8, 8, 3), "float32")
    found, expected = (
        keras.ops.convert_to_numpy(each(pictures)) for each in (loaded, network)
    )
    np.testing.assert_array_equal(found, expected)
