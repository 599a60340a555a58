"""Losses since 2017 on networks of before: gradient penalties, relativistic pairs."""

from collections.abc import Callable
from dataclasses import dataclass

from keras.optimizers import Adam, RMSprop

from gankit import datasets
from gankit.experiments import data
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.experiments.scoring.photographs import PhotographScorer, photograph_scores
from gankit.losses import R1, R2, GradientPenalty
from gankit.metrics import classifier_for, modes
from gankit.networks import dcgan, residual, sagan
from gankit.trainers import GAN, ConditionalGAN

LATENT_DIM = 100
# Samples among which modes are counted, as in PacGAN.
SAMPLES = 26_000
# The gamma of R1 and R2 for digits, and for CIFAR-10; our choice.
GAMMA = 10.0
GAMMA_CIFAR = 0.05
# Half of the width of the Buffalo report's networks.
WIDTH = 64


@dataclass(frozen=True)
class Case:
    """A loss with what bounds the slope of its discriminator.

    Attributes:
        summary: In words.
        options: Function without arguments that returns the options of `gankit.GAN`.
            Each model needs penalties of its own, as they hold a random state.
    """

    summary: str
    options: Callable


LOSSES = {
    "non-saturating": Case("Non-saturating loss", lambda: {"loss": "non_saturating"}),
    "hinge": Case("Hinge loss", lambda: {"loss": "hinge"}),
    "wasserstein-clipping": Case(
        "Wasserstein loss, clipping",
        lambda: {"loss": "wasserstein", "weight_clipping": 0.1},
    ),
    "wasserstein-gp": Case(
        "Wasserstein loss, gradient penalty",
        lambda: {"loss": "wasserstein", "penalties": [GradientPenalty(10.0)]},
    ),
    "relativistic": Case(
        "Relativistic loss, R1 and R2",
        lambda: {"loss": "relativistic", "penalties": [R1(GAMMA), R2(GAMMA)]},
    ),
}


class ModesScorer:
    """Scores samples of stacked digits by the modes among them.

    Args:
        data: The `gankit.datasets.ImageData` of `stacked_mnist`.
        folder: The data folder, where the classifier of digits is saved.

    Attributes:
        n: Number of samples to score.
        baselines: What as many real images score.
    """

    def __init__(self, data, folder=None):
        is_mnist = data.name == "stacked-mnist"
        digits = datasets.mnist(folder) if is_mnist else datasets.digits(size=28)
        self.classifier = classifier_for(digits, folder=folder)
        self.n = min(SAMPLES, len(data.test))
        real = self(data.test.images[: self.n], value_range=(0, 255))
        self.baselines = {"real images": real}

    def __call__(self, images, *, value_range):
        """Returns the divergence of the modes, and their number."""
        return modes(images, self.classifier, value_range=value_range)[::-1]


def stacked_digits(size, folder):
    """Stacked digits of MNIST; of scikit-learn's for quick runs or without MNIST.

    Args:
        size, folder: As in `gankit.experiments.data.mnist`.

    Returns:
        `gankit.datasets.ImageData`: 200 images and 100 held out in size smoke, 10,000
        and 2,600 in size class, 50,000 and 26,000 in size full.
    """
    source = data.mnist(size, folder)
    counts = {"smoke": (200, 100), "class": (10_000, 2_600), "full": (50_000, SAMPLES)}
    train, held_out = counts[size]
    return datasets.stacked_mnist(train, held_out=held_out, source=source)


