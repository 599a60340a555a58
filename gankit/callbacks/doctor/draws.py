"""Signs in what should be random: latents, and the augmentation of real images."""

import keras
import numpy as np

from gankit.callbacks.doctor.findings import Sign
from gankit.callbacks.doctor.samples import to_float


def latents(model, count):
    """Latents that do not differ, within a batch or from step to step."""
    if not hasattr(model, "sample_latent"):
        return
    with keras.StatelessScope():
        first, second = (to_float(model.sample_latent(count)) for _ in range(2))
    alike = np.ptp(first, axis=0).max() == 0.0
    yield Sign(
        "latent",
        (
            "All latents of a batch are the same"
            if alike
            else "Every step gets the same latents"
        )
        + ": the generator is never asked for more than one picture of each. Draw "
        "anew for every image and step, from the model's seed_generator.",
        holds=alike or np.array_equal(first, second),
    )


def augmentation(model, images):
    """Augmentation that gives the same images in every step."""
    if getattr(model, "preprocess", None) is None:
        return
    with keras.StatelessScope():
        first, second = (to_float(model.prepare(images)) for _ in range(2))
    yield Sign(
        "augmentation",
        "The augmentation of real images makes the same of them in every step, as one "
        "that was cached: the discriminator learns these variants by heart. Draw anew "
        "in every step.",
        holds=np.array_equal(first, second),
    )
