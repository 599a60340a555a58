"""Data sets and batches, each against something that does not share their code."""

import ast
import contextlib
import dataclasses
import gzip
import hashlib
import http.server
import io
import pickle
import re
import sys
import tarfile
import threading
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

import gankit.datasets
from gankit.datasets import (
    Batches,
    ImageData,
    Split,
    UnpairedImageData,
    animal_pairs,
    classics,
    data_folder,
    digits,
    folders,
    image_folder,
    shapes,
    stripes,
    to_uint8,
    unpaired_folders,
    walking_animal,
)
from gankit.datasets import batches as batches_module


@contextlib.contextmanager
def refusal(kind, *fragments):
    """Expects an error whose message is one sentence that holds the fragments."""
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert message.endswith(".") and not re.search(r"[.!?]\s", message), message
    for fragment in fragments:
        assert fragment in message, (fragment, message)


def numbered_images(count, offset=0):
    """Images whose every pixel is their index."""
    images = np.arange(offset, offset + count, dtype=np.uint8)
    return np.broadcast_to(images[:, None, None, None], (count, 2, 3, 1)).copy()


def taken(batches, steps):
    """Indices of the numbered images in the first batches, in order."""
    return np.concatenate([batches[step][:, 0, 0, 0] for step in range(steps)])


# Batches

GOOD = {"batch_size": 2, "seed": 0}


@pytest.mark.parametrize("count, batch_size", [(23, 5), (23, 23), (4, 10), (6, 3)])
def test_every_pass_takes_each_image_once(count, batch_size):
    batches = Batches(numbered_images(count), batch_size=batch_size, seed=3)
    order = taken(batches, steps=4 * count)
    assert len(order) == 4 * count * batch_size  # no batch is short
    passes = order.reshape(-1, count)
    assert np.array_equal(np.sort(passes), np.tile(np.arange(count), (len(passes), 1)))
    assert len({tuple(one) for one in passes}) > 1
    assert batches.num_batches is None


def test_batches_depend_on_seed_and_step_alone():
    images, labels = numbered_images(50), np.arange(50) + 100

    def batches(start_step=0, seed=11):
        batches_module._order.cache_clear()
        return Batches(images, labels, batch_size=7, seed=seed, start_step=start_step)

    uninterrupted = [batches()[step] for step in range(40)]
    for start in np.random.default_rng(0).integers(0, 40, 12):
        resumed = batches(start)
        for step in reversed(range(start, 40)):  # in any order of asking
            for ours, theirs in zip(
                resumed[step - start], uninterrupted[step], strict=True
            ):
                assert np.array_equal(ours, theirs)
    for batch_images, batch_labels in uninterrupted:
        assert batch_images.dtype == np.uint8 and batch_labels.dtype == np.int32
        assert np.array_equal(batch_images[:, 0, 0, 0] + 100, batch_labels)
    other = np.stack([batches(seed=12)[step][1] for step in range(40)])
    assert (other != np.stack([batch[1] for batch in uninterrupted])).mean() > 0.9


def test_order_is_the_same_on_every_machine():
    # Recorded once: a change would make old training runs impossible to resume.
    order = taken(Batches(numbered_images(8), batch_size=8, seed=0), steps=2)
    first, second = [7, 6, 3, 2, 4, 1, 5, 0], [2, 5, 1, 6, 7, 0, 4, 3]
    assert order.tolist() == first + second


def test_unpaired_domains_have_passes_of_their_own():
    a, b = numbered_images(200), numbered_images(120)
    batches = Batches((a, b), batch_size=40, seed=5)
    pairs = [batches[step] for step in range(15)]
    assert all(isinstance(pair, tuple) for pair in pairs)
    order_a, order_b = (
        np.concatenate([pair[side][:, 0, 0, 0] for pair in pairs]) for side in (0, 1)
    )
    for order, count in ((order_a, 200), (order_b, 120)):
        passes = np.sort(order.reshape(-1, count))
        assert np.array_equal(passes, np.tile(np.arange(count), (len(passes), 1)))
    # B's length has no influence on A, and equal lengths give unrelated orders.
    same = Batches((a, a), batch_size=200, seed=5)[0]
    assert np.array_equal(same[0][:, 0, 0, 0], order_a[:200])
    assert abs(np.corrcoef(*(side[:, 0, 0, 0] for side in same))[0, 1]) < 0.2


