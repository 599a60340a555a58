"""The weights of FID: files of PyTorch, of TensorFlow, made by hand; a server."""

import collections
import hashlib
import http.server
import io
import os
import pickle
import struct
import tarfile
import threading

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from gankit.cli.app import app
from gankit.metrics.inception import files as inception_files
from gankit.metrics.inception import recognition as inception_recognition
from gankit.metrics.inception import weights as inception_weights
from gankit.metrics.inception.files import read_weights
from gankit.metrics.inception.layers import LAYERS, layers_up_to
from gankit.metrics.inception.recognition import fingerprint
from gankit.metrics.inception.resumed_download import fetch
from gankit.metrics.inception.torch_file import read_state_dict
from gankit.metrics.inception.weights import (
    FIDWeightsUnavailable,
    convert,
    load_weights,
    save_weights,
    weights_name,
)

STATISTICS = ("gamma", "beta", "mean", "variance")


# A state dictionary as torch.save writes it, opcode by opcode of pickle's protocol 2.
def _text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _integers(values):
    return b"(" + b"".join(b"J" + struct.pack("<i", v) for v in values) + b"t"


def _pickled_tensor(key, count, offset, shape, strides):
    storage = b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text(key)
    storage += _text("cpu") + b"J" + struct.pack("<i", count) + b"NtQ"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"J"
        + struct.pack("<i", offset)
        + _integers(shape)
        + _integers(strides)
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )


def _legacy_file(tensors, storages):
    pickled = b"\x80\x02ccollections\nOrderedDict\n)R("
    for name, (key, offset, shape, strides) in tensors.items():
        count = storages[key].size
        pickled += _text(name) + _pickled_tensor(key, count, offset, shape, strides)
    parts = [
        pickle.dumps(0x1950A86A20F9469CFC6C, 2),
        pickle.dumps(1001, 2),
        pickle.dumps({"little_endian": True}, 2),
        pickled + b"u.",
        pickle.dumps(list(storages), 2),
    ]
    for storage in storages.values():
        parts += [struct.pack("<q", storage.size), storage.astype("<f4").tobytes()]
    return b"".join(parts)


def _network(features):
    """Random layers as they are trained: kernel, and the batch normalisation's four."""
    rng = np.random.default_rng(features)
    layers = {}
    for name, layer in layers_up_to(features).items():
        out = layer.kernel[-1]
        kernel = rng.standard_normal(layer.kernel, "float32")
        gamma, beta, mean = rng.standard_normal((3, out), "float32")
        variance = rng.uniform(0.1, 2, out).astype("float32")
        layers[name] = (kernel, gamma, beta, mean, variance)
    return layers


def _port_file(network, softmax=None):
    """The port's file: kernels (out, in, h, w) lie in memory as (h, w, in, out)."""
    tensors, storages = {}, {}

    def add(name, memory, shape, strides):
        key = str(len(storages))
        tensors[name] = (key, 0, shape, strides)
        storages[key] = memory.ravel()

    for name, (kernel, *statistics) in network.items():
        module = LAYERS[name].module
        h, w, i, o = kernel.shape
        strides = (1, o, w * i * o, i * o)
        add(f"{module}.conv.weight", kernel, (o, i, h, w), strides)
        names = ("weight", "bias", "running_mean", "running_var")
        for part, values in zip(names, statistics, strict=True):
            add(f"{module}.bn.{part}", values, (o,), (1,))
    if softmax is not None:
        kernel, bias = softmax
        add("fc.weight", kernel.T.copy(), kernel.shape[::-1], (kernel.shape[0], 1))
        add("fc.bias", bias, bias.shape, (1,))
    return _legacy_file(tensors, storages)


def _softmax():
    rng = np.random.default_rng(1)
    return rng.standard_normal((2048, 1008), "float32"), np.ones(1008, "float32")


def _fold_in_float32(network):
    found = {}
    for name, (kernel, gamma, beta, mean, variance) in network.items():
        scale = gamma * (variance + np.float32(1e-3)) ** -0.5
        found[f"{name}/kernel"] = kernel * scale
        found[f"{name}/bias"] = beta - mean * scale
    return found


@pytest.fixture
def passes(monkeypatch):
    """Function that makes given weights pass for those of FID."""

    def take(weights):
        names = [
            n for n in inception_recognition.FINGERPRINTS if f"{n}/kernel" in weights
        ]
        prints = {name: fingerprint(weights, name) for name in names}
        monkeypatch.setattr(inception_recognition, "FINGERPRINTS", prints)

    return take


