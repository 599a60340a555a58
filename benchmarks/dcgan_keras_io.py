"""The same networks, trained as keras.io's DCGAN example does, with its defaults.

The example (fchollet, 2019, "DCGAN to generate face images") concatenates fake and real
images for one call of the discriminator, adds noise to the labels, and leaves
`compile()` as it is. Only the networks differ: those of the benchmark, with the
example's sigmoid at the end.
"""

import keras
import numpy as np
import tensorflow as tf

from gankit.networks import dcgan

BATCH_SIZE = 128


class ExampleGAN(keras.Model):
    """The example's algorithm, in its order of operations."""

    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.seeds = keras.random.SeedGenerator(1337)
        self.built = True

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn
        self.d_mean = keras.metrics.Mean(name="d_loss")
        self.g_mean = keras.metrics.Mean(name="g_loss")

    def _descend(self, images, labels, network, optimizer, through=None):
        with tf.GradientTape() as tape:
            inputs = images if through is None else through(images)
            loss = self.loss_fn(labels, self.discriminator(inputs))
        gradients = tape.gradient(loss, network.trainable_weights)
        optimizer.apply_gradients(
            zip(gradients, network.trainable_weights, strict=True)
        )
        return loss

    def train_step(self, real):
        n = tf.shape(real)[0]
        fake = self.generator(keras.random.normal((n, 100), seed=self.seeds))
        both = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        d_loss = self._descend(both, labels, self.discriminator, self.d_optimizer)
        latents = keras.random.normal((n, 100), seed=self.seeds)
        g_loss = self._descend(
            latents, tf.zeros((n, 1)), self.generator, self.g_optimizer, self.generator
        )
        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        return {"d_loss": self.d_mean.result(), "g_loss": self.g_mean.result()}


def build(precision):
    """Returns a function that trains a number of steps through `fit()`."""
    keras.config.set_dtype_policy(precision)
    generator, discriminator = dcgan.shallow()
    probability = keras.layers.Activation("sigmoid")(discriminator.output)
    gan = ExampleGAN(generator, keras.Model(discriminator.input, probability))
    gan.compile(
        keras.optimizers.Adam(1e-4),
        keras.optimizers.Adam(1e-4),
        keras.losses.BinaryCrossentropy(),
    )
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (6400, 28, 28, 1)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(images).shuffle(1024)
    data = data.batch(BATCH_SIZE, drop_remainder=True).repeat()
    return lambda steps: gan.fit(data, steps_per_epoch=steps, verbose=0)
