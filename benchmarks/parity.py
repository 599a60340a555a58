"""FID by gankit and by pytorch-fid, on the same images and weights.

    python benchmarks/parity.py [--images 1000]

The first training images of CIFAR-10 are compared with as many of the first test
images. Needs CIFAR-10, weights of the FID network and the packages that `make
test-backends` installs. Leaves `results/parity/fid.json`.
"""

import argparse
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import record

from gankit import datasets, metrics
from gankit.metrics.inception.weights import load_weights

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import oracles  # noqa: E402

FEATURES = 768


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1000, help="on each side")
    n = parser.parse_args().images
    data = datasets.cifar10()
    real, fake = data.test.images[:n], data.train.images[:n]
    extractor = metrics.inception_extractor(FEATURES, "torch")
    ours = [extractor(images, value_range=(0, 255)) for images in (real, fake)]
    weights, _ = load_weights(features=FEATURES)
    with pytest.MonkeyPatch.context() as patch:
        features = oracles.pytorch_fid(weights, patch, FEATURES)
    theirs = [features(images)[0] for images in (real, fake)]
    fid_score = importlib.import_module("pytorch_fid.fid_score")
    moments = []
    for each in theirs:
        moments += [each.mean(axis=0), np.cov(each, rowvar=False)]
    largest = max(
        np.abs(a - b).max() / np.abs(b).max() for a, b in zip(ours, theirs, strict=True)
    )
    found = {
        "title": f"FID-{FEATURES}/torch of training and test images of CIFAR-10",
        "images on each side": n,
        "extractor": extractor.name,
        "gankit": metrics.frechet_distance(*ours),
        "pytorch-fid": fid_score.calculate_frechet_distance(*moments),
        "largest difference of features, of their maximum": float(largest),
    }
    for name, value in found.items():
        print(f"{name}: {value}")
    record.save("parity/fid", found)


if __name__ == "__main__":
    main()