@pytest.fixture
def small(tmp_path, monkeypatch, passes):
    """An .npz file up to the tap of 192, an empty data folder, and no network."""
    weights = _fold_in_float32(_network(192))
    passes(weights)
    path = tmp_path / "elsewhere" / "part.npz"
    save_weights(path, weights)
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GANKIT_DATA", str(folder))
    monkeypatch.delenv("GANKIT_FID_WEIGHTS", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(inception_weights, "PORT_URL", "http://127.0.0.1:1/port.pth")
    return path


def test_the_table_counts_and_names_every_layer():
    assert len(LAYERS) == 94
    assert {n: len(layers_up_to(n)) for n in (64, 192, 768, 2048)} == {
        64: 3,
        192: 5,
        768: 70,
        2048: 94,
    }
    # Without its classes the port has 566 - 2 tensors, five of them and a count of
    # batches in each layer, and 23,885,486 - 1009 * 2048 + 1040 numbers.
    numbers = sum(np.prod(x.kernel) + 4 * x.kernel[3] + 1 for x in LAYERS.values())
    assert 6 * len(LAYERS) == 566 - 2
    assert numbers == 23_885_486 - 2048 * 1008 - 1008
    for name, scope, module, kernel in (
        ("conv_4", "conv_4", "Conv2d_4a_3x3", (3, 3, 80, 192)),
        ("mixed_conv", "mixed/conv", "Mixed_5b.branch1x1", (1, 1, 192, 64)),
        (
            "mixed_7_tower_1_conv_4",
            "mixed_7/tower_1/conv_4",
            "Mixed_6e.branch7x7dbl_5",
            (1, 7, 192, 192),
        ),
        (
            "mixed_10_tower_1_mixed_conv_1",
            "mixed_10/tower_1/mixed/conv_1",
            "Mixed_7c.branch3x3dbl_3b",
            (3, 1, 384, 384),
        ),
    ):
        layer = LAYERS[name]
        assert (layer.scope, layer.module, layer.kernel) == (scope, module, kernel)
    with pytest.raises(
        ValueError, match="features to be one of 64, 192, 768, 2048, rec"
    ):
        layers_up_to(512)


def test_a_legacy_file_written_by_hand_is_read_with_strides_and_offsets(tmp_path):
    path = tmp_path / "state.pth"
    memory = np.arange(24, dtype="float32")
    tensors = {
        "strided": ("7", 0, (4, 3, 2, 1), (1, 4, 12, 12)),
        "offset": ("7", 20, (2, 2), (2, 1)),
        "scalar": ("8", 1, (), ()),
    }
    path.write_bytes(_legacy_file(tensors, {"8": memory[:2], "7": memory}))
    state = read_state_dict(path)
    assert list(state) == list(tensors)
    hwio = memory.reshape(2, 1, 3, 4)
    np.testing.assert_array_equal(state["strided"], hwio.transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(state["offset"], [[20, 21], [22, 23]])
    assert state["scalar"] == 1.0 and state["scalar"].dtype == np.float32


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_of_torch_is_read_as_torch_reads_it(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    hwio = torch.from_numpy(rng.standard_normal((3, 5, 4, 6)))
    shared = torch.arange(10, dtype=torch.float32)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = network.state_dict()
    state |= {
        "hwio": hwio.permute(3, 2, 0, 1),
        "shared": shared,
        "offset": shared[3:],
        "every other": shared[1::2],
        "half": shared.half(),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "truth": torch.tensor([True, False]),
        "empty": torch.zeros(0, 4),
        "one": torch.tensor(3.0),
    }
    path = tmp_path / "state.pth"
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    found = read_state_dict(path)
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert found[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(found[name], tensor.numpy())
    assert not found["hwio"].flags.c_contiguous
    # Cut anywhere, it is refused; in the middle of a pickle and of a storage, too.
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 211), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(
            ValueError, match="is truncated, damaged or of another kind"
        ):
            read_state_dict(path)


class _Attack:
    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("place", range(5))
def test_a_program_in_a_pickle_is_named_and_does_not_run(tmp_path, place):
    mark = tmp_path / "it ran"
    pickles = [0x1950A86A20F9469CFC6C, 1001, {}, collections.OrderedDict(), []]
    pickles[place] = _Attack(os.system, f"touch '{mark}'")
    path = tmp_path / "state.pth"
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in pickles))
    with pytest.raises(ValueError, match=r"it requests (posix|nt)\.system, which no"):
        read_state_dict(path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(pickles[place]))
    assert mark.exists()


def test_what_is_no_state_dictionary_is_refused(tmp_path):
    path = tmp_path / "state.pth"
    memory = np.zeros(4, "float32")

    def refuses(content, because):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"of another kind .*{because}"):
            read_state_dict(path)

    # A view that leaves its storage: NumPy's as_strided would read beyond it.
    for tensor in (("0", 1, (4,), (1,)), ("0", 0, (2, 2), (3, 1)), ("0", -1, (1,), ())):
        refuses(_legacy_file({"w": tensor}, {"0": memory}), "")
    refuses(b"\x80\x02K\x01.", "does not start like")
    refuses(b"<!DOCTYPE html><title>Not Found</title>", "")
    refuses(
        _legacy_file({"w": ("0", 0, (4,), (1,))}, {"0": memory, "1": memory}), "match"
    )
    head = _legacy_file({}, {})[: -len(pickle.dumps([], 2))]
    refuses(head.replace(b"ccollections\nOrderedDict\n)R(u.", b"]."), "no dictionary")
    buffer = io.BytesIO()
    np.savez(buffer, a=memory)
    refuses(buffer.getvalue(), "data.pkl")


