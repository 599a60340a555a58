"""A GAN whose real images are augmented before anybody sees them."""

import keras
from keras import ops

from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.trainers.gan import GAN


@keras.saving.register_keras_serializable("gankit")
class AugmentedGAN(GAN):
    """A GAN that draws new variants of its real images in every step.

    So does preprocessing in the loading of data, here inside the compiled step. Only
    real images are changed: what the discriminator takes for real is now the variants,
    and the generator learns to make these too. To augment both kinds put a
    `gankit.layers.DifferentiableAugmentation` first in the discriminator.

    Args:
        generator: As in `GAN`.
        discriminator: As in `GAN`.
        preprocessing: Policy of `DifferentiableAugmentation` for real images, such as
            `"resize_crop_flip"`, whose results are clipped to [-1, 1] again; `None`
            leaves them as they are.
        **options: As in `GAN`.

    Raises:
        ValueError: As `GAN`, or if the policy has an unknown word.

    Example:

    >>> gan = AugmentedGAN(
    ...     *gankit.networks.few_images.networks(),
    ...     latent_dim=100,
    ...     preprocessing="resize_crop_flip",
    ... )
    """

    def __init__(self, generator, discriminator, *, preprocessing=None, **options):
        super().__init__(generator, discriminator, **options)
        self.preprocessing = preprocessing
        # A layer, as a model keeps the seeds of its layers beside its own.
        self.preprocess = (
            None
            if preprocessing is None
            else DifferentiableAugmentation(preprocessing, name="preprocess")
        )

    def prepare(self, batch):
        images = super().prepare(batch)
        if self.preprocess is None:
            return images
        return ops.clip(self.preprocess(images), -1.0, 1.0)

    def get_config(self):
        return {**super().get_config(), "preprocessing": self.preprocessing}
