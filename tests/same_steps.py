"""Three steps of a GAN with given weights and latents, on the current backend.

    KERAS_BACKEND=... python same_steps.py OPTIMIZER FILE

writes the losses and the final weights to FILE, for `test_backends.py`.
"""

import sys

import keras
import numpy as np
from keras import ops

from gankit.losses import R1, R2
from gankit.networks import dcgan
from gankit.trainers import GAN

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "adam": lambda: keras.optimizers.Adam(2e-4, 0.5),
}


def main(optimizer, path):
    rng = np.random.default_rng(0)
    shape = (16, 16, 1)
    gan = GAN(
        dcgan.generator((16, 8), (2, 2), image_shape=shape, latent_dim=10),
        dcgan.discriminator((8, 16), (2, 2), image_shape=shape),
        latent_dim=10,
        ema=0.9,
        penalties=[R1(0.1, every=2), R2(0.1)],
    )
    for network in (gan.generator, gan.discriminator):
        # Leave batch norm's initial scale and variance (1), offset and mean (0).
        network.set_weights(
            [
                rng.normal(0, 0.1, w.shape) if w.ndim > 1 else w
                for w in network.get_weights()
            ]
        )
    gan.ema_generator.set_weights(gan.generator.get_weights())
    gan.compile(OPTIMIZERS[optimizer](), OPTIMIZERS[optimizer]())
    latents = rng.normal(size=(3, 16, 10)).astype("float32")
    images = rng.integers(0, 256, (3, 16, *shape), dtype="uint8")
    losses = []
    for latent, batch in zip(latents, images, strict=True):
        gan.sample_latent = lambda n, latent=latent: ops.convert_to_tensor(latent)
        gan.make_train_function(force=True)
        history = gan.fit(batch, batch_size=16, shuffle=False, verbose=0).history
        losses += [history[name][0] for name in sorted(history)]
    np.savez(path, np.array(losses), *gan.get_weights())


if __name__ == "__main__":
    main(*sys.argv[1:])
