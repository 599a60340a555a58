"""Experiments of the CMU report, part 1: a GAN of 204 pictures of one cat."""

import functools
import math

from keras.optimizers import Adam

from gankit.datasets import ImageData, Split
from gankit.experiments import data
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.few_images import few_image_scorer, few_image_scores
from gankit.layers import AdaptiveAugmentation, instance_norm
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.networks import few_images
from gankit.networks.parts import batch_normalization
from gankit.trainers import AugmentedGAN

BATCH_SIZE = 16
LATENT_DIM = few_images.LATENT_DIM
# Batches in a pass over 204 pictures.
EPOCH = 13
STEPS = 500 * EPOCH
LARGE_STEPS = 2000 * EPOCH
# After 10, 50, 150 and 500 passes.
STAGES = (130, 650, 1950, STEPS)
REPORTED = "FID of the report"

_READING = (
    "settings of the course's hand-out: batches of 16, Adam with 2e-4 and beta_1 0.5, "
    "least squares with both terms halved, latents U(-1, 1) of 100, widths from 32",
    "the 204 pictures of one of the course's two cats, 500 epochs of 13 batches each",
    "instance normalisation without gain and bias, none after the discriminator's "
    "first convolution; ReLU in both networks; weights start at N(0, 0.02)",
    "with spectral normalisation, all convolutions of the discriminator have it in "
    "addition to instance normalisation",
    "the report's FID uses 2,048 features, for which 204 images are too few; it is "
    "printed next to distances of 768 features and not compared with them",
)


def _cats(
    name,
    *,
    source="cmu, section 2.6",
    images=data.cats,
    steps=STEPS,
    reported=None,
    our_reading=_READING,
    **fields,
):
    return experiment(
        name,
        source=source,
        data=images,
        score=few_image_scores,
        scorer=few_image_scorer,
        batch_size=BATCH_SIZE,
        reported={} if reported is None else {REPORTED: reported},
        our_reading=our_reading,
        **_training(steps),
        **fields,
    )


def _training(steps):
    return {
        "budgets": budgets(in_class=Budget(150, 25), full=Budget(steps, 65)),
        "scorings": 3 if steps < STEPS else 10,
        "stages": (*(stage for stage in STAGES if stage < steps), steps),
    }


_150_epochs = functools.partial(_cats, steps=150 * EPOCH)
_held_out = functools.partial(
    _cats, source="cmu, section 2.6, on overfitting", images=data.cats_held_out
)
_OURS = {
    "source": "no report",
    "our_reading": (
        "batches of 16, Adam with 2e-4 and beta_1 0.5, latents U(-1, 1) of 100, widths "
        "from 32",
        *_READING[1:2],
        "batch normalisation in the generator, which lets pictures differ in "
        "brightness; instance and spectral normalisation in the discriminator",
    ),
}
_ours = functools.partial(_cats, **_OURS)


def _gan(
    images,
    *,
    preprocessing=None,
    augmentation=None,
    loss="least_squares",
    ema=None,
    **networks,
):
    if augmentation is True:
        augmentation = DifferentiableAugmentation()
    gan = AugmentedGAN(
        *few_images.networks(
            images.image_shape, LATENT_DIM, augmentation=augmentation, **networks
        ),
        latent_dim=LATENT_DIM,
        latent_distribution="uniform",
        preprocessing=preprocessing,
        loss=loss,
        ema=ema,
    )
    gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
    return gan


# "Basic" pictures are as they are; "deluxe" ones cropped from 1.1 times their size and
# flipped. "diffaug" is differentiable augmentation of real and generated pictures.


@_cats("cmu/cats64-basic", reported=384)
@_150_epochs("cats64/basic", summary="204 cats as they are, 150 epochs")
@_held_out("cmu/cats64-holdout-basic", summary="160 cats as they are, 44 held out")
def basic(images):
    """204 cats as they are."""
    return _gan(images)


@_cats("cmu/cats64-basic-diffaug", reported=55)
@_150_epochs(
    "cats64/basic-diffaug", summary="204 cats as they are, diffaug, 150 epochs"
)
@_held_out(
    "cmu/cats64-holdout-diffaug", summary="160 cats as they are, diffaug, 44 held out"
)
def basic_diffaug(images):
    """204 cats as they are, diffaug."""
    return _gan(images, augmentation=True)


@_cats("cmu/cats64-basic-sn", reported=123)
@_150_epochs("cats64/basic-sn", summary="204 cats as they are, spectral norm")
def basic_sn(images):
    """204 cats as they are, spectral norm."""
    return _gan(images, spectral_norm=True)


@_cats("cmu/cats64-basic-diffaug-sn")
def basic_diffaug_sn(images):
    """204 cats as they are, diffaug, spectral norm."""
    return _gan(images, augmentation=True, spectral_norm=True)


_deluxe_gan = functools.partial(_gan, preprocessing="resize_crop_flip")


@_cats("cmu/cats64-deluxe", reported=98)
@_150_epochs("cats64/deluxe", summary="204 cats cropped and flipped, 150 epochs")
def deluxe(images):
    """204 cats cropped and flipped."""
    return _deluxe_gan(images)


