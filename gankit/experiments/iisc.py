"""Experiments of the IISc report: CycleGAN (section 6), DCGAN and WGAN (section 7)."""

import keras
from keras import layers
from keras.optimizers import Adam, RMSprop

from gankit.experiments import cycle_gans, data
from gankit.experiments.cycle_gans import fused, paper, translator
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.scoring.adversarial import (
    adversarial_scores,
    classifier_scorer,
    fid_scorer,
)
from gankit.networks import dcgan, hidden_dense
from gankit.trainers import GAN

# CycleGAN, and one whose generators share their encoder: section 6.

MONET = "Monet's paintings and photographs"
SEASONS = "Photographs of summer and winter"
# The report's equation has no identity loss.
LOSS = {"identity_weight": 0.0}


def _translator(name, summary, our_reading=()):
    return translator(
        f"iisc/{name}",
        summary=summary,
        source="iisc, section 6",
        # "monet2photo-fused" trains on monet2photo.
        data=data.unpaired(name.split("-")[0], 128),
        batch_size=cycle_gans.BATCH_SIZE,
        our_reading=(*cycle_gans.PHOTOGRAPHS_READING, *our_reading),
    )


@_translator("monet2photo", f"{MONET}, two generators")
@_translator("summer2winter", f"{SEASONS}, two generators")
def cyclegan(images):
    """Builds the CycleGAN of the paper with 6 blocks."""
    return paper(images, blocks=6, **LOSS)


_FUSED = ("the first layer has 32 channels, half as many as in the paper",)


@_translator("monet2photo-fused", f"{MONET}, one encoder", _FUSED)
@_translator("summer2winter-fused", f"{SEASONS}, one encoder", _FUSED)
def fused_cyclegan(images):
    """Builds the report's CycleGAN with one encoder and two decoders."""
    return fused(images, **LOSS)


@_translator("monet2photo-fused-wide", f"{MONET}, one wide encoder")
@_translator("summer2winter-fused-wide", f"{SEASONS}, one wide encoder")
def wide_fused_cyclegan(images):
    """Builds the report's CycleGAN at the paper's width."""
    return fused(images, width=64, **LOSS)


# DCGAN and WGAN on digits: section 7.

BATCH_SIZE = 128
EPOCH = data.MNIST_EPOCH
LATENT_DIM = 62

_ADAM = "Adam with 2e-4 and beta_1 0.5 for both networks"
_ALGORITHM_1 = (
    "algorithm 1 of the WGAN paper: RMSprop with 5e-5, weights clipped to 0.01, five "
    "critic updates per step, no sigmoid; the paper gives RMSprop neither a decay nor "
    "an epsilon: 0.99 as in its authors' code, and an epsilon too small to matter"
)
_AS_CODED = (
    "sigmoid critic, one critic update per step, Adam with 2e-4 and beta_1 0.5, "
    "weights clipped to 0.01"
)


