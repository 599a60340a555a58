"""Draws images of chosen latents and classes, fast enough for sliders."""

import keras
import numpy as np
from keras import layers, ops

from gankit.backend import device
from gankit.backend.prediction import predict
from gankit.layers import ConditionalBatchNormalization
from gankit.networks.cgan import OneHot
from gankit.trainers import GAN

# The layers whose labels can be replaced by shares of the classes.
TABLES = (layers.Embedding, OneHot, ConditionalBatchNormalization)


class Renderer:
    """Calls a trained generator quickly.

    It shares the weights of the model, so it follows further training. If the model
    has an `ema_generator`, the renderer calls that one. Batches have a constant size,
    so the network is compiled only once.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`.
        batch_size: Number of images in a batch.

    Attributes:
        model: The model.
        network: The generator that is called.
        num_classes: Number of classes; `None` without labels.
        mixes_classes: Whether the network can draw images between two classes. If
            not, the class with the largest share is drawn.

    Raises:
        ValueError: If `model` is not one of these.
    """

    def __init__(self, model, batch_size=10):
        if not isinstance(model, GAN):
            raise ValueError(
                "Expected a gankit.GAN or gankit.ConditionalGAN, received "
                f"{type(model).__name__}: pass the model, not its generator."
            )
        self.model = model
        self.network = model.ema_generator or model.generator
        self.num_classes = getattr(model, "num_classes", None)
        mixing = None
        if self.num_classes is not None:
            mixing = mixing_network(self.network, self.num_classes)
        self.mixes_classes = mixing is not None
        # A separate model, so that compilation does not change the generator.
        self._compiled = mixing or keras.Model(
            self.network.inputs, self.network.outputs[0]
        )
        jit_compile = device.default_jit_compile()
        if jit_compile != "auto":
            self._compiled.jit_compile = jit_compile
        self._batch_size = batch_size

    def __call__(self, latents, shares=None):
        """Draws one image for each latent.

        Args:
            latents: Array `(n, latent_dim)`.
            shares: Share of each class, `(n, num_classes)`, with rows that sum to 1;
                a one-hot row is one class. `None` without labels.

        Returns:
            float32 array `(n, height, width, channels)` in [-1, 1].
        """
        inputs = [np.asarray(latents, "float32")]
        if self.mixes_classes:
            inputs.append(np.asarray(shares, "float32"))
        elif self.num_classes is not None:
            inputs.append(np.argmax(shares, axis=1).astype("int32"))
        n, size = len(latents), self._batch_size
        padded = [np.resize(x, (-(-n // size) * size, *x.shape[1:])) for x in inputs]
        return predict(self._compiled, padded, batch_size=size)[:n]


def mixing_network(network, num_classes):
    """Builds a conditional generator that takes shares of classes instead of labels.

    A label selects a row from each table of the network: an `Embedding`, a `OneHot`,
    or the gains and biases of a `ConditionalBatchNormalization`. Shares mix the rows.

    Args:
        network: Functional `keras.Model` that maps latents `(n, latent_dim)` and
            labels `(n,)` to images.
        num_classes: Number of classes.

    Returns:
        A `keras.Model` with the same weights that maps latents and shares
        `(n, num_classes)` to images; `None` if another layer uses the labels, as it
        cannot mix them.
    """
    labels = network.inputs[1]
    for operation in network.operations:
        takes_labels = any(x is labels for x in keras.tree.flatten(operation.input))
        if takes_labels and not isinstance(operation, (layers.InputLayer, *TABLES)):
            return None
    latent = keras.Input(network.inputs[0].shape[1:], name="latent")
    shares = keras.Input((num_classes,), name="shares")

    def call(layer, *arguments, **options):
        if not any(x is shares for x in keras.tree.flatten(arguments)):
            return layer(*arguments, **options)
        if isinstance(layer, layers.Embedding):
            return MixedRows(layer)(shares)
        if isinstance(layer, ConditionalBatchNormalization):
            return MixedNormalization(layer)([arguments[0][0], shares])
        return layers.Identity(dtype="float32")(shares)

    return keras.models.clone_model(
        network,
        input_tensors=[latent, shares],
        clone_function=lambda layer: layer,
        call_function=call,
    )


class MixedRows(layers.Layer):
    """Mixes the rows of an embedding by shares: `(n, rows)` to `(n, d)`.

    Args:
        embedding: A built `keras.layers.Embedding`, whose rows have d numbers.
    """

    def __init__(self, embedding):
        super().__init__(dtype=embedding.dtype_policy)
        self.embedding = embedding

    def call(self, shares):
        return ops.matmul(shares, self.embedding.embeddings)


class MixedNormalization(layers.Layer):
    """A `ConditionalBatchNormalization` that takes shares instead of labels.

    Args:
        normalization: The built layer, whose weights it shares.

    Input shape: a list `[images, shares]`, `(n, height, width, channels)` and
    `(n, num_classes)`.
    """

    def __init__(self, normalization):
        # No autocast, which would round the shares.
        super().__init__(dtype=normalization.dtype_policy, autocast=False)
        self.normalize = normalization.normalize
        self.gain = MixedRows(normalization.gain)
        self.bias = MixedRows(normalization.bias)

    def call(self, inputs):
        images, shares = inputs
        gain, bias = (part(shares)[:, None, None, :] for part in (self.gain, self.bias))
        outputs = self.normalize(images, training=False) * gain + bias
        return ops.cast(outputs, self.compute_dtype)
