"""Experiments of the CMU report, part 1: a GAN from 204 pictures of one cat."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.few_images import few_image_scorer, few_image_scores
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.networks import few_images
from gankit.trainers import AugmentedGAN

BATCH_SIZE = 16
LATENT_DIM = few_images.LATENT_DIM
# 500 passes over 204 pictures, of 13 batches each.
STEPS = 6500
EPOCH_STEPS = 65
# After 10, 50, 150 and 500 passes.
_STAGES = (130, 650, 1950, STEPS)
# Preprocessing of the real images.
DELUXE = "resize_crop_flip"
REPORTED = "FID of the report"


def _cats(preprocessing, *, diffaug=False, spectral_norm=False, **game):
    game = {"loss": "least_squares", **game}

    def build(images):
        gan = AugmentedGAN(
            *few_images.networks(
                images.image_shape,
                LATENT_DIM,
                spectral_norm=spectral_norm,
                augmentation=DifferentiableAugmentation() if diffaug else None,
            ),
            latent_dim=LATENT_DIM,
            latent_distribution="uniform",
            preprocessing=preprocessing,
            **game,
        )
        gan.compile(Adam(2e-4, 0.5), Adam(2e-4, 0.5))
        return gan

    return build


def _register(
    name, summary, source, build, *, images=data.cats, reported=None, steps=STEPS
):
    return register(
        Experiment(
            name=name,
            summary=summary,
            source=source,
            data=images,
            build=build,
            score=few_image_scores,
            scorer=few_image_scorer,
            batch_size=BATCH_SIZE,
            budgets={
                "smoke": Budget(steps=2, epoch_steps=1),
                "class": Budget(steps=150, epoch_steps=25),
                "full": Budget(steps, EPOCH_STEPS),
            },
            scorings=10 if steps == STEPS else 3,
            stages=tuple(step for step in _STAGES if step <= steps),
            reported={} if reported is None else {REPORTED: reported},
            our_reading=_READING,
        )
    )


_READING = (
    "settings of the course's hand-out: batches of 16, Adam with 2e-4 and beta_1 0.5, "
    "least squares with both terms halved, latents U(-1, 1) of 100, widths from 32",
    "the 204 pictures of one of the course's two cats, 500 epochs of 13 batches each",
    "instance normalisation without gain and bias, none behind the discriminator's "
    "first convolution; ReLU in both networks; weights start at N(0, 0.02)",
    "spectral normalisation of all convolutions of the discriminator, beside instance "
    "normalisation",
    "the report's FID is of 2,048 features, on which 204 images say little, and stands "
    "beside distances of 768 features without comparison",
)
_JITTER = (
    "the paper's U(-0.5, 0.5) for brightness, U(0, 2) and U(0.5, 1.5) for the rest"
)

_BASIC = "pictures as they are"
_CROPS = "pictures cropped from 1.1 times their size and flipped"
_DIFFAUG = "differentiable augmentation of both kinds"
_SN = "spectral normalisation"

for _preprocessing, _name, _what, _numbers in (
    (None, "basic", _BASIC, (384, 55, 123)),
    (DELUXE, "deluxe", _CROPS, (98, 72, 136)),
):
    for _suffix, _more, _options, _number in (
        ("", "", {}, _numbers[0]),
        ("-diffaug", f", {_DIFFAUG}", {"diffaug": True}, _numbers[1]),
        ("-sn", f", {_SN}", {"spectral_norm": True}, _numbers[2]),
        (
            "-diffaug-sn",
            f", {_DIFFAUG}, {_SN}",
            {"diffaug": True, "spectral_norm": True},
            None,  # a cell that the table leaves out
        ),
    ):
        _register(
            f"cmu/cats64-{_name}{_suffix}",
            f"204 cats, {_what}{_more}",
            "cmu, section 2.6",
            _cats(_preprocessing, **_options),
            reported=_number,
        )

_register(
    "cmu/cats64-jitter",
    "204 cats, colours of the real pictures alone jittered",
    "cmu, section 2.1, where it is said to prevent convergence",
    _cats("color"),
)
_BEST = {
    "diffaug": True,
    "spectral_norm": True,
    "loss": "hinge",
    "ema": 0.999,
}
_register(
    "cmu/cats64-best",
    f"ours: {_CROPS}, {_DIFFAUG}, {_SN}, hinge loss, averaged weights",
    "no report",
    _cats(DELUXE, **_BEST),
)
_register(
    "cmu/cats64-best-flip",
    f"ours: the same of pictures that are flipped alone, {_DIFFAUG}",
    "no report",
    _cats("flip", **_BEST),
)
for _suffix, _more, _options in (
    ("basic", "", {}),
    ("diffaug", f", {_DIFFAUG}", {"diffaug": True}),
):
    _register(
        f"cmu/cats64-holdout-{_suffix}",
        f"160 cats, {_BASIC}{_more}; 44 kept back",
        "cmu, section 2.6, on overfitting",
        _cats(None, **_options),
        images=data.cats_held_out,
    )

register_study(
    Study(
        "cats64",
        "150 epochs of 204 cats with nothing, with augmentation, and ours, three seeds",
        tuple(
            _register(
                f"cats64/{_name}",
                f"204 cats, 150 epochs: {_what}",
                "cmu, section 2.6",
                _cats(_preprocessing, **_options),
                steps=STEPS * 150 // 500,
            ).name
            for _name, _what, _preprocessing, _options in (
                ("basic", _BASIC, None, {}),
                ("basic-diffaug", f"{_BASIC}, {_DIFFAUG}", None, {"diffaug": True}),
                ("best", "ours, as cmu/cats64-best", DELUXE, _BEST),
            )
        ),
    )
)
