"""Experiments of the CMU report, part 2: CycleGAN on cats and on fruit."""

import tomllib
from pathlib import Path

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.cycle_gans import DRAWN_FORM, training, translator
from gankit.experiments.running.registry import Budget
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.translations import losses_and_inversion
from gankit.networks import cyclegan
from gankit.trainers import CycleGAN

BATCH_SIZE = 16
LEARNING_RATE = 3e-4

# The rows of the report's tables; `cyclegan.toml` describes the fields.
VARIANTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def small_cyclegan(images, *, discriminator="patch46", spectral_norm=False, **options):
    """Builds the course's CycleGAN for 64 x 64.

    Args:
        images: The `gankit.datasets.UnpairedImageData`.
        discriminator: Name of the function of `gankit.networks.cyclegan` that builds
            a discriminator.
        spectral_norm: Whether both discriminators are normalised spectrally.
        **options: Options of `gankit.CycleGAN`.

    Returns:
        A `gankit.CycleGAN`, compiled.
    """
    generators = [cyclegan.small_generator(name=name) for name in ("g_ab", "g_ba")]
    build = getattr(cyclegan, discriminator)
    discriminators = [
        build(images.image_shape, spectral_norm=spectral_norm, name=name)
        for name in ("d_a", "d_b")
    ]
    options = {"identity_weight": 0.0, **options}
    return _compiled(generators, discriminators, **options)


def _compiled(generators, discriminators, **options):
    gan = CycleGAN(
        *generators,
        *discriminators,
        pool_size=0,
        preprocessing="resize_crop_flip",
        **options,
    )
    gan.compile(Adam(LEARNING_RATE, 0.5), Adam(LEARNING_RATE, 0.5))
    return gan


_SMALL_READING = (
    "the course's hand-out as we know it: three residual blocks of one convolution, "
    "instance normalisation, 32 channels in the first layer, no pool, beta_1 0.5; "
    "borders are padded by reflection",
    "the cycle loss has weight 10, the identity loss 5; both terms of the "
    "least-squares loss are halved",
    "SSIM on one scale, with a weight of 0.84 against 0.16 of L1",
)
_TRAINING_PICTURES = "there are no test pictures: scores use the training pictures"


def _fid(pair):
    return {f"FID ({x})": value for x, value in zip("XY", pair, strict=False)}


def _register(name, variant, *, folder, what, our_reading=(), **fields):
    def build(images):
        return small_cyclegan(images, **variant.get("options", {}))

    translator(
        name,
        summary=f"{what}: {variant['summary']}",
        data=data.unpaired(folder, 64, in_class=True),
        batch_size=BATCH_SIZE,
        our_reading=(*_SMALL_READING, _TRAINING_PICTURES, *our_reading),
        **fields,
    )(build)


def _register_table(kind, *, folder, section, variants=VARIANTS):
    for name in variants:
        _register(
            f"cmu/{kind}-{name}",
            VARIANTS[name],
            folder=folder,
            what=f"{kind} of 64 x 64",
            source=f"cmu, section {section}",
            reported=_fid(VARIANTS[name].get(kind, ())),
            **training(
                full=Budget(10_000, epoch_steps=250),
                in_class=Budget(300, epoch_steps=25),
            ),
        )


_register_table("cats", folder="grumpycat", section="3.7")
_register_table("apple2orange", folder="apple2orange", section="3.8")
# Does SSIM help paintings more than cats?
_register_table(
    "monet2photo", folder="monet2photo", section="3.7", variants=("patch-cyc", "ssim")
)


def _large(kind, *, folder, section, reported):
    return translator(
        f"cmu/{kind}256",
        summary=f"{kind} of 256 x 256: patches of 94 x 94, identity loss",
        source=f"cmu, section {section}",
        data=data.unpaired(folder, 256),
        batch_size=4,
        reported=_fid(reported),
        our_reading=(
            "the paper's generator with 9 blocks; batches of 4, no pool; the learning "
            "rate of the small pictures, constant",
            "the cycle loss has weight 5, the identity loss half of it",
            "pictures smaller than 256 x 256 are enlarged",
            _TRAINING_PICTURES,
        ),
        **training(full=Budget(10_000, epoch_steps=250)),
    )


@_large("cats", folder="grumpycat", section="3.9", reported=(107.0, 208.0))
@_large("apple2orange", folder="apple2orange", section="3.10", reported=(103.0, 144.0))
def large_cyclegan(images):
    """Builds the CycleGAN for 256 x 256, or a smaller one for drawn animals."""
    form = DRAWN_FORM if data.is_drawn(images) else {"width": 64, "blocks": 9}
    generators = [cyclegan.generator(name=name, **form) for name in ("g_ab", "g_ba")]
    discriminators = [
        cyclegan.patch94(images.image_shape, form["width"], name=name)
        for name in ("d_a", "d_b")
    ]
    return _compiled(generators, discriminators, cycle_weight=5.0, identity_weight=2.5)


# Colours are inverted within the first steps, or never.
INVERSION_STEPS = 250
INVERSION = {
    "inversion/cycle": "patch-cyc",
    "inversion/identity": "id",
    "inversion/spectral": "sn",
}

for _name, _variant in INVERSION.items():
    _budget = Budget(INVERSION_STEPS, INVERSION_STEPS)
    _register(
        _name,
        VARIANTS[_variant],
        folder="apple2orange",
        what="Are colours inverted? Fruit",
        source="cmu, section 3.8",
        score=losses_and_inversion,
        scorer=None,
        our_reading=(
            f"{INVERSION_STEPS} steps: pictures inverted by then stay inverted",
        ),
        **training(full=_budget, in_class=_budget),
    )

register_study(
    Study(
        "inversion",
        "does the cycle loss invert colours, and what prevents it? six seeds",
        tuple(INVERSION),
        seeds=6,
    )
)
