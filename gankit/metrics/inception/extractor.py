"""The FID network as an extractor of features."""

import functools

import numpy as np

from gankit.backend import device
from gankit.metrics.features.extractor import Extractor
from gankit.metrics.features.resizing import resize as resize_images
from gankit.metrics.features.resizing import resize_matrix
from gankit.metrics.inception import weights as inception_weights
from gankit.metrics.inception.layers import TAPS, layers_up_to
from gankit.metrics.inception.network import SIZE, fid_inception, set_weights

# Images in one call of the network. On a CPU, larger batches were no faster in our
# measurements and need more memory. Smaller ones would leave a GPU idle.
CPU_BATCH = 16
GPU_BATCH = 64

# Compiled networks by everything that they depend on.
_networks = {}


def inception_extractor(features=2048, resize="tf1", weights="auto"):
    """Returns the FID network with its weights, as an `Extractor`.

    Extractors with the same features and weights share one compiled network. It always
    receives batches of the same size, so features do not depend on how you batch the
    images.

    Args:
        features: 64, 192, 768 or 2048, the layer whose output is used. Scores at
            different layers are not comparable.
        resize: `"tf1"`, `"torch"` or `"clean"`; see
            `gankit.metrics.features.resizing.resize`. Scores with different resizing
            are not comparable either.
        weights: File with the weights, or `"auto"` to look for it; see
            `gankit.metrics.inception.weights.load_weights`.

    Returns:
        An `Extractor` for colour images of any size. It has logits of 1,008 classes if
        `features` is 2048 and the file contains the last layer, `softmax`.

    Raises:
        FIDWeightsUnavailable: If there is no file, or it ends before that layer.
        ValueError: If `features` or `resize` is unknown, or the file contains other
            weights.

    Example:

    >>> extractor = inception_extractor(768)
    >>> extractor(images, value_range=(-1, 1)).shape
    (1000, 768)
    """
    layers_up_to(features)
    resize_matrix(resize, SIZE, SIZE)
    arrays, name = inception_weights.load_weights(weights, features=features)
    logits = features == TAPS[-1] and "softmax/kernel" in arrays
    key = (features, logits, name, device.default_jit_compile())
    if key not in _networks:
        _networks[key] = _compile(features, logits, arrays)
    compute = functools.partial(_outputs, _networks[key], resize)
    network, comma, hash_of_weights = name.partition(",")
    return Extractor(
        name=f"{network}:{features}{comma}{hash_of_weights}",
        frechet_name=f"FID-{features}/{resize}",
        kernel_name=f"KID-{features}/{resize}",
        dimension=features,
        channels=3,
        resize=resize,
        compute=functools.partial(compute, 0),
        logits=functools.partial(compute, 1) if logits else None,
        sliced_name=f"MIND-{features}/{resize}",
    )


def _compile(features, logits, weights):
    network = fid_inception(features, logits=logits)
    set_weights(network, weights)
    network.compile(jit_compile=device.default_jit_compile())
    return network


def _outputs(network, mode, index, images):
    """Computes one output of the network for uint8 images `(n, height, width, 3)`."""
    size = GPU_BATCH if device.has_gpu() else CPU_BATCH
    found = []
    for start in range(0, len(images), size):
        batch = images[start : start + size]
        # The last batch is padded, since a new shape would be compiled again.
        inputs = np.zeros((size, SIZE, SIZE, 3), "float32")
        inputs[: len(batch)] = _scale(resize_images(batch, mode, SIZE), mode)
        outputs = network.predict_on_batch(inputs)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        found.append(outputs[index][: len(batch)])
    return np.concatenate(found)


def _scale(levels, mode):
    # pytorch-fid uses a different scale.
    return levels / 127.5 - 1 if mode == "torch" else (levels - 128) / 128
