"""The same features as pytorch-fid computes them."""

import sys
from pathlib import Path

import pytest
from fid_weights import FEATURES, images, weights

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import oracles  # noqa: E402


def build(precision):
    """Returns a function that extracts the features of a number of images."""
    batch = images()
    with pytest.MonkeyPatch.context() as patch:
        features = oracles.pytorch_fid(weights(), patch, FEATURES)
    return lambda count: features(batch[:count])
