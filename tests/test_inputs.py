"""What comes in from outside: images, labels, numbers, folders and files."""

import os
import pickle
import re
import struct
import threading
import warnings
import zipfile
import zlib

import keras
import numpy as np
import pytest
import tifffile
from keras import layers
from PIL import Image

import gankit
from gankit import datasets, losses, metrics
from gankit.backend import device
from gankit.constraints import WeightClipping
from gankit.datasets import Batches
from gankit.datasets.image_files import SUFFIXES
from gankit.layers import (
    ConditionalBatchNormalization,
    DifferentiableAugmentation,
    ImagePool,
    ReflectionPadding2D,
    SelfAttention2D,
    SpectralNormalization,
)
from gankit.metrics.features import sources
from gankit.metrics.features.extractor import Extractor
from gankit.metrics.inception.torch_file import read_state_dict

RANDOM = np.random.default_rng(0)
LEVELS = RANDOM.integers(0, 256, (6, 8, 8, 1), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(6) % 3


def networks(channels=1):
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(64 * channels, activation="tanh"),
            layers.Reshape((8, 8, channels)),
        ]
    )
    discriminator = keras.Sequential(
        [keras.Input((8, 8, channels)), layers.Flatten(), layers.Dense(1)]
    )
    return generator, discriminator


def conditional_networks(classes=3):
    latent, image = keras.Input((4,)), keras.Input((8, 8, 1))
    label = keras.Input((), dtype="int32")
    shade, asked = (layers.Embedding(classes, 4)(label) for _ in range(2))
    flat = layers.Dense(64, activation="tanh")(layers.Multiply()([latent, shade]))
    judged = layers.Concatenate()([layers.Flatten()(image), asked])
    return (
        keras.Model([latent, label], layers.Reshape((8, 8, 1))(flat)),
        keras.Model([image, label], layers.Dense(1)(judged)),
    )


class Recording(gankit.GAN):
    """Keeps what arrives at the losses instead of learning."""

    def update_players(self, batch):
        self.seen.append(keras.ops.convert_to_numpy(batch))
        return {"d_loss": 0.0}


def recording(**options):
    model = Recording(*networks(), latent_dim=4, **options)
    model.compile("adam", "adam", run_eagerly=True, jit_compile=False)
    model.seen = []
    return model


def conditional():
    model = gankit.ConditionalGAN(*conditional_networks(), num_classes=3, latent_dim=4)
    model.compile("adam", "adam")
    return model


