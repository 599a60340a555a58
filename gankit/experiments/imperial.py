"""Experiments of the Imperial College report: DCGAN and CGAN on MNIST."""

import functools

from keras import initializers
from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.scoring.adversarial import adversarial_scores, classifier_scorer
from gankit.layers import DifferentiableAugmentation
from gankit.metrics import classifier_for
from gankit.networks import cgan, dcgan
from gankit.trainers import GAN, ConditionalGAN

BATCH_SIZE = 128
EPOCH = data.MNIST_EPOCH
# 55,000 training digits in batches of 128, 25 and 20 times.
DCGAN_STEPS = 25 * 55_000 // BATCH_SIZE
CGAN_STEPS = 20 * 55_000 // BATCH_SIZE

_mnist = functools.partial(
    experiment,
    data=data.mnist,
    score=adversarial_scores,
    scorer=classifier_scorer,
    batch_size=BATCH_SIZE,
)


def _budgets(full_steps, class_steps, smoke_steps):
    return budgets(
        smoke=Budget(smoke_steps, smoke_steps // 2),
        in_class=Budget(class_steps, max(1, class_steps // 20)),
        full=Budget(full_steps, EPOCH // 10),
    )


# DCGAN: sections 2.1 and 2.2, figures 1 to 4.

_DCGAN_READING = (
    "latents are U(-1, 1) of size 100, which the report gives for its CGANs",
    "weights start at N(0, 0.02) and LeakyReLU has slope 0.2, as in the DCGAN paper",
    "no dropout and no label smoothing",
    "the discriminator's loss of 'around 0.75' is the sum of its two terms: their mean "
    "would be worse than chance, which the text rules out. The report gives it for "
    "Deep and calls it about the same for Shallow. The generator's loss of 'about 1' "
    "is Shallow's; Deep's is said to be lower",
)
_BETA_1 = (
    "beta_1 is 0.5: section 2.1 says 0.9 'as suggested by' the DCGAN paper, which "
    "suggests 0.5, and section 3.1 gives 0.5 as what was found to be optimal"
)
_SHALLOW = "the generator goes from 7 x 7 x 128 to 64 channels to the image"


def _dcgan(name, *, section, class_steps, reported=None, our_reading=()):
    return _mnist(
        f"imperial/{name}",
        source=f"imperial, section {section}",
        budgets=_budgets(DCGAN_STEPS, class_steps, smoke_steps=4),
        stages=(EPOCH, 5 * EPOCH, DCGAN_STEPS),
        reported=reported or {},
        our_reading=(*our_reading, *_DCGAN_READING),
    )


def _trained_by_adam(networks, beta_1=0.5):
    gan = GAN(*networks, latent_dim=100, latent_distribution="uniform")
    gan.compile(Adam(2e-4, beta_1), Adam(2e-4, beta_1))
    return gan


@_dcgan(
    "dcgan-shallow",
    section="2.1",
    class_steps=400,
    reported={"g_loss": 1.0, "d_loss": 0.75},
    our_reading=(_BETA_1, _SHALLOW),
)
def dcgan_shallow(images):
    """Shallow DCGAN on MNIST, 25 epochs (figures 1, 2 and 4)."""
    return _trained_by_adam(dcgan.shallow(images.image_shape))


@_dcgan("dcgan-shallow-beta09", section="2.1", class_steps=400, our_reading=(_SHALLOW,))
def dcgan_shallow_beta09(images):
    """Shallow DCGAN with beta_1 = 0.9."""
    return _trained_by_adam(dcgan.shallow(images.image_shape), beta_1=0.9)


@_dcgan(
    "dcgan-deep",
    section="2.2",
    class_steps=100,
    reported={"d_loss": 0.75},
    our_reading=(
        _BETA_1,
        "the generator goes from 7 x 7 x 256 to 128 and 64 channels with stride 2, to "
        "32 and to the image with stride 1; the discriminator to 32, 64, 128 and 256, "
        "the first two with stride 2",
    ),
)
def dcgan_deep(images):
    """Deep DCGAN on MNIST, 25 epochs (figures 2, 3 and 4)."""
    return _trained_by_adam(dcgan.deep(images.image_shape))


# CGAN: sections 3 and 4, figures 5 to 11, table 1.

TABLE_1 = "conditional accuracy"

_BY_EMBEDDING = (
    "embeddings of the label as long as what they are multiplied with; the "
    "generator's starts at U(-0.05, 0.05), as in Keras, the discriminator's at "
    "U(0, 2), which leaves the image visible"
)
_BY_MASK = (
    "embeddings of the label as long as what they are multiplied with; both start at "
    "U(-0.05, 0.05), as in Keras, so the discriminator sees images through a mask of "
    "random signs"
)
_C_READING = (
    "a step is one update of the discriminator and C of the generator, each on new "
    "latents and labels"
)
_ADAM = "layers as in the report's DCGANs; Adam with 2e-4 and beta_1 0.5"
_TWO_RATES = "Adam with 2e-4 for the generator and 4e-4 for the discriminator"
_INCEPTION_SCORE = (
    "what the report calls inception score is the accuracy of its classifier on "
    "samples of balanced classes"
)


def report_classifier(size, images, folder):
    """The classifier of the report's section 4. No experiment is tuned with it.

    Args:
        size: Size of the run. Sizes below `"full"` take the quick classifier of the
            data set instead.
        images: The `gankit.datasets.ImageData`.
        folder: The data folder, where the classifier is saved once it is trained.

    Returns:
        A `gankit.metrics.Classifier`.
    """
    if size != "full":
        return classifier_for(images, folder=folder)
    return classifier_for(images, folder=folder, architecture="mnist_cnn")


def _cgan(
    name,
    *,
    source,
    class_steps=400,
    reported=None,
    our_reading=(_BY_EMBEDDING,),
    optimizers=_ADAM,
):
    return _mnist(
        f"imperial/cgan-{name}",
        source=f"imperial, {source}",
        classifier=report_classifier,
        budgets=_budgets(CGAN_STEPS, class_steps, smoke_steps=2),
        stages=(EPOCH, 5 * EPOCH, CGAN_STEPS),
        reported={**(reported or {}), "accuracy on real images": 0.9921},
        our_reading=(*our_reading, optimizers, _INCEPTION_SCORE),
    )


def _conditional(
    build, images, *, rates=(2e-4, 2e-4), beta_1=0.5, networks=None, **options
):
    model = ConditionalGAN(
        *build(images.image_shape, images.num_classes, **(networks or {})),
        num_classes=images.num_classes,
        latent_dim=100,
        latent_distribution="uniform",
        **options,
    )
    model.compile(*(Adam(rate, beta_1) for rate in rates))
    return model


@_cgan("shallow", source="section 3.1", reported={TABLE_1: 0.9394})
def cgan_shallow(images):
    """Shallow CGAN on MNIST, 20 epochs (figures 5, 7 and 10, table 1)."""
    return _conditional(cgan.shallow, images)


@_cgan("shallow-smooth", source="section 3.2", reported={TABLE_1: 0.9804})
def cgan_shallow_smooth(images):
    """Shallow CGAN with real labels of 0.9 (figure 8, table 1)."""
    return _conditional(cgan.shallow, images, real_label=0.9)


@_cgan(
    "shallow-c5",
    source="section 3.3",
    class_steps=150,
    reported={TABLE_1: 0.9290},
    our_reading=(_BY_EMBEDDING, _C_READING),
)
def cgan_shallow_c5(images):
    """Shallow CGAN, five generator updates per step (figure 9, table 1)."""
    return _conditional(cgan.shallow, images, generator_steps=5)


@_cgan("deep", source="section 3.1", class_steps=100, reported={TABLE_1: 0.9488})
def cgan_deep(images):
    """Deep CGAN on MNIST, 20 epochs (figures 6, 7 and 10, table 1)."""
    return _conditional(cgan.deep, images)


@_cgan("deep-smooth", source="section 3.2", class_steps=100, reported={TABLE_1: 0.9537})
def cgan_deep_smooth(images):
    """Deep CGAN with real labels of 0.9 (figure 8, table 1)."""
    return _conditional(cgan.deep, images, real_label=0.9)


@_cgan(
    "deep-c3",
    source="section 3.3",
    class_steps=60,
    reported={TABLE_1: 0.9303, f"{TABLE_1}, class 5": 0.8313},
    our_reading=(_BY_EMBEDDING, _C_READING),
)
def cgan_deep_c3(images):
    """Deep CGAN, three generator updates per step (figures 9 and 11, table 1)."""
    return _conditional(cgan.deep, images, generator_steps=3)


def _masked(images, **options):
    """The Shallow CGAN with both embeddings as Keras starts them."""
    model = _conditional(cgan.shallow, images, **options)
    weights = model.discriminator.get_layer("factors").embeddings
    weights.assign(initializers.get("uniform")(weights.shape))
    return model


@_cgan("shallow-masked", source="section 3.1", our_reading=(_BY_MASK,))
def cgan_shallow_masked(images):
    """Shallow CGAN whose discriminator sees images through a mask of random signs."""
    return _masked(images)


@_cgan("shallow-masked-smooth", source="section 3.2", our_reading=(_BY_MASK,))
def cgan_shallow_masked_smooth(images):
    """Shallow CGAN with a mask and real labels of 0.9 (source of figures 13, 14)."""
    return _masked(images, real_label=0.9)


@_cgan(
    "shallow-masked-c5",
    source="section 3.3",
    class_steps=150,
    our_reading=(_BY_MASK, _C_READING),
)
def cgan_shallow_masked_c5(images):
    """Shallow CGAN with a mask and five generator updates per step."""
    return _masked(images, generator_steps=5)


@_cgan(
    "shallow-concatenation",
    source="section 3.1, by another conditioning",
    our_reading=("labels as planes of ones and zeros next to the image",),
)
def cgan_shallow_concatenation(images):
    """Shallow CGAN with appended instead of multiplied labels."""
    return _conditional(
        cgan.shallow, images, networks={"conditioning": "concatenation"}
    )


@_cgan(
    "shallow-projection",
    source="section 3.1, by another conditioning",
    our_reading=("conditional batch normalisation in the generator",),
)
def cgan_shallow_projection(images):
    """Shallow CGAN with a projection discriminator."""
    return _conditional(cgan.shallow, images, networks={"conditioning": "projection"})


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
_modern = functools.partial(
    _cgan,
    source="section 4, by what came later",
    our_reading=("everything but the layers' widths is ours",),
    optimizers=_TWO_RATES,
)


@_modern("modern")
def cgan_modern(images):
    """Shallow with projection, spectral norm, hinge loss, averaged weights."""
    return _conditional(cgan.shallow, images, **_MODERN)


@_modern("modern-augmented")
def cgan_modern_augmented(images):
    """The modern CGAN; its discriminator sees all digits shifted."""
    augmented = functools.partial(
        cgan.shallow, augmentation=DifferentiableAugmentation("translation")
    )
    return _conditional(augmented, images, **_MODERN)


@_cgan(
    "best",
    source="section 4, whose best model has 98.04 %",
    reported={TABLE_1: 0.9804},
    our_reading=(
        "appended labels were chosen with the quick classifier of the data set, which "
        "scores nothing at the end",
    ),
)
def cgan_best(images):
    """Ours: Shallow with appended labels and averaged weights."""
    return _conditional(
        cgan.shallow, images, ema=0.999, networks={"conditioning": "concatenation"}
    )
