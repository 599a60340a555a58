"""The whole way from pictures to FID against pytorch-fid and torch-fidelity."""

import importlib

import numpy as np
import oracles
import pytest

from gankit import datasets
from gankit.metrics.frechet import frechet_distance
from gankit.metrics.inception import weights as inception_weights
from gankit.metrics.inception.extractor import inception_extractor
from gankit.metrics.inception.layers import LAYERS, SOFTMAX, TAPS
from gankit.metrics.inception.weights import load_weights


@pytest.fixture(scope="module")
def random_weights():
    """Weights of all layers under which activations neither vanish nor explode."""
    rng = np.random.default_rng(0)
    shapes = {name: layer.kernel for name, layer in LAYERS.items()}
    shapes["softmax"] = SOFTMAX["softmax/kernel"]
    weights = {}
    for name, shape in shapes.items():
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        weights[f"{name}/kernel"] = rng.normal(0, scale, shape).astype("float32")
        weights[f"{name}/bias"] = rng.normal(0, 0.1, shape[-1]).astype("float32")
    return weights


def _photographs():
    """A few pictures of 32 and of 256 pixels."""
    path = datasets.data_folder() / "horse2zebra" / "testB"
    zebras = datasets.image_folder(path, size=256).train.images
    return datasets.cifar10().test.images[:12], zebras[:6]


def _assert_same(features, expected):
    # To 1e-4 of the spread of the features.
    assert expected.std() > 1e-3
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4 * expected.std())


def test_the_graph_with_random_weights(random_weights, monkeypatch, tmp_path):
    monkeypatch.setattr(
        inception_weights, "load_weights", lambda *_, **__: (random_weights, "random")
    )
    images = np.random.default_rng(1).integers(0, 256, (3, 299, 299, 3), "uint8")
    pytorch_fid = oracles.pytorch_fid(random_weights, monkeypatch, *TAPS)
    for tap, expected in zip(TAPS, pytorch_fid(images), strict=True):
        _assert_same(inception_extractor(tap, "torch").compute(images), expected)
    torch_fidelity = oracles.torch_fidelity(random_weights, tmp_path)
    features, logits = torch_fidelity(images, "2048", "logits")
    extractor = inception_extractor(2048, "tf1")
    _assert_same(extractor.compute(images), features)
    _assert_same(extractor.logits(images), logits)


@pytest.mark.data
def test_photographs_with_the_weights_of_fid(monkeypatch, tmp_path):
    weights, _ = load_weights(features=768)
    taps = TAPS[:3]
    pytorch_fid = oracles.pytorch_fid(weights, monkeypatch, *taps)
    torch_fidelity = oracles.torch_fidelity(weights, tmp_path)
    for images in _photographs():
        for resize, expected in (
            ("torch", pytorch_fid(images)),
            ("tf1", torch_fidelity(images, *map(str, taps))),
        ):
            for tap, features in zip(taps, expected, strict=True):
                _assert_same(inception_extractor(tap, resize).compute(images), features)


# With fewer pictures than features, as in many a course, covariances are singular.
@pytest.mark.data
@pytest.mark.tensorflow  # features on the others are compared above
@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")
@pytest.mark.parametrize("tap, n", [(64, 150), (192, 100), (768, 40)])
def test_fid_of_photographs(tap, n, monkeypatch):
    weights, _ = load_weights(features=768)
    pytorch_fid = oracles.pytorch_fid(weights, monkeypatch, tap)
    fid_score = importlib.import_module("pytorch_fid.fid_score")
    images = datasets.cifar10().test.images[: 2 * n]
    features = inception_extractor(tap, "torch").compute(images)
    distance = frechet_distance(features[:n], features[n:])
    (expected,) = pytorch_fid(images)
    moments = [
        moment
        for half in np.split(expected.astype("float64"), 2)
        for moment in (half.mean(axis=0), np.cov(half, rowvar=False))
    ]
    reference = fid_score.calculate_frechet_distance(*moments)
    assert distance == pytest.approx(reference, rel=1e-4)
