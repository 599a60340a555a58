"""The self-attention layer of SAGAN."""

import keras
from keras import layers, ops

from gankit.backend.arguments import check_number
from gankit.layers.spectral_normalization import SpectralNormalization


@keras.saving.register_keras_serializable("gankit")
class SelfAttention2D(layers.Layer):
    """Lets every pixel of a feature map attend to all pixels.

    The layer has four 1 x 1 convolutions without bias: `query` (the paper's g), `key`
    (f), `value` (h) and `output` (v). With pixels numbered 1 to N, pixel j attends to
    pixel i with weight beta[j, i]:

        beta[j, i] = softmax over i of f(x_i) . g(x_j)
        o_j = v(sum over i of beta[j, i] h(x_i))
        y_j = x_j + gamma o_j

    Unlike in `keras.layers.MultiHeadAttention`, scores are not divided by sqrt(d).
    The scalar gamma starts at zero, so at first the layer returns its input.

    The authors' code differs from their paper in two ways. Its values have C / 2
    channels instead of C / 8; this is the default here, as in later implementations.
    It also pools keys and values; for this, pass `pool=True`.

    Args:
        reduction: Queries and keys have C / reduction channels; at least 1.
        value_reduction: Values have C / value_reduction channels; at least 1.
        pool: Whether to max-pool keys and values 2 x 2, which makes the attention map
            four times smaller.
        spectral_normalization: Whether to wrap the four convolutions in
            `gankit.layers.SpectralNormalization`, as in the paper.
        **kwargs: As in `keras.layers.Layer`.

    Call arguments:
        inputs: `(n, height, width, C)`, where height and width are fixed and C is a
            multiple of both reductions.
        training: Whether to update the vectors of spectral normalisation.
        return_attention: Whether to return the attention map as well.

    Returns:
        `(n, height, width, C)`. With `return_attention=True`, the pair of this and the
        float32 attention map `(n, height * width, keys)`, whose rows sum to 1. There
        are `height * width` keys, or `(height // 2) * (width // 2)` if pooled.

    Raises:
        ValueError: If a reduction is less than 1, or the input has another shape.

    Example:

    >>> y, attention = SelfAttention2D()(np.ones((1, 8, 8, 64)), return_attention=True)
    >>> y.shape, attention.shape
    ((1, 8, 8, 64), (1, 64, 64))

    Reference:
        Zhang et al. 2019, section 3, equations 1 to 3
        (https://arxiv.org/abs/1805.08318).
    """

    def __init__(
        self,
        reduction=8,
        *,
        value_reduction=2,
        pool=False,
        spectral_normalization=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.reduction = check_number("reduction", reduction, 1)
        self.value_reduction = check_number("value_reduction", value_reduction, 1)
        self.pool = pool
        self.spectral_normalization = spectral_normalization

    def build(self, input_shape):
        _, height, width, channels = input_shape
        uneven = channels % self.reduction or channels % self.value_reduction
        if None in (height, width) or uneven:
            raise ValueError(
                "Expected feature maps of fixed height and width whose channels are a "
                f"multiple of {self.reduction} and {self.value_reduction}, received "
                f"the shape {tuple(input_shape)}: fix the image size, or change the "
                "channels or reductions."
            )
        self.query = self._convolution(channels // self.reduction, "query")
        self.key = self._convolution(channels // self.reduction, "key")
        self.value = self._convolution(channels // self.value_reduction, "value")
        # Keras reserves the attribute `output`.
        self.output_convolution = self._convolution(channels, "output")
        for convolution in (self.query, self.key, self.value):
            convolution.build(input_shape)
        values_shape = (*input_shape[:-1], channels // self.value_reduction)
        self.output_convolution.build(values_shape)
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def _convolution(self, filters, name):
        options = {"use_bias": False, "dtype": self.dtype_policy}
        if not self.spectral_normalization:
            return layers.Conv2D(filters, 1, name=name, **options)
        convolution = layers.Conv2D(filters, 1, **options)
        return SpectralNormalization(convolution, use_bias=False, name=name)

    def call(self, inputs, training=False, return_attention=False):
        _, height, width, _ = inputs.shape
        # Keras passes `training` on to the layers called here.
        query = self.query(inputs)  # (n, h, w, C/8)
        key = self.key(inputs)  # (n, h, w, C/8)
        value = self.value(inputs)  # (n, h, w, C/2)
        if self.pool:
            key = _max_pool(key)  # (n, h/2, w/2, C/8)
            value = _max_pool(value)  # (n, h/2, w/2, C/2)
        query, key, value = (_pixels(x) for x in (query, key, value))  # (n, hw, .)
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))  # (n, hw, keys)
        # bfloat16 is too coarse for the weights of a thousand keys.
        attention = ops.softmax(ops.cast(scores, "float32"))  # (n, hw, keys)
        o = ops.matmul(ops.cast(attention, value.dtype), value)  # (n, hw, C/2)
        o = ops.reshape(o, (-1, height, width, o.shape[-1]))  # (n, h, w, C/2)
        o = self.output_convolution(o)  # (n, h, w, C)
        outputs = inputs + self.gamma * o  # (n, h, w, C)
        return (outputs, attention) if return_attention else outputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def compute_output_spec(self, inputs, training=False, return_attention=False):
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        if not return_attention:
            return outputs
        n, height, width, _ = inputs.shape
        step = 2 if self.pool else 1
        map_shape = (n, height * width, (height // step) * (width // step))
        return outputs, keras.KerasTensor(map_shape, dtype="float32")

    def get_config(self):
        return {
            **super().get_config(),
            "reduction": self.reduction,
            "value_reduction": self.value_reduction,
            "pool": self.pool,
            "spectral_normalization": self.spectral_normalization,
        }


def _pixels(x):
    """Flattens the pixels of feature maps: (n, h, w, c) to (n, h * w, c)."""
    _, height, width, channels = x.shape
    return ops.reshape(x, (-1, height * width, channels))


def _max_pool(x):
    """Max-pools feature maps 2 x 2."""
    # Gradient penalties need a second derivative, which Keras's pooling lacks in
    # TensorFlow with XLA and bfloat16.
    _, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    x = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
    return ops.max(x, axis=(2, 4))
