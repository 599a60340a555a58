"""A GAN with the relativistic loss, without and with the penalties R1 and R2."""

import keras
import numpy as np

import gankit

BATCH_SIZE = 128


def build(precision, every):
    """Returns a function that trains a number of steps.

    Args:
        precision: Number format.
        every: How many updates of the discriminator have one penalty, as text; `"0"`
            trains without.
    """
    gankit.setup(0, precision=precision)
    penalties = [
        kind(0.1, every=int(every))
        for kind in (gankit.losses.R1, gankit.losses.R2)
        if int(every)
    ]
    generator, _ = gankit.networks.dcgan.shallow()
    _, discriminator = gankit.networks.dcgan.shallow(batch_norm=False)
    gan = gankit.GAN(
        generator,
        discriminator,
        latent_dim=100,
        loss="relativistic",
        penalties=penalties,
    )
    gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    images = np.random.default_rng(0).integers(0, 256, (6400, 28, 28, 1), "uint8")
    batches = gankit.datasets.Batches(images, batch_size=BATCH_SIZE, seed=0)
    return lambda steps: gan.fit(batches, steps_per_epoch=steps, verbose=0)
