"""Adds a difference of latents to other latents: does it slant other digits too?

    python benchmarks/latent_arithmetic.py

The difference is the mean latent of the most slanted samples of one digit minus that of
the least slanted, of a saved model, imperial/cgan-best. It writes results/latents/:
table.csv, the mean slant of the other digits, with a row for each direction and a
column for each multiple of it; and samples.png, one of each of these digits.
"""

import numpy as np
import record

import gankit
from gankit import datasets, plotting
from gankit.backend import device
from gankit.backend.prediction import predict

DIGIT = 3
MULTIPLES = {
    "subtracted": -1,
    "half subtracted": -0.5,
    "unchanged": 0,
    "half added": 0.5,
    "added": 1,
}
LATENTS, EXTREMES, OTHERS, SHOWN = 3000, 500, 900, 9


def slant(images):
    """Shear of the ink: covariance of row and column over the variance of the row.

    Args:
        images: uint8 array `(n, height, width, 1)`, white ink on black.

    Returns:
        Array `(n,)`: columns to the right for each row upwards, 0 for upright digits.
    """
    ink = images[..., 0] / images.sum(axis=(1, 2, 3))[:, None, None]
    places = np.indices(images.shape[1:3])
    down, across = (x - (ink * x).sum(axis=(1, 2), keepdims=True) for x in places)
    covariance = (ink * down * across).sum(axis=(1, 2))
    return -covariance / (ink * down**2).sum(axis=(1, 2))


def main():
    device.setup(precision="float32")
    gan = gankit.pretrained("imperial/cgan-best")

    def digits(latents, labels):
        images = predict(gan.generator, [latents, labels], batch_size=256)
        return datasets.to_uint8(images, (-1, 1))

    latents = np.array(gan.sample_latent(LATENTS, seed=0))
    order = slant(digits(latents, np.full(LATENTS, DIGIT))).argsort()
    least, most = (
        latents[rows].mean(axis=0)
        for rows in np.split(order, (EXTREMES, -EXTREMES))[::2]
    )
    chance = np.random.default_rng(0).normal(size=least.shape)
    directions = {
        "slanted minus upright": most - least,
        "a random direction": chance
        * np.linalg.norm(most - least)
        / np.linalg.norm(chance),
    }
    others = np.array(gan.sample_latent(OTHERS, seed=1))
    labels = np.delete(np.arange(10), DIGIT)[np.arange(OTHERS) % 9]
    rows, shown = [], {}
    for what, direction in directions.items():
        moved = {
            how: digits(others + multiple * direction, labels)
            for how, multiple in MULTIPLES.items()
        }
        rows.append({"what": what, **{k: slant(x).mean() for k, x in moved.items()}})
        print(*rows[-1].values())
        shown = shown or {how: x[:SHOWN] for how, x in moved.items()}
    shown["random one added"] = moved["added"][:SHOWN]
    folder = record.save_table("latents", rows)
    plotting.save_rows(folder / "samples.png", shown)


if __name__ == "__main__":
    main()
