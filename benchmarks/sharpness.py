"""Compares the sharpness of digits by a GAN and by a variational autoencoder.

    python benchmarks/sharpness.py

The decoder has the architecture of the GAN's generator, imperial/dcgan-shallow. The
autoencoder is trained here for two epochs, 80 seconds of one core. Of the GAN the saved
samples of its full run are used. It writes results/sharpness/: table.csv, the mean
energy of the image gradient, and samples.png, twelve digits of each.
"""

import keras
import numpy as np
import record
from keras import layers, ops
from PIL import Image

from gankit import datasets, networks, plotting
from gankit.backend import device
from gankit.experiments import load_saved
from gankit.metrics import gradient_energy

LATENT_DIM = 100
BATCH_SIZE = 128
EPOCH = 430
SHOWN = 12


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


def saved_samples(name):
    """The digits in the saved grid of a run: 10 x 10, enlarged twice."""
    with Image.open(load_saved(name).folder / "samples.png") as picture:
        grid = np.asarray(picture)[::2, ::2]
    cells = grid[2:, 2:].reshape(10, 30, 10, 30).swapaxes(1, 2)
    return cells.reshape(100, 30, 30, 1)[:, :28, :28]


def main():
    device.setup(seed=0)
    digits = datasets.mnist()
    autoencoder = build()
    found = {
        "real digits": digits.test.images[:1000],
        "GAN": saved_samples("imperial/dcgan-shallow"),
    }
    for start, epochs in ((0, "one epoch"), (EPOCH, "two epochs")):
        batches = datasets.Batches(
            digits.train.images, batch_size=BATCH_SIZE, seed=0, start_step=start
        )
        autoencoder.fit(batches, steps_per_epoch=EPOCH, shuffle=False, verbose=2)
        found[f"autoencoder, {epochs}"] = autoencoder.sample(1000)
    rows = []
    for what, images in found.items():
        energy = gradient_energy(images, value_range=(0, 255)).mean()
        print(f"{what:24} {energy:.4f}, n = {len(images):,}")
        rows.append({"what": what, "n": len(images), "gradient energy": energy})
    folder = record.save_table("sharpness", rows)
    del found["autoencoder, one epoch"]
    shown = {what.partition(",")[0]: images[:SHOWN] for what, images in found.items()}
    plotting.save_rows(folder / "samples.png", shown)


if __name__ == "__main__":
    main()
