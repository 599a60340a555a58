"""Conditional DCGANs for digits, with three ways to condition on the class.

- `"multiplication"` (Imperial College report, section 3) multiplies the latent and the
  image by embeddings of the label.
- `"concatenation"` appends the one-hot label to the latent, and one plane per class to
  the image: ones for the label, zeros for the others (Mirza and Osindero 2014, section
  3.2, https://arxiv.org/abs/1411.1784).
- `"projection"` adds the inner product of the discriminator's features with an
  embedding of the label to the logit, and gives the generator's batch normalisation a
  gain and a bias for each class (Miyato and Koyama 2018,
  https://arxiv.org/abs/1802.05637).
"""

import math

import keras
from keras import layers, ops

from gankit.backend import device
from gankit.backend.arguments import check_choice
from gankit.layers import ConditionalBatchNormalization, SpectralNormalization
from gankit.networks import dcgan
from gankit.networks.parts import batch_normalization, label_input

CONDITIONINGS = ("multiplication", "concatenation", "projection")


def generator(
    filters,
    strides,
    *,
    num_classes=10,
    conditioning="multiplication",
    image_shape=(28, 28, 1),
    latent_dim=100,
):
    """Builds a conditional `gankit.networks.dcgan.generator`.

    Args:
        filters, strides, image_shape, latent_dim: As in `dcgan.generator`.
        num_classes: Number of classes.
        conditioning: One of `CONDITIONINGS`.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)` and int32 labels `(n,)` to float32
        images `(n, height, width, channels)` in [-1, 1].

    Raises:
        ValueError: If `conditioning` is unknown, or the strides do not fit.

    References:
        Concatenation: Mirza and Osindero 2014, section 3.2
        (https://arxiv.org/abs/1411.1784); projection: Miyato and Koyama 2018, section 3
        (https://arxiv.org/abs/1802.05637).
    """
    check_choice("conditioning to be one of", conditioning, CONDITIONINGS)
    latent = keras.Input((latent_dim,), name="latent")
    labels = label_input()
    x, normalization = latent, batch_normalization
    if conditioning == "multiplication":
        # The small initial values, U(-0.05, 0.05), do not matter: batch normalisation
        # removes the scale.
        x = layers.Multiply()([x, layers.Embedding(num_classes, latent_dim)(labels)])
    elif conditioning == "concatenation":
        x = layers.Concatenate()([x, OneHot(num_classes)(labels)])
    else:

        def normalization():
            norm = ConditionalBatchNormalization(
                num_classes, synchronized=device.synchronizes_batches()
            )
            return lambda maps: norm([maps, labels])

    images = dcgan.generator_body(
        x, filters, strides, image_shape=image_shape, normalization=normalization
    )
    return keras.Model([latent, labels], images, name="generator")


def discriminator(
    filters,
    strides,
    *,
    num_classes=10,
    conditioning="multiplication",
    image_shape=(28, 28, 1),
    augmentation=None,
    batch_norm=True,
    spectral_norm=False,
):
    """Builds a conditional `gankit.networks.dcgan.discriminator`.

    Args:
        filters, strides, image_shape, batch_norm, spectral_norm: As in
            `dcgan.discriminator`.
        num_classes: Number of classes.
        conditioning: One of `CONDITIONINGS`.
        augmentation: First layer, for real and generated images alike, such as a
            `gankit.layers.DifferentiableAugmentation`; `None` for none.

    Returns:
        A `keras.Model`, images `(n, height, width, channels)` in [-1, 1] and int32
        labels `(n,)` to float32 logits `(n, 1)`.

    Raises:
        ValueError: If `conditioning` is unknown, or the strides do not fit.

    References:
        Concatenation: Mirza and Osindero 2014, section 3.2
        (https://arxiv.org/abs/1411.1784); projection: Miyato and Koyama 2018, section 3
        (https://arxiv.org/abs/1802.05637).
    """
    check_choice("conditioning to be one of", conditioning, CONDITIONINGS)
    images = keras.Input(image_shape, name="images")
    labels = label_input()
    x = images if augmentation is None else augmentation(images)
    if conditioning == "multiplication":
        # Factors around 1 leave the image visible. Keras's initial values, U(-0.05,
        # 0.05), have random signs: a mask of noise, behind which the discriminator only
        # guesses. Were all 1, the labels would stay hidden for thousands of steps.
        factors = layers.Embedding(
            num_classes,
            math.prod(image_shape),
            embeddings_initializer=keras.initializers.RandomUniform(0.0, 2.0),
            name="factors",
        )(labels)
        x = layers.Multiply()([x, layers.Reshape(image_shape)(factors)])
    elif conditioning == "concatenation":
        # Each plane is constant, so every pixel shows the label in the same way.
        planes = layers.Reshape((1, 1, num_classes))(OneHot(num_classes)(labels))
        planes = layers.UpSampling2D(image_shape[:2])(planes)
        x = layers.Concatenate()([x, planes])
    norms = {"batch_norm": batch_norm, "spectral_norm": spectral_norm}
    features = dcgan.discriminator_features(x, filters, strides, **norms)
    logits = dcgan.to_logits(features, spectral_norm=spectral_norm)
    if conditioning == "projection":
        logits = layers.Add(dtype="float32", name="judgement")(
            [logits, projection(features, labels, num_classes, spectral_norm)]
        )
    return keras.Model([images, labels], logits, name="discriminator")


