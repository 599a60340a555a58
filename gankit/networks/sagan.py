"""The networks of the Buffalo report for CIFAR-10: DCGAN, SAGAN, conditional SAGAN.

All three have the same layers. SAGAN adds self-attention. The conditional SAGAN also
adds labels, spectral normalisation in all layers, and weight clipping in the
discriminator. The report gives few widths and no kernel sizes. Ours come from the
CIFAR-10 tutorial that it cites (its reference 4).
"""

import keras
from keras import layers

from gankit.constraints import WeightClipping
from gankit.networks.parts import (
    ATTENTION_SIDE,
    batch_normalization,
    image_output,
    initial_weights,
    label_input,
    leaky_relu,
    self_attention,
    weight_layer,
)

# Length of the embedding of a label (report, third part, section 1).
EMBEDDING = 50
# Side of the generator's map that receives the label plane.
LABEL_SIDE = 8


def generator(
    image_shape=(32, 32, 3),
    latent_dim=100,
    width=128,
    *,
    attention=False,
    spectral_norm=False,
    batch_norm=False,
    num_classes=None,
):
    """Builds the report's generator.

    A dense layer to 4 x 4, then 4 x 4 transposed convolutions with stride 2 up to the
    image size, each with LeakyReLU of slope 0.2, and a 3 x 3 convolution with tanh.
    The report has no batch normalisation.

    Args:
        image_shape: `(side, side, channels)`, the side 4 times a power of 2, at least
            32.
        latent_dim: Length of a latent vector.
        width: Channels of the transposed convolutions; the first map has twice as
            many.
        attention: Whether to use self-attention on the map of 16 x 16.
        spectral_norm: Whether to use spectral normalisation in all layers.
        batch_norm: Whether to use batch normalisation before each LeakyReLU.
        num_classes: Number of classes. The label becomes another channel of the map of
            8 x 8. `None` builds an unconditional network.

    Returns:
        A `keras.Model`, latents `(n, latent_dim)`, or a list of these and labels
        `(n,)`, to float32 images `(n, side, side, channels)` in [-1, 1].

    Reference:
        The Buffalo report, section 1.1 of each part.
    """
    side, _, channels = image_shape
    layer = _layers(spectral_norm, num_classes)
    latent = keras.Input((latent_dim,), name="latent")
    inputs = latent if num_classes is None else [latent, label_input()]

    def activated(x):
        return leaky_relu()(batch_normalization()(x) if batch_norm else x)

    x = layer(layers.Dense, 4 * 4 * 2 * width, name="project")(latent)
    x = activated(layers.Reshape((4, 4, 2 * width))(x))
    while x.shape[1] < side:
        x = activated(layer(layers.Conv2DTranspose, width, 4, 2, padding="same")(x))
        if num_classes is not None and x.shape[1] == LABEL_SIDE:
            x = _append_labels(x, inputs[1], num_classes, layer)
        if attention and x.shape[1] == ATTENTION_SIDE:
            x = self_attention(spectral_norm)(x)
    x = layer(layers.Conv2D, channels, 3, padding="same", name="to_image")(x)
    return keras.Model(inputs, image_output(x), name="generator")