class Pieces(keras.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


def generator_of(batch):
    yield batch


def dataset_of(batch):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.data trains on TensorFlow")
    return tf.data.Dataset.from_tensors(batch)


DOORS = {
    "array": lambda model, x: model.fit(x, verbose=0, shuffle=False),
    "data set": lambda model, x: model.fit(dataset_of(x), verbose=0),
    "PyDataset": lambda model, x: model.fit(Pieces(x), verbose=0, shuffle=False),
    "generator": lambda model, x: model.fit(
        generator_of(x), steps_per_epoch=1, verbose=0, shuffle=False
    ),
    "one batch": lambda model, x: model.train_on_batch(x),
}
doors = pytest.mark.parametrize("door", DOORS)


@doors
@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint16", "int32", "float32"])
def test_levels_of_any_type_become_floats_from_minus_1_to_1(door, dtype):
    model = recording()
    DOORS[door](model, LEVELS.astype(dtype))
    (seen,) = model.seen
    assert seen.dtype == "float32"
    np.testing.assert_allclose(seen, LEVELS / 127.5 - 1, atol=1e-6)


def test_the_range_of_the_second_data_set_counts():
    model = recording()
    scaled = (LEVELS / 127.5 - 1).astype("float32")
    for images in (LEVELS.astype("float32"), scaled, LEVELS):
        model.fit(images, verbose=0, shuffle=False)
        np.testing.assert_allclose(model.seen.pop(), scaled, atol=1e-6)


BAD_IMAGES = {
    "0 to 1": (LEVELS / 255, r"float64 from 0 to 1: .*to_uint8\(images, \(0, 1\)\)"),
    "16 bits": (LEVELS.astype("uint16") * 257, "uint16 from 0 to 65535"),
    "NaN": (
        np.full((4, 8, 8, 1), np.nan, "float32"),
        "or floats, received others in float32",
    ),
    "0 to 1.02": (
        (LEVELS / 250).astype("float32"),
        r"float32 from 0 to 1.02: .*to_uint8\(images, \(0, 1.0",
    ),
    "0 to 16": (LEVELS // 16 + LEVELS // 255.0, r"float64 from 0 to 16: .*\(0, 16.0\)"),
    "0 to 9": (
        LEVELS.astype("int64") // 28,
        r"int64 from 0 to 9: .*\(0, 9.0\)\) or, if",
    ),
    "below 64": (LEVELS.astype("int32") // 4, "int32 from 0 to 63"),
    "empty": (LEVELS[:0], "not empty, received 1 arrays"),
    "no channels": (LEVELS[..., 0], "add a missing axis"),
    "another size": (np.zeros((4, 9, 9, 1), "uint8"), r"received \(4, 9, 9, 1\)"),
    "truth values": (LEVELS > 100, "received others in bool"),
    "labels too": ((LEVELS, LABELS), "batches of images .*received 2 arrays"),
}


@doors
@pytest.mark.parametrize("bad", BAD_IMAGES)
def test_other_images_are_refused_before_training(door, bad):
    images, message = BAD_IMAGES[bad]
    if door == "data set" and bad == "empty":
        message = "not empty"
    with pytest.raises(ValueError, match=message):
        DOORS[door](recording(), images)


@pytest.mark.parametrize("bad", ["0 to 1", "0 to 1.02", "0 to 16", "0 to 9", "16 bits"])
def test_what_the_message_on_a_range_advises_works(bad):
    images = BAD_IMAGES[bad][0]
    with pytest.raises(ValueError) as caught:
        recording().fit(images, verbose=0)
    (advice,) = re.findall(r"datasets\.(to_uint8\(.*?\)\))", str(caught.value))
    scaled = eval(advice, {"to_uint8": datasets.to_uint8, "images": images})
    model = recording()
    model.fit(scaled, verbose=0, shuffle=False)
    assert [model.seen[0].min(), model.seen[0].max()] == [-1, 1]


@pytest.mark.parametrize("brightest", [64, 255])
def test_dark_levels_are_levels_from_64_on(brightest):
    model = recording()
    model.fit(np.clip(LEVELS, 0, brightest).astype("int32"), verbose=0)
    np.testing.assert_allclose(model.seen[0].max(), brightest / 127.5 - 1, 1e-6)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "received NoneType"),
        ("images/", "received str"),
        ({"image": LEVELS}, r"first batch \['image'\]"),
        (datasets.Split(LEVELS), "received Split"),
        (list(LEVELS), "received 6 arrays"),
    ],
)
def test_what_is_no_data_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        recording().fit(x, verbose=0)