def test_folded_layers_compute_what_convolution_and_normalisation_do(tmp_path, passes):
    network = _network(192)
    passes(_fold_in_float32(network))
    path = tmp_path / "port.pth"
    path.write_bytes(_port_file(network))
    weights, name = load_weights(path, features=192)
    assert list(weights) == [f"{n}/{p}" for n in network for p in ("kernel", "bias")]
    # A convolution of 1 x 1 is a product of matrices.
    kernel, gamma, beta, mean, variance = (
        x.astype("float64") for x in network["conv_3"]
    )
    x = np.random.default_rng(0).normal(size=(50, 64))
    expected = gamma * (x @ kernel[0, 0] - mean) / np.sqrt(variance + 1e-3) + beta
    folded = x @ weights["conv_3/kernel"][0, 0] + weights["conv_3/bias"]
    np.testing.assert_allclose(folded, expected, rtol=0, atol=2e-5)
    # Larger kernels keep the places of their taps, with the axes of Keras.
    ratio = weights["conv_4/kernel"] / network["conv_4"][0]
    np.testing.assert_allclose(
        ratio, np.broadcast_to(ratio[0, 0, 0], ratio.shape), 1e-6
    )
    assert all(array.dtype == np.float32 for array in weights.values())
    assert all(array.flags.c_contiguous for array in weights.values())
    # The name depends on the layers below the tap, and on nothing else.
    lower, lower_name = load_weights(path, features=64)
    assert list(lower) == list(weights)[:6]
    assert lower_name == weights_name(weights, 64) != name
    assert name.startswith("inception-2015-12-05, weights ") and len(name) == 38
    weights["conv_4/bias"][0] += 1
    assert (
        weights_name(weights, 64) == lower_name and weights_name(weights, 192) != name
    )


def test_a_whole_port_becomes_an_npz_of_the_same_name(tmp_path, passes):
    network = _network(2048)
    passes(_fold_in_float32(network))
    source, target = tmp_path / "port.pth", tmp_path / "folder" / "whole.npz"
    source.write_bytes(_port_file(network, _softmax()))
    weights, name = load_weights(source)
    assert len(weights) == 2 * 94 + 2
    np.testing.assert_array_equal(weights["softmax/kernel"], _softmax()[0])
    assert convert(source, target) == (2048, name)
    assert os.listdir(target.parent) == ["whole.npz"]
    again, again_name = load_weights(target)
    assert again_name == name and list(again) == list(weights)
    assert all((again[key] == weights[key]).all() for key in weights)
    with pytest.raises(
        ValueError, match=r"ends in \.npz, received .*whole\.h5: name it"
    ):
        convert(source, tmp_path / "whole.h5")
    with pytest.raises(
        FileNotFoundError, match="received .*none.pth, which does not exist"
    ):
        convert(tmp_path / "none.pth", target)


