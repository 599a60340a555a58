"""Experiments of the CMU report, part 2: CycleGAN on cats and on fruit, 64 x 64."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.cycle_gans import register_translator
from gankit.networks import cyclegan
from gankit.trainers import CycleGAN

BATCH_SIZE = 16
LEARNING_RATE = 3e-4

NO_CYCLE = {"cycle_weight": 0.0}
IDENTITY = {"identity_weight": 5.0}
SSIM = {"cycle_loss": "ssim"}
AUGMENTATION = {"augmentation": "color,translation,cutout"}

# Name: what is said of it, discriminator, its options, the trainer's options.
VARIANTS = {
    "dc": ("DC discriminator, no cycle loss", "dc_discriminator", {}, NO_CYCLE),
    "dc-cyc": ("DC discriminator", "dc_discriminator", {}, {}),
    "patch": ("patches, no cycle loss", "patch46", {}, NO_CYCLE),
    "patch-cyc": ("patches", "patch46", {}, {}),
    "id": ("patches, identity loss", "patch46", {}, IDENTITY),
    "ssim": ("patches, SSIM in the cycle loss", "patch46", {}, SSIM),
    "diffaug": ("patches, differentiable augmentation", "patch46", {}, AUGMENTATION),
    "sn": ("patches, spectral norm", "patch46", {"spectral_norm": True}, {}),
    "all": (
        "patches, identity, SSIM, augmentation and spectral norm",
        "patch46",
        {"spectral_norm": True},
        {**IDENTITY, **SSIM, **AUGMENTATION},
    ),
    "patch22": ("patches of 22 x 22", "patch22", {}, {}),
}

# The report's FID with 2,048 features, of X and of Y.
REPORTED = {
    "cats": {
        "dc": (122.0, 67.0),
        "dc-cyc": (105.0, 83.0),
        "patch": (97.0, 68.0),
        "patch-cyc": (115.0, 73.0),
        "id": (122.0, 70.0),
        "ssim": (114.0, 102.0),
        "diffaug": (87.0, 59.0),
        "sn": (110.0, 76.0),
        "all": (110.0, 103.0),
    },
    "apple2orange": {
        "dc": (214.0, 181.0),
        "dc-cyc": (160.0, 191.0),
        "patch": (119.0, 164.0),
        "patch-cyc": (139.0, 181.0),
        "id": (93.0, 128.0),
        "ssim": (133.0, 165.0),
        "diffaug": (131.0, 172.0),
        "sn": (98.0, 127.0),
        "all": (84.0, 133.0),
    },
}


def build(discriminator, judge, options):
    """Makes a builder of the course's CycleGAN.

    Args:
        discriminator: Name of its function in `gankit.networks.cyclegan`.
        judge: Options of that function.
        options: Those of `gankit.CycleGAN`.

    Returns:
        Function `(data) -> gankit.CycleGAN`, compiled.
    """

    def built(images):
        gan = CycleGAN(
            cyclegan.small_generator(name="g_ab"),
            cyclegan.small_generator(name="g_ba"),
            *(
                getattr(cyclegan, discriminator)(images.image_shape, name=name, **judge)
                for name in ("d_a", "d_b")
            ),
            **{
                "identity_weight": 0.0,
                "pool_size": 0,
                "preprocessing": "resize_crop_flip",
                **options,
            },
        )
        gan.compile(Adam(LEARNING_RATE, 0.5), Adam(LEARNING_RATE, 0.5))
        return gan

    return built


for _kind, _folder, _section in (
    ("cats", "grumpycat", "3.7"),
    ("apple2orange", "apple2orange", "3.8"),
):
    for _name, (_what, _discriminator, _judge, _options) in VARIANTS.items():
        register_translator(
            f"cmu/{_kind}-{_name}",
            summary=f"CycleGAN, {_kind} of 64 x 64: {_what}",
            source=f"cmu, section {_section}",
            data=data.unpaired(_folder, 64, in_class=True),
            build=build(_discriminator, _judge, _options),
            batch_size=BATCH_SIZE,
            full=(10_000, 250),
            in_class=(300, 25),
            reported={
                f"FID ({domain})": value
                for domain, value in zip(
                    "XY", REPORTED[_kind].get(_name, ()), strict=False
                )
            },
            our_reading=(
                "the course's hand-out as we know it: three residual blocks of one "
                "convolution, instance normalisation, 32 channels next to the image, "
                "no pool, beta_1 0.5; borders are padded by reflection",
                "the cycle loss has weight 10, the identity loss 5; both halves of the "
                "least-squares loss have the factor 1/2",
                "SSIM on one scale, 0.84 of it and 0.16 of L1",
                "scores are of translated training pictures, as there are no others",
            ),
        )
