"""Measures how sharp digits of a GAN and of an autoencoder are, and how noisy others.

    gankit run dtu/vgan --size full --seed 1  # and with the seeds 2 and 3
    python benchmarks/sharpness.py

The autoencoder's decoder has the architecture of the GAN's generator,
imperial/dcgan-shallow, of which the saved samples are used. It is trained here for two
epochs with three seeds, two to three minutes each. Noise is that of a fully connected
GAN after 5 and after 20 epochs, in the pictures that its runs left. It writes
results/sharpness/: table.csv, the mean energy of the image gradient, and samples.png,
twelve digits of each.
"""

import itertools

import keras
import numpy as np
import record
from keras import layers, ops
from PIL import Image

from gankit import datasets, networks, plotting
from gankit.backend import device
from gankit.experiments import saved_folder
from gankit.experiments.running.saved import run_folder
from gankit.metrics import gradient_energy

LATENT_DIM = 100
BATCH_SIZE = 128
EPOCH = 430
SHOWN = 12
# Equal steps, 1,720.
GANS = [
    f"imperial/dcgan-shallow@full-seed{suffix}" for suffix in ("0-steps1720", "1", "2")
]
# Steps of pictures of 64 digits. The last one of a run is drawn before its end.
NOISY = {"5 epochs": 2150, "19 epochs": 8170}


class Autoencoder(keras.Model):
    """A variational autoencoder (Kingma and Welling 2014, equation 10 and appendix B).

    https://arxiv.org/abs/1312.6114. Its loss is the cross-entropy of grey levels from
    0 to 1, summed over the pixels, plus the divergence of the code from N(0, 1).
    """

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, images, training=False):
        code = self.encoder(ops.cast(images, "float32") / 127.5 - 1, training=training)
        mean, log_variance = ops.split(code, 2, axis=1)
        self.add_loss(ops.mean(divergence(mean, log_variance)))
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        latent = mean + ops.exp(log_variance / 2) * noise
        return self.decoder(latent, training=training)

    def compute_loss(self, x, y, y_pred, sample_weight):
        # One pixel that is certain and wrong must not have an infinite loss.
        grey = ops.clip((y_pred + 1) / 2, 1e-4, 1 - 1e-4)
        error = keras.losses.binary_crossentropy(ops.cast(x, "float32") / 255, grey)
        return sum(self.losses) + ops.mean(ops.sum(error, axis=(1, 2)))

    def sample(self, n):
        latent = keras.random.normal((n, LATENT_DIM), seed=1)
        return datasets.to_uint8(self.decoder.predict(latent, verbose=0), (-1, 1))


def divergence(mean, log_variance):
    """KL(N(mean, variance) || N(0, 1)), summed over the code: `(n,)`."""
    terms = ops.square(mean) + ops.exp(log_variance) - 1 - log_variance
    return ops.sum(terms, axis=1) / 2


def build():
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 5, 2, padding="same", activation="relu"),
            layers.Conv2D(128, 5, 2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(2 * LATENT_DIM, dtype="float32"),
        ]
    )
    autoencoder = Autoencoder(encoder, networks.dcgan.shallow()[0])
    autoencoder.compile("adam", jit_compile=device.default_jit_compile())
    return autoencoder


def cells(picture, columns, scale=1):
    """The digits in a grid of as many rows as columns."""
    with Image.open(picture) as opened:
        grid = np.asarray(opened)[::scale, ::scale]
    tiles = grid[2:, 2:].reshape(columns, 30, columns, 30).swapaxes(1, 2)
    return tiles.reshape(columns**2, 30, 30, 1)[:, :28, :28]


def autoencoders(digits):
    """Digits by an autoencoder after one epoch and two, three seeds."""
    for seed in range(3):
        device.setup(seed)
        autoencoder = build()
        for start, epochs in ((0, "1 epoch"), (EPOCH, "2 epochs")):
            batches = datasets.Batches(
                digits.train.images,
                batch_size=BATCH_SIZE,
                seed=seed,
                start_step=start,
            )
            autoencoder.fit(batches, steps_per_epoch=EPOCH, shuffle=False, verbose=2)
            yield f"autoencoder, {epochs}, seed {seed}", autoencoder.sample(1000)


def main():
    digits = datasets.mnist()
    found = {"real digits": digits.test.images[:1000]}
    for seed, folder in enumerate(GANS):
        picture = saved_folder(folder) / "samples.png"
        found[f"GAN, seed {seed}"] = cells(picture, 10, 2)
    for seed, (epochs, step) in itertools.product((1, 2, 3), NOISY.items()):
        picture = run_folder("dtu/vgan", "full", seed) / f"samples/step-{step:06d}.png"
        found[f"fully connected, {epochs}, seed {seed}"] = cells(picture, 8)
    found |= autoencoders(digits)
    rows = []
    for what, images in found.items():
        energy = gradient_energy(images, value_range=(0, 255)).mean()
        print(f"{what:38} {energy:.4f}, n = {len(images):,}")
        rows.append({"what": what, "n": len(images), "gradient energy": energy})
    folder = record.save_table("sharpness", rows)
    shown = ("real digits", "GAN, seed 0", "autoencoder, 2 epochs, seed 0")
    pictures = {what.partition(",")[0]: found[what][:SHOWN] for what in shown}
    plotting.save_rows(folder / "samples.png", pictures)


if __name__ == "__main__":
    main()
