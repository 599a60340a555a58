"""Experiments of the Imperial College report: DCGAN and CGAN on MNIST."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.registry import Budget, Experiment, register
from gankit.experiments.scoring import adversarial_scores, classifier_scorer
from gankit.networks import dcgan
from gankit.trainers import GAN

BATCH_SIZE = 128
# 55,000 training digits in batches of 128, 25 times.
DCGAN_STEPS = 25 * 55_000 // BATCH_SIZE
EPOCH = data.MNIST_EPOCH


def _dcgan(build, beta_1=0.5):
    def gan(images):
        generator, discriminator = build(images.image_shape)
        gan = GAN(
            generator, discriminator, latent_dim=100, latent_distribution="uniform"
        )
        gan.compile(Adam(2e-4, beta_1), Adam(2e-4, beta_1))
        return gan

    return gan


_BETA_1 = (
    "beta_1 is 0.5: section 2.1 says 0.9 'as suggested by' the DCGAN paper, which "
    "suggests 0.5, and section 3.1 gives 0.5 as what was found to be optimal before"
)

for _name, _summary, _source, _build, _class_steps, _reported, _reading in (
    (
        "dcgan-shallow",
        "Shallow DCGAN on MNIST, 25 epochs (figures 1, 2 and 4)",
        "imperial, section 2.1",
        _dcgan(dcgan.shallow),
        400,
        {"g_loss": 1.0, "d_loss": 0.75},
        (_BETA_1, "the generator goes from 7 x 7 x 128 to 64 channels to the image"),
    ),
    (
        "dcgan-shallow-beta09",
        "the same with beta_1 = 0.9",
        "imperial, section 2.1",
        _dcgan(dcgan.shallow, beta_1=0.9),
        400,
        {},
        ("the generator goes from 7 x 7 x 128 to 64 channels to the image",),
    ),
    (
        "dcgan-deep",
        "Deep DCGAN on MNIST, 25 epochs (figures 2, 3 and 4)",
        "imperial, section 2.2",
        _dcgan(dcgan.deep),
        100,
        {"d_loss": 0.75},
        (
            _BETA_1,
            "the generator goes from 7 x 7 x 256 to 128 and 64 channels with stride 2, "
            "to 32 and to the image with stride 1; the discriminator to 32, 64, 128 "
            "and 256, the first two with stride 2",
        ),
    ),
):
    register(
        Experiment(
            name=f"imperial/{_name}",
            summary=_summary,
            source=_source,
            data=data.mnist,
            build=_build,
            score=adversarial_scores,
            scorer=classifier_scorer,
            batch_size=BATCH_SIZE,
            budgets={
                "smoke": Budget(steps=4, epoch_steps=2),
                "class": Budget(steps=_class_steps, epoch_steps=_class_steps // 20),
                "full": Budget(steps=DCGAN_STEPS, epoch_steps=EPOCH // 10),
            },
            stages=tuple(EPOCH * epoch for epoch in (1, 5)) + (DCGAN_STEPS,),
            reported=_reported,
            our_reading=(
                *_reading,
                "latents are U(-1, 1) of size 100, which the report gives for its "
                "CGANs",
                "weights start at N(0, 0.02) and LeakyReLU has slope 0.2, as in the "
                "DCGAN paper",
                "no dropout, and no smoothing of labels",
                "the discriminator's loss of 'around 0.75', which the report gives for "
                "Deep and calls about the same for Shallow, sums its two terms: their "
                "mean would be worse than chance, which the text rules out; the "
                "generator's of 'about 1' is Shallow's, and Deep's is said to be lower",
            ),
        )
    )