def discriminator(
    image_shape=(32, 32, 3),
    width=128,
    *,
    dropout=0.4,
    attention=False,
    spectral_norm=False,
    clipping=None,
    num_classes=None,
):
    """Builds the report's discriminator, or critic.

    Four 3 x 3 convolutions with LeakyReLU of slope 0.2, the first of stride 1, the
    others of stride 2; then dropout and one logit. There is no batch normalisation.

    Args:
        image_shape: `(side, side, channels)`.
        width: Channels of the second and third convolution. The first has half as
            many, the last twice as many.
        dropout: Dropout rate of the last map.
        attention: Whether to use self-attention after the first convolution of
            stride 2.
        spectral_norm: Whether to use spectral normalisation in all layers but the
            embedding.
        clipping: Bound on the kernels of convolutions and dense layers, such as 0.01;
            `None` turns clipping off.
        num_classes: Number of classes. The label becomes another channel of the image.
            `None` builds an unconditional network.

    Returns:
        A `keras.Model`, images `(n, side, side, channels)` in [-1, 1], or a list of
        these and labels `(n,)`, to float32 logits `(n, 1)`.

    Reference:
        The Buffalo report, section 1.2 of the first part and section 1.1 of the others.
    """
    layer = _layers(spectral_norm, num_classes, clipping)
    images = keras.Input(image_shape, name="images")
    inputs, x = images, images
    if num_classes is not None:
        inputs = [images, label_input()]
        x = _append_labels(images, inputs[1], num_classes, layer)
    widths = (width // 2, width, width, 2 * width)
    for i, (filters, stride) in enumerate(zip(widths, (1, 2, 2, 2), strict=True)):
        x = leaky_relu()(layer(layers.Conv2D, filters, 3, stride, padding="same")(x))
        if attention and i == 1:
            x = self_attention(spectral_norm)(x)
    # Its own seed makes a resumed run equal to an uninterrupted one.
    x = layers.Dropout(dropout, seed=0)(layers.Flatten()(x))
    logits = layer(layers.Dense, 1, dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name="discriminator")


def dcgan(
    image_shape=(32, 32, 3), latent_dim=100, width=128, *, batch_norm=False, **critic
):
    """Builds the report's DCGAN.

    Args:
        image_shape: As in `generator`.
        latent_dim: Length of a latent vector.
        width: As in `generator`; 128 at full width.
        batch_norm: As in `generator`.
        **critic: `dropout`, `spectral_norm` and `clipping` of the `discriminator`.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        generator(image_shape, latent_dim, width, batch_norm=batch_norm),
        discriminator(image_shape, width, **critic),
    )


def sagan(image_shape=(32, 32, 3), latent_dim=100, width=128, **critic):
    """Builds the report's SAGAN: its DCGAN with self-attention in both networks.

    Args:
        image_shape, latent_dim, width, **critic: As in `dcgan`.

    Returns:
        The pair `(generator, discriminator)`.
    """
    return (
        generator(image_shape, latent_dim, width, attention=True),
        discriminator(image_shape, width, attention=True, **critic),
    )


def conditional_sagan(
    num_classes,
    image_shape=(32, 32, 3),
    latent_dim=100,
    width=128,
    *,
    spectral_norm=True,
    clipping=0.01,
):
    """Builds the report's conditional SAGAN.

    Args:
        num_classes: Number of classes.
        image_shape: As in `generator`.
        latent_dim: Length of a latent vector.
        width: As in `generator`; 128 at full width.
        spectral_norm: Whether to use spectral normalisation in both networks.
        clipping: As in `discriminator`. The report gives no bound; 0.01 is the WGAN
            paper's.

    Returns:
        The pair `(generator, discriminator)`, both of which take labels.
    """
    form = {
        "attention": True,
        "spectral_norm": spectral_norm,
        "num_classes": num_classes,
    }
    return (
        generator(image_shape, latent_dim, width, **form),
        discriminator(image_shape, width, clipping=clipping, **form),
    )


def _layers(spectral_norm, num_classes, clipping=None):
    """Returns a function like `weight_layer` with the options of a whole network."""
    # The report specifies initial weights only for the conditional networks.
    initializer = "glorot_uniform" if num_classes is None else initial_weights
    common = {"use_bias": True, "spectral_norm": spectral_norm}
    if clipping is not None:
        common["kernel_constraint"] = WeightClipping(clipping)

    def layer(*arguments, **options):
        chosen = initializer if isinstance(initializer, str) else initializer()
        return weight_layer(*arguments, kernel_initializer=chosen, **common, **options)

    return layer


def _append_labels(x, labels, num_classes, layer):
    """Appends the embedded labels to a map as another channel."""
    _, height, width, _ = x.shape
    plane = layers.Embedding(num_classes, EMBEDDING, name="label_embedding")(labels)
    plane = layer(layers.Dense, height * width, name="label_plane")(plane)
    plane = layers.Reshape((height, width, 1))(plane)
    return layers.Concatenate()([x, plane])