def projection(features, labels, num_classes, spectral_norm):
    """Returns the inner product of features and embedded labels, float32 `(n, 1)`.

    Args:
        features: `(n, d)`.
        labels: Integers `(n,)`.
        num_classes: Number of classes.
        spectral_norm: Whether to apply spectral normalisation to the embedding.

    Reference:
        Miyato and Koyama 2018, section 3 (https://arxiv.org/abs/1802.05637).
    """
    # A dense layer on one-hot labels is an embedding.
    embedding = layers.Dense(
        features.shape[-1],
        use_bias=False,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        dtype="float32",
    )
    if spectral_norm:
        embedding = SpectralNormalization(embedding, use_bias=False)
    embedded = embedding(OneHot(num_classes)(labels))
    return layers.Dot(axes=1, dtype="float32", name="projection")([features, embedded])


@keras.saving.register_keras_serializable("gankit")
class OneHot(layers.Layer):
    """Converts labels `(n,)` to float32 one-hot vectors `(n, num_classes)`.

    Args:
        num_classes: Number of classes.
        **kwargs: As in `keras.layers.Layer`; the default `dtype` is float32.
    """

    def __init__(self, num_classes, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.num_classes = num_classes

    def call(self, labels):
        return ops.one_hot(labels, self.num_classes, dtype="float32")

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


def shallow(image_shape=(28, 28, 1), num_classes=10, latent_dim=100, **options):
    """Builds the Shallow CGAN of the Imperial College report (figure 5).

    Args:
        image_shape: `(height, width, channels)`, sides multiples of 4.
        num_classes: Number of classes.
        latent_dim: Length of a latent vector.
        **options: `conditioning`, and other options of `discriminator`.

    Returns:
        The pair `(generator, discriminator)`.
    """
    form = {"image_shape": image_shape, "num_classes": num_classes}
    return _pair((128, 64), (2, 2), latent_dim, form, **options)


def deep(image_shape=(28, 28, 1), num_classes=10, latent_dim=100, **options):
    """Builds the Deep CGAN of the Imperial College report (figure 6).

    The layers are those of `gankit.networks.dcgan.deep`.

    Args:
        image_shape, num_classes, latent_dim, **options: As in `shallow`.

    Returns:
        The pair `(generator, discriminator)`.
    """
    form = {"image_shape": image_shape, "num_classes": num_classes}
    return _pair((256, 128, 64, 32), (2, 2, 1, 1), latent_dim, form, **options)


def _pair(filters, strides, latent_dim, form, conditioning="multiplication", **options):
    """Both networks; the discriminator has the generator's channels in reverse."""
    form["conditioning"] = conditioning
    return (
        generator(filters, strides, latent_dim=latent_dim, **form),
        discriminator(filters[::-1], strides, **form, **options),
    )
