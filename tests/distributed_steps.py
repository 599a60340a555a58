"""Steps of a GAN on one or several virtual devices, for `test_distribution.py`.

python distributed_steps.py DEVICES FILE
"""

import sys

import keras
import numpy as np

from gankit.backend import device
from gankit.datasets import Batches
from gankit.losses import R1, GradientPenalty
from gankit.networks import dcgan
from gankit.trainers import GAN


def main(devices, path):
    # Before any computation, as the CPU can be divided only once.
    scope = device.distribute(devices)
    rng = np.random.default_rng(0)
    shape = (16, 16, 1)
    images = rng.integers(0, 256, (64, *shape), dtype="uint8")
    with scope:
        keras.utils.set_random_seed(0)
        gan = GAN(
            dcgan.generator((16, 8), (2, 2), image_shape=shape, latent_dim=10),
            dcgan.discriminator((8, 16), (2, 2), image_shape=shape),
            latent_dim=10,
            ema=0.9,
            penalties=[GradientPenalty(0.1, every=2), R1(0.1)],
        )
        gan.compile(keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.05))
        batches = Batches(images, batch_size=16, seed=0)
        history = gan.fit(batches, steps_per_epoch=2, epochs=2, verbose=0).history
    np.savez(
        path,
        np.array([history[name] for name in sorted(history)]),
        np.array(gan.steps_done),
        gan.sample(5),
        *gan.get_weights(),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
