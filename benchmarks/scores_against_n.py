"""Scores of real pictures of CIFAR-10 against the number of pictures on each side.

    python benchmarks/scores_against_n.py [N ...]

Animals are scored against other animals, where a score should be 0, and against
vehicles, where it should not depend on n. The features are the 768 of the FID network,
of 10,000 training and 10,000 test pictures, which are saved in the data folder. The
results are in `results/against-n/`: table.csv has a row for each comparison, n and
resample, and samples.png shows what each score is among animals, as a share of what it
is between animals and vehicles.
"""

import sys

import numpy as np
import record

from gankit import datasets, metrics, plotting

SIZES = (128, 256, 512, 1024, 2048, 5000)
RESAMPLES = 3
# Pictures of each part of the data set.
COUNT = 10_000
SAME, OTHER = "animals against animals", "animals against vehicles"
VEHICLES = ("airplane", "automobile", "ship", "truck")
SCORES = {
    "FID-768": metrics.frechet_distance,
    "KID-768": lambda x, y: metrics.kernel_distance(x, y).mean,
    "MIND-768": metrics.sliced_distance,
    "MMD-768": metrics.gaussian_kernel_distance,
}


def pools():
    """Features of animals and of vehicles, two arrays `(count, 768)`."""
    data, extractor = datasets.cifar10(), metrics.inception_extractor(768)
    features, labels = [], []
    for part in ("train", "test"):
        split = getattr(data, part)
        found = metrics.feature_set(
            split.images[:COUNT],
            extractor,
            value_range=(0, 255),
            progress=part,
            # The name that experiments on CIFAR-10 give them too.
            cache_name=f"{data.name}-{part}-first-{COUNT}",
        )
        features.append(found.features)
        labels.append(split.labels[:COUNT])
    features = np.concatenate(features)
    numbers = [data.class_names.index(name) for name in VEHICLES]
    is_vehicle = np.isin(np.concatenate(labels), numbers)
    return features[~is_vehicle], features[is_vehicle]


def rows(animals, vehicles, sizes):
    """Scores of random pictures at every n; those of animals share no picture."""
    random = np.random.default_rng(0)
    for n in sizes:
        for resample in range(RESAMPLES):
            one, two = random.permutation(len(animals))[: 2 * n].reshape(2, n)
            three = random.permutation(len(vehicles))[:n]
            others = {SAME: animals[two], OTHER: vehicles[three]}
            for comparison, other in others.items():
                row = {"comparison": comparison, "n": n, "resample": resample}
                for name, score in SCORES.items():
                    # More digits are rounding, which differs between processors.
                    row[name] = float(f"{score(animals[one], other):.6g}")
                yield row


def picture(table):
    """Draws every score among animals, as a share of that between the two kinds."""
    sizes = sorted({row["n"] for row in table})
    curves = {}
    for name in SCORES:
        same, other = (
            [
                np.mean([r[name] for r in table if (r["comparison"], r["n"]) == (c, n)])
                for n in sizes
            ]
            for c in (SAME, OTHER)
        )
        curves[name] = (sizes, 100 * np.array(same) / other[-1])
    return plotting.lines(
        curves,
        title="Animals against other animals: an unbiased score is 0",
        x="n, pictures on each side",
        y=f"% of vehicles' score at n = {sizes[-1]:,}",
        level=0,
    )


def main(sizes):
    animals, vehicles = pools()
    table = list(rows(animals, vehicles, sizes))
    folder = record.save_table("against-n", table)
    (folder / "samples.png").write_bytes(picture(table).png())


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:]] or SIZES)
