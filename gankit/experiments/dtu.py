"""Experiments of the DTU report, section 1: fully connected and convolutional GANs."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.networks import all_convolutional, mlp
from gankit.trainers import GAN

BATCH_SIZE = 128
EPOCH = data.MNIST_EPOCH
LATENT_DIM = 100

_OUR_READING = (
    "batches of 128; beta_1 is 0.5, as in the DCGAN paper: the report gives the "
    "learning rate alone",
    "latents are N(0, 1); images are 28 x 28 in [-1, 1]",
    "the last 5,000 of the 60,000 training digits are kept for validation",
)


def _gan(generator, discriminator, losses, discriminator_rate=1e-4):
    gan = GAN(generator, discriminator, loss=losses, latent_dim=LATENT_DIM)
    gan.compile(Adam(1e-4, 0.5), Adam(discriminator_rate, 0.5))
    return gan


def _vgan(losses, discriminator_rate=1e-4):
    def build(images):
        return _gan(
            mlp.generator(images.image_shape, LATENT_DIM),
            mlp.discriminator(images.image_shape),
            losses,
            discriminator_rate,
        )

    return build


def _dcgan(losses, **critic):
    def build(images):
        channels = images.image_shape[-1]
        return _gan(
            all_convolutional.generator(LATENT_DIM, channels=channels),
            all_convolutional.discriminator(channels=channels, **critic),
            losses,
        )

    return build


def _register(name, summary, source, build, *, steps, stages, our_reading):
    register(
        Experiment(
            name=f"dtu/{name}",
            summary=summary,
            source=source,
            data=data.mnist,
            build=build,
            score=adversarial_scores,
            scorer=classifier_scorer,
            batch_size=BATCH_SIZE,
            budgets={
                "smoke": Budget(steps=2, epoch_steps=1),
                **steps,
            },
            stages=stages,
            our_reading=(*_OUR_READING, *our_reading),
        )
    )


for _name, _losses, _rate, _epochs, _reading in (
    ("vgan", "minimax", 1e-4, 20, ()),
    ("vgan-non-saturating", "non_saturating", 1e-4, 20, ()),
    (
        "vgan-confused",
        "non_saturating",
        1e-5,
        40,
        (
            "the discriminator's rate is a tenth of the generator's, so that it comes "
            "to guess; the report says that training on from there lowers quality",
        ),
    ),
):
    _register(
        _name,
        f"fully connected GAN, {_losses.replace('_', '-')} loss, {_epochs} epochs"
        + (", a slow discriminator" if _rate < 1e-4 else " (figure 2)"),
        "dtu, sections 1, 1.1 and 1.3",
        _vgan(_losses, _rate),
        steps={
            "class": Budget(steps=5 * EPOCH, epoch_steps=EPOCH),
            "full": Budget(steps=_epochs * EPOCH, epoch_steps=EPOCH),
        },
        stages=(5 * EPOCH, _epochs * EPOCH),
        our_reading=(
            *_reading,
            "the report gives no widths: 256, 512 and 1,024 hidden units in the "
            "generator, 512 and 256 in the discriminator, LeakyReLU in both",
            "its loss is printed as the minimax one, whose generator saturates; "
            "dtu/vgan-non-saturating is what most implementations call by that name",
        ),
    )

for _name, _losses, _critic, _reading in (
    ("dcgan", "minimax", {}, ()),
    ("dcgan-non-saturating", "non_saturating", {}, ()),
    (
        "dcgan-wasserstein",
        "wasserstein",
        {"batch_norm": False, "spectral_norm": True},
        (
            "spectral normalisation of all weights of the critic in place of its batch "
            "normalisation, which would undo the bound on the slopes; one critic step",
        ),
    ),
):
    _register(
        _name,
        f"all-convolutional DCGAN, {_losses.replace('_', '-')} loss, 5 epochs "
        "(figure 2)",
        "dtu, sections 1.1 to 1.3",
        _dcgan(_losses, **_critic),
        steps={
            "class": Budget(steps=100, epoch_steps=10),
            "full": Budget(steps=5 * EPOCH, epoch_steps=EPOCH // 10),
        },
        stages=(EPOCH, 2 * EPOCH, 5 * EPOCH),
        our_reading=(
            "kernels of 3, 3, 4 and 4, so that the sides go 1, 3, 7, 14, 28",
            *_reading,
        ),
    )