def test_a_data_set_of_unknown_rank_is_refused():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_generator(lambda: iter([LEVELS]), output_types=tf.uint8)
    with pytest.raises(ValueError, match="tf.ensure_shape"):
        recording().fit(data, verbose=0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS + 1, "from 0 to 2, received values from 1 to 3"),
        (LABELS - 1, "received values from -1 to 1"),
        (np.eye(3)[LABELS], "argmax"),
        (LABELS[:, None], r"labels.reshape\(-1\)"),
        (LABELS[:-1], r"shape \(6,\), .* received \(5,\)"),
        (np.array(["a", "b", "c"] * 2), "received <U1"),
        (LABELS + 0.5, "received float64"),
        (None, "images and labels that are not empty, received 1 arrays"),
    ],
)
def test_labels_are_checked_at_every_door(labels, message):
    both = LEVELS if labels is None else (LEVELS, labels)
    calls = [
        lambda: conditional().fit(LEVELS, labels, verbose=0),
        lambda: conditional().train_on_batch(LEVELS, labels),
        *(
            lambda door=door: DOORS[door](conditional(), both)
            for door in ("PyDataset", "generator")
        ),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call()


def test_labels_of_batches_are_checked_all():
    labels = np.append(LABELS[:-1], 3)
    batches = Batches(LEVELS, labels, batch_size=2, seed=0)
    with pytest.raises(ValueError, match="received values from 0 to 3"):
        conditional().fit(batches, verbose=0)


def test_a_conditional_gan_learns_from_images_and_labels():
    model = conditional()
    assert set(model.train_on_batch(LEVELS, LABELS)) == {"d_loss", "g_loss"}
    history = model.fit(LEVELS, LABELS, verbose=0).history
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()


def test_networks_for_fewer_classes_are_refused():
    with pytest.raises(ValueError, match="num_classes=7, received the layer .* for 3"):
        gankit.ConditionalGAN(*conditional_networks(3), num_classes=7, latent_dim=4)


def test_an_epoch_of_batches_is_a_pass():
    model = recording()
    model.fit(Batches(LEVELS, batch_size=4, seed=0), epochs=3, verbose=0)
    assert len(model.seen) == 3 * 2


@pytest.mark.parametrize("batch_size", [4, 7])
def test_batches_that_the_discriminator_steps_do_not_divide_are_refused(batch_size):
    model = gankit.GAN(*networks(), latent_dim=4, discriminator_steps=3)
    model.compile("adam", "adam")
    message = rf"multiple of 3 images \(discriminator_steps=3, .* of {batch_size}:"
    with pytest.raises(ValueError, match=message):
        model.fit(Batches(LEVELS, batch_size=batch_size, seed=0), verbose=0)


SIZES = {
    "array": lambda size: (LEVELS[:size], {"batch_size": 4}),
    "Batches": lambda size: (Batches(LEVELS, batch_size=size, seed=0), {}),
    "PyDataset": lambda size: (Sliced(LEVELS, size), {}),
    "generator": lambda size: (iter([LEVELS[:size]]), {"steps_per_epoch": 1}),
    "data set": lambda size: (dataset_of(LEVELS[:size]), {}),
}


class Sliced(keras.utils.PyDataset):
    """Batches of 4, the last of another size."""

    def __init__(self, images, last):
        super().__init__()
        self.images, self.last = images, last

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.images[: self.last if index else 4]


@pytest.mark.parametrize("door", SIZES)
@pytest.mark.parametrize("size", [1, 3, 5, 2, 4, 6])
def test_batches_that_several_devices_cannot_divide_are_refused(
    door, size, monkeypatch
):
    monkeypatch.setattr(device, "count", lambda: 2)
    model = recording()
    x, options = SIZES[door](size)
    if size % 2 == 0:
        model.fit(x, verbose=0, **options)
        return
    with pytest.raises(ValueError, match=r"multiple of 2 images .*devices=2.* of \d"):
        model.fit(x, verbose=0, **options)
    assert model.seen == []


def test_several_devices_and_several_updates_divide_a_batch_together(monkeypatch):
    monkeypatch.setattr(device, "count", lambda: 2)
    model = recording(discriminator_steps=3)
    model.fit(Batches(LEVELS, batch_size=6, seed=0), verbose=0)
    for size in (2, 3, 4):
        with pytest.raises(ValueError, match="multiple of 6 images"):
            model.fit(Batches(LEVELS, batch_size=size, seed=0), verbose=0)
    assert len(model.seen) == 1


def test_a_data_set_that_may_end_in_a_short_batch_is_refused_on_several_devices(
    monkeypatch,
):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.data trains on TensorFlow")
    monkeypatch.setattr(device, "count", lambda: 2)
    data, model = tf.data.Dataset.from_tensor_slices(LEVELS), recording()
    with pytest.raises(ValueError, match="batches of 4, the last of unknown: .*drop"):
        model.fit(data.batch(4), verbose=0)
    model.fit(data.batch(4, drop_remainder=True), verbose=0)
    assert len(model.seen) == 1


class Parts(gankit.AdversarialModel):
    """Keeps the part of each update of the discriminator."""

    def update_discriminators(self, batch):
        self.parts.append(list(batch))
        return 0.0

    def minimize(self, *_):
        return 0.0


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 30])
def test_no_part_of_a_short_batch_is_empty_and_no_image_is_dropped(n, steps):
    generator, discriminator = networks()
    model = Parts([generator], [discriminator], discriminator_steps=steps)
    model.compile("adam", "adam")
    model.parts = []
    model.update_players(np.arange(n))
    assert {len(part) for part in model.parts} == {-(-n // steps)}
    assert {i for part in model.parts for i in part} == set(range(n))
    if n % steps == 0:
        assert sum(model.parts, []) == list(range(n))


@pytest.mark.parametrize("name", ["validation_data", "class_weight", "sample_weight"])
def test_arguments_without_meaning_are_refused(name):
    with pytest.raises(ValueError, match=f"Expected no {name}.*ScoreCallback"):
        recording().fit(LEVELS, verbose=0, **{name: LEVELS})


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.evaluate(LEVELS, verbose=0),
        lambda model: model.predict(LEVELS, verbose=0),
        lambda model: model(LEVELS),
    ],
)
def test_questions_to_the_whole_gan_name_the_way_out(ask):
    with pytest.raises(NotImplementedError, match=r"sample\(\).*gankit\.metrics"):
        ask(recording())


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", None, True])
def test_numbers_of_samples_are_checked(n):
    for model in (recording(), conditional()):
        with pytest.raises(ValueError, match="Expected n to be a whole number from 1"):
            model.sample(n)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = networks()[0]

    def call(self, latents):
        return self.body(latents)


