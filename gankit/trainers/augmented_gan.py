"""A GAN that augments its real images."""

import keras
from keras import ops

from gankit.layers.augmentation import DifferentiableAugmentation
from gankit.trainers.gan import GAN


@keras.saving.register_keras_serializable("gankit")
class AugmentedGAN(GAN):
    """A GAN that randomly augments its real images in every training step.

    Only real images are augmented, so the generator learns to generate augmented
    images too. To augment real and generated images alike, make a
    `gankit.layers.DifferentiableAugmentation` the first layer of the discriminator.

    Args:
        generator, discriminator: As in `GAN`.
        preprocessing: Policy of `DifferentiableAugmentation` for real images, such as
            `"resize_crop_flip"`. The results are clipped to [-1, 1]. `None` augments
            nothing.
        **options: As in `GAN`.

    Raises:
        ValueError: As in `GAN`, or if the policy contains an unknown key.

    Example:

    >>> networks = gankit.networks.few_images.networks()
    >>> gan = AugmentedGAN(*networks, latent_dim=100, preprocessing="resize_crop_flip")
    """

    def __init__(self, generator, discriminator, *, preprocessing=None, **options):
        super().__init__(generator, discriminator, **options)
        self.preprocessing = preprocessing
        # As a layer, so that the model saves its seed.
        self.preprocess = DifferentiableAugmentation.of(preprocessing, "preprocess")

    def prepare(self, batch):
        images = super().prepare(batch)
        if self.preprocess is None:
            return images
        return ops.clip(self.preprocess(images), -1.0, 1.0)

    def get_config(self):
        return {**super().get_config(), "preprocessing": self.preprocessing}
