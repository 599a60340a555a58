"""Experiments of the Imperial College report: DCGAN and CGAN on MNIST."""

import keras

from gankit import datasets
from gankit.experiments.registry import Budget, Experiment, register
from gankit.experiments.scoring import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN

BATCH_SIZE = 128
# 55,000 training digits in batches of 128, 25 times.
DCGAN_STEPS = 25 * 55_000 // BATCH_SIZE


def _mnist(size, folder):
    """MNIST; the embedded digits where it must be quick or MNIST is not at hand."""
    present = (datasets.data_folder(folder) / "mnist.npz").exists()
    if size == "full" or (size == "class" and present):
        return datasets.mnist(folder)
    return datasets.digits(size=28)


def _dcgan_shallow(data):
    generator, discriminator = dcgan.shallow(data.image_shape)
    gan = GAN(generator, discriminator, latent_dim=100, latent_distribution="uniform")
    gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    return gan


register(
    Experiment(
        name="imperial/dcgan-shallow",
        summary="Shallow DCGAN on MNIST, 25 epochs (figures 1, 2 and 4)",
        source="imperial, section 2.1",
        data=_mnist,
        build=_dcgan_shallow,
        score=adversarial_scores,
        scorer=classifier_scorer,
        batch_size=BATCH_SIZE,
        budgets={
            "smoke": Budget(steps=4, epoch_steps=2),
            "class": Budget(steps=1000, epoch_steps=50),
            "full": Budget(steps=DCGAN_STEPS, epoch_steps=50),
        },
        reported={"g_loss": 1.0, "d_loss": 0.75},
        our_reading=(
            "beta_1 is 0.5: section 2.1 says 0.9, section 3.1 says 0.5 'as before'",
            "latents are U(-1, 1) of size 100, which the report gives for its CGANs",
            "the generator goes from 7 x 7 x 128 to 64 channels to the image",
            "weights start at N(0, 0.02) and LeakyReLU has slope 0.2, as in the DCGAN "
            "paper",
            "no dropout, and no smoothing of labels",
            "the discriminator's loss of 'around 0.75', which the report gives for "
            "Deep and calls about the same for Shallow, sums its two terms: their "
            "mean would be worse than chance, which the text rules out",
        ),
    )
)
