"""Experiments of the Imperial College report: DCGAN and CGAN on MNIST."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.metrics import classifier_for
from gankit.networks import cgan, dcgan
from gankit.trainers import GAN, ConditionalGAN

BATCH_SIZE = 128
# 55,000 training digits in batches of 128, 25 times.
DCGAN_STEPS = 25 * 55_000 // BATCH_SIZE
# The same 20 times.
CGAN_STEPS = 20 * 55_000 // BATCH_SIZE
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


def _cgan(build, *, rates=(2e-4, 2e-4), beta_1=0.5, networks=None, **game):
    def gan(images):
        gan = ConditionalGAN(
            *build(images.image_shape, images.num_classes, **(networks or {})),
            num_classes=images.num_classes,
            latent_dim=100,
            latent_distribution="uniform",
            **game,
        )
        gan.compile(*(Adam(rate, beta_1) for rate in rates))
        return gan

    return gan


def _augmented(image_shape, num_classes, **options):
    return cgan.shallow(
        image_shape,
        num_classes,
        augmentation=DifferentiableAugmentation("translation"),
        **options,
    )


def report_classifier(size, images, folder):
    """The classifier of the report's section 4, which neither selects nor tunes.

    Args:
        size: Size of the run; below `"full"` the quick classifier of the data set
            takes its place.
        images: The `gankit.datasets.ImageData`.
        folder: The data folder, where it is kept once it is trained.

    Returns:
        A `gankit.metrics.Classifier`.
    """
    if size != "full":
        return classifier_for(images, folder=folder)
    return classifier_for(images, folder=folder, architecture="mnist_cnn")


_TABLE_1 = "conditional accuracy"
_MODERN = {
    "loss": "hinge",
    "ema": 0.999,
    "networks": {
        "conditioning": "projection",
        "batch_norm": False,
        "spectral_norm": True,
    },
    # Two time-scales (Heusel et al. 2017) and no momentum, as in SAGAN.
    "rates": (2e-4, 4e-4),
    "beta_1": 0.0,
}
_BY_EMBEDDING = (
    "embeddings of the label as long as what they are multiplied with, begun as Keras "
    "begins them, U(-0.05, 0.05)"
)
_C_READING = (
    "a step is one update of the discriminator and C of the generator, each on new "
    "latents and labels"
)

for _name, _summary, _where, _build, _class_steps, _reported, _reading in (
    (
        "shallow",
        "Shallow CGAN on MNIST, 20 epochs (figures 5, 7 and 10, table 1)",
        "section 3.1",
        _cgan(cgan.shallow),
        400,
        {_TABLE_1: 0.9394},
        (_BY_EMBEDDING,),
    ),
    (
        "shallow-smooth",
        "Shallow CGAN with real labels of 0.9 (figure 8, table 1)",
        "section 3.2",
        _cgan(cgan.shallow, real_label=0.9),
        400,
        {_TABLE_1: 0.9804},
        (_BY_EMBEDDING,),
    ),
    (
        "shallow-c5",
        "Shallow CGAN, five generator updates a step (figure 9, table 1)",
        "section 3.3",
        _cgan(cgan.shallow, generator_steps=5),
        150,
        {_TABLE_1: 0.9290},
        (_BY_EMBEDDING, _C_READING),
    ),
    (
        "deep",
        "Deep CGAN on MNIST, 20 epochs (figures 6, 7 and 10, table 1)",
        "section 3.1",
        _cgan(cgan.deep),
        100,
        {_TABLE_1: 0.9488},
        (_BY_EMBEDDING,),
    ),
    (
        "deep-smooth",
        "Deep CGAN with real labels of 0.9 (figure 8, table 1)",
        "section 3.2",
        _cgan(cgan.deep, real_label=0.9),
        100,
        {_TABLE_1: 0.9537},
        (_BY_EMBEDDING,),
    ),
    (
        "deep-c3",
        "Deep CGAN, three generator updates a step (figures 9 and 11, table 1)",
        "section 3.3",
        _cgan(cgan.deep, generator_steps=3),
        60,
        {_TABLE_1: 0.9303, f"{_TABLE_1}, class 5": 0.8313},
        (_BY_EMBEDDING, _C_READING),
    ),
    (
        "shallow-concatenation",
        "Shallow CGAN whose labels are appended, not multiplied",
        "section 3.1, by another conditioning",
        _cgan(cgan.shallow, networks={"conditioning": "concatenation"}),
        400,
        {},
        ("labels as planes of ones and zeros beside the image",),
    ),
    (
        "shallow-projection",
        "Shallow CGAN with a projection discriminator",
        "section 3.1, by another conditioning",
        _cgan(cgan.shallow, networks={"conditioning": "projection"}),
        400,
        {},
        ("conditional batch normalisation in the generator",),
    ),
    (
        "modern",
        "Shallow with projection, spectral norm, hinge loss, averaged weights",
        "section 4, by what came later",
        _cgan(cgan.shallow, **_MODERN),
        400,
        {},
        ("everything but the layers' widths is ours",),
    ),
    (
        "modern-augmented",
        "the same, and the discriminator sees all digits shifted",
        "section 4, by what came later",
        _cgan(_augmented, **_MODERN),
        400,
        {},
        ("everything but the layers' widths is ours",),
    ),
    (
        "best",
        "ours: Shallow with appended labels and averaged weights",
        "section 4, whose best model has 98.04 %",
        _cgan(cgan.shallow, networks={"conditioning": "concatenation"}, ema=0.999),
        400,
        {_TABLE_1: 0.9804},
        (
            "appended labels were chosen by the quick classifier of the data set, "
            "which judges nothing at the end",
        ),
    ),
):
    register(
        Experiment(
            name=f"imperial/cgan-{_name}",
            summary=_summary,
            source=f"imperial, {_where}",
            data=data.mnist,
            build=_build,
            score=adversarial_scores,
            scorer=classifier_scorer,
            judge=report_classifier,
            batch_size=BATCH_SIZE,
            budgets={
                "smoke": Budget(steps=2, epoch_steps=1),
                "class": Budget(
                    steps=_class_steps, epoch_steps=max(1, _class_steps // 20)
                ),
                "full": Budget(steps=CGAN_STEPS, epoch_steps=EPOCH // 10),
            },
            stages=tuple(EPOCH * epoch for epoch in (1, 5)) + (CGAN_STEPS,),
            reported={**_reported, "accuracy on real images": 0.9921},
            our_reading=(
                *_reading,
                "layers as in the report's DCGANs; Adam with 2e-4 and beta_1 0.5"
                if not _name.startswith("modern")
                else "Adam with 2e-4 for the generator, 4e-4 for the discriminator",
                "the score that it calls inception score is the accuracy of its "
                "classifier on samples of balanced classes",
            ),
        )
    )
