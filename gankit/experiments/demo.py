"""The demonstration: a DCGAN on real handwritten digits that come with scikit-learn."""

import keras

from gankit import datasets
from gankit.experiments.registry import Budget, Experiment, register
from gankit.experiments.scoring import adversarial_scores
from gankit.networks import dcgan
from gankit.trainers import GAN


def _data(size, folder):
    return datasets.digits(size=28)


def _build(data):
    generator, discriminator = dcgan.shallow(data.image_shape)
    gan = GAN(generator, discriminator, latent_dim=100, average=0.99)
    gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    return gan


register(
    Experiment(
        name="demo",
        summary="Shallow DCGAN on scikit-learn's handwritten digits, no download",
        data=_data,
        build=_build,
        score=adversarial_scores,
        batch_size=64,
        budgets={
            "smoke": Budget(steps=4, epoch_steps=2),
            "class": Budget(steps=1000, epoch_steps=50),
            "full": Budget(steps=4000, epoch_steps=100),
        },
    )
)
