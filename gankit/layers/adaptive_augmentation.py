"""Augmentation whose probability follows how much the discriminator overfits."""

import keras
from keras import ops

from gankit.backend.arguments import check_number, check_real
from gankit.layers.augmentation import DifferentiableAugmentation

# The paper measures over four batches.
_BATCHES = 4


@keras.saving.register_keras_serializable("gankit")
class AdaptiveAugmentation(DifferentiableAugmentation):
    """Augments each image with a probability that rises while D overfits (ADA).

    Make it the first layer of the discriminator of a `gankit.GAN` or `ConditionalGAN`.
    Each augmentation of the policy is applied to each image with the probability p,
    independently. A discriminator that overfits is sure of the real images it has seen.
    So the trainer passes each batch's logits of real images to `adapt`, which compares
    r = E[sign(D(x))] with `target`: p rises if r is larger, and falls if it is smaller.
    p starts at 0 and is logged as `augmentation`.

    Args:
        policy: As in `DifferentiableAugmentation`.
        seed: Integer seed; `None` chooses one at random.
        target: The value of r that p is to keep, in (0, 1).
        images: Number of real images in which p can rise from 0 to 1.
        **kwargs: As in `keras.layers.Layer`.

    Attributes:
        probability: p, a scalar variable in [0, 1].

    Raises:
        ValueError: If the policy contains an unknown key, or an argument is out of
            range.

    Example:

    >>> augmentation = AdaptiveAugmentation(images=20_000)
    >>> networks = gankit.networks.few_images.networks(augmentation=augmentation)

    Reference:
        Karras et al. 2020, section 3.1, heuristic r_t
        (https://arxiv.org/abs/2006.06676). Its augmentations are others; those here are
        of Zhao et al. 2020.
    """

    def __init__(
        self,
        policy="color,translation,cutout",
        seed=None,
        *,
        target=0.6,
        images=500_000,
        **kwargs,
    ):
        super().__init__(policy, seed, **kwargs)
        self.target = check_real("target", target, above=0, below=1)
        self.images = check_number("images", images, 1)
        # Each device of a distributed training sees its own part of the batch.
        state = {"shape": (), "trainable": False, "aggregation": "mean"}
        self.probability = self.add_weight(
            initializer="zeros", name="probability", **state
        )
        self.sign = self.add_weight(initializer="zeros", name="sign", **state)

    def augment(self, function, images):
        shape = (ops.shape(images)[0], 1, 1, 1)
        draw = keras.random.uniform(shape, seed=self.seed_generator)
        augmented = super().augment(function, images)
        return ops.where(draw < self.probability, augmented, images)

    def adapt(self, logits):
        """Moves p after n real images with the logits `(n, ...)`, 0 for undecided."""
        logits = ops.stop_gradient(ops.convert_to_tensor(logits, "float32"))
        sign = ops.mean(ops.sign(logits))
        self.sign.assign(self.sign + (sign - self.sign) / _BATCHES)
        change = ops.cast(ops.shape(logits)[0], "float32") / self.images
        probability = self.probability + change * ops.sign(self.sign - self.target)
        self.probability.assign(ops.clip(probability, 0.0, 1.0))

    def get_config(self):
        return {**super().get_config(), "target": self.target, "images": self.images}