def _graph(network, softmax):
    tf = pytest.importorskip("tensorflow")
    graph = tf.compat.v1.GraphDef()

    def add(name, values):
        node = graph.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))

    graph.node.add(name="DecodeJpeg/contents", op="Placeholder")
    for name, (kernel, *statistics) in network.items():
        scope = LAYERS[name].scope
        add(f"{scope}/conv2d_params", kernel)
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        for part, values in zip(names, statistics, strict=True):
            add(f"{scope}/batchnorm/{part}", values)
    add("softmax/weights", softmax[0])
    add("softmax/biases", softmax[1])
    return graph.SerializeToString()


@pytest.mark.tensorflow
def test_a_frozen_graph_gives_what_the_port_gives(tmp_path, passes):
    network = _network(2048)
    passes(_fold_in_float32(network))
    port, graph = tmp_path / "port.pth", tmp_path / "classify_image_graph_def.pb"
    port.write_bytes(_port_file(network, _softmax()))
    graph.write_bytes(_graph(network, _softmax()))
    weights, name = load_weights(port)
    found, found_name = load_weights(graph)
    assert found_name == name and found.keys() == weights.keys()
    assert all((found[key] == weights[key]).all() for key in weights)
    # The archive of it, here with the first layers alone.
    first = {key: network[key] for key in layers_up_to(64)}
    graph.write_bytes(_graph(first, _softmax()))
    archive = tmp_path / "inception-2015-12-05.tgz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(graph, graph.name)
    assert load_weights(archive, features=64)[1] == weights_name(weights, 64)
    for path in (graph, archive):
        path.write_bytes(path.read_bytes()[:100_000])
        with pytest.raises(ValueError, match="frozen graph of TensorFlow, received a"):
            read_weights(path)


def test_a_graph_needs_tensorflow(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        ImportError, match="received jax: convert it once to an .npz file"
    ):
        read_weights(tmp_path / "classify_image_graph_def.pb")


def test_other_weights_never_pass_for_those_of_fid(tmp_path):
    weights = _fold_in_float32(_network(192))
    path = tmp_path / "weights.npz"
    others = (
        "received others in .*, since those of conv differ: download .* are not FID"
    )
    save_weights(path, weights)
    with pytest.raises(ValueError, match=others):
        load_weights(path, features=192)
    # Neither do the norms suffice.
    norms = inception_recognition.FINGERPRINTS["conv"][::2]
    for part, norm in zip(("kernel", "bias"), norms, strict=True):
        weights[f"conv/{part}"] *= norm / np.linalg.norm(weights[f"conv/{part}"])
    save_weights(path, weights)
    with pytest.raises(ValueError, match=others):
        load_weights(path, features=64)
    with pytest.raises(
        ValueError, match=r"weights of Keras \(.h5\) come from a different"
    ):
        load_weights(__file__)


def test_damaged_weights_get_a_sentence(small, tmp_path):
    good = read_weights(small)
    path = tmp_path / "bad.npz"
    for name, values, sentence in (
        (
            "conv_4/bias",
            np.full(192, np.nan),
            "received NaN or infinity in conv_4/bias",
        ),
        (
            "conv_4/bias",
            np.ones(191),
            r"of shape \(192,\), received float64 .*\(191,\)",
        ),
        ("conv/kernel", np.ones((3, 3, 3, 32), int), "received int64"),
    ):
        save_weights(path, good | {name: values})
        with pytest.raises(ValueError, match=sentence):
            read_weights(path)
    save_weights(path, {"conv/kernel": good["conv/kernel"]})
    with pytest.raises(ValueError, match="without its first layers: download"):
        read_weights(path)
    for content in (small.read_bytes()[:-200], b"", b"no archive"):
        path.write_bytes(content)
        with pytest.raises(
            ValueError, match="to be a complete NumPy file, received one"
        ):
            read_weights(path)


def test_a_file_under_the_ports_name_is_the_port(small, tmp_path):
    path = tmp_path / "data" / inception_recognition.PORT
    path.write_bytes(_port_file(_network(192)))
    with pytest.raises(ValueError, match="the sha256 6726825d.* delete it"):
        load_weights(features=64)
    assert load_weights(path.rename(path.with_name("other.pth")), features=64)


