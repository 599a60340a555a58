"""A small training in a separate process, which `test_resume.py` kills.

    python training_process.py FOLDER PRECISION [DIE]

DIE says when the process kills itself, like kill -9, at its second checkpoint:
`writing`, with half of the checkpoint on disk; `moving`, before the complete checkpoint
replaces the old one; `logged`, between the row of the history and the checkpoint.
"""

import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np

from gankit import experiments
from gankit.backend import device
from gankit.callbacks import checkpoint
from gankit.datasets import ImageData, Split
from gankit.metrics import Extractor, Scorer
from gankit.networks import dcgan
from gankit.trainers import GAN

STEPS = 40
IMAGE = (8, 8, 1)


def _data(size, folder):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, *IMAGE), dtype="uint8")
    split = Split(images, None)
    return ImageData(
        train=split, validation=None, test=split, class_names=None, name="noise"
    )


def _build(data):
    """Builds a GAN with all kinds of state: batch norm, dropout, Adam, EMA, seeds."""
    generator = dcgan.generator((8, 4), (2, 2), image_shape=IMAGE, latent_dim=6)
    image = keras.Input(IMAGE)
    x = dcgan.discriminator((4, 8), (2, 2), image_shape=IMAGE)(image)
    x = keras.layers.Dense(4, activation="leaky_relu")(x)
    # Without its own seed, dropout on torch would use torch's global generator.
    x = keras.layers.Dropout(0.3, seed=1)(x)
    discriminator = keras.Model(image, keras.layers.Dense(1, dtype="float32")(x))
    gan = GAN(generator, discriminator, latent_dim=6, discriminator_steps=2, ema=0.9)
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    return gan


def _scorer(data, folder):
    """Scores the mean brightness of rows, which needs no network."""
    extractor = Extractor(
        name="rows",
        frechet_name="row distance",
        kernel_name="row kernel distance",
        dimension=IMAGE[0],
        channels=1,
        resize=None,
        compute=lambda images: images.mean(axis=(2, 3)),
    )
    return Scorer(data.test.images, extractor, value_range=(0, 255), kinds=("frechet",))


experiments.register(
    experiments.Experiment(
        name="tests/training-process",
        summary="a small training",
        data=_data,
        build=_build,
        score=lambda model, data, history: [],
        scorer=_scorer,
        batch_size=8,
        budgets=dict.fromkeys(experiments.SIZES, experiments.Budget(STEPS, 2)),
    )
)


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _arrange_death(where):
    write, move, written = np.savez, os.replace, []

    def savez(file, *arrays, **more):
        written.append(file)
        if where == "logged" and len(written) == 2:
            _die()
        write(file, *arrays, **more)
        if where == "writing" and len(written) == 2:
            file.flush()
            os.truncate(file.name, Path(file.name).stat().st_size // 2)
            _die()

    def replace(source, target):
        if where == "moving" and len(written) == 2:
            _die()
        move(source, target)

    checkpoint.np.savez = savez
    os.replace = replace


if __name__ == "__main__":
    folder, precision, *where = sys.argv[1:]
    if where:
        _arrange_death(where[0])
    device.setup(0, precision=precision)
    experiments.run("tests/training-process", out=folder)