def _mnist(name, *, steps, our_reading):
    return experiment(
        f"iisc/{name}",
        source="iisc, section 7 and its code",
        data=data.mnist,
        score=adversarial_scores,
        scorer=classifier_scorer,
        batch_size=BATCH_SIZE,
        budgets=budgets(in_class=Budget(400, 50), full=Budget(steps, EPOCH // 10)),
        stages=tuple(steps * epoch // 25 for epoch in (1, 10, 20, 25)),
        our_reading=(
            our_reading,
            "batches of 128; the code has 64",
            "images are in [0, 1] inside both networks, as the generator ends with a "
            "sigmoid",
        ),
    )


def _digits(images, **discriminator):
    return (
        hidden_dense.generator(images.image_shape, LATENT_DIM),
        hidden_dense.discriminator(images.image_shape, **discriminator),
    )


def _gan(networks, **options):
    gan = GAN(*networks, **options)
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


def published_rmsprop():
    """RMSprop with 5e-5 and the decay of the WGAN authors' code, PyTorch's 0.99.

    The gradients of a critic with clipped weights are far below 1e-6. PyTorch adds
    1e-8 to the root of their mean square. Keras adds epsilon under the root: its 1e-7
    would divide by 3e-4 and more, and make each step hundreds of times smaller than
    the learning rate.

    Returns:
        A `keras.optimizers.RMSprop`.
    """
    return RMSprop(5e-5, rho=0.99, epsilon=1e-20)


def _algorithm_1(networks, latent_dim):
    gan = GAN(
        *networks,
        latent_dim=latent_dim,
        loss="wasserstein",
        discriminator_steps=5,
        weight_clipping=0.01,
    )
    gan.compile(published_rmsprop(), published_rmsprop())
    return gan


@_mnist("dcgan-mnist", steps=25 * EPOCH, our_reading=f"non-saturating loss; {_ADAM}")
def dcgan_mnist(images):
    """DCGAN with hidden dense layers on MNIST (figures 4 and 5)."""
    return _gan(_digits(images), latent_dim=LATENT_DIM)


@_mnist(
    "wgan-mnist",
    steps=5 * EPOCH,  # of five batches each
    our_reading=f"{_ALGORITHM_1}; a step is one update of the generator",
)
def wgan_mnist(images):
    """WGAN by algorithm 1 on MNIST, the same networks."""
    return _algorithm_1(_digits(images), LATENT_DIM)


@_mnist(
    "wgan-mnist-no-norm",
    steps=5 * EPOCH,
    our_reading=f"{_ALGORITHM_1}; no batch normalisation in the critic",
)
def wgan_mnist_no_norm(images):
    """WGAN by algorithm 1 on MNIST, no batch norm in the critic."""
    return _algorithm_1(_digits(images, batch_norm=False), LATENT_DIM)


@_mnist(
    "wgan-mnist-shallow",
    steps=5 * EPOCH,
    our_reading=f"{_ALGORITHM_1}; the Shallow DCGAN's networks, latents of 100; no "
    "batch normalisation in the critic",
)
def wgan_mnist_shallow(images):
    """WGAN by algorithm 1 on MNIST, networks of imperial/dcgan-shallow."""
    return _algorithm_1(dcgan.shallow(images.image_shape, 100, batch_norm=False), 100)


@_mnist("wgan-mnist-as-coded", steps=25 * EPOCH, our_reading=_AS_CODED)
def wgan_mnist_as_coded(images):
    """WGAN as in the report's code: sigmoid critic, Adam."""
    return _gan(
        _digits(images, sigmoid=True),
        latent_dim=LATENT_DIM,
        loss="wasserstein",
        weight_clipping=0.01,
    )


# The same on photographs of 64 x 64.

PHOTOGRAPHS_BATCH_SIZE = 32
PHOTOGRAPHS_LATENT_DIM = 100
PHOTOGRAPHS_WIDTH = 32
CHURCHES = "LSUN's churches (figures 6 and 7)"
FRUIT = "apples and oranges instead of churches"


def _photographs(name, summary, images, our_reading):
    return experiment(
        f"iisc/{name}",
        summary=summary,
        source="iisc, section 7",
        data=images,
        score=adversarial_scores,
        scorer=fid_scorer,
        scorings=3,
        batch_size=PHOTOGRAPHS_BATCH_SIZE,
        budgets=budgets(in_class=Budget(150, 25), full=Budget(3000, 50)),
        stages=(300, 1000, 3000),
        our_reading=(
            our_reading,
            "the DCGAN paper's network for 64 x 64 with a width of 32, batches of 32",
            "3,000 updates of the generator; the report has 25 epochs of 126,227 "
            "churches",
        ),
    )


def _photograph_networks(images):
    return dcgan.photographs(
        images.image_shape, PHOTOGRAPHS_LATENT_DIM, width=PHOTOGRAPHS_WIDTH
    )


@_photographs("dcgan-church", f"DCGAN, {CHURCHES}", data.church, _ADAM)
@_photographs("dcgan-fruit", f"DCGAN, {FRUIT}", data.fruit, _ADAM)
def dcgan_photographs(images):
    """Builds the DCGAN."""
    return _gan(_photograph_networks(images), latent_dim=PHOTOGRAPHS_LATENT_DIM)


@_photographs("wgan-church", f"WGAN, {CHURCHES}", data.church, _ALGORITHM_1)
@_photographs("wgan-fruit", f"WGAN, {FRUIT}", data.fruit, _ALGORITHM_1)
def wgan_photographs(images):
    """Builds the WGAN of algorithm 1."""
    return _algorithm_1(_photograph_networks(images), PHOTOGRAPHS_LATENT_DIM)


_CODED = "WGAN as coded"


@_photographs("wgan-church-as-coded", f"{_CODED}, {CHURCHES}", data.church, _AS_CODED)
@_photographs("wgan-fruit-as-coded", f"{_CODED}, {FRUIT}", data.fruit, _AS_CODED)
def wgan_photographs_as_coded(images):
    """Builds the WGAN as in the report's code, whose critic ends with a sigmoid."""
    generator, critic = _photograph_networks(images)
    values = layers.Activation("sigmoid", dtype="float32")(critic.output)
    return _gan(
        (generator, keras.Model(critic.input, values, name="discriminator")),
        latent_dim=PHOTOGRAPHS_LATENT_DIM,
        loss="wasserstein",
        weight_clipping=0.01,
    )
