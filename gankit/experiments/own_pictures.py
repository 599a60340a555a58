"""Experiments on pictures of one's own, after part 3 of the CMU report.

`few` is a GAN of a folder of pictures, `own-other` a CycleGAN between two such folders.
`--data` says where they are; without it they train on drawn animals.
"""

from pathlib import Path

import keras
from keras.optimizers import Adam
from PIL import Image

from gankit import datasets
from gankit.datasets.image_files import list_images
from gankit.experiments import cmu_cyclegan, data
from gankit.experiments.cycle_gans import register_translator
from gankit.experiments.running.registry import Budget, Experiment, register
from gankit.experiments.scoring.few_images import few_image_scorer, few_image_scores
from gankit.experiments.scoring.translations import photograph_scorer
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.networks import cyclegan, few_images
from gankit.trainers import AugmentedGAN
from gankit.trainers.schedules import ConstantThenLinearDecay

SIDE = 64
# Fewer could not be halved for scores.
FEWEST = 8
BATCH_SIZE = 16
LATENT_DIM = few_images.LATENT_DIM
# 5,000 passes over the report's 275 pictures are 85,938 batches.
STEPS = 86_000
TRANSLATOR_STEPS = 30_000


def own_pictures(size, folder):
    """A folder of one's own pictures, 64 x 64; drawn animals for tests.

    Args:
        size: `"smoke"`, `"class"` or `"full"`; smoke takes drawn animals always.
        folder: The folder, or `None` for drawn animals, except for full runs.

    Returns:
        `gankit.datasets.ImageData` without test images.

    Raises:
        ValueError: If there is no folder for a full run, or in it are fewer than 8
            pictures, or some that would have to be enlarged.
    """
    if _takes_drawings(size, folder, "gankit run few --data FACES"):
        return data.cats("smoke", None)
    images = datasets.image_folder(folder, size=SIDE)
    _check(folder, len(images.train))
    return images


def own_and_other(size, folder):
    """Two folders of pictures, trainA and trainB, 64 x 64; drawn animals for tests.

    Args:
        size: As in `own_pictures`.
        folder: The folder that both are in, or `None` as in `own_pictures`.

    Returns:
        `gankit.datasets.UnpairedImageData`.

    Raises:
        FileNotFoundError: If one of the two is missing.
        ValueError: As `own_pictures`, for either folder.
    """
    command = "gankit run own-other --data FOLDER, with trainA and trainB in it"
    if _takes_drawings(size, folder, command):
        return data.stripes(size, None)
    folder = Path(folder).expanduser().absolute()
    images = datasets.unpaired_folders(folder, size=SIDE)
    for part, pictures in (("trainA", images.train_a), ("trainB", images.train_b)):
        _check(folder / part, len(pictures))
    return images


def _takes_drawings(size, folder, command):
    if size == "full" and folder is None:
        raise ValueError(
            f"Expected a folder of your own pictures for a full run, received none: "
            f"name it, as in {command}."
        )
    return size == "smoke" or folder is None


def _check(folder, count):
    if count < FEWEST:
        raise ValueError(
            f"Expected at least {FEWEST} pictures in {folder}, received {count}: add "
            "some, and some hundred for results."
        )
    small = []
    for file in list_images(Path(folder).expanduser()):
        try:
            with Image.open(file) as picture:
                if min(picture.size) < SIDE:
                    small.append(file.name)
        except OSError:  # left out, with a warning, by what loads them
            pass
    if small:
        raise ValueError(
            f"Expected pictures of at least {SIDE} x {SIDE}, as enlarging adds nothing "
            f"but blur, received {len(small)} smaller ones in {folder} "
            f"({', '.join(small[:3])}): take them out."
        )


def _build(images):
    gan = AugmentedGAN(
        few_images.generator(images.image_shape, LATENT_DIM),
        _augmented_patches(images.image_shape),
        latent_dim=LATENT_DIM,
        latent_distribution="uniform",
        loss="least_squares",
        preprocessing="resize_crop_flip",
        ema=0.999,
    )
    gan.compile(*(Adam(_schedule(2e-4, STEPS), 0.5) for _ in range(2)))
    return gan


def _augmented_patches(image_shape):
    """The course's discriminator of patches, behind differentiable augmentation."""
    images = keras.Input(image_shape, name="images")
    judge = cyclegan.patch46(image_shape, spectral_norm=True, name="patches")
    logits = judge(DifferentiableAugmentation()(images))
    return keras.Model(images, logits, name="discriminator")


def _schedule(rate, steps):
    return ConstantThenLinearDecay(rate, steps // 2, steps - steps // 2)


def _build_translator(images):
    options = {**cmu_cyclegan.IDENTITY, **cmu_cyclegan.AUGMENTATION}
    gan = cmu_cyclegan.build("patch46", {"spectral_norm": True}, options)(images)
    rate = cmu_cyclegan.LEARNING_RATE
    gan.compile(*(Adam(_schedule(rate, TRANSLATOR_STEPS), 0.5) for _ in range(2)))
    return gan


def _translation_scorer(images, folder=None):
    """As for photographs, with nothing kept among one's own pictures."""
    return photograph_scorer(images)


_HALVES = "the rate is constant for one half of the full budget and falls to zero then"

register(
    Experiment(
        name="few",
        summary="a folder of your own pictures, --data: patches, augmentation of both "
        "kinds, spectral normalisation, falling rate",
        source="cmu, section 4.4, on faces of its author",
        data=own_pictures,
        build=_build,
        score=few_image_scores,
        scorer=few_image_scorer,
        batch_size=BATCH_SIZE,
        budgets={
            "smoke": Budget(steps=2, epoch_steps=1),
            "class": Budget(steps=1500, epoch_steps=75),
            "full": Budget(STEPS, epoch_steps=100),
        },
        stages=tuple(STEPS * share // 100 for share in (1, 5, 25, 100)),
        our_reading=(
            _HALVES,
            "patches of 46 x 46, as in the report's section 3.3; instance and spectral "
            "normalisation together; weights of the generator averaged, ours",
            "86,000 steps, 5,000 passes over 275 pictures, whatever the folder holds",
        ),
    )
)
register_translator(
    "own-other",
    summary="CycleGAN between your folders trainA and trainB, --data: patches, "
    "identity loss, augmentation of both kinds, spectral normalisation",
    source="cmu, section 4.5, which calls its result not satisfying",
    data=own_and_other,
    build=_build_translator,
    scorer=_translation_scorer,
    batch_size=cmu_cyclegan.BATCH_SIZE,
    full=(TRANSLATOR_STEPS, 250),
    in_class=(300, 25),
    our_reading=(_HALVES,),
)