def test_networks_without_an_input_are_refused_and_the_remedy_works():
    discriminator = networks()[1]
    for network in (Subclassed(), keras.Sequential([layers.Dense(3)]), "generator"):
        with pytest.raises(ValueError, match=r"keras\.Input.*keras\.Model\(x, net"):
            gankit.GAN(network, discriminator, latent_dim=4)
    x = keras.Input((4,))
    gan = gankit.GAN(keras.Model(x, Subclassed()(x)), discriminator, latent_dim=4)
    assert gan.sample(2).shape == (2, 8, 8, 1)


def cycle(**options):
    image = keras.Input((8, 8, 3))
    nets = [
        keras.Model(image, layers.Conv2D(filters, 3, padding="same")(image), name=name)
        for name, filters in (("g_ab", 3), ("g_ba", 3), ("d_a", 1), ("d_b", 1))
    ]
    return gankit.CycleGAN(*nets, **options)


def schedule(**given):
    values = {"learning_rate": 1e-3, "constant_steps": 1, "decay_steps": 1, **given}
    return gankit.trainers.ConstantThenLinearDecay(**values)


def gan(**options):
    return gankit.GAN(*networks(), latent_dim=4, **options)


def dense(**options):
    return layers.Dense(3, use_bias=False, **options)


# The call, the argument, and values within its limits that are not among the bad ones.
NUMBERS = [
    *((cycle, name, 0) for name in ("cycle_weight", "identity_weight")),
    (cycle, "consistency_weight", 0),
    (cycle, "pool_size", 0),
    (gan, "real_label", 1),
    (gan, "ema", 0.9),
    (gan, "weight_clipping", 0.1),
    (gan, "discriminator_steps", 2),
    (gan, "generator_steps", 2),
    (schedule, "learning_rate", 0),
    (schedule, "constant_steps", 0),
    (schedule, "decay_steps", 2),
    (losses.R1, "gamma", 0.1),
    (losses.R2, "gamma", 0.1),
    (losses.GradientPenalty, "weight", 0.1),
    (losses.GradientPenalty, "center", 0),
    (lambda every: losses.R1(1.0, every=every), "every", 2),
    (WeightClipping, "c", 0.1),
    (ConditionalBatchNormalization, "num_classes", 2),
    (lambda momentum: ConditionalBatchNormalization(2, momentum), "momentum", 0.9),
    (lambda epsilon: ConditionalBatchNormalization(2, 0.9, epsilon), "epsilon", 0.1),
    (lambda size: ImagePool(size, image_shape=(2, 2, 3)), "size", 2),
    (ReflectionPadding2D, "padding", 2),
    (SelfAttention2D, "reduction", 2),
    (SelfAttention2D, "value_reduction", 2),
    (
        lambda power_iterations: SpectralNormalization(dense(), power_iterations),
        *("power_iterations", 2),
    ),
    (losses.get("non_saturating").smoothed, "real_label", 0.5),
    (
        lambda real_label: losses.LOSSES["least_squares"].discriminator(
            np.ones((1, 1)), np.ones((1, 1)), real_label=real_label
        ),
        *("real_label", 1),
    ),
]


