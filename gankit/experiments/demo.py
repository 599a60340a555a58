"""The demonstration: a DCGAN on real handwritten digits that come with scikit-learn."""

import keras

from gankit import datasets
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN


def _digits(size, folder):
    return datasets.digits(size=28)


@experiment(
    "demo",
    data=_digits,
    score=adversarial_scores,
    scorer=classifier_scorer,
    batch_size=64,
    budgets=budgets(
        smoke=Budget(steps=4, epoch_steps=2),
        in_class=Budget(steps=1800, epoch_steps=30),
        full=Budget(steps=6000, epoch_steps=100),
    ),
)
def demo(data):
    """Shallow DCGAN on scikit-learn's handwritten digits, no download."""
    generator, discriminator = dcgan.shallow(data.image_shape, latent_dim=32)
    # For two minutes of training: rates five times the paper's. The discriminator gets
    # half the generator's rate and smoothed labels, as it soon knows 1,397 digits by
    # heart.
    gan = GAN(generator, discriminator, latent_dim=32, real_label=0.9, ema=0.99)
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(5e-4, 0.5))
    return gan