def test_auto_looks_at_the_variable_then_in_the_data_folder(
    small, tmp_path, monkeypatch
):
    folder = tmp_path / "data"
    monkeypatch.setattr(inception_weights, "read_weights", lambda path: {"at": path})
    found = inception_weights.find_weights
    content = small.read_bytes()
    assert found(64) is None
    graphs = [
        folder / "classify_image_graph_def.pb",
        folder / "inception-2015-12-05.tgz",
    ]
    for path in reversed(graphs):
        path.write_bytes(b"")
        expected = path if keras.backend.backend() == "tensorflow" else None
        assert found(64) == expected
    part = folder / "fid_inception_2015_to_192.npz"
    part.write_bytes(content)
    assert found(192) == part and found(768) != part
    (folder / "inception-2015-12-05.npz").write_bytes(content)
    assert found(192) == folder / "inception-2015-12-05.npz"
    port = folder / inception_recognition.PORT
    port.write_bytes(b"")
    assert found(2048) == port == found(64, folder=folder)
    monkeypatch.setenv("GANKIT_FID_WEIGHTS", str(small))
    assert found(2048) == small


def test_absent_weights_are_one_sentence_with_all_ways_out(
    small, tmp_path, monkeypatch
):
    def sentence(*arguments, **options):
        with pytest.raises(FIDWeightsUnavailable) as caught:
            load_weights(*arguments, **options)
        message = str(caught.value)
        for part in (
            inception_recognition.PORT,
            inception_recognition.PORT_SHA256,
            "port.pth into " + str(tmp_path / "data"),
            "GANKIT_FID_WEIGHTS",
            "features=768, 192 or 64",
            "gankit.metrics.classifier_for(data)",
            "FCD",
        ):
            assert part in message
        assert message.endswith(".") and ". " not in message
        return message

    assert "Connection refused" in sentence()
    assert "received no file /nowhere.npz: put" in sentence("/nowhere.npz")
    assert load_weights(small, features=192)
    assert "only the layers up to features=192 in" in sentence(small, features=768)
    monkeypatch.setenv("GANKIT_FID_WEIGHTS", "/nowhere.npz")
    assert "received no file /nowhere.npz: put" in sentence(features=64)


CONTENT = np.random.default_rng(0).bytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serves the server's `content`; cuts a reply after `cut` bytes."""

    def do_GET(self):
        server, start = self.server, 0
        asked = self.headers.get("Range")
        server.asked.append(asked)
        ranged = asked and server.knows_ranges
        if ranged:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        # Noted before the client hears anything, so that it is there when it looks.
        sent = server.content[start:][: server.cut]
        server.sent.append(len(sent))
        if ranged:
            if start >= len(server.content):
                self.send_error(416)
                return
            self.send_response(206)
            end = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(server.content) - start))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")

    # A client that hangs up is no error here.
    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            pass

    with Server(("127.0.0.1", 0), _Handler) as made:
        made.content, made.cut, made.knows_ranges = CONTENT, None, True
        made.asked, made.sent = [], []
        made.address = f"http://127.0.0.1:{made.server_port}/weights.pth"
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def download(server, tmp_path):
    target = tmp_path / "data" / "weights.pth"

    def start():
        fetch(server.address, target, sha256=SHA256, size=len(CONTENT))
        assert target.read_bytes() == CONTENT
        assert os.listdir(target.parent) == ["weights.pth"]

    start.target = target
    return start


def test_a_download_is_stored_when_it_is_whole(server, download, capsys):
    download()
    assert server.asked == [None] and server.sent == [1_000_000]
    assert "weights.pth: 100%" in capsys.readouterr().err


def test_a_cut_download_goes_on_where_it_was_cut(server, download):
    server.cut = 400_000
    for came, asked in (("400,000", None), ("800,000", "bytes=400000-")):
        with pytest.raises(
            ConnectionError, match=f"{came} of 1,000,000 .* resumes from"
        ):
            download()
        assert server.asked[-1] == asked
        assert not download.target.exists()
        assert all(name.startswith(".") for name in os.listdir(download.target.parent))
    server.cut = None
    download()
    assert sum(server.sent) == 1_000_000


def test_a_server_without_ranges_starts_anew(server, download):
    server.cut = 400_000
    with pytest.raises(ConnectionError):
        download()
    # A page of the network's own, in place of the file, leaves what came.
    server.cut, server.knows_ranges = None, False
    server.content = b"Please log in"
    with pytest.raises(ValueError, match="Expected a file of another length"):
        download()
    (partial,) = download.target.parent.iterdir()
    assert partial.stat().st_size == 400_000
    server.content = CONTENT
    download()
    assert server.asked == [None, "bytes=400000-", "bytes=400000-"]
    assert server.sent == [400_000, 13, 1_000_000]