@pytest.mark.parametrize(("call", "name", "good"), NUMBERS)
def test_every_number_is_checked(call, name, good):
    call(**{name: good})
    for bad in (-1, float("nan"), float("inf"), "1", True):
        with pytest.raises(ValueError, match=f"Expected {name} .*received {bad!r}: "):
            call(**{name: bad})


@pytest.mark.parametrize("policy", [None, 3, "", "colour"])
def test_policies_are_checked(policy):
    with pytest.raises(ValueError, match="Expected policy to combine color"):
        DifferentiableAugmentation(policy)


@pytest.mark.parametrize("initializer", ["zeros", keras.initializers.Constant(0.0)])
def test_a_kernel_of_zeros_has_no_spectral_norm(initializer):
    layer = SpectralNormalization(dense(kernel_initializer=initializer))
    with pytest.raises(ValueError, match="does not start at zero"):
        layer(np.ones((1, 2), "float32"))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([1]), "one integer label per image"),
        (np.array([0.7, 0.7], "float32"), "one integer label per image"),
        (np.array([0, -1]), "from 0 to 2, received values from -1 to 0"),
        (np.array([3, 1]), "from 0 to 2, received values from 1 to 3"),
    ],
)
def test_conditional_batch_normalization_takes_one_integer_per_image(labels, message):
    images = np.ones((2, 4, 4, 1), "float32")
    layer = ConditionalBatchNormalization(3)
    for training in (False, True):
        with pytest.raises(ValueError, match=message):
            layer([images, labels], training=training)
    # A model of symbolic inputs is built, and called eagerly.
    inputs = keras.Input((4, 4, 1)), keras.Input((), dtype="int32")
    model = keras.Model(inputs, ConditionalBatchNormalization(3)(list(inputs)))
    assert model([images, np.array([0, 2])]).shape == images.shape
    if labels.dtype.kind == "i" and len(labels) == 2:
        with pytest.raises(ValueError, match=message):
            model([images, labels])


# Scores.

MEANS = Extractor(
    *("means", "FD", "KD", 3, 3, None),
    lambda images: images.mean(axis=(1, 2)).astype("float32"),
)


@pytest.mark.parametrize("score", [metrics.fid, metrics.kid, metrics.mind])
def test_levels_need_no_range_and_floats_do(score):
    with_range = score(COLOUR, COLOUR[::-1], extractor=MEANS, value_range=(0, 255))
    assert score(COLOUR, COLOUR[::-1], extractor=MEANS).value == with_range.value
    for bad in (None, (0,), "ab", (1, 0), 3, (0, float("nan"))):
        with pytest.raises(ValueError, match="Expected value_range"):
            score(COLOUR, COLOUR / 255, extractor=MEANS, value_range=bad)


@pytest.mark.parametrize("score", [metrics.fid, metrics.kid])
@pytest.mark.parametrize("value_range", [(0, 255), (-1, 1)])
def test_floats_from_0_to_1_in_another_range_are_refused(score, value_range):
    with pytest.raises(ValueError, match="as if they ranged from 0 to 1"):
        score(COLOUR, COLOUR / 255, extractor=MEANS, value_range=value_range)
    right = score(COLOUR, COLOUR / 255, extractor=MEANS, value_range=(0, 1))
    assert abs(right.value) < 1e-6 or score is metrics.kid


