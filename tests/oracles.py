"""Other implementations of the FID network, which run with our weights.

Each function skips the test that calls it where its package is not installed.
"""

import importlib.util
import sys

import numpy as np
import pytest

from gankit.metrics.inception.layers import LAYERS, SOFTMAX

_libraries = []


def pytorch_fid(weights, monkeypatch, *dimensions):
    """pytorch-fid's pipeline from uint8 images to features.

    Args:
        weights: Dict of arrays, as `inception_network.set_weights` takes them.
        monkeypatch: pytest's; it keeps pytorch-fid from downloading weights.
        dimensions: Lengths of the features wanted.

    Returns:
        Function of uint8 images `(n, height, width, 3)`, which returns an array for
        each of the dimensions.
    """
    inception = import_with_torchvision("pytorch_fid.inception")
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(
        inception, "load_state_dict_from_url", lambda *_, **__: _state_dict(weights)
    )
    blocks = [inception.InceptionV3.BLOCK_INDEX_BY_DIM[d] for d in dimensions]
    network = inception.InceptionV3(blocks).eval()

    def features(images):
        found = []
        for start in range(0, len(images), 32):
            # As torchvision's ToTensor makes them.
            batch = _channels_first(images[start : start + 32]).float() / 255
            with torch.no_grad():
                found.append([maps.mean((2, 3)).numpy() for maps in network(batch)])
        return [np.concatenate(batches) for batches in zip(*found, strict=True)]

    return features


def torch_fidelity(weights, folder):
    """torch-fidelity's pipeline from uint8 images to features and logits.

    Args:
        weights: Dict of arrays, as `inception_network.set_weights` takes them.
        folder: Folder for a file of them, without which torch-fidelity downloads one.

    Returns:
        Function of uint8 images `(n, height, width, 3)` and of names of features,
        which returns an array for each of these.
    """
    inception = import_with_torchvision("torch_fidelity.feature_extractor_inceptionv3")
    torch = pytest.importorskip("torch")
    path = folder / "weights.pth"
    torch.save(_state_dict(weights), path)

    def features(images, *names):
        network = inception.FeatureExtractorInceptionV3(
            "inception", list(names), feature_extractor_weights_path=str(path)
        )
        with torch.no_grad():
            return [array.numpy() for array in network(_channels_first(images))]

    return features


def import_with_torchvision(module):
    """Imports a module that imports torchvision, or skips the test without it."""
    torch = pytest.importorskip("torch")
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    if not _libraries and "torchvision" not in sys.modules:
        try:
            importlib.import_module("torchvision")
        except RuntimeError:
            # torchvision made for another build of torch lacks two operators, which
            # nothing here uses.
            _libraries.append(torch.library.Library("torchvision", "DEF"))
            for name in ("nms", "qnms"):
                _libraries[-1].define(f"{name}(Tensor a, Tensor b, float c) -> Tensor")
    return importlib.import_module(module)


def _channels_first(images):
    torch = pytest.importorskip("torch")
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def _state_dict(weights):
    """Weights as the port to PyTorch names them; layers that are lacking are zeros.

    Its batch normalisation adds our bias and changes nothing else.
    """
    torch = pytest.importorskip("torch")
    arrays = {}
    for name, layer in LAYERS.items():
        filters = layer.kernel[-1]
        kernel = weights.get(f"{name}/kernel", np.zeros(layer.kernel))
        arrays |= {
            f"{layer.module}.conv.weight": kernel.transpose(3, 2, 0, 1),
            f"{layer.module}.bn.weight": np.ones(filters),
            f"{layer.module}.bn.bias": weights.get(f"{name}/bias", np.zeros(filters)),
            f"{layer.module}.bn.running_mean": np.zeros(filters),
            f"{layer.module}.bn.running_var": np.full(filters, 1 - 1e-3),
            f"{layer.module}.bn.num_batches_tracked": np.zeros(()),
        }
    kernel, bias = (weights.get(key, np.zeros(SOFTMAX[key])) for key in SOFTMAX)
    arrays |= {"fc.weight": kernel.T, "fc.bias": bias}
    return {
        key: torch.from_numpy(np.array(array, "float32", order="C"))
        for key, array in arrays.items()
    }
