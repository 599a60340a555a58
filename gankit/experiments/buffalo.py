"""Experiments of the Buffalo report: DCGAN and SAGAN on CIFAR-10, and a ladder."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.adversarial import classifier_scorer
from gankit.experiments.scoring.photographs import PhotographScorer, photograph_scores
from gankit.experiments.separate_updates import (
    SeparateUpdatesConditionalGAN,
    SeparateUpdatesGAN,
)
from gankit.networks import residual, sagan
from gankit.trainers import GAN, ConditionalGAN

BATCH_SIZE = 64
LATENT_DIM = 100
MODERN_LATENT_DIM = 128
# Samples are scored four times in a training, as in the report.
SCORINGS = 4
EQUAL_RATES = (2e-4, 2e-4)
# Generator's and discriminator's.
TWO_TIME_SCALES = (1e-4, 4e-4)
AVERAGE = 0.999


def _compiled(gan, rates=EQUAL_RATES, beta_1=0.5, beta_2=0.999):
    generator_rate, discriminator_rate = rates
    gan.compile(
        Adam(generator_rate, beta_1, beta_2), Adam(discriminator_rate, beta_1, beta_2)
    )
    return gan


def _reports(networks, width, rates):
    """The report's DCGAN or SAGAN."""

    def build(images):
        pair = networks(images.image_shape, LATENT_DIM, width)
        return _compiled(SeparateUpdatesGAN(*pair, latent_dim=LATENT_DIM), rates)

    return build


def _conditional(width, **form):
    """The report's conditional SAGAN."""

    def build(images):
        classes = images.num_classes
        pair = sagan.conditional_sagan(
            classes, images.image_shape, LATENT_DIM, width, **form
        )
        gan = SeparateUpdatesConditionalGAN(
            *pair, num_classes=classes, latent_dim=LATENT_DIM, loss="wasserstein"
        )
        return _compiled(gan)

    return build


def _modern(width):
    """Residual networks, projection, hinge, two time-scales, average: ours."""

    def build(images):
        return _compiled(
            _residual_gan(images, width, images.num_classes),
            TWO_TIME_SCALES,
            beta_1=0.0,
            beta_2=0.9,
        )

    return build


def _residual_gan(images, width, num_classes):
    form = {"latent_dim": MODERN_LATENT_DIM, "loss": "hinge", "ema": AVERAGE}
    pair = residual.networks(
        images.image_shape, MODERN_LATENT_DIM, width, num_classes=num_classes
    )
    if num_classes is None:
        return GAN(*pair, **form)
    return ConditionalGAN(*pair, num_classes=num_classes, **form)


def _rung(number, width):
    """A model of the ladder, with the first `number` changes."""

    def build(images):
        rates = EQUAL_RATES if number < 3 else TWO_TIME_SCALES
        if number >= 6:
            classes = images.num_classes if number >= 7 else None
            return _compiled(_residual_gan(images, width, classes), rates)
        networks = sagan.sagan if number >= 5 else sagan.dcgan
        pair = networks(
            images.image_shape, LATENT_DIM, width, spectral_norm=number >= 1
        )
        gan = GAN(
            *pair,
            latent_dim=LATENT_DIM,
            loss="hinge" if number >= 2 else "non_saturating",
            ema=AVERAGE if number >= 4 else None,
        )
        return _compiled(gan, rates)

    return build