def test_a_whole_file_that_was_not_yet_moved_is_not_fetched_again(server, download):
    server.cut = 400_000
    with pytest.raises(ConnectionError):
        download()
    (partial,) = download.target.parent.iterdir()
    partial.write_bytes(CONTENT)
    download()
    assert len(server.asked) == 1
    # What another address left behind is not gone on with.
    download.target.unlink()
    partial.with_name(".partial-01234567-weights.pth").write_bytes(CONTENT[:10])
    server.cut = None
    fetch(server.address, download.target, sha256=SHA256, size=len(CONTENT))
    assert server.asked[1:] == [None]


@pytest.mark.parametrize("content", [CONTENT[::-1], CONTENT[:-1], CONTENT[:300_000]])
def test_another_file_leaves_nothing_behind(server, download, content):
    server.cut = 400_000
    with pytest.raises(ConnectionError):
        download()
    server.content, server.cut = content, None
    with pytest.raises(
        ValueError, match="Expected (http.* sha256|a file of another len)"
    ):
        download()
    assert not os.listdir(download.target.parent)


def test_auto_fetches_the_port(small, server, tmp_path, monkeypatch):
    server.content = _port_file(_network(192))
    for name, value in (
        ("PORT_URL", server.address),
        ("PORT_SIZE", len(server.content)),
        ("PORT_SHA256", hashlib.sha256(server.content).hexdigest()),
    ):
        monkeypatch.setattr(inception_weights, name, value)
        monkeypatch.setattr(inception_files, name, value, raising=False)
    server.cut = 1000
    with pytest.raises(
        FIDWeightsUnavailable, match=r"none \(Received 1,000 of .* resumes from"
    ):
        load_weights(features=192)
    server.cut = None
    weights, name = load_weights(features=192)
    assert sum(server.sent) == len(server.content)
    assert load_weights(features=192)[1] == name and len(server.sent) == 2
    port = tmp_path / "data" / inception_recognition.PORT
    assert os.listdir(port.parent) == [port.name]
    port.unlink()
    server.content = server.content[::-1]
    with pytest.raises(FIDWeightsUnavailable, match="the file was changed"):
        load_weights(features=192)
    assert not os.listdir(port.parent)


def test_the_command_line_converts_and_shows(small, tmp_path, monkeypatch):
    runner = CliRunner()
    target = tmp_path / "data" / "inception-2015-12-05.npz"
    done = runner.invoke(app, ["fid-weights", "convert", str(small), str(target)])
    name = load_weights(target, features=192)[1]
    assert done.exit_code == 0 and f"{name}, up to --features 192" in done.output
    shown = runner.invoke(app, ["fid-weights", "show"]).output.splitlines()
    assert shown[1] == f"--features 192   {target}, {name}"
    assert shown[3] == "--features 2048  no file yet, it would be fetched"
    monkeypatch.setenv("GANKIT_FID_WEIGHTS", str(small))
    shown = runner.invoke(app, ["fid-weights", "show"]).output.splitlines()
    assert shown[1] == f"--features 192   {small}, {name}"
    assert shown[3] == f"--features 2048  not in {small}"
    failed = runner.invoke(app, ["fid-weights", "convert", "none.npz", str(target)])
    assert (
        failed.exit_code == 1
        and "received none.npz, which does not exist" in failed.output
    )


@pytest.mark.data
def test_the_true_weights_are_recognised_and_near_ones_are_not(tmp_path):
    folder = os.environ["GANKIT_DATA"]
    path = f"{folder}/fid_inception_2015_to_768_f16.npz"
    weights, name = load_weights(path, features=768)
    assert len(weights) == 2 * 70
    with np.load(path) as archive:
        assert all((weights[key] == archive[key]).all() for key in weights)
    partial, part_name = load_weights(path, features=64)
    assert part_name == weights_name(weights, 64) == weights_name(partial, 64) != name
    saved = tmp_path / "w.npz"
    # What float16's rounding changes by at most is no sign of another network.
    save_weights(saved, {k: v * np.float32(1 + 2**-11) for k, v in weights.items()})
    assert load_weights(saved, features=768)
    swapped = dict(weights)
    key = "mixed_7_tower_1_conv_4/kernel"
    swapped[key] = swapped[key].transpose(0, 1, 3, 2)
    for changed in (swapped, {k: v * np.float32(1.002) for k, v in weights.items()}):
        save_weights(saved, changed)
        with pytest.raises(ValueError, match="received others"):
            load_weights(saved, features=768)