def test_grey_and_colour_batches_may_be_mixed():
    grey = LEVELS.repeat(3, axis=-1)
    expected = metrics.fid(np.concatenate([grey, COLOUR]), COLOUR, extractor=MEANS)
    with pytest.warns(UserWarning, match="repeated three times"):
        mixed = metrics.fid([LEVELS, COLOUR], COLOUR, extractor=MEANS)
    assert mixed.value == pytest.approx(expected.value, rel=1e-12)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_files_of_arrays_are_sides_of_a_score(tmp_path, name):
    path = tmp_path / name
    (np.save if name == "a.npy" else np.savez)(path, COLOUR)
    np.testing.assert_array_equal(metrics.find_images(str(path)).images, COLOUR)
    assert len(metrics.find_images(str(path), count=4).images) == 4


def test_files_without_one_array_of_images_are_refused(tmp_path):
    np.savez(tmp_path / "two.npz", a=COLOUR, b=COLOUR)
    with pytest.raises(ValueError, match=r"one array of images.*a \(6, 8, 8, 3\), b"):
        metrics.find_images(str(tmp_path / "two.npz"))
    np.save(tmp_path / "floats.npy", COLOUR / 255)
    with pytest.raises(ValueError, match="type uint8"):
        metrics.find_images(str(tmp_path / "floats.npy"))
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ValueError, match="truncated, damaged"):
        metrics.find_images(str(tmp_path / "cut.npy"))


# Folders.


def save(path, array=COLOUR[0]):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def images_in(folder, **options):
    return datasets.image_folder(folder, size=8, **options).train.images


def test_a_folder_that_is_linked_from_within_itself_is_read_once(tmp_path):
    save(tmp_path / "a" / "1.png")
    save(tmp_path / "b" / "2.png")
    for place, name in (("a", "up"), ("b", "up"), ("b", "other")):
        target = tmp_path if name == "up" else tmp_path / "a"
        os.symlink(target, tmp_path / place / name)
    assert len(images_in(tmp_path)) == 2


def test_a_pipe_does_not_hang(tmp_path):
    save(tmp_path / "1.png")
    os.mkfifo(tmp_path / "2.png")
    found = []

    def read():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            batches = metrics.find_images(str(tmp_path)).images
            found.extend((sum(map(len, batches)), len(images_in(tmp_path)), caught))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(60)
    assert found[:2] == [1, 1]
    assert "2.png (no file" in str(found[2][0].message)


def test_every_ending_is_one_that_pillow_reads_and_writes(tmp_path):
    known = Image.registered_extensions()
    for suffix in sorted(SUFFIXES):
        assert known[suffix] in Image.OPEN
        save(tmp_path / f"1{suffix}")
    assert len(images_in(tmp_path)) == len(SUFFIXES)


def test_files_of_other_kinds_are_counted_and_named(tmp_path):
    save(tmp_path / "1.png")
    for name in ("1.heic", "2.HEIC", "a.mov", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    message = r"2 files ending in \.heic and 1 file ending in \.mov .*left out: export"
    with pytest.warns(UserWarning, match=message):
        assert len(images_in(tmp_path)) == 1
    (tmp_path / "1.png").unlink()
    with pytest.raises(ValueError, match=r"received 2 files ending in \.heic"):
        images_in(tmp_path)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.full((8, 8), 0.5, "float32"), "floating-point values"),
        (np.arange(-1, 63, dtype="int32").reshape(8, 8), "levels from -1 to 62"),
        (np.full((8, 8), 70_000, "int32"), "levels from 70000 to 70000"),
        (
            np.full((8, 8), 4095, "uint16"),
            "levels from 4095 to 4095, which .* to the range from 0 to 65535\\)",
        ),
    ],
)
def test_what_has_no_certain_range_is_left_out_with_the_reason(tmp_path, array, reason):
    save(tmp_path / "1.tif", array)
    save(tmp_path / "2.png")
    with pytest.warns(UserWarning, match=rf"1 of 2 .*1\.tif \({reason}"):
        assert len(images_in(tmp_path)) == 1


def five_channels(path):
    form = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(path, np.zeros((8, 8, 5), "uint8"), **form)


