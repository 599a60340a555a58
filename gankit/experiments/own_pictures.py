"""Experiments on your own pictures, after part 3 of the CMU report.

`few` is a GAN of a folder of pictures, `own-other` a CycleGAN between two such folders.
`--data` names the folder. Without it both train on drawn animals.
"""

from pathlib import Path

import keras
from PIL import Image

from gankit import datasets
from gankit.datasets.image_files import list_images
from gankit.experiments import data
from gankit.experiments.cmu.cyclegan import small_cyclegan
from gankit.experiments.cycle_gans import falling_rate, training, translator
from gankit.experiments.running.registry import Budget, budgets, experiment
from gankit.experiments.scoring.few_images import few_image_scorer, few_image_scores
from gankit.experiments.scoring.translations import photograph_scorer
from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.networks import cyclegan, few_images
from gankit.trainers import AugmentedGAN

SIDE = 64
# Scores compare two halves of the pictures.
FEWEST = 8
BATCH_SIZE = 16
LATENT_DIM = few_images.LATENT_DIM
# 5,000 passes over the report's 275 pictures are 85,938 batches.
STEPS = 86_000
TRANSLATOR_STEPS = 30_000


def own_pictures(size, folder):
    """Loads a folder of your own pictures, 64 x 64, or drawn animals.

    Args:
        size: `"smoke"`, `"class"` or `"full"`.
        folder: The folder. `None` takes drawn animals, except for full runs.

    Returns:
        `gankit.datasets.ImageData` without test images.

    Raises:
        ValueError: If a full run names no folder, or if the folder holds fewer than 8
            pictures or some smaller than 64 x 64.
    """
    if _takes_drawings(size, folder, "gankit run few --data FACES"):
        return datasets.ImageData(datasets.Split(data.drawn_cats()), name="stripes-64")
    images = datasets.image_folder(folder, size=SIDE)
    _check(folder, len(images.train))
    return images


def own_and_other(size, folder):
    """Loads two folders of pictures, trainA and trainB, 64 x 64, or drawn animals.

    Args:
        size: As in `own_pictures`.
        folder: The folder that contains both. `None` as in `own_pictures`.

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
    if folder is None:
        data.stand_in("your own pictures", command)
    return folder is None


def _check(folder, count):
    if count < FEWEST:
        raise ValueError(
            f"Expected at least {FEWEST} pictures in {folder}, received {count}: add "
            "more; good results take some hundred."
        )
    small = []
    for file in list_images(Path(folder).expanduser()):
        try:
            with Image.open(file) as picture:
                if min(picture.size) < SIDE:
                    small.append(file.name)
        except OSError:  # the loader leaves it out and warns
            pass
    if small:
        raise ValueError(
            f"Expected pictures of at least {SIDE} x {SIDE}, as enlarging adds nothing "
            f"but blur, received {len(small)} smaller ones in {folder} "
            f"({', '.join(small[:3])}): remove them."
        )


_FALLING_RATE = (
    "the learning rate stays constant for the first half of the full budget and then "
    "falls to zero"
)


@experiment(
    "few",
    source="cmu, section 4.4, on faces of its author",
    data=own_pictures,
    score=few_image_scores,
    scorer=few_image_scorer,
    batch_size=BATCH_SIZE,
    budgets=budgets(in_class=Budget(1500, 75), full=Budget(STEPS, 100)),
    stages=tuple(STEPS * share // 100 for share in (1, 5, 25, 100)),
    our_reading=(
        _FALLING_RATE,
        "patches of 46 x 46, as in the report's section 3.3; instance and spectral "
        "normalisation together; the generator's weights are averaged, which is ours",
        "86,000 steps, which are 5,000 passes over 275 pictures, however many pictures "
        "the folder holds",
    ),
)
def few(images):
    """GAN of a folder of your own pictures (--data)."""
    gan = AugmentedGAN(
        few_images.generator(images.image_shape, LATENT_DIM),
        _augmented_patches(images.image_shape),
        latent_dim=LATENT_DIM,
        latent_distribution="uniform",
        loss="least_squares",
        preprocessing="resize_crop_flip",
        ema=0.999,
    )
    gan.compile(*falling_rate(2e-4, STEPS))
    return gan


def _augmented_patches(image_shape):
    """The course's discriminator of patches, after differentiable augmentation."""
    images = keras.Input(image_shape, name="images")
    patches = cyclegan.patch46(image_shape, spectral_norm=True, name="patches")
    logits = patches(DifferentiableAugmentation()(images))
    return keras.Model(images, logits, name="discriminator")


def _translation_scorer(images, folder=None):
    """The scorer of photographs. It saves nothing among your own pictures."""
    return photograph_scorer(images)


@translator(
    "own-other",
    source="cmu, section 4.5, which calls its result not satisfying",
    data=own_and_other,
    scorer=_translation_scorer,
    batch_size=BATCH_SIZE,
    our_reading=(_FALLING_RATE,),
    **training(
        full=Budget(TRANSLATOR_STEPS, epoch_steps=250),
        in_class=Budget(300, epoch_steps=25),
    ),
)
def own_other(images):
    """CycleGAN between your folders trainA and trainB (--data)."""
    gan = small_cyclegan(
        images,
        spectral_norm=True,
        identity_weight=5.0,
        augmentation="color,translation,cutout",
    )
    gan.compile(*falling_rate(3e-4, TRANSLATOR_STEPS))
    return gan
