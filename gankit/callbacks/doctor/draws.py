"""Checks of random numbers: latents, and the augmentation of real images."""

import keras
import numpy as np

from gankit.callbacks.doctor.findings import Sign
from gankit.callbacks.doctor.samples import to_float


def latents(model, count):
    """Checks whether latents differ, within a batch and between steps."""
    if not hasattr(model, "sample_latent"):
        return
    with keras.StatelessScope():
        first, second = (to_float(model.sample_latent(count)) for _ in range(2))
    alike = np.ptp(first, axis=0).max() == 0.0
    which = "All latents of a batch are" if alike else "Latents of all steps are"
    yield Sign(
        "latent",
        f"{which} the same: the generator only ever has to make the same pictures. "
        "Draw new latents for every image and step, from the model's seed_generator.",
        holds=alike or np.array_equal(first, second),
    )


def augmentation(model, images):
    """Checks whether augmentation differs between steps."""
    if getattr(model, "preprocess", None) is None:
        return
    with keras.StatelessScope():
        first, second = (to_float(model.prepare(images)) for _ in range(2))
    yield Sign(
        "augmentation",
        "The augmentation gives the same variants of the real images in every step, as "
        "if it were cached: the discriminator learns these variants by heart. Draw new "
        "random numbers in every step.",
        holds=np.array_equal(first, second),
    )