class Trail(keras.metrics.Metric):
    """Keeps the first pixel of each image of each step, over all epochs."""

    def __init__(self, steps, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.rows = self.add_variable((steps, batch_size), "zeros", name="rows")
        self.step = self.add_variable((), "zeros", dtype="int32", name="step")

    def update_state(self, images):
        row = ops.cast(images[:, 0, 0, 0], "float32")
        here = ops.one_hot(self.step, self.rows.shape[0], dtype="float32")
        self.rows.assign(self.rows + here[:, None] * row[None, :])
        self.step.assign(self.step + 1)

    def result(self):
        return ops.cast(self.step, "float32")

    def reset_state(self):
        """Epochs do not begin anew."""


class Witness(keras.Model):
    """Trains nothing and records what its training step is given."""

    def __init__(self, trails):
        super().__init__()
        self.trails = trails
        self.scale = self.add_weight(shape=(), name="scale")

    def call(self, images):
        return self.scale * ops.mean(ops.cast(images, "float32"))

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        return y_pred

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.trails[0].update_state(x)
        if y is not None:
            y = y if len(y.shape) == 4 else ops.reshape(y, (-1, 1, 1, 1))
            self.trails[1].update_state(y)
        return {"steps": self.trails[0].result()}


@pytest.mark.parametrize("kind", ["images", "labelled", "unpaired"])
def test_fit_consumes_exactly_the_batches_from_start_step_on(kind):
    images, others = numbered_images(20), numbered_images(13, offset=100)
    arguments = {
        "images": (images,),
        "labelled": (images, np.arange(20) + 50),
        "unpaired": ((images, others),),
    }[kind]
    model = Witness([Trail(9, 6, name="first"), Trail(9, 6, name="second")])
    model.compile(optimizer="sgd", jit_compile=False)
    model.fit(
        Batches(*arguments, batch_size=6, seed=1, start_step=7),
        steps_per_epoch=3,
        epochs=3,
        shuffle=False,
        verbose=0,
    )
    expected = [
        Batches(*arguments, batch_size=6, seed=1)[step] for step in range(7, 16)
    ]
    if kind == "images":
        expected = [(batch,) for batch in expected]
    for side, trail in enumerate(model.trails[: len(expected[0])]):
        rows = [batch[side].reshape(6, -1)[:, 0] for batch in expected]
        assert np.array_equal(ops.convert_to_numpy(trail.rows), rows)


def test_batches_refuse_what_cannot_be_trained_on():
    images = numbered_images(4)
    for wrong, fragments in [
        ((images.astype("float32"),), ("uint8", "float32", "to_uint8")),
        (([[1]],), ("two arrays", "received 1")),
        ((images[:0],), ("at least one image", "(0, 2, 3, 1)")),
        ((images, np.zeros(3, int)), ("(4,)", "(3,)")),
        ((images, np.zeros(4)), ("whole numbers", "float64")),
        (((images, images), np.zeros(4, int)), ("leave the labels out",)),
    ]:
        with refusal(ValueError, *fragments):
            Batches(*wrong, **GOOD)
    for wrong in [
        {"start_step": -1},
        {"batch_size": 0},
        {"batch_size": 2.0},
        {"seed": -3},
    ]:
        ((name, value),) = wrong.items()
        with refusal(ValueError, name, repr(value)):
            Batches(images, **{**GOOD, **wrong})


# ImageData and conversion


def test_image_data_describes_itself():
    images, labels = numbered_images(6), np.array([0, 1, 2, 0, 1, 2], np.uint8)
    data = ImageData(Split(images, labels), test=Split(images[:2], labels[:2]))
    assert (len(data.train), data.image_shape, data.num_classes) == (6, (2, 3, 1), 3)
    assert data.train.labels.dtype == np.int32
    assert ImageData(Split(images)).num_classes is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "other"

    changed = images.copy()
    changed[5, 1, 2, 0] += 1
    prints = {
        data.fingerprint,
        ImageData(Split(changed, labels), test=data.test).fingerprint,
        ImageData(Split(images, labels[::-1]), test=data.test).fingerprint,
        ImageData(Split(images, labels), validation=data.test).fingerprint,
        ImageData(Split(images)).fingerprint,
        ImageData(Split(images.reshape(6, 3, 2, 1))).fingerprint,
    }
    assert len(prints) == 6 and all(re.fullmatch("[0-9a-f]{64}", p) for p in prints)
    again = ImageData(Split(images.copy(), labels.copy()), test=data.test, name="x")
    assert again.fingerprint == data.fingerprint


def test_image_data_refuses_what_is_no_image_data():
    images, labels = numbered_images(4), np.array([0, 1, 2, 1])
    for wrong, fragments in [
        ((images / 255,), ("uint8", "float64")),
        ((images[..., 0],), ("(n, height, width, channels)", "(4, 2, 3)")),
        ((np.zeros((4, 2, 3, 4), np.uint8),), ("1 or 3", "(4, 2, 3, 4)")),
        ((images.tolist(),), ("uint8", "list")),
        ((images, labels[:3]), ("(4,)", "(3,)")),
        ((images, labels[:, None]), ("(4, 1)", "reshape(-1)")),
        ((images, -labels), ("from 0 up", "-2 to 0")),
    ]:
        with refusal(ValueError, *fragments):
            Split(*wrong)
    with refusal(ValueError, "train labels", "from 0 to 1", "0 to 2"):
        ImageData(Split(images, labels), class_names=("a", "b"))
    with refusal(ValueError, "test labels", "from 0 to 2", "7"):
        ImageData(Split(images, labels), test=Split(images, labels + 5))
    with refusal(ValueError, "train and test differ", "labels"):
        ImageData(Split(images, labels), test=Split(images))
    wide = numbered_images(4).reshape(4, 3, 2, 1)
    with refusal(ValueError, "(2, 3, 1)", "(3, 2, 1)"):
        ImageData(Split(images), test=Split(wide))
    with refusal(ValueError, "train_b (3, 2, 1)", "(2, 3, 1)"):
        UnpairedImageData(images, wide)
    with refusal(ValueError, "two names", "('horse',)"):
        UnpairedImageData(images, images, domain_names=("horse",))


def test_data_sets_print_as_types_and_shapes():
    images, labels = np.zeros((4, 2, 3, 1), np.uint8), np.arange(4)
    train = "Split(images=uint8 (4, 2, 3, 1), labels=int32 (4,))"
    assert repr(ImageData(Split(images, labels), name="mine")) == (
        f"ImageData(train={train}, validation=None, test=None, class_names=None, "
        "name='mine')"
    )
    assert repr(UnpairedImageData(images, images[:2], domain_names=("x", "y"))) == (
        "UnpairedImageData(train_a=uint8 (4, 2, 3, 1), train_b=uint8 (2, 2, 3, 1), "
        "test_a=None, test_b=None, name='unpaired images', domain_names=('x', 'y'))"
    )


def test_to_uint8_rounds_and_refuses_other_ranges():
    levels = np.arange(256, dtype=np.uint8)
    for low, high in ((-1, 1), (0, 1), (0, 255), (-0.3, 7.7)):
        for dtype in ("float32", "float64"):
            scaled = (low + (high - low) * (levels / 255)).astype(dtype)
            scaled = np.clip(scaled, low, high)
            assert np.array_equal(to_uint8(scaled, value_range=(low, high)), levels)
    # To the nearest level, not to the next lower one.
    assert to_uint8(np.array([0.6, 254.4]), (0, 255)).tolist() == [1, 254]
    with refusal(ValueError, "[-1, 1]", "-1 to 1.5"):
        to_uint8(np.array([-1.0, 1.5]), (-1, 1))
    with refusal(ValueError, "[0, 1]", "2 of 3", "NaN"):
        to_uint8(np.array([np.nan, 0.0, np.nan]), (0, 1))
    with refusal(ValueError, "low below high", "(1, -1)"):
        to_uint8(levels, (1, -1))
    with refusal(ValueError, "real numbers", "complex128"):
        to_uint8(levels * 1j, (0, 255))


# Embedded sets


def flat(split):
    return split.images.reshape(len(split), -1)


def test_digits_are_legible_and_look_like_mnist():
    data = digits(size=28)
    assert data.image_shape == (28, 28, 1) and data.class_names == tuple("0123456789")
    assert [len(data.train), len(data.validation), len(data.test)] == [1397, 150, 250]
    assert np.bincount(data.validation.labels).tolist() == [15] * 10
    assert np.bincount(data.test.labels).tolist() == [25] * 10
    assert digits(size=28).fingerprint == data.fingerprint

    reader = KNeighborsClassifier(3).fit(flat(data.train), data.train.labels)
    assert reader.score(flat(data.test), data.test.labels) > 0.95
    # MNIST: 0.131 of the brightness, a black frame, ink that is white inside.
    images = np.concatenate([data.train.images, data.validation.images])
    assert 0.11 < images.mean() / 255 < 0.16
    assert images[:, [0, 1, 26, 27]].max() < 64 and images.max() == 255
    assert (images.max(axis=(1, 2, 3)) > 230).all()


def test_digits_of_size_8_are_the_originals_each_in_one_split():
    data = digits(size=8)
    splits = (data.train, data.validation, data.test)
    source = load_digits()
    originals = np.rint(source.images * 255 / 16).astype(np.uint8).reshape(1797, -1)

    def table(images, labels):
        return sorted(row.tobytes() for row in np.column_stack([images, labels]))

    ours = np.concatenate([flat(split) for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    expected = table(originals, source.target.astype(np.uint8))
    assert table(ours, labels.astype(np.uint8)) == expected
    with refusal(ValueError, "size", "7"):
        digits(size=7)


def test_shapes_can_be_told_apart_by_form_alone():
    from skimage.measure import label, moments_hu, moments_normalized, regionprops

    data = shapes(count=1500, size=32, seed=4)
    assert data.image_shape == (32, 32, 3) and data.num_classes == 10
    assert [len(data.train), len(data.validation), len(data.test)] == [1500, 150, 300]
    for split, count in ((data.train, 150), (data.validation, 15), (data.test, 30)):
        assert np.bincount(split.labels).tolist() == [count] * 10
    assert shapes(count=1500, size=32, seed=4).fingerprint == data.fingerprint
    assert shapes(count=1500, size=32, seed=5).fingerprint != data.fingerprint

    def form(image):
        # What differs from the frame of the image is the shape.
        image = image.astype(float)
        frame = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        distance = np.abs(image[:, :, None] - frame[::4]).sum(-1).min(-1)
        regions = regionprops(label(distance > 0.5 * np.percentile(distance, 98)))
        region = max(regions, key=lambda region: region.area)
        hu = moments_hu(moments_normalized(region.moments_central))
        holes = region.area / region.area_filled
        compact = region.area / max(region.perimeter, 1) ** 2
        return [region.solidity, region.eccentricity, holes, compact, *np.cbrt(hu)]

    train, test = (
        np.array([form(image) for image in split.images])
        for split in (data.train, data.test)
    )
    forest = RandomForestClassifier(60, random_state=0).fit(train, data.train.labels)
    assert forest.score(test, data.test.labels) > 0.9
    # Colour says nothing of the class.
    colours = [split.images.mean(axis=(1, 2)) for split in (data.train, data.test)]
    forest = RandomForestClassifier(60, random_state=0)
    forest.fit(colours[0], data.train.labels)
    assert forest.score(colours[1], data.test.labels) < 0.3
    with refusal(ValueError, "count", "9"):
        shapes(count=9)


def test_stripes_differ_in_the_coat():
    data = stripes(count=60, size=64, seed=2)
    assert data.train_a.shape == data.train_b.shape == (60, 64, 64, 3)
    assert data.test_a.shape == data.test_b.shape == (40, 64, 64, 3)
    assert data.domain_names == ("plain", "striped")
    assert stripes(count=60, size=64, seed=2).fingerprint == data.fingerprint
    assert stripes(count=60, size=64, seed=3).fingerprint != data.fingerprint
    assert stripes(count=2, size=96).image_shape == (96, 96, 3)
    everything = np.concatenate([data.train_a, data.train_b, data.test_a, data.test_b])
    assert len({image.tobytes() for image in everything}) == 200

    def contrast(images):
        # Squared second differences: stripes have many, plain coats few.
        grey = images.astype(float).mean(-1)
        across = np.diff(grey, 2, axis=2)[:, 1:-1]
        down = np.diff(grey, 2, axis=1)[:, :, 1:-1]
        return (across**2 + down**2).mean(axis=(1, 2))

    plain, striped = contrast(data.train_a), contrast(data.train_b)
    truth = np.repeat([0, 1], 60)
    assert roc_auc_score(truth, np.concatenate([plain, striped])) > 0.99
    assert np.median(striped) > 3 * np.median(plain)
    # The scenery gives nothing away: the upper corners do not tell the domains.
    corners = [
        images[:, :6].mean(axis=(1, 2, 3)) for images in (data.train_a, data.train_b)
    ]
    assert 0.3 < roc_auc_score(truth, np.concatenate(corners)) < 0.7
    with refusal(ValueError, "size", "16 to 256", "512"):
        stripes(size=512)


def test_both_animals_of_a_pair_stand_in_one_pose():
    plain, striped = animal_pairs(6, 64, seed=2)
    assert plain.shape == striped.shape == (6, 64, 64, 3)
    # One landscape and one outline: only the coat differs, and the width of the tail.
    differs = np.any(plain != striped, axis=-1)
    share = differs.mean(axis=(1, 2))
    assert np.all((0.1 < share) & (share < 0.35)), share
    assert not differs[:, :4].any() and not differs[:, -1:].any()
    # Between two pairs nearly everything differs.
    assert np.any(plain[1:] != striped[:-1], axis=-1).mean() > 0.8
    assert len({image.tobytes() for image in (*plain, *striped)}) == 12
    np.testing.assert_array_equal(animal_pairs(2, 64, 2)[1], striped[:2])
    with refusal(ValueError, "count", "0"):
        animal_pairs(0)


def test_an_animal_walks_past_and_nothing_else_moves():
    # By 8 pixels from right to left, as this one does.
    film = walking_animal(2, 64, seed=2, positions=(0.5, 0.625))
    empty = walking_animal(1, 64, seed=2, positions=(-2, -2))[0]
    first, second = np.any(film != empty, axis=-1)
    # Head and back; the legs swing.
    first, second = first[:40, 8:], second[:40, :-8]
    assert 0.1 < first.mean() < 0.6
    assert np.mean(first == second) > 0.97
    assert 0 < first.sum() and not np.array_equal(film[0], film[1])
    np.testing.assert_array_equal(film, walking_animal(2, 64, 2, (0.5, 0.625)))
    with refusal(ValueError, "frames", "0"):
        walking_animal(0)


# The data folder and downloads


def test_data_folder_takes_the_first_that_applies(tmp_path, monkeypatch):
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    assert data_folder(tmp_path / "elsewhere") == tmp_path / "elsewhere"
    with refusal(FileNotFoundError, "nowhere", "check the spelling"):
        data_folder("nowhere")
    assert data_folder() == tmp_path
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path / "nowhere"))
    with refusal(FileNotFoundError, "nowhere in GANKIT_DATA", "create it first"):
        data_folder()
    assert data_folder(tmp_path) == tmp_path
    monkeypatch.delenv("GANKIT_DATA")
    package = Path(gankit.datasets.__file__).resolve().parents[1]
    if (package.parent / "pyproject.toml").exists():
        assert data_folder() == package.parent / "data"
    installed = tmp_path / "site-packages" / "gankit" / "datasets" / "downloads.py"
    monkeypatch.setattr(gankit.datasets.downloads, "__file__", str(installed))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert data_folder() == tmp_path / ".cache" / "gankit"


class Server:
    """Serves bytes by name; may cut them, with or without saying the full length."""

    def __init__(self):
        self.files, self.cut, self.say_length, self.asked = {}, None, True, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/")
                outer.asked.append(name)
                if name not in outer.files:
                    return self.send_error(404)
                content = outer.files[name]
                self.send_response(200)
                if outer.say_length:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: outer.cut])

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    running = Server()
    yield running
    running.close()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def mnist_file():
    """A file of MNIST's form; the first two pixels tell the index of an image."""
    arrays = {}
    for part, count in (("train", 60000), ("test", 10000)):
        images = np.zeros((count, 28, 28), np.uint8)
        images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(count), 256)
        arrays |= {f"x_{part}": images, f"y_{part}": (np.arange(count) % 10)}
    return npz(**arrays)


