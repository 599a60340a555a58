"""The shallow DCGAN of the benchmark, as a user of gankit trains it."""

import keras
import numpy as np

import gankit

BATCH_SIZE = 128


def build(precision):
    """Returns a function that trains a number of steps through `fit()`."""
    gankit.setup(0, precision=precision)
    generator, discriminator = gankit.networks.dcgan.shallow()
    return trainer(gankit.GAN(generator, discriminator, latent_dim=100))


def trainer(gan):
    """Returns a function that trains a GAN of digits a number of steps."""
    gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    images = np.random.default_rng(0).integers(0, 256, (6400, 28, 28, 1), "uint8")
    batches = gankit.datasets.Batches(images, batch_size=BATCH_SIZE, seed=0)
    return lambda steps: gan.fit(batches, steps_per_epoch=steps, verbose=0)