@_cats("cmu/cats64-deluxe-diffaug", reported=72)
@_150_epochs(
    "cats64/deluxe-diffaug", summary="204 cats cropped and flipped, diffaug, 150 epochs"
)
def deluxe_diffaug(images):
    """204 cats cropped and flipped, diffaug."""
    return _deluxe_gan(images, augmentation=True)


@_cats("cmu/cats64-deluxe-sn", reported=136)
def deluxe_sn(images):
    """204 cats cropped and flipped, spectral norm."""
    return _deluxe_gan(images, spectral_norm=True)


@_cats("cmu/cats64-deluxe-diffaug-sn")
def deluxe_diffaug_sn(images):
    """204 cats cropped and flipped, diffaug, spectral norm."""
    return _deluxe_gan(images, augmentation=True, spectral_norm=True)


# Cats of 256 x 256: section 2.7.


def _large_cats(side):
    def load(size, folder):
        if size != "full":
            return data.cats(size, folder)
        pictures = data.unpaired("grumpycat", side)(size, folder)
        return ImageData(Split(pictures.train_b), name=pictures.name)

    return load


_LARGE_READING = (
    *_READING[:1],
    "the 204 pictures of one of the course's two cats; smaller ones are enlarged, and "
    "those we have are 64 x 64, to which 256 x 256 adds nothing but blur",
    "2,000 epochs of 13 batches each; the crops and flips of deluxe, as for 64 x 64",
    "the two added blocks have 256 channels, and the discriminator has two more "
    "convolutions",
    *_READING[2:4],
    "the sizes smoke and class train on pictures of 64 x 64, with two blocks fewer",
)


@_cats(
    "cmu/cats256-deluxe-diffaug-sn",
    source="cmu, section 2.7",
    images=_large_cats(256),
    steps=LARGE_STEPS,
    our_reading=_LARGE_READING,
    half={
        "data": _large_cats(128),
        "our_reading": (
            "for machines without a GPU, pictures are half as large and both networks "
            "half as wide, with one block fewer; 500 epochs",
            *_LARGE_READING,
        ),
        **_training(STEPS),
    },
)
def large(images, width):
    """204 cats of 256 x 256, two more blocks."""
    # Fewer blocks for smaller pictures.
    blocks = int(math.log2(images.image_shape[0] // few_images.BASE))
    widths = [int(width * channels) for channels in few_images.WIDTHS[256][-blocks:]]
    return _deluxe_gan(images, widths=widths, augmentation=True, spectral_norm=True)


@_cats(
    "cmu/cats64-jitter",
    source="cmu, section 2.1, where it is said to prevent convergence",
)
@_150_epochs("cats64/jitter", summary="204 cats, colours of the real ones jittered")
def jitter(images):
    """204 cats, only the real pictures' colours jittered."""
    return _gan(images, preprocessing="color")


_BEST = {
    "augmentation": True,
    "spectral_norm": True,
    "normalization": batch_normalization,
    "loss": "hinge",
    "ema": 0.999,
}


@_ours("cmu/cats64-best")
@_150_epochs("cats64/best", summary="204 cats, ours, 150 epochs", **_OURS)
def best(images):
    """Ours: batch norm in the generator, diffaug, spectral norm, hinge, averaged.

    The pictures are cropped and flipped.
    """
    return _deluxe_gan(images, **_BEST)


@_150_epochs(
    "cats64/best-instance-norm",
    summary="204 cats, ours with instance norm in the generator, 150 epochs",
)
def best_instance_norm(images):
    """Ours with instance normalisation in the generator, as in the report's models."""
    return _deluxe_gan(images, **{**_BEST, "normalization": instance_norm})


@_150_epochs(
    "cats64/best-adaptive",
    summary="204 cats, ours with an adaptive probability of augmentation, 150 epochs",
)
def best_adaptive(images):
    """Ours, with augmentation only as far as the discriminator overfits (ADA)."""
    # The 31,200 images of this short training can raise the probability to 1 twice.
    augmentation = AdaptiveAugmentation(images=15_600)
    return _deluxe_gan(images, **{**_BEST, "augmentation": augmentation})


@_150_epochs(
    "cats64/best-unaugmented",
    summary="204 cats, ours without diffaug, 150 epochs",
)
def best_unaugmented(images):
    """Ours without differentiable augmentation."""
    return _deluxe_gan(images, **{**_BEST, "augmentation": None})


@_ours("cmu/cats64-best-flip")
def best_flip(images):
    """Ours, pictures flipped but not cropped."""
    return _gan(images, preprocessing="flip", **_BEST)


register_study(
    Study(
        "cats64",
        "150 epochs of 204 cats: basic, each addition, and ours, over three seeds",
        (
            "cats64/basic",
            "cats64/basic-sn",
            "cats64/jitter",
            "cats64/deluxe",
            "cats64/basic-diffaug",
            "cats64/deluxe-diffaug",
            "cats64/best-instance-norm",
            "cats64/best",
        ),
    )
)
