"""Experiments of the IISc report, section 7: DCGAN and WGAN, digits and photographs."""

import keras
from keras import layers
from keras.optimizers import Adam, RMSprop

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.adversarial import (
    adversarial_scores,
    classifier_scorer,
    fid_scorer,
)
from gankit.networks import dcgan, hidden_dense
from gankit.trainers import GAN

BATCH_SIZE = 128
PHOTOGRAPHS_BATCH_SIZE = 32
EPOCH = data.MNIST_EPOCH
LATENT_DIM = 62
PHOTOGRAPHS_LATENT_DIM = 100
PHOTOGRAPHS_WIDTH = 32

ALGORITHM_1 = {
    "loss": "wasserstein",
    "discriminator_steps": 5,
    "weight_clipping": 0.01,
}


def _mnist(images):
    gan = GAN(
        hidden_dense.generator(images.image_shape, LATENT_DIM),
        hidden_dense.discriminator(images.image_shape),
        latent_dim=LATENT_DIM,
    )
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


def _wgan_mnist(images):
    gan = GAN(
        hidden_dense.generator(images.image_shape, LATENT_DIM),
        hidden_dense.discriminator(images.image_shape),
        latent_dim=LATENT_DIM,
        **ALGORITHM_1,
    )
    gan.compile(RMSprop(5e-5), RMSprop(5e-5))
    return gan


def _wgan_mnist_as_coded(images):
    gan = GAN(
        hidden_dense.generator(images.image_shape, LATENT_DIM),
        hidden_dense.discriminator(images.image_shape, sigmoid=True),
        latent_dim=LATENT_DIM,
        loss="wasserstein",
        weight_clipping=0.01,
    )
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


def _photographs(images):
    return dcgan.photographs(
        images.image_shape, PHOTOGRAPHS_LATENT_DIM, width=PHOTOGRAPHS_WIDTH
    )


def _dcgan_photographs(images):
    gan = GAN(*_photographs(images), latent_dim=PHOTOGRAPHS_LATENT_DIM)
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


def _wgan_photographs(images):
    gan = GAN(*_photographs(images), latent_dim=PHOTOGRAPHS_LATENT_DIM, **ALGORITHM_1)
    gan.compile(RMSprop(5e-5), RMSprop(5e-5))
    return gan


def _wgan_photographs_as_coded(images):
    generator, critic = _photographs(images)
    values = layers.Activation("sigmoid", dtype="float32")(critic.output)
    gan = GAN(
        generator,
        keras.Model(critic.input, values, name="discriminator"),
        latent_dim=PHOTOGRAPHS_LATENT_DIM,
        loss="wasserstein",
        weight_clipping=0.01,
    )
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


_AS_CODED_READING = (
    "sigmoid critic, one critic step, Adam with 2e-4 and beta_1 0.5, clipping 0.01"
)
_ALGORITHM_1_READING = (
    "algorithm 1 of the WGAN paper: RMSprop with 5e-5, weights clipped to 0.01, five "
    "critic steps, no sigmoid"
)

for _name, _build, _steps, _summary, _reading in (
    (
        "dcgan-mnist",
        _mnist,
        25 * EPOCH,
        "DCGAN with hidden dense layers on MNIST, 25 epochs (figures 4 and 5)",
        "the non-saturating loss; Adam with 2e-4 and beta_1 0.5 for both",
    ),
    (
        "wgan-mnist",
        _wgan_mnist,
        5 * EPOCH,  # of five batches each
        "WGAN by algorithm 1 on MNIST, the same networks",
        f"{_ALGORITHM_1_READING}; a step is one of the generator",
    ),
    (
        "wgan-mnist-as-coded",
        _wgan_mnist_as_coded,
        25 * EPOCH,
        "WGAN as the report's code has it: sigmoid critic, one step, Adam",
        _AS_CODED_READING,
    ),
):
    register(
        Experiment(
            name=f"iisc/{_name}",
            summary=_summary,
            source="iisc, section 7 and its code",
            data=data.mnist,
            build=_build,
            score=adversarial_scores,
            scorer=classifier_scorer,
            batch_size=BATCH_SIZE,
            budgets={
                "smoke": Budget(steps=2, epoch_steps=1),
                "class": Budget(steps=400, epoch_steps=50),
                "full": Budget(steps=_steps, epoch_steps=EPOCH // 10),
            },
            stages=tuple(_steps * epoch // 25 for epoch in (1, 10, 20, 25)),
            our_reading=(
                _reading,
                "batches of 128, where the code has 64",
                "images in [0, 1] inside both networks, as the generator's sigmoid "
                "wants",
            ),
        )
    )

for _kind, _images, _where in (
    ("church", data.church, "LSUN church_outdoor (figures 6 and 7)"),
    ("fruit", data.fruit, "apples and oranges, in place of churches"),
):
    for _name, _build, _what, _reading in (
        (
            f"dcgan-{_kind}",
            _dcgan_photographs,
            "DCGAN",
            "Adam with 2e-4 and beta_1 0.5 for both",
        ),
        (
            f"wgan-{_kind}",
            _wgan_photographs,
            "WGAN by algorithm 1,",
            _ALGORITHM_1_READING,
        ),
        (
            f"wgan-{_kind}-as-coded",
            _wgan_photographs_as_coded,
            "WGAN as the report's code has it,",
            _AS_CODED_READING,
        ),
    ):
        register(
            Experiment(
                name=f"iisc/{_name}",
                summary=f"{_what} 64 x 64, {_where}",
                source="iisc, section 7",
                data=_images,
                build=_build,
                score=adversarial_scores,
                scorer=fid_scorer,
                scorings=3,
                batch_size=PHOTOGRAPHS_BATCH_SIZE,
                budgets={
                    "smoke": Budget(steps=2, epoch_steps=1),
                    "class": Budget(steps=150, epoch_steps=25),
                    "full": Budget(steps=3000, epoch_steps=50),
                },
                stages=(300, 1000, 3000),
                our_reading=(
                    _reading,
                    "the DCGAN paper's network for 64 x 64 with a width of 32, batches "
                    "of 32",
                    "3,000 steps of the generator, where the report has 25 epochs of "
                    "126,227 churches",
                ),
            )
        )