@pytest.fixture
def mnist_source(server, mnist_file, monkeypatch):
    server.files["mnist.npz"] = mnist_file
    checksum = hashlib.sha256(mnist_file).hexdigest()
    source = dataclasses.replace(classics.MNIST, origin=server.origin, sha256=checksum)
    monkeypatch.setattr(classics, "MNIST", source)
    return server


def test_mnist_is_fetched_once_and_split(mnist_source, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    data = classics.mnist(folder)
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
    assert classics.mnist(folder).fingerprint == data.fingerprint
    assert mnist_source.asked == ["mnist.npz"]

    def index(split):
        return split.images[:, 0, 0, 0].astype(int) * 256 + split.images[:, 0, 1, 0]

    assert np.array_equal(index(data.train), np.arange(55000))
    assert np.array_equal(index(data.validation), np.arange(55000, 60000))
    assert np.array_equal(index(data.test), np.arange(10000))
    assert np.array_equal(data.train.labels, np.arange(55000) % 10)
    assert data.image_shape == (28, 28, 1) and data.class_names == tuple("0123456789")

    # The pixels are right, the labels are those of the next image.
    with np.load(folder / "mnist.npz") as archive:
        arrays = dict(archive)
    arrays["y_train"] = np.roll(arrays["y_train"], 1)
    (folder / "mnist.npz").write_bytes(npz(**arrays))
    with refusal(ValueError, "mnist.npz", "sha256", "delete both"):
        classics.mnist(folder)


def test_what_keras_has_downloaded_is_taken_if_it_is_the_same(
    mnist_source, mnist_file, tmp_path, monkeypatch
):
    folder, home = tmp_path / "data", tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    folder.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(home))
    copy = home / "datasets" / "mnist.npz"
    copy.write_bytes(mnist_file)
    data = classics.mnist(folder)
    assert not mnist_source.asked and copy.read_bytes() == mnist_file
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
    # Another file, or a cut one, is left alone.
    (folder / "mnist.npz").unlink()
    copy.write_bytes(mnist_file[:2000])
    assert classics.mnist(folder).fingerprint == data.fingerprint
    assert mnist_source.asked == ["mnist.npz"] and copy.stat().st_size == 2000


