"""Experiments of the CMU report, part 2: CycleGAN on cats and on fruit, 64 x 64."""

from keras.optimizers import Adam

from gankit.experiments import data
from gankit.experiments.cycle_gans import DRAWN_FORM, register_translator
from gankit.experiments.running.study import Study, register_study
from gankit.experiments.scoring.translations import losses_and_inversion
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
        generators = [cyclegan.small_generator(name=name) for name in ("g_ab", "g_ba")]
        judges = [
            getattr(cyclegan, discriminator)(images.image_shape, name=name, **judge)
            for name in ("d_a", "d_b")
        ]
        return _trainer(generators, judges, {"identity_weight": 0.0, **options})

    return built


def build_large(images):
    """Builds the CycleGAN for 256 x 256; a smaller one for drawn animals.

    Args:
        images: The data.

    Returns:
        A `gankit.CycleGAN`, compiled.
    """
    form = DRAWN_FORM if data.is_drawn(images) else {"width": 64, "blocks": 9}
    generators = [cyclegan.generator(name=name, **form) for name in ("g_ab", "g_ba")]
    judges = [
        cyclegan.patch94(images.image_shape, form["width"], name=name)
        for name in ("d_a", "d_b")
    ]
    return _trainer(generators, judges, {"cycle_weight": 5.0, "identity_weight": 2.5})


def _trainer(generators, judges, options):
    gan = CycleGAN(
        *generators,
        *judges,
        pool_size=0,
        preprocessing="resize_crop_flip",
        **options,
    )
    gan.compile(Adam(LEARNING_RATE, 0.5), Adam(LEARNING_RATE, 0.5))
    return gan


_SMALL_READING = (
    "the course's hand-out as we know it: three residual blocks of one convolution, "
    "instance normalisation, 32 channels next to the image, no pool, beta_1 0.5; "
    "borders are padded by reflection",
    "the cycle loss has weight 10, the identity loss 5; both halves of the "
    "least-squares loss have the factor 1/2",
    "SSIM on one scale, 0.84 of it and 0.16 of L1",
)
_TRAINING_PICTURES = (
    "scores are of translated training pictures, as there are no others"
)


def _register(name, variant, *, folder, what, our_reading=(), **fields):
    said, discriminator, judge, options = VARIANTS[variant]
    return register_translator(
        name,
        summary=f"{what} of 64 x 64: {said}",
        data=data.unpaired(folder, 64, in_class=True),
        build=build(discriminator, judge, options),
        batch_size=BATCH_SIZE,
        our_reading=(*_SMALL_READING, _TRAINING_PICTURES, *our_reading),
        **fields,
    ).name


def _register_all(kind, folder, section, variants):
    for variant in variants:
        _register(
            f"cmu/{kind}-{variant}",
            variant,
            folder=folder,
            what=f"CycleGAN, {kind}",
            source=f"cmu, section {section}",
            full=(10_000, 250),
            in_class=(300, 25),
            reported=_fid(REPORTED.get(kind, {}).get(variant, ())),
        )


def _fid(pair):
    return {f"FID ({x})": value for x, value in zip("XY", pair, strict=False)}


_register_all("cats", "grumpycat", "3.7", VARIANTS)
_register_all("apple2orange", "apple2orange", "3.8", VARIANTS)
# Does SSIM help paintings more than cats?
_register_all("monet2photo", "monet2photo", "3.7", ("patch-cyc", "ssim"))

for _kind, _folder, _section, _reported in (
    ("cats", "grumpycat", "3.9", (107.0, 208.0)),
    ("apple2orange", "apple2orange", "3.10", (103.0, 144.0)),
):
    register_translator(
        f"cmu/{_kind}256",
        summary=f"CycleGAN, {_kind} of 256 x 256: patches of 94, cycle and identity",
        source=f"cmu, section {_section}",
        data=data.unpaired(_folder, 256),
        build=build_large,
        batch_size=4,
        full=(10_000, 250),
        reported=_fid(_reported),
        our_reading=(
            "the paper's generator with 9 blocks; batches of 4, no pool; the rate of "
            "the small pictures, constant",
            "the cycle loss has weight 5, the identity loss half of it",
            "it takes pictures of 256 x 256: smaller ones are enlarged, with a warning",
            _TRAINING_PICTURES,
        ),
    )

# Light and dark are turned over within the first steps, or never.
INVERSION_STEPS = 250

register_study(
    Study(
        "inversion",
        "does a cycle loss turn colours over, and what keeps it from that? six seeds",
        tuple(
            _register(
                f"inversion/{_name}",
                _variant,
                folder="apple2orange",
                what="do colours turn over? fruit",
                source="cmu, section 3.8",
                full=(INVERSION_STEPS, INVERSION_STEPS),
                in_class=(INVERSION_STEPS, INVERSION_STEPS),
                score=losses_and_inversion,
                scorer=None,
                our_reading=(
                    f"{INVERSION_STEPS} steps, as what is turned over then stays so",
                ),
            )
            for _name, _variant in (
                ("cycle", "patch-cyc"),
                ("identity", "id"),
                ("spectral", "sn"),
            )
        ),
        seeds=6,
    )
)