def small_networks(image_shape):
    """A generator and a discriminator of half the Shallow DCGAN's widths.

    The discriminator has no batch normalisation, which gradient penalties exclude.

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        dcgan.generator((64, 32), (2, 2), image_shape=image_shape),
        dcgan.discriminator(
            (32, 64), (2, 2), image_shape=image_shape, batch_norm=False
        ),
    )


def _gan(networks, case):
    gan = GAN(*networks, latent_dim=LATENT_DIM, **case.options())
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


def _stacked(label, case):
    name = f"modern/stacked-{label}"

    def build(images):
        return _gan(small_networks(images.image_shape), case)

    experiment(
        name,
        summary=f"Stacked MNIST: {case.summary}",
        source="no report; Lin et al. 2018, section 4.2",
        data=stacked_digits,
        score=adversarial_scores,
        scorer=ModesScorer,
        scorings=8,
        batch_size=64,
        budgets=budgets(in_class=Budget(400, 20), full=Budget(4000, 100)),
        our_reading=(
            "all losses get one small DCGAN without batch normalisation in the "
            "discriminator, one discriminator update per step, and Adam with 2e-4 and "
            "beta_1 0.5",
        ),
    )(build)
    return name


register_study(
    Study(
        "stacked",
        "how many of 1,000 modes five losses find, over three seeds",
        tuple(_stacked(label, case) for label, case in LOSSES.items()),
    )
)


def _mnist(label, case):
    def build(images):
        shape = images.image_shape
        return _gan(dcgan.shallow(shape, LATENT_DIM, batch_norm=False), case)

    experiment(
        f"modern/mnist-{label}",
        summary=f"MNIST: {case.summary}",
        source="no report",
        data=data.mnist,
        score=adversarial_scores,
        scorer=classifier_scorer,
        batch_size=128,
        budgets=budgets(
            in_class=Budget(300, 15), full=Budget(5 * data.MNIST_EPOCH, 43)
        ),
        our_reading=(
            "the Shallow DCGAN's networks of the Imperial College report, without "
            "batch normalisation in the discriminator; one discriminator update per "
            "step, Adam with 2e-4 and beta_1 0.5",
        ),
    )(build)


_mnist("gp", LOSSES["wasserstein-gp"])
_mnist("relativistic", LOSSES["relativistic"])


def _cifar10(label, summary, *, steps, epoch_steps, our_reading):
    return experiment(
        f"modern/cifar-{label}",
        summary=f"CIFAR-10: {summary}, half width",
        source="no report",
        data=data.cifar10,
        score=photograph_scores(after=1000),
        scorer=PhotographScorer,
        scorings=4,
        batch_size=32,
        budgets=budgets(in_class=Budget(100, 10), full=Budget(steps, epoch_steps)),
        our_reading=our_reading,
    )


@_cifar10(
    "relativistic",
    "relativistic loss, R1 and R2",
    steps=8000,
    epoch_steps=25,
    our_reading=(
        "networks, averaging and rates of buffalo/sagan-hinge-half, without spectral "
        f"normalisation; gamma {GAMMA_CIFAR}, both penalties in every fourth update",
    ),
)
def cifar_relativistic(images):
    classes = {"num_classes": images.num_classes}
    networks = residual.networks(
        images.image_shape, 128, WIDTH, spectral_norm=False, **classes
    )
    penalties = [R1(GAMMA_CIFAR, every=4), R2(GAMMA_CIFAR, every=4)]
    gan = ConditionalGAN(
        *networks,
        latent_dim=128,
        loss="relativistic",
        penalties=penalties,
        ema=0.999,
        **classes,
    )
    gan.compile(Adam(1e-4, 0.0, 0.9), Adam(4e-4, 0.0, 0.9))
    return gan


@_cifar10(
    "wasserstein-clipping",
    "WGAN, clipping at 0.1, one critic step",
    steps=8000,
    epoch_steps=50,
    our_reading=(
        "clipping at 0.1 and one critic step per step, as in the best published WGAN "
        "with clipping on CIFAR-10 (FID 40.03)",
        "networks of buffalo/dcgan-half without dropout; RMSprop with 5e-5 for both",
    ),
)
def cifar_wasserstein_clipping(images):
    networks = sagan.dcgan(images.image_shape, LATENT_DIM, WIDTH, dropout=0.0)
    gan = GAN(*networks, latent_dim=LATENT_DIM, loss="wasserstein", weight_clipping=0.1)
    # Keras adds epsilon under the root, where 1e-7 would exceed most gradients.
    rates = {"learning_rate": 5e-5, "epsilon": 1e-16}
    gan.compile(RMSprop(**rates), RMSprop(**rates))
    return gan