@pytest.mark.parametrize("say_length", [True, False])
def test_a_cut_download_is_never_taken_for_a_whole_one(
    mnist_source, tmp_path, say_length
):
    mnist_source.cut, mnist_source.say_length = 20000, say_length
    # What a killed process leaves behind: a file cut, in a folder that nothing reads.
    (tmp_path / ".download-killed").mkdir()
    (tmp_path / ".download-killed" / "mnist.npz").write_bytes(b"PK cut")
    address = mnist_source.origin + "mnist.npz"
    expected = (
        (FileNotFoundError, "retrieval incomplete", str(tmp_path), "digits(size=28)")
        if say_length
        else (ValueError, "sha256", "truncated or changed", "digits(size=28)")
    )
    with refusal(*expected, "mnist.npz", address):
        classics.mnist(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".download-killed"]
    mnist_source.cut = None
    assert len(classics.mnist(tmp_path).train) == 55000


def test_without_a_network_the_error_names_file_address_folder_and_stand_in(
    server, tmp_path, monkeypatch
):
    server.close()
    for name, stand_in in [
        ("MNIST", "digits(size=28)"),
        ("FASHION_MNIST", "digits(size=28)"),
        ("CIFAR10", "shapes()"),
    ]:
        source = dataclasses.replace(getattr(classics, name), origin=server.origin)
        monkeypatch.setattr(classics, name, source)
        load = getattr(classics, name.lower())
        fragments = (source.file, server.origin, str(tmp_path), stand_in, "refused")
        with refusal(FileNotFoundError, *fragments, *source.downloads):
            load(tmp_path)
        assert not any(tmp_path.iterdir())