def png_of_16_bits(path, levels, kind):
    """A PNG of 16 bits a channel, which Pillow cannot write: kind 2 is RGB."""

    def chunk(name, content):
        body = name + content
        ends = len(content), zlib.crc32(body)
        return struct.pack(">I", ends[0]) + body + struct.pack(">I", ends[1])

    height, width = levels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def cut(path):
    save(path, RANDOM.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])


# The ending, what writes the file, and the reason for leaving it out.
LEFT_OUT = {
    "five channels": (".tif", five_channels, "damaged, or of a kind that Pillow does"),
    "too many pixels": (
        ".png",
        lambda path: save(path, np.zeros((90, 90), "uint8")),
        r"Image size \(8100 pixels\) exceeds limit of 5000",
    ),
    "far too many pixels": (
        ".png",
        lambda path: save(path, np.zeros((110, 110), "uint8")),
        r"Image size \(12100 pixels\) exceeds limit of 10000",
    ),
    "cut": (".jpg", cut, "image file is truncated"),
    "broken": (
        ".jpg",
        lambda path: path.write_bytes(b"broken"),
        "damaged, or of a kind that Pillow does not read",
    ),
    "empty": (".png", lambda path: path.write_bytes(b""), "damaged, or of a kind that"),
    "another kind": (
        ".png",
        lambda path: path.write_text("<svg/>"),
        "damaged, or of a kind that Pillow does not read",
    ),
    "a link to none": (
        ".png",
        lambda path: path.symlink_to(path.with_name("gone")),
        "no file, or a link to none",
    ),
}