def _register(
    name,
    summary,
    source,
    build,
    *,
    steps,
    class_steps,
    our_reading,
    epoch_steps=250,
    batch_size=BATCH_SIZE,
    scorer=PhotographScorer,
):
    register(
        Experiment(
            name=f"buffalo/{name}",
            summary=summary,
            source=source,
            data=data.cifar10,
            build=build,
            score=photograph_scores(after=min(1000, steps)),
            scorer=scorer,
            scorings=SCORINGS,
            batch_size=batch_size,
            budgets={
                "smoke": Budget(steps=2, epoch_steps=1),
                "class": Budget(class_steps, class_steps // 10),
                "full": Budget(steps, epoch_steps),
            },
            stages=tuple(steps * share // 40 for share in (1, 4, 10, 20, 40)),
            our_reading=our_reading,
        )
    )


_NETWORKS = (
    "the report gives no widths: a map of 4 x 4 x 256 and 128 channels in the "
    "generator, 64, 128, 128 and 256 in the discriminator, kernels of 4 and 3, dropout "
    "of 0.4 before the logit, weights from Keras's start, as in the tutorial that it "
    "cites as reference 4"
)
_UPDATES = (
    "64 real images in one update of the discriminator and 64 generated ones in the "
    "next, as in that tutorial, whose generator gets 128; an iteration is both and one "
    "of the generator"
)
_ATTENTION = (
    "attention stands on maps of 16 x 16, behind the second transposed convolution and "
    "the first of stride 2; its values have half as many channels as its input"
)
# The report's width, and half of it for machines without a GPU.
_WIDTHS = (
    ("", 128, ()),
    ("-half", 64, ("half the report's widths, for machines without a GPU",)),
)

for _name, _networks, _rates, _what, _source, _reading in (
    ("dcgan", sagan.dcgan, EQUAL_RATES, "DCGAN", "first part", ()),
    ("sagan", sagan.sagan, EQUAL_RATES, "SAGAN", "second part", (_ATTENTION,)),
    (
        "dcgan-ttur",
        sagan.dcgan,
        TWO_TIME_SCALES,
        "DCGAN with the rates 4e-4 and 1e-4, which the report gave up,",
        "first part, section 2.2",
        (),
    ),
):
    for _suffix, _width, _narrower in _WIDTHS:
        _steps = 10_000 if _narrower else 40_000
        _register(
            f"{_name}{_suffix}",
            f"{_what}{' at half width' if _narrower else ''} on CIFAR-10, {_steps:,} "
            "iterations",
            f"buffalo, {_source}",
            _reports(_networks, _width, _rates),
            steps=_steps,
            class_steps=500 if _narrower else 250,
            epoch_steps=50 if _narrower else 250,
            our_reading=(*_narrower, _NETWORKS, _UPDATES, *_reading),
        )

for _name, _form, _what in (
    ("wasserstein", {}, "spectral normalisation and clipping"),
    ("sn", {"clipping": None}, "spectral normalisation, no clipping"),
    ("clip", {"spectral_norm": False}, "clipping, no spectral normalisation"),
):
    for _suffix, _width, _narrower in _WIDTHS:
        _register(
            f"csagan-{_name}{_suffix}",
            f"conditional SAGAN{' at half width' if _narrower else ''}, Wasserstein "
            f"loss, {_what}; 4,000 iterations",
            "buffalo, third part",
            _conditional(_width, **_form),
            steps=4000,
            class_steps=300 if _narrower else 150,
            epoch_steps=50 if _narrower else 250,
            our_reading=(
                *_narrower,
                _NETWORKS + "; here they start from N(0, 0.02), as in its reference 9",
                _UPDATES,
                _ATTENTION,
                "the label's plane joins the generator's map of 8 x 8 behind the first "
                "transposed convolution, so that all other layers are SAGAN's",
                "clipping, at 0.01, holds for the kernels of the discriminator's "
                "convolutions and dense layers, not for biases, the embedding or the "
                "gain of the attention; the kernel is clipped and then normalised",
                "Adam with 2e-4 and beta_1 0.5 and one update, as 'the same values' "
                "says, where the WGAN paper has RMSprop and five",
            ),
        )

_OURS = (
    "residual networks of SNGAN with equal widths, attention on maps of 16 x 16 in "
    "both, spectral normalisation in both, latents of 128"
)
for _name, _width, _batch_size, _steps, _class_steps, _epoch_steps in (
    ("sagan-hinge", 128, BATCH_SIZE, 40_000, 20, 250),
    ("sagan-hinge-half", 64, 32, 8000, 100, 25),
):
    _register(
        _name,
        f"ours: residual SAGAN of {_width} channels with projection, hinge loss, two "
        f"time-scales and an averaged generator; {_steps:,} steps of {_batch_size}",
        "no report; Zhang et al. 2019",
        _modern(_width),
        steps=_steps,
        class_steps=_class_steps,
        epoch_steps=_epoch_steps,
        batch_size=_batch_size,
        our_reading=(
            _OURS,
            "Adam with 1e-4 and 4e-4, beta_1 0 and beta_2 0.9, as in the SAGAN paper; "
            f"an average of {AVERAGE}",
        ),
    )

LADDER = (
    ("dcgan", "the report's DCGAN, both kinds of images in one update"),
    ("spectral-norm", "and the discriminator normalised spectrally"),
    ("hinge", "and the hinge loss"),
    ("ttur", "and rates of 4e-4 and 1e-4"),
    ("ema", "and samples from an averaged generator"),
    ("attention", "and self-attention in both players"),
    ("residual", "and residual networks, which bring batch normalisation"),
    ("labels", "and labels: projection and conditional batch normalisation"),
)

for _number, (_name, _what) in enumerate(LADDER):
    for (_suffix, _width, _narrower), _batch_size, _steps, _epoch_steps in (
        (_WIDTHS[0], BATCH_SIZE, 10_000, 250),
        (_WIDTHS[1], 32, 8000, 50),
    ):
        _register(
            f"ladder-{_number}-{_name}{_suffix}",
            f"ladder{' at half width' if _narrower else ''}, {_steps:,} steps of "
            f"{_batch_size}: {_what}",
            "no report",
            _rung(_number, _width),
            steps=_steps,
            class_steps=200 if _number < 6 else 20,
            epoch_steps=_epoch_steps,
            batch_size=_batch_size,
            scorer=classifier_scorer,  # FID waits for the end, where rungs are compared
            our_reading=(
                *_narrower,
                _NETWORKS if _number < 6 else _OURS,
                *((_ATTENTION,) if _number == 5 else ()),
                "Adam with beta_1 0.5 and beta_2 0.999 all the way up",
            ),
        )