def test_damaged_files_are_refused_with_their_path(mnist_file, tmp_path):
    path = tmp_path / "mnist.npz"
    small = np.zeros((3, 28, 28), np.uint8)
    flipped = bytearray(mnist_file)
    flipped[len(flipped) // 2] ^= 255
    for content, fragments in [
        (b"", ("EOFError",)),
        (b"<html>not found</html>", ("another kind",)),
        (mnist_file[:30000], ("truncated",)),
        (bytes(flipped), ("damaged",)),
        (npz(x_train=small, y_train=small), ("lacks x_test, y_test",)),
        (
            npz(x_train=small, y_train=small[:, 0, 0], x_test=small, y_test=small),
            ("60000 labelled", "(3, 28, 28)"),
        ),
    ]:
        path.write_bytes(content)
        with refusal(ValueError, str(path), "delete it", *fragments):
            classics.mnist(tmp_path)


def test_fashion_mnist_is_compared_with_the_recorded_checksum(server, tmp_path):
    random = np.random.default_rng(0)
    arrays = {
        "x_train": random.integers(0, 256, (20, 28, 28), dtype=np.uint8),
        "y_train": random.integers(0, 10, 20, dtype=np.uint8),
        "x_test": random.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        "y_test": random.integers(0, 10, 10, dtype=np.uint8),
    }
    # Header: 0, 0, the code of unsigned bytes, the rank; then 32-bit lengths.
    order = dict(zip(arrays, (0, 1, 2, 3), strict=True))
    for key, array in arrays.items():
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        name = classics.FASHION_MNIST.downloads[order[key]]
        server.files[name] = gzip.compress(header + array.tobytes())
    source = dataclasses.replace(
        classics.FASHION_MNIST, origin=server.origin, counts=(20, 10)
    )
    images = source.downloads[0]
    whole, server.files[images] = server.files[images], server.files[images][:5000]
    with refusal(ValueError, images, server.origin, "truncated or changed", "digits"):
        source.load(tmp_path)
    assert not any(tmp_path.iterdir())

    server.files[images] = whole
    for _ in range(2):
        loaded = source.load(tmp_path)
        assert all(np.array_equal(loaded[key], arrays[key]) for key in arrays)
    path, record = tmp_path / source.file, tmp_path / (source.file + ".sha256")
    assert sorted(tmp_path.iterdir()) == [path, record]
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    assert record.read_text() == f"{checksum}  {source.file}\n"

    path.unlink()
    assert len(source.load(tmp_path)["y_test"]) == 10  # the same again is welcome

    # Another file under the same name, whether put there or fetched.
    path.write_bytes(npz(**{**arrays, "y_train": arrays["y_train"][::-1]}))
    with refusal(ValueError, source.file, checksum, str(record), "delete both"):
        source.load(tmp_path)
    path.unlink()
    labels = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 20]) + bytes(20))
    server.files[source.downloads[1]] = labels
    with refusal(ValueError, checksum, str(record)):
        source.load(tmp_path)
    assert not path.exists()


