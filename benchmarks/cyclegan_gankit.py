"""The 64-pixel CycleGAN step of the benchmark, as a subclass of `AdversarialModel`.

Networks and losses of Zhu et al. 2017 (https://arxiv.org/abs/1703.10593), section 7.2:
two residual generators with 6 blocks, two 70 x 70 patch discriminators, least squares,
cycle weight 10, identity weight 5, batch 1.
"""

import keras
import numpy as np
from keras import layers, ops

import gankit
from gankit.layers import ReflectionPadding2D, instance_norm

SIDE = 64
CYCLE_WEIGHT, IDENTITY_WEIGHT = 10.0, 5.0


def _generator():
    images = keras.Input((SIDE, SIDE, 3))
    x = ReflectionPadding2D(3)(images)
    x = layers.ReLU()(instance_norm()(layers.Conv2D(64, 7)(x)))
    for filters in (128, 256):
        x = layers.Conv2D(filters, 3, 2, padding="same")(x)
        x = layers.ReLU()(instance_norm()(x))
    for _ in range(6):
        y = layers.Conv2D(256, 3)(ReflectionPadding2D(1)(x))
        y = layers.ReLU()(instance_norm()(y))
        y = layers.Conv2D(256, 3)(ReflectionPadding2D(1)(y))
        x = layers.Add()([x, instance_norm()(y)])
    for filters in (128, 64):
        x = layers.Conv2DTranspose(filters, 3, 2, padding="same")(x)
        x = layers.ReLU()(instance_norm()(x))
    x = layers.Conv2D(3, 7)(ReflectionPadding2D(3)(x))
    return keras.Model(images, layers.Activation("tanh", dtype="float32")(x))


def _discriminator():
    images = keras.Input((SIDE, SIDE, 3))
    x = layers.LeakyReLU(0.2)(layers.Conv2D(64, 4, 2, padding="same")(images))
    for filters, stride in ((128, 2), (256, 2), (512, 1)):
        x = layers.Conv2D(filters, 4, stride, padding="same")(x)
        x = layers.LeakyReLU(0.2)(instance_norm()(x))
    logits = layers.Conv2D(1, 4, padding="same", dtype="float32")(x)
    return keras.Model(images, logits)


class CycleGAN(gankit.AdversarialModel):
    """G: A to B, F: B to A; D_A and D_B judge either domain."""

    def __init__(self):
        super().__init__(
            [_generator(), _generator()], [_discriminator(), _discriminator()]
        )

    def discriminator_loss(self, batch):
        a, b = batch
        (g, f), (d_a, d_b) = self.generators, self.discriminators
        loss = gankit.losses.least_squares_discriminator_loss
        fake_b = ops.stop_gradient(g(a, training=True))
        fake_a = ops.stop_gradient(f(b, training=True))
        return loss(d_a(a, training=True), d_a(fake_a, training=True)) + loss(
            d_b(b, training=True), d_b(fake_b, training=True)
        )

    def generator_loss(self, batch):
        a, b = batch
        (g, f), (d_a, d_b) = self.generators, self.discriminators
        adversarial = gankit.losses.least_squares_generator_loss
        fake_b, fake_a = g(a, training=True), f(b, training=True)

        def distance(x, y):
            return ops.mean(ops.abs(x - y))

        cycle = distance(f(fake_b, training=True), a) + distance(
            g(fake_a, training=True), b
        )
        identity = distance(g(b, training=True), b) + distance(f(a, training=True), a)
        return (
            adversarial(d_b(fake_b, training=True))
            + adversarial(d_a(fake_a, training=True))
            + CYCLE_WEIGHT * cycle
            + IDENTITY_WEIGHT * identity
        )


def build(precision):
    """Returns a function that trains a number of steps through `fit()`."""
    gankit.setup(0, precision=precision)
    gan = CycleGAN()
    gan.compile(keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5))
    rng = np.random.default_rng(0)
    domains = rng.integers(0, 256, (2, 50, SIDE, SIDE, 3), "uint8")
    batches = gankit.datasets.Batches(tuple(domains), batch_size=1, seed=0)
    return lambda steps: gan.fit(batches, steps_per_epoch=steps, verbose=0)