@pytest.mark.parametrize("fault", LEFT_OUT)
def test_every_reason_for_leaving_a_file_out_is_given(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    suffix, write, reason = LEFT_OUT[fault]
    save(tmp_path / "1.png")
    write(tmp_path / f"2{suffix}")
    message = rf"1 of 2 images in .* cannot be decoded .*: 2\{suffix} \({reason}"
    with pytest.warns(UserWarning, match=message) as caught:
        assert len(images_in(tmp_path)) == 1
    assert len(caught) == 1 and caught[0].filename == __file__
    (tmp_path / "1.png").unlink()
    with pytest.raises(ValueError, match=rf"none of its 1 .* 2\{suffix} \({reason}"):
        images_in(tmp_path)


GREY = np.arange(64).reshape(8, 8)
DEEP = {
    "PNG": (".png", lambda path, levels: save(path, levels.astype("uint16"))),
    "TIFF": (".tif", lambda path, levels: save(path, levels.astype("uint16"))),
    "32 bits": (".tif", lambda path, levels: save(path, levels.astype("int32"))),
    "colour": (
        ".png",
        lambda path, levels: png_of_16_bits(path, levels[..., None].repeat(3, -1), 2),
    ),
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("highest", [4096, 2**14 - 1, 2**15 - 1, 2**15, 2**16 - 1, 0])
def test_16_bits_of_which_fewer_may_be_used_are_read_with_a_warning(
    tmp_path, kind, highest
):
    suffix, write = DEEP[kind]
    write(tmp_path / f"1{suffix}", GREY * highest // 63)
    save(tmp_path / "2.png", COLOUR[0])
    message = (
        rf"Read 1 of 2 images in .*, such as 1\{suffix}, as 16 bits, where 65535 is "
        "white, .*: if they use fewer bits"
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = images_in(tmp_path)[0]
    assert abs(int(image.max()) - highest / 257) <= 1
    if not 0 < highest < 2**15:
        assert not caught
        return
    (warning,) = caught
    assert re.match(message, str(warning.message)) and warning.filename == __file__
    # What it advises.
    folder = tmp_path / "scaled"
    folder.mkdir()
    write(folder / f"1{suffix}", GREY * 65535 // 63)
    assert images_in(folder).max() == 255


def test_many_dark_files_and_later_batches_cost_one_warning(tmp_path):
    for i in range(sources.CHUNK + 2):
        save(tmp_path / f"{i:03}.png", (GREY * 200).astype("uint16"))
    with pytest.warns(UserWarning, match="Read 64 of 64 .* such as 000.png") as caught:
        batches = list(metrics.find_images(str(tmp_path)).images)
    assert sum(map(len, batches)) == sources.CHUNK + 2 and len(caught) == 1


def test_32_bits_that_hold_8_keep_their_levels(tmp_path):
    levels = LEVELS[0, ..., 0]
    save(tmp_path / "1.tif", levels.astype("int32"))
    np.testing.assert_array_equal(images_in(tmp_path, channels=1)[0, ..., 0], levels)


def test_lab_is_read_in_grey_as_in_colour(tmp_path):
    from PIL import ImageCms

    rgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    picture = Image.fromarray(COLOUR[0])
    ImageCms.profileToProfile(picture, rgb, lab, outputMode="LAB").save(
        tmp_path / "1.tif"
    )
    expected = np.asarray(picture.convert("L"), int)
    found = images_in(tmp_path, channels=1)[0, ..., 0]
    assert np.abs(found - expected).mean() < 3


def test_a_class_without_a_readable_file_is_no_class(tmp_path):
    for name in ("a", "b", "c"):
        save(tmp_path / name / "1.png")
    (tmp_path / "a" / "1.png").write_bytes(b"broken")
    with pytest.warns(UserWarning, match=r"1\.png \(damaged"):
        data = datasets.image_folder(tmp_path, size=8)
    assert data.class_names == ("b", "c")
    assert data.train.labels.tolist() == [0, 1]


def test_unpaired_folders_in_grey_and_of_any_shape(tmp_path):
    for part in ("trainA", "trainB"):
        save(tmp_path / part / "1.png")
    data = datasets.unpaired_folders(tmp_path, size=(4, 6), channels=1)
    assert data.image_shape == (4, 6, 1)
    with pytest.raises(ValueError, match="channels to be one of 1, 3, received 2"):
        datasets.unpaired_folders(tmp_path, size=8, channels=2)


def test_one_broken_file_among_many_costs_one_warning(tmp_path):
    for i in range(sources.CHUNK):
        save(tmp_path / f"{i:03}.png")
    (tmp_path / "900.png").write_bytes(b"broken")
    with pytest.warns(UserWarning) as caught:
        batches = list(metrics.find_images(str(tmp_path)).images)
    assert sum(map(len, batches)) == sources.CHUNK
    (warning,) = caught
    assert "1 of 65 images" in str(warning.message)


def test_large_photographs_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    for i in range(3):
        save(tmp_path / f"{i}.png")
    monkeypatch.setattr(sources, "PIXELS", 100)
    lengths = [len(batch) for batch in metrics.find_images(str(tmp_path)).images]
    assert lengths == [1, 1, 1]
    monkeypatch.setattr(sources, "PIXELS", 2 * 64)
    lengths = [len(batch) for batch in metrics.find_images(str(tmp_path)).images]
    assert lengths == [2, 1]


# Files that nobody vouches for.


def test_a_deeply_nested_key_is_refused(tmp_path):
    # ((((...),),),) as the key of a dict.
    nested = b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s."
    with zipfile.ZipFile(tmp_path / "deep.pth", "w") as archive:
        archive.writestr("archive/data.pkl", nested)
    with pytest.raises(ValueError, match="00,.* tuples, of 10,000 at most"):
        read_state_dict(tmp_path / "deep.pth")
    legacy = b"".join(pickle.dumps(n, 2) for n in (0x1950A86A20F9469CFC6C, 1001, {}))
    (tmp_path / "deep-legacy.pth").write_bytes(legacy + nested)
    with pytest.raises(ValueError, match="00,.* tuples, of 10,000 at most"):
        read_state_dict(tmp_path / "deep-legacy.pth")


def test_an_encrypted_and_a_huge_archive_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, images=COLOUR)
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of encryption, in both headers
    content[content.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged or of another kind .RuntimeError"):
        metrics.find_images(str(path))
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999,), }\n"
    with zipfile.ZipFile(path, "w") as archive:
        size = len(header).to_bytes(2, "little")
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00" + size + header)
    with pytest.raises(ValueError, match="damaged or of another kind .*MemoryError"):
        metrics.find_images(str(path))