def test_cifar10_is_unpacked_from_its_pickled_rows(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    rows = {name: random.integers(0, 256, (4, 3072), dtype=np.uint8) for name in names}
    labels = {name: random.integers(0, 10, 4).tolist() for name in names}
    # A file put into the data folder by hand is used instead of a download.
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        for name in names:
            content = pickle.dumps({b"data": rows[name], b"labels": labels[name]}, 2)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    content = (tmp_path / "cifar-10-python.tar.gz").read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    source = dataclasses.replace(classics.CIFAR10, counts=(20, 4), sha256=checksum)
    monkeypatch.setattr(classics, "CIFAR10", source)

    data = classics.cifar10(tmp_path)
    assert data.validation is None and data.class_names[1] == "automobile"
    assert data.train.images.shape == (20, 32, 32, 3) and len(data.test) == 4
    for index in range(20):
        red, green, blue = rows[names[index // 4]][index % 4].reshape(3, 32, 32)
        assert np.array_equal(data.train.images[index], np.dstack([red, green, blue]))
    assert data.train.labels.tolist() == sum((labels[name] for name in names[:5]), [])
    assert data.test.labels.tolist() == labels["test_batch"]


# Folders of images


def pattern(height, width, channels, seed=0):
    """A smooth picture, so that scaling it twice differs little."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [
        127.5 + 120 * np.sin(3 * x + 4 * y + seed + 2 * channel)
        for channel in range(channels)
    ]
    return np.rint(np.stack(waves, -1)).astype(np.uint8)


def test_every_mode_becomes_the_colours_that_it_shows(tmp_path):
    rgb, alpha = pattern(12, 12, 3), pattern(12, 12, 1, seed=5)
    grey = rgb[..., 0]
    opacity = alpha / 255
    on_white = np.rint(rgb * opacity + 255 * (1 - opacity))
    grey_on_white = np.rint(grey * opacity[..., 0] + 255 * (1 - opacity[..., 0]))
    deep = (grey.astype(np.uint16) << 8) + 90
    indices = (grey // 64).astype(np.uint8)
    palette = np.array([[250, 10, 20], [30, 240, 60], [70, 80, 230], [9, 8, 7]])
    indexed = Image.fromarray(indices)
    indexed.putpalette(palette.astype(np.uint8).tobytes())
    seen = palette.copy()
    seen[2] = 255  # the transparent colour shows the white paper
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate a quarter clockwise
    cmyk = Image.fromarray(rgb).convert("CMYK")

    expected = {}

    def save(name, image, shown, **options):
        image.save(tmp_path / name, **options)
        expected[name] = shown

    save("bilevel.png", Image.fromarray(grey > 128), np.where(grey > 128, 255, 0))
    save("cmyk.tiff", cmyk, rgb)
    save("colour.BMP", Image.fromarray(rgb), rgb)
    save("colour.ppm", Image.fromarray(rgb), rgb)
    save("colour.webp", Image.fromarray(rgb), rgb, lossless=True)
    save("deep.png", Image.fromarray(deep), np.rint(deep / 257))
    save("deep.tiff", Image.fromarray(deep), np.rint(deep / 257))
    save("grey.JPG", Image.fromarray(grey), grey, quality=100)
    save("grey_alpha.png", Image.fromarray(np.dstack([grey, alpha])), grey_on_white)
    save("palette.gif", indexed, palette[indices])
    save("palette.png", indexed, palette[indices])
    save("palette_clear.png", indexed, seen[indices], transparency=2)
    save("rgba.png", Image.fromarray(np.dstack([rgb, alpha])), on_white)
    save("turned.png", Image.fromarray(rgb), np.rot90(rgb, k=-1), exif=exif)

    data = image_folder(tmp_path, size=12)
    assert data.train.labels is None and data.name == tmp_path.name
    assert data.train.images.shape == (len(expected), 12, 12, 3)
    for name, image in zip(sorted(expected), data.train.images, strict=True):
        shown = expected[name]
        shown = shown if shown.ndim == 3 else shown[..., None]
        # JPEG is lossy; compositing may round the other way.
        tolerance = 3 if name.endswith("JPG") else 1
        assert np.abs(image - shown.astype(float)).max() <= tolerance, name
    # Luma after ITU-R BT.601, as Pillow defines grey.
    luma = expected["colour.ppm"] @ [0.299, 0.587, 0.114]
    one = image_folder(tmp_path, size=12, channels=1).train.images
    assert one.shape == (len(expected), 12, 12, 1)
    assert np.abs(one[sorted(expected).index("colour.ppm"), ..., 0] - luma).max() <= 1


def test_images_are_scaled_by_the_shorter_side_and_cropped_in_the_centre(tmp_path):
    sizes = [(48, 64), (64, 48), (96, 24), (37, 53), (5, 9), (1, 3)]
    for number, (height, width) in enumerate(sizes):
        image = Image.fromarray(pattern(height, width, 3, seed=number))
        image.save(tmp_path / f"{number}.png")
    images = image_folder(tmp_path, size=12).train.images
    assert images.shape == (6, 12, 12, 3)
    for number, (height, width) in enumerate(sizes[:3]):
        with Image.open(tmp_path / f"{number}.png") as image:
            scale = 12 / min(height, width)
            scaled = image.resize((int(width * scale), int(height * scale)), 3)
        left, top = (scaled.width - 12) // 2, (scaled.height - 12) // 2
        crop = np.asarray(scaled.crop((left, top, left + 12, top + 12)), float)
        assert np.abs(images[number] - crop).max() <= 1


def test_sub_folders_are_classes(tmp_path):
    for name, value in [
        ("zebra/b10.png", 10),
        ("zebra/b9.png", 9),
        ("horse/deeper/one.png", 1),
        ("horse/a.png", 0),
        (".hidden/x.png", 200),
        ("zebra/.x.png", 201),
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), value).save(tmp_path / name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no image")
    data = image_folder(tmp_path, size=4, channels=1)
    assert data.class_names == ("horse", "zebra")
    assert data.train.images[:, 0, 0, 0].tolist() == [0, 1, 10, 9]
    assert data.train.labels.tolist() == [0, 0, 1, 1]
    Image.new("L", (4, 4)).save(tmp_path / "stray.png")
    with refusal(ValueError, "1 images next to subfolders", str(tmp_path)):
        image_folder(tmp_path, size=4)


def test_undecodable_files_are_left_out_with_one_warning(tmp_path, monkeypatch):
    for name in ("a", "c", "e"):
        Image.fromarray(pattern(20, 20, 3)).save(tmp_path / f"{name}.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b_truncated.jpg").write_bytes(content[: len(content) // 2])
    (tmp_path / "d_text.png").write_text("This is no image.")
    Image.new("L", (300, 300)).save(tmp_path / "f_bomb.png")
    Image.new("L", (250, 250)).save(tmp_path / "g_half_a_bomb.png")
    Image.fromarray(np.zeros((9, 9), np.float32)).save(tmp_path / "h_float.tiff")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40000)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = image_folder(tmp_path, size=16)
    assert len(data.train) == 3
    (only,) = caught
    assert only.filename == __file__
    for fragment in (
        "5 of 8",
        str(tmp_path),
        "b_truncated.jpg",
        "d_text.png",
        "others",
    ):
        assert fragment in str(only.message)
    for name in ("a", "c", "e"):
        (tmp_path / f"{name}.jpg").unlink()
    with refusal(ValueError, "none of its 5", "b_truncated.jpg"):
        image_folder(tmp_path, size=16)


def test_folders_that_are_none_are_refused(tmp_path):
    (tmp_path / "file.png").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with refusal(ValueError, str(tmp_path / "empty"), ".jpeg", "none"):
        image_folder(tmp_path / "empty", size=8)
    with refusal(FileNotFoundError, str(tmp_path / "missing"), str(Path.cwd())):
        image_folder(tmp_path / "missing", size=8)
    with refusal(ValueError, "file.png is a file", f"in, {tmp_path}"):
        image_folder(tmp_path / "file.png", size=8)
    with refusal(ValueError, "channels", "4"):
        image_folder(tmp_path, size=8, channels=4)
    with refusal(ValueError, "size", "0"):
        image_folder(tmp_path, size=0)


def test_unpaired_folders(tmp_path, monkeypatch):
    root = tmp_path / "cat2dog"
    for part, count in (("trainA", 3), ("trainB", 2), ("testB", 1)):
        (root / part).mkdir(parents=True)
        for number in range(count):
            image = Image.new("RGB", (10, 6), (number, ord(part[-1]), 0))
            image.save(root / part / f"{number}.png")
    monkeypatch.setenv("GANKIT_DATA", str(tmp_path))
    data = unpaired_folders("cat2dog")
    assert data.domain_names == ("cat", "dog") and data.name == "cat2dog"
    assert data.train_a.shape == (3, 6, 10, 3) and data.test_a is None
    assert data.train_a[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert data.train_b[:, 0, 0, 1].tolist() == [ord("B")] * 2
    assert data.test_b.shape == (1, 6, 10, 3)
    assert unpaired_folders(root).fingerprint == data.fingerprint
    assert unpaired_folders("cat2dog", folder=tmp_path, size=8).image_shape == (8, 8, 3)

    Image.new("RGB", (12, 12)).save(root / "trainB" / "odd.png")
    with refusal(ValueError, "6 x 10", "12 x 12", "trainB", "pass size="):
        unpaired_folders(root)
    assert unpaired_folders(root, size=6).train_b.shape == (3, 6, 6, 3)

    stand_in = "stripes(size=...)"
    for name, counts in [
        ("apple2orange", "995, 1019, 266, 248"),
        ("horse2zebra", "1067, 1334, 120, 140"),
        ("monet2photo", "1072, 6287, 121, 751"),
    ]:
        known = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/", name, counts
        with refusal(FileNotFoundError, "trainA and trainB", *known, stand_in):
            unpaired_folders(name)
        with refusal(FileNotFoundError, "unverified", "http", "no checksum"):
            unpaired_folders(name)
    with refusal(FileNotFoundError, "ask your course", stand_in):
        unpaired_folders("grumpycat")
    (tmp_path / "half" / "trainA").mkdir(parents=True)
    with refusal(FileNotFoundError, "trainB cannot be found", str(tmp_path / "half")):
        unpaired_folders(tmp_path / "half")


def test_an_archive_with_other_numbers_of_images_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "BERKELEY_SETS", {"apple2orange": (3, 2, 1, 1)})
    root = tmp_path / "apple2orange"

    def put(part, *names):
        (root / part).mkdir(parents=True, exist_ok=True)
        for name in names:
            Image.new("RGB", (6, 6)).save(root / part / f"{name}.png")

    # A copy without test images may hold fewer.
    put("trainA", 1, 2)
    put("trainB", 1, 2)
    assert len(unpaired_folders(root).train_a) == 2
    put("testA", 1)
    put("testB", 1)
    with refusal(ValueError, f"{root / 'trainA'} to hold 3 images", "received 2"):
        unpaired_folders(root)
    put("trainA", 3)
    assert len(unpaired_folders(root).train_a) == 3
    put("testB", 2)
    with refusal(ValueError, f"{root / 'testB'} to hold 1 images", "another name"):
        unpaired_folders(root)
    root.rename(tmp_path / "fruit")
    assert len(unpaired_folders(tmp_path / "fruit").test_b) == 2


@pytest.mark.data
@pytest.mark.parametrize("name", folders.BERKELEY_SETS)
def test_the_real_sets_hold_no_more_than_their_archives(name):
    for part, count in zip(folders.PARTS, folders.BERKELEY_SETS[name], strict=True):
        place = data_folder() / name / part
        found = len(list(place.glob("*"))) if place.exists() else 0
        assert found <= count
        if name == "horse2zebra" or (name, part[:5]) == ("apple2orange", "train"):
            assert found == count


def test_importing_costs_nothing_but_keras():
    allowed = sys.stdlib_module_names | {"numpy", "gankit", "lazy_loader"}
    for path in Path(gankit.datasets.__file__).parent.glob("*.py"):
        imported = set()
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in statement.names}
            elif isinstance(statement, ast.ImportFrom):
                imported.add(statement.module.split(".")[0])
        extra = {"keras"} if path.name == "batches.py" else set()
        assert imported <= allowed | extra, path.name


# The real data


@pytest.mark.data
def test_real_mnist():
    data = classics.mnist()
    assert [len(data.train), len(data.validation), len(data.test)] == [
        55000,
        5000,
        10000,
    ]
    labels = np.concatenate([data.train.labels, data.validation.labels])
    # The counts of Y. LeCun's page, digit by digit.
    assert np.bincount(labels).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
    ]
    assert data.train.labels[:5].tolist() == [5, 0, 4, 1, 9]


@pytest.mark.data
def test_real_cifar10():
    data = classics.cifar10()
    assert [len(data.train), len(data.test), data.validation] == [50000, 10000, None]
    assert np.bincount(data.train.labels).tolist() == [5000] * 10
    assert data.train.labels[:5].tolist() == [6, 9, 9, 4, 1]
    # Means of the red, green and blue levels, as they are usually quoted.
    means = data.train.images.mean(axis=(0, 1, 2)) / 255
    assert np.allclose(means, [0.4914, 0.4822, 0.4465], atol=1e-3)


@pytest.mark.data
def test_real_horse2zebra():
    data = unpaired_folders("horse2zebra", size=64)
    arrays = (data.train_a, data.train_b, data.test_a, data.test_b)
    assert [len(images) for images in arrays] == [1067, 1334, 120, 140]
    assert data.domain_names == ("horse", "zebra")
