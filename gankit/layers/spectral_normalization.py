"""Spectral normalisation as a reparameterisation of the weights."""

import keras
from keras import layers, ops

from gankit.backend.arguments import check_number

# Layers that multiply by one matrix (inputs, outputs). The inputs of a convolution are
# all values of a patch. A transposed convolution stores (..., outputs, inputs).
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
LINEAR = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, *_TRANSPOSED)

# Power iterations before the first call. With one iteration per call, sigma would be
# inaccurate for the first dozens of steps.
_INITIAL_ITERATIONS = 15


@keras.saving.register_keras_serializable("gankit")
class SpectralNormalization(layers.Wrapper):
    """Divides a layer's weights by their largest singular value.

    The layer computes with `W / sigma(W)` and adds a bias. W is the kernel as a matrix
    with one column per output channel. The kernel is never overwritten, and the
    gradient flows through sigma (equation 12 of the paper), so the optimizer trains W.

    Sigma comes from power iteration on a vector u that is stored between calls. Every
    call does `power_iterations` steps starting from u, so training and inference give
    the same output. Only a call with `training=True` stores the new u.

    A `Dense` layer then increases no distance. A `Conv2D` with kernel size k and stride
    s is normalised as a matrix on patches, as in the paper; where patches overlap, it
    can increase distances by a factor of up to ceil(k / s).

    Args:
        layer: A `Dense`, `Conv1D`, `Conv2D`, `Conv3D` or transposed convolution with
            `use_bias=False`, no activation and no activity regulariser, or an
            `Embedding`.
        power_iterations: Power iterations per call, at least 1.
        use_bias: Whether the wrapper adds a bias, which starts at zero. An `Embedding`
            gets none.
        **kwargs: `name` and other arguments of `keras.layers.Layer`; the default
            `dtype` is that of `layer`.

    Input and output shape: those of `layer`.

    Raises:
        ValueError: If `layer` has another type, a bias, an activation, an activity
            regulariser or a kernel that starts at zero.

    Example:

    >>> convolution = keras.layers.Conv2D(64, 4, 2, padding="same", use_bias=False)
    >>> layer = SpectralNormalization(convolution)
    >>> layer(np.ones((1, 32, 32, 3))).shape
    (1, 16, 16, 64)

    Reference:
        Miyato et al. 2018, section 2.1 and algorithm 1
        (https://arxiv.org/abs/1802.05957).
    """

    def __init__(self, layer, power_iterations=1, *, use_bias=True, **kwargs):
        kwargs.setdefault("dtype", getattr(layer, "dtype_policy", None))
        super().__init__(layer, **kwargs)
        _check_layer(layer)
        self.power_iterations = check_number("power_iterations", power_iterations, 1)
        self.use_bias = use_bias and not isinstance(layer, layers.Embedding)

    def build(self, input_shape):
        super().build(input_shape)
        outputs = kernel_matrix(self.layer).shape[-1]
        self.vector_u = self.add_weight(
            shape=(outputs,),
            initializer=self._initial_u,
            dtype="float32",
            autocast=False,
            trainable=False,
            aggregation="mean",
            name="vector_u",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(outputs,), initializer="zeros", name="bias"
            )

    def call(self, inputs, training=False):
        sigma, vector_u = self._power_iteration(self.vector_u, self.power_iterations)
        if training:
            self.vector_u.assign(vector_u)
        kernel = _kernel(self.layer)
        # In this scope the layer reads W / sigma instead of W. Dividing its output
        # gives the same result, but a step took 20% longer, as a feature map is much
        # larger than a kernel.
        with keras.StatelessScope([(kernel, ops.cast(kernel, "float32") / sigma)]):
            outputs = self.layer(inputs)
        return outputs if self.bias is None else outputs + self.bias

    @property
    def sigma(self):
        """The current estimate of the largest singular value, a float32 scalar."""
        sigma, _ = self._power_iteration(self.vector_u, self.power_iterations)
        return ops.stop_gradient(sigma)

    def _power_iteration(self, vector_u, iterations):
        matrix = kernel_matrix(self.layer)
        # The gradient treats the singular vectors as constants: d sigma / dW = v u^T.
        constant = ops.stop_gradient(matrix)
        for _ in range(iterations):
            vector_v = _unit(ops.matmul(constant, vector_u))
            vector_u = _unit(ops.matmul(vector_v, constant))
        sigma = ops.sum(vector_v * ops.matmul(matrix, vector_u))
        return sigma, vector_u

    def _initial_u(self, shape, dtype):
        vector_u = keras.initializers.RandomNormal()(shape, dtype=dtype)
        _, vector_u = self._power_iteration(_unit(vector_u), _INITIAL_ITERATIONS)
        if not ops.convert_to_numpy(ops.all(ops.isfinite(vector_u))):
            raise ValueError(
                "Expected a finite kernel that does not start at zero, where sigma is "
                f"0, received that of {self.layer.name}: choose another initializer."
            )
        return vector_u

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "power_iterations": self.power_iterations,
            "use_bias": self.use_bias,
        }


def kernel_matrix(layer):
    """Returns the kernel of a built layer, or the table of an embedding, as a matrix.

    It is float32 `(inputs, outputs)`. The inputs of a convolution are all values of a
    patch.
    """
    kernel = ops.cast(_kernel(layer), "float32")
    if isinstance(layer, _TRANSPOSED):
        kernel = ops.swapaxes(kernel, -1, -2)
    return ops.reshape(kernel, (-1, kernel.shape[-1]))


def _kernel(layer):
    return layer.embeddings if isinstance(layer, layers.Embedding) else layer.kernel


def _unit(vector):
    return vector / ops.norm(vector)


def _check_layer(layer):
    kind = type(layer).__name__
    embedding = isinstance(layer, layers.Embedding)
    if not embedding and not isinstance(layer, LINEAR):
        raise ValueError(
            "Expected a Dense, Embedding, convolution or transposed convolution, "
            f"received {kind}: wrap one of these, as their weights form one matrix."
        )
    if layer.activity_regularizer is not None:
        raise ValueError(
            f"Expected a layer without activity_regularizer, received {kind}"
            f"(activity_regularizer={type(layer.activity_regularizer).__name__}): pass "
            "it to the wrapper, which computes the final output."
        )
    if embedding:
        return
    if layer.use_bias or layer.activation is not keras.activations.linear:
        raise ValueError(
            f"Expected a layer with use_bias=False and no activation, received {kind}("
            f"use_bias={layer.use_bias}, activation={layer.activation.__name__}): both "
            "must follow the division by sigma, so use the wrapper's use_bias=True and "
            "a separate activation layer."
        )
