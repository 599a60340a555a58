"""The demonstration: a DCGAN on real handwritten digits that come with scikit-learn."""

import keras

from gankit import datasets
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN


def _data(size, folder):
    return datasets.digits(size=28)


def _build(data):
    generator, discriminator = dcgan.shallow(data.image_shape, latent_dim=32)
    # For two minutes: rates of five times the paper's, the discriminator at half the
    # generator's and smoothed, as 1,397 digits are soon learnt by heart.
    gan = GAN(generator, discriminator, latent_dim=32, real_label=0.9, ema=0.99)
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(5e-4, 0.5))
    return gan


register(
    Experiment(
        name="demo",
        summary="Shallow DCGAN on scikit-learn's handwritten digits, no download",
        data=_data,
        build=_build,
        score=adversarial_scores,
        scorer=classifier_scorer,
        batch_size=64,
        budgets={
            "smoke": Budget(steps=4, epoch_steps=2),
            "class": Budget(steps=1800, epoch_steps=30),
            "full": Budget(steps=6000, epoch_steps=100),
        },
    )
)
