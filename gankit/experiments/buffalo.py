"""Experiments of the Buffalo report: DCGAN and SAGAN on CIFAR-10, and a ladder."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, budgets, experiment
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
# Channels at full width.
WIDTH = 128
EQUAL_RATES = (2e-4, 2e-4)
# The generator's rate and the discriminator's.
TWO_TIME_SCALES = (1e-4, 4e-4)
EMA = 0.999

_NETWORKS = (
    "the report gives no widths: maps of 256 and 128 channels in the generator, 64, "
    "128, 128 and 256 in the discriminator, kernels of 4 and 3, dropout of 0.4 before "
    "the logit, Keras's initial weights, as in the tutorial of its reference 4"
)
_UPDATES = (
    "the discriminator is updated on 64 real images, then on 64 generated ones, as in "
    "that tutorial; the generator gets 64 where the tutorial has 128; an iteration is "
    "these three updates"
)
_ATTENTION = (
    "attention works on maps of 16 x 16, after the second transposed convolution and "
    "after the first convolution of stride 2; its values have half as many channels "
    "as its input"
)
_HALF = "half the report's widths, for machines without a GPU"

_cifar10 = functools.partial(
    experiment,
    data=data.cifar10,
    score=photograph_scores(after=1000),
    scorer=PhotographScorer,
    # As in the report.
    scorings=4,
    batch_size=BATCH_SIZE,
)


def _training(steps, epoch_steps, *, class_steps):
    return {
        "budgets": budgets(
            in_class=Budget(class_steps, class_steps // 10),
            full=Budget(steps, epoch_steps),
        ),
        "stages": tuple(steps * share // 40 for share in (1, 4, 10, 20, 40)),
    }


def _compiled(gan, rates=EQUAL_RATES, beta_1=0.5, beta_2=0.999):
    gan.compile(*(Adam(rate, beta_1, beta_2) for rate in rates))
    return gan


# The report's DCGAN and SAGAN: first and second part.


def _unconditional(name, *, source, our_reading):
    return _cifar10(
        f"buffalo/{name}",
        source=f"buffalo, {source}",
        our_reading=our_reading,
        **_training(40_000, 250, class_steps=250),
        half={
            "our_reading": (_HALF, *our_reading),
            **_training(10_000, 50, class_steps=500),
        },
    )


def _separate_updates(networks, images, width, rates=EQUAL_RATES):
    pair = networks(images.image_shape, LATENT_DIM, int(WIDTH * width))
    return _compiled(SeparateUpdatesGAN(*pair, latent_dim=LATENT_DIM), rates)


@_unconditional("dcgan", source="first part", our_reading=(_NETWORKS, _UPDATES))
def dcgan(images, width):
    """DCGAN on CIFAR-10."""
    return _separate_updates(sagan.dcgan, images, width)


@_unconditional(
    "sagan", source="second part", our_reading=(_NETWORKS, _UPDATES, _ATTENTION)
)
def self_attention_gan(images, width):
    """SAGAN on CIFAR-10."""
    return _separate_updates(sagan.sagan, images, width)


@_unconditional(
    "dcgan-ttur",
    source="first part, section 2.2",
    our_reading=(_NETWORKS, _UPDATES),
)
def dcgan_ttur(images, width):
    """DCGAN with rates of 1e-4 and 4e-4 (section 2.2)."""
    return _separate_updates(sagan.dcgan, images, width, TWO_TIME_SCALES)


# The report's conditional SAGAN: third part.

_CONDITIONAL_READING = (
    _NETWORKS + "; here they start from N(0, 0.02), as in its reference 9",
    _UPDATES,
    _ATTENTION,
    "the label becomes a further channel of the generator's map of 8 x 8, after the "
    "first transposed convolution; all other layers are those of SAGAN",
    "weights are clipped to 0.01: the kernels of the discriminator's convolutions and "
    "dense layers, not biases, the embedding or the gain of the attention; a kernel "
    "is clipped first and then normalised",
    "Adam with 2e-4 and beta_1 0.5 and one update per step, as the report says 'the "
    "same values'; the WGAN paper has RMSprop and five",
)


def _conditional_with(our_reading):
    return functools.partial(
        _cifar10,
        source="buffalo, third part",
        our_reading=our_reading,
        **_training(4000, 250, class_steps=150),
        half={
            "our_reading": (_HALF, *our_reading),
            **_training(4000, 50, class_steps=300),
        },
    )


_conditional = _conditional_with(_CONDITIONAL_READING)


def _conditional_sagan(
    images,
    width,
    *,
    trainer=SeparateUpdatesConditionalGAN,
    loss="wasserstein",
    **options,
):
    classes = images.num_classes
    pair = sagan.conditional_sagan(
        classes, images.image_shape, LATENT_DIM, int(WIDTH * width), **options
    )
    return _compiled(
        trainer(*pair, num_classes=classes, latent_dim=LATENT_DIM, loss=loss)
    )


@_conditional("buffalo/csagan-wasserstein")
def csagan_wasserstein(images, width):
    """Conditional SAGAN, spectral norm and clipping."""
    return _conditional_sagan(images, width)


@_conditional("buffalo/csagan-sn")
def csagan_sn(images, width):
    """Conditional SAGAN, spectral norm alone."""
    return _conditional_sagan(images, width, clipping=None)


@_conditional("buffalo/csagan-clip")
def csagan_clip(images, width):
    """Conditional SAGAN, clipping alone."""
    return _conditional_sagan(images, width, spectral_norm=False)


# In separate updates of the Wasserstein loss, each update may move all values without
# end. One update on both kinds of images, or a loss with a margin, gives no reason to.
_joint = _conditional_with(
    tuple(
        "the discriminator is updated on 64 real and 64 generated images at once, "
        "where the report has two updates"
        if reading is _UPDATES
        else reading
        for reading in _CONDITIONAL_READING
    )
)


@_joint("buffalo/csagan-sn-joint")
def csagan_sn_joint(images, width):
    """Conditional SAGAN, spectral norm, one update on all images."""
    return _conditional_sagan(images, width, clipping=None, trainer=ConditionalGAN)


@_joint("buffalo/csagan-sn-hinge")
def csagan_sn_hinge(images, width):
    """Conditional SAGAN, spectral norm, hinge loss, one update on all images."""
    return _conditional_sagan(
        images, width, clipping=None, trainer=ConditionalGAN, loss="hinge"
    )


# From the report's DCGAN to a later SAGAN, one change at a time.

_RESIDUAL = (
    "SNGAN's residual networks, all maps of equal width, attention on maps of 16 x 16 "
    "and spectral normalisation in both, latents of 128"
)
_LADDER_ADAM = "Adam with beta_1 0.5 and beta_2 0.999 on all rungs"


@dataclass(frozen=True)
class Rung:
    """A rung of the ladder.

    Attributes:
        name: Its name, without its number.
        summary: What it adds to the rung below.
        changes: The same as keywords of `_joint_updates`.
        our_reading: As in `Experiment`.
        class_steps: Training steps at class size.
    """

    name: str
    summary: str
    changes: Mapping = field(default_factory=dict)
    our_reading: tuple[str, ...] = (_NETWORKS, _LADDER_ADAM)
    class_steps: int = 200


LADDER = (
    Rung("dcgan", "the report's DCGAN, one update on all images"),
    Rung(
        "spectral-norm",
        "+ spectral normalisation of the discriminator",
        changes={"spectral_norm": True},
    ),
    Rung("hinge", "+ hinge loss", changes={"loss": "hinge"}),
    Rung("ttur", "+ rates of 1e-4 and 4e-4", changes={"rates": TWO_TIME_SCALES}),
    Rung("ema", "+ averaged weights of the generator", changes={"ema": EMA}),
    Rung(
        "attention",
        "+ self-attention in both networks",
        changes={"networks": sagan.sagan},
        our_reading=(_NETWORKS, _ATTENTION, _LADDER_ADAM),
    ),
    Rung(
        "residual",
        "+ residual networks, batch norm in the generator",
        changes={"networks": residual.networks, "latent_dim": 128},
        our_reading=(_RESIDUAL, _LADDER_ADAM),
        class_steps=20,
    ),
    Rung(
        "labels",
        "+ labels: projection, conditional batch norm",
        changes={"labels": True},
        our_reading=(_RESIDUAL, _LADDER_ADAM),
        class_steps=20,
    ),
)
# Rungs 0 and 6 with and without batch normalisation in the generator. The ladder adds
# it together with the residual form; these two tell which of the two helps.
BESIDE = {
    "dcgan": Rung(
        "batch-norm",
        "the report's DCGAN with batch norm in the generator",
        changes={"form": {"batch_norm": True}},
    ),
    "residual": Rung(
        "no-norm",
        "+ residual networks, no batch norm in the generator",
        changes={"form": {"batch_norm": False}},
        our_reading=(_RESIDUAL, _LADDER_ADAM),
        class_steps=20,
    ),
}


def _joint_updates(
    images,
    width,
    *,
    networks=sagan.dcgan,
    latent_dim=LATENT_DIM,
    spectral_norm=False,
    labels=False,
    loss="non_saturating",
    ema=None,
    rates=EQUAL_RATES,
    form=None,
    **betas,
):
    classes = {"num_classes": images.num_classes} if labels else {}
    pair = networks(
        images.image_shape,
        latent_dim,
        int(WIDTH * width),
        spectral_norm=spectral_norm,
        **classes,
        **(form or {}),
    )
    trainer = ConditionalGAN if labels else GAN
    gan = trainer(*pair, latent_dim=latent_dim, loss=loss, ema=ema, **classes)
    return _compiled(gan, rates, **betas)


def _register_rung(number, rung, changes):
    def build(images, width):
        return _joint_updates(images, width, **changes)

    _cifar10(
        f"buffalo/ladder-{number}-{rung.name}",
        summary=f"Ladder: {rung.summary}",
        source="no report",
        scorer=classifier_scorer,  # FID is measured at the end, to compare the rungs
        our_reading=rung.our_reading,
        **_training(10_000, 250, class_steps=rung.class_steps),
        half={
            "batch_size": 32,
            "our_reading": (_HALF, *rung.our_reading),
            **_training(8000, 50, class_steps=rung.class_steps),
        },
    )(build)


_changes = {}
for _number, _rung in enumerate(LADDER):
    _changes = {**_changes, **_rung.changes}
    _register_rung(_number, _rung, _changes)
    if _rung.name in BESIDE:
        _beside = BESIDE[_rung.name]
        _register_rung(_number, _beside, {**_changes, **_beside.changes})


@_cifar10(
    "buffalo/sagan-hinge",
    source="no report; Zhang et al. 2019",
    our_reading=(
        _RESIDUAL,
        "Adam with 1e-4 and 4e-4, beta_1 0 and beta_2 0.9, as in the SAGAN paper; the "
        f"generator's weights are averaged, with a decay of {EMA}",
    ),
    **_training(40_000, 250, class_steps=20),
    half={"batch_size": 32, **_training(8000, 25, class_steps=100)},
)
def sagan_hinge(images, width):
    """Ours: the ladder's last rung with the SAGAN paper's betas."""
    return _joint_updates(
        images,
        width,
        networks=residual.networks,
        latent_dim=128,
        spectral_norm=True,
        labels=True,
        loss="hinge",
        ema=EMA,
        rates=TWO_TIME_SCALES,
        beta_1=0.0,
        beta_2=0.9,
    )
