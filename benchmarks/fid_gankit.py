"""Features of images for FID, as gankit computes them."""

from unittest import mock

from fid_weights import FEATURES, images, weights

import gankit
from gankit.metrics import inception_extractor
from gankit.metrics.inception import weights as inception_weights


def build(precision):
    """Returns a function that extracts the features of a number of images."""
    gankit.setup(0, precision=precision)
    # Only the true weights load under the name FID.
    loaded = (weights(), "random, weights 0")
    with mock.patch.object(inception_weights, "load_weights", lambda *_, **__: loaded):
        extractor = inception_extractor(FEATURES, "torch")
    batch = images()
    return lambda count: extractor(batch[:count], value_range=(0, 255))
