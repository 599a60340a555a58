"""Experiments of the DTU report: GANs on MNIST (section 1), CycleGAN (section 2)."""

import functools

from keras.optimizers import Adam

from gankit.experiments import cycle_gans, data
from gankit.experiments.cycle_gans import DRAWN_FORM, DRAWN_STEPS, paper, translator
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import all_convolutional, mlp
from gankit.trainers import GAN

# GANs on MNIST: section 1.

BATCH_SIZE = 128
EPOCH = data.MNIST_EPOCH
LATENT_DIM = 100

_MNIST_READING = (
    "batches of 128; beta_1 is 0.5, as in the DCGAN paper: the report gives only the "
    "learning rate",
    "latents are N(0, 1); images are 28 x 28 in [-1, 1]",
    "the last 5,000 of the 60,000 training digits are held out for validation",
)
_WIDTHS = (
    "the report gives no widths: 256, 512 and 1,024 hidden units in the generator, 512 "
    "and 256 in the discriminator, LeakyReLU in both"
)
_MINIMAX = (
    "the report prints the minimax loss, with which the generator saturates; most "
    "implementations mean dtu/vgan-non-saturating by that name"
)
_KERNELS = "kernels of 3, 3, 4 and 4, so that the sides are 1, 3, 7, 14 and 28"


def _mnist(name, *, our_reading, **fields):
    return experiment(
        f"dtu/{name}",
        data=data.mnist,
        score=adversarial_scores,
        scorer=classifier_scorer,
        batch_size=BATCH_SIZE,
        our_reading=(*_MNIST_READING, *our_reading),
        **fields,
    )


def _vgan(name, *, epochs=20, our_reading=()):
    return _mnist(
        name,
        source="dtu, sections 1, 1.1 and 1.3",
        budgets=budgets(
            in_class=Budget(5 * EPOCH, epoch_steps=EPOCH),
            full=Budget(epochs * EPOCH, epoch_steps=EPOCH),
        ),
        stages=(5 * EPOCH, epochs * EPOCH),
        our_reading=(*our_reading, _WIDTHS, _MINIMAX),
    )


