"""Other implementations of the FID network, given our weights; none downloads its own.

Only torch's own packages are needed to import this module's functions' results, so
tests call them after `pytest.importorskip`.
"""

import importlib

import numpy as np
import pytest

from gankit.metrics.inception_layers import CLASSES, LAYERS

_libraries = []


def _import(module):
    """Imports a module that needs torchvision, or skips the test."""
    torch = pytest.importorskip("torch")
    try:
        return pytest.importorskip(module)
    except RuntimeError:
        # torchvision of another build than torch lacks two operators, unused here.
        library = torch.library.Library("torchvision", "DEF")
        _libraries.append(library)
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor boxes, Tensor scores, float t) -> Tensor")
        return importlib.import_module(module)


def state_dict(weights):
    """The weights of the PyTorch port, with batch normalisation that does nothing.

    Args:
        weights: As `gankit.metrics.inception.set_weights` takes them. Layers that they
            lack become zeros.
    """
    torch = pytest.importorskip("torch")
    state = {}
    for name, layer in LAYERS.items():
        filters = layer.kernel[-1]
        kernel = weights.get(f"{name}/kernel", np.zeros(layer.kernel, "float32"))
        arrays = {
            "conv.weight": np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)),
            "bn.weight": np.ones(filters, "float32"),
            "bn.bias": weights.get(f"{name}/bias", np.zeros(filters, "float32")),
            "bn.running_mean": np.zeros(filters, "float32"),
            "bn.running_var": np.full(filters, 1 - 1e-3, "float32"),
            "bn.num_batches_tracked": np.array(0),
        }
        for key, array in arrays.items():
            state[f"{layer.module}.{key}"] = torch.from_numpy(array)
    kernel = weights.get("softmax/kernel", np.zeros((2048, CLASSES), "float32"))
    bias = weights.get("softmax/bias", np.zeros(CLASSES, "float32"))
    state["fc.weight"] = torch.from_numpy(np.ascontiguousarray(kernel.T))
    state["fc.bias"] = torch.from_numpy(bias)
    return state


def pytorch_fid_features(weights, monkeypatch):
    """pytorch-fid's pipeline as a function of uint8 images and the number of features.

    Args:
        weights: As in `state_dict`.
        monkeypatch: pytest's.
    """
    inception = _import("pytorch_fid.inception")
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(
        inception, "load_state_dict_from_url", lambda *_, **__: state_dict(weights)
    )
    networks = {}

    def features(images, dimension):
        if dimension not in networks:
            block = inception.InceptionV3.BLOCK_INDEX_BY_DIM[dimension]
            networks[dimension] = inception.InceptionV3([block]).eval()
        found = []
        for batch in np.array_split(images, max(1, len(images) // 32)):
            # As torchvision's ToTensor gives them.
            inputs = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 255
            with torch.no_grad():
                maps = networks[dimension](inputs)[0]
            found.append(maps.mean((2, 3)).numpy())
        return np.concatenate(found)

    return features


def torch_fidelity_features(weights, folder):
    """torch-fidelity's pipeline as a function of uint8 images and names of outputs.

    Args:
        weights: As in `state_dict`.
        folder: `pathlib.Path` of a folder for the file that it insists on.
    """
    extractor = _import("torch_fidelity.feature_extractor_inceptionv3")
    torch = pytest.importorskip("torch")
    path = folder / "weights.pth"
    torch.save(state_dict(weights), path)

    def features(images, *names):
        network = extractor.FeatureExtractorInceptionV3(
            "inception", list(names), feature_extractor_weights_path=str(path)
        )
        with torch.no_grad():
            outputs = network(torch.from_numpy(images).permute(0, 3, 1, 2))
        return [output.numpy() for output in outputs]

    return features