def _dcgan(name, *, our_reading=()):
    return _mnist(
        name,
        source="dtu, sections 1.1 to 1.3",
        budgets=budgets(in_class=Budget(100, 10), full=Budget(5 * EPOCH, EPOCH // 10)),
        stages=(EPOCH, 2 * EPOCH, 5 * EPOCH),
        our_reading=(_KERNELS, *our_reading),
    )


def _gan(networks, loss, discriminator_rate=1e-4, epsilon=1e-7, **options):
    gan = GAN(*networks, loss=loss, latent_dim=LATENT_DIM, **options)
    gan.compile(
        *(Adam(rate, 0.5, epsilon=epsilon) for rate in (1e-4, discriminator_rate))
    )
    return gan


def _fully_connected(images):
    shape = images.image_shape
    return mlp.generator(shape, LATENT_DIM), mlp.discriminator(shape)


def _all_convolutional(images, **discriminator):
    channels = images.image_shape[-1]
    return (
        all_convolutional.generator(LATENT_DIM, channels=channels),
        all_convolutional.discriminator(channels=channels, **discriminator),
    )


@_vgan("vgan")
def vgan(images):
    """Fully connected GAN, minimax loss (figure 2)."""
    return _gan(_fully_connected(images), "minimax")


@_vgan("vgan-non-saturating")
def vgan_non_saturating(images):
    """Fully connected GAN, non-saturating loss (figure 2)."""
    return _gan(_fully_connected(images), "non_saturating")


@_vgan(
    "vgan-confused",
    epochs=40,
    our_reading=(
        "the discriminator learns at a tenth of the generator's rate, until it can "
        "only guess; the report says that further training then lowers the quality",
    ),
)
def vgan_confused(images):
    """Fully connected GAN with a slow discriminator, 40 epochs."""
    networks = _fully_connected(images)
    return _gan(networks, "non_saturating", discriminator_rate=1e-5)


@_dcgan("dcgan")
def dcgan(images):
    """All-convolutional DCGAN, minimax loss (figure 2)."""
    return _gan(_all_convolutional(images), "minimax")


@_dcgan(
    "dcgan-tiny-epsilon",
    our_reading=(
        "Adam's epsilon is 1e-20 instead of Keras's 1e-7, which is far above this "
        "generator's gradients once the discriminator is certain",
    ),
)
def dcgan_tiny_epsilon(images):
    """All-convolutional DCGAN, minimax loss, Adam with epsilon 1e-20."""
    return _gan(_all_convolutional(images), "minimax", epsilon=1e-20)


@_dcgan("dcgan-non-saturating")
def dcgan_non_saturating(images):
    """All-convolutional DCGAN, non-saturating loss (figure 2)."""
    return _gan(_all_convolutional(images), "non_saturating")


_CRITIC = (
    "all weights of the critic are spectrally normalised, in place of batch "
    "normalisation, which would lift the bound on its slopes"
)


def _critic(images):
    return _all_convolutional(images, batch_norm=False, spectral_norm=True)


@_dcgan("dcgan-wasserstein", our_reading=(f"{_CRITIC}; one critic update per step",))
def dcgan_wasserstein(images):
    """All-convolutional DCGAN, Wasserstein loss (figure 2)."""
    return _gan(_critic(images), "wasserstein")


@_dcgan(
    "dcgan-wasserstein-5",
    our_reading=(
        f"{_CRITIC}; five critic updates per step; the generator's weights are "
        "averaged, with a decay of 0.99",
    ),
)
def dcgan_wasserstein_5(images):
    """All-convolutional DCGAN, Wasserstein loss, five critic updates per step."""
    return _gan(_critic(images), "wasserstein", discriminator_steps=5, ema=0.99)


# Horses and zebras by CycleGAN: section 2.

# With the report's augmentations, shifts of a few pixels and flips, of fake images.
CONSISTENCY = {"consistency_weight": 1.0}
# Without a GPU.
HALF_BATCH_SIZE = 8
HALF_STEPS = 5000

_NETWORKS_READING = (
    "9 residual blocks and no dropout: the report tried several numbers of blocks and "
    "does not say which it used; patches of 70 x 70",
    "the sizes smoke and class train on drawn animals, with 3 blocks and a width of 16",
)
_HALF_READING = (
    "for machines without a GPU, images are half as large and all networks half as "
    f"wide; {HALF_STEPS:,} steps with batches of {HALF_BATCH_SIZE}",
    *cycle_gans.PAPER_READING,
    *_NETWORKS_READING,
)
_HALF = {
    "data": data.unpaired("horse2zebra", 64),
    "batch_size": HALF_BATCH_SIZE,
    "our_reading": _HALF_READING,
    **cycle_gans.training(Budget(HALF_STEPS, epoch_steps=50)),
}


def _photographs(name, *, half=None, our_reading=()):
    return translator(
        f"dtu/{name}",
        source="dtu, section 2",
        data=data.unpaired("horse2zebra", 128),
        batch_size=cycle_gans.BATCH_SIZE,
        our_reading=(
            *cycle_gans.PHOTOGRAPHS_READING,
            *_NETWORKS_READING,
            *our_reading,
        ),
        half=half,
    )


def _cyclegan(images, width, **options):
    steps = HALF_STEPS if width < 1 else cycle_gans.STEPS
    return paper(images, width=int(64 * width), steps=steps, **options)


@_photographs("horse2zebra", half=_HALF)
def horse2zebra(images, width):
    """Horses and zebras by CycleGAN."""
    return _cyclegan(images, width)


@_photographs(
    "horse2zebra-cr",
    half=_HALF,
    our_reading=(
        "shifts of up to 4 pixels; the mean over the patches, not their sum; as many "
        "steps as without, where the report has 220 epochs instead of 180",
    ),
)
def horse2zebra_cr(images, width):
    """CycleGAN with consistency regularisation."""
    return _cyclegan(images, width, **CONSISTENCY)


@_photographs("horse2zebra-cr100")
def horse2zebra_cr100(images):
    """Consistency regularisation with a weight of 100."""
    return paper(images, consistency_weight=100.0)


@_photographs(
    "horse2zebra-cr-real",
    our_reading=("on real images, as in the paper that the report follows",),
)
def horse2zebra_cr_real(images):
    """Consistency regularisation on real images."""
    return paper(images, **CONSISTENCY, consistency_on="real")


@_photographs("horse2zebra-cr-both")
def horse2zebra_cr_both(images):
    """Consistency regularisation on real and fake images."""
    return paper(images, **CONSISTENCY, consistency_on="both")


@_photographs(
    "horse2zebra-cr-aligned",
    our_reading=("the logits of a mirrored image are mirrored back and compared then",),
)
def horse2zebra_cr_aligned(images):
    """Consistency regularisation of aligned logits."""
    return paper(images, **CONSISTENCY, consistency_aligned=True)


@_photographs("horse2zebra-l2")
def horse2zebra_l2(images):
    """CycleGAN with L2 as cycle and identity loss."""
    return paper(images, cycle_loss="l2", identity_loss="l2")


# Drawn animals, plain and striped: minutes on a CPU.

_drawn = functools.partial(
    translator,
    source="dtu, section 2, in small",
    data=data.stripes,
    batch_size=cycle_gans.BATCH_SIZE,
    **cycle_gans.training(Budget(DRAWN_STEPS, epoch_steps=50)),
    our_reading=(
        "drawn animals in place of photographs; a width of 16 and, unless the name "
        "says otherwise, 3 residual blocks",
    ),
)


def _small(images, **change):
    return paper(images, drawn_form={**DRAWN_FORM, **change})


@_drawn("dtu/stripes")
def stripes(images):
    """CycleGAN on drawn animals, plain and striped, 64 x 64."""
    return _small(images)


@_drawn("dtu/stripes-batch-norm")
def stripes_batch_norm(images):
    """CycleGAN on drawn animals, batch normalisation."""
    return _small(images, norm="batch")


@_drawn("dtu/stripes-1-block")
def stripes_1_block(images):
    """CycleGAN on drawn animals, one residual block."""
    return _small(images, blocks=1)


@_drawn("dtu/stripes-6-blocks")
def stripes_6_blocks(images):
    """CycleGAN on drawn animals, six residual blocks."""
    return _small(images, blocks=6)


@_drawn("dtu/stripes-dropout")
def stripes_dropout(images):
    """CycleGAN on drawn animals, dropout of 0.5 in the blocks."""
    return _small(images, dropout=0.5)
