"""Small networks of many seeds, computed together."""

import keras
import numpy as np
from keras import ops

# Power iterations: 2 to this power, as squaring a small matrix is cheap.
_SQUARINGS = 5


class SeedsMLP(keras.layers.Layer):
    """One small network per seed, all computed together.

    Each seed's weights are one row of a single matrix, so that a step updates one
    variable instead of a dozen: in networks this small the number of operations
    determines the time. Hidden layers use LeakyReLU with slope 0.2. Each row is
    initialised from its own seed (Glorot uniform kernels, zero biases), whatever the
    other rows are.

    Args:
        sizes: Numbers of units from inputs to outputs, such as (2, 64, 64, 1).
        seeds: The seeds, one network for each.
        part: A number that distinguishes networks with the same seeds.
        spectral: Whether every kernel is divided by its largest singular value, which
            each call computes by 32 power iterations.
        statistics: Whether the network also gets the spread of its batch: the standard
            deviation over a seed's batch, averaged over the inputs.

    Input shape: `(seeds, n, sizes[0])`.

    Output shape: `(seeds, n, sizes[-1])`.

    Reference:
        Miyato et al. 2018, section 2.1 (https://arxiv.org/abs/1802.05957) for the
        normalisation; Karras et al. 2018, section 3 (https://arxiv.org/abs/1710.10196)
        for the statistic.
    """

    def __init__(
        self, sizes, seeds, *, part=0, spectral=False, statistics=False, **kwargs
    ):
        super().__init__(dtype="float32", **kwargs)
        self.sizes = tuple(sizes)
        self.spectral = spectral
        self.statistics = statistics
        inputs = (self.sizes[0] + statistics, *self.sizes[1:-1])
        self.shapes = list(zip(inputs, self.sizes[1:], strict=True))
        start = np.stack([self._start([seed, part]) for seed in seeds])
        self.rows = self.add_weight(
            shape=start.shape, initializer=lambda shape, dtype: start, name="rows"
        )
        if spectral:
            # Power iteration needs a start that is not orthogonal to the solution.
            rng = np.random.default_rng(part)
            self.starts = [
                rng.normal(size=(1, columns, 1)).astype("float32")
                for _, columns in self.shapes
            ]
        self.built = True

    def _start(self, seed):
        rng = np.random.default_rng(seed)
        parts = []
        for shape in self.shapes:
            bound = np.sqrt(6 / sum(shape))
            parts += [rng.uniform(-bound, bound, shape).ravel(), np.zeros(shape[1])]
        return np.concatenate(parts).astype("float32")

    def call(self, inputs, rows=None):
        rows = self.rows if rows is None else rows
        x = self._with_statistics(inputs) if self.statistics else inputs
        for i, (kernel, bias) in enumerate(self.matrices(rows)):
            if self.spectral:
                kernel = kernel / self._sigma(kernel, i)
            x = ops.matmul(x, kernel) + bias
            if i < len(self.shapes) - 1:
                x = ops.leaky_relu(x, 0.2)
        return x

    def matrices(self, rows):
        """The kernels `(seeds, in, out)` and biases `(seeds, 1, out)` in `rows`."""
        first, pairs = 0, []
        for inputs, outputs in self.shapes:
            middle, last = first + inputs * outputs, first + (inputs + 1) * outputs
            kernel = ops.reshape(rows[:, first:middle], (-1, inputs, outputs))
            pairs.append((kernel, rows[:, None, middle:last]))
            first = last
        return pairs

    def _with_statistics(self, x):
        variance = ops.mean(
            ops.square(x - ops.mean(x, axis=1, keepdims=True)), axis=1, keepdims=True
        )
        # The square root has no derivative at zero, where a generator may collapse.
        spread = ops.mean(ops.sqrt(variance + 1e-8), axis=2, keepdims=True)
        return ops.concatenate([x, spread + 0 * x[..., :1]], axis=-1)

    def _sigma(self, kernel, layer):
        # The gradient treats the singular vectors as constants: d sigma / dW = v u^T.
        constant = ops.stop_gradient(kernel)
        power = ops.matmul(ops.swapaxes(constant, 1, 2), constant)
        for _ in range(_SQUARINGS):
            power = _unit(ops.matmul(power, power))
        u = _unit(ops.matmul(power, ops.convert_to_tensor(self.starts[layer])))
        v = _unit(ops.matmul(constant, u))
        return ops.sum(v * ops.matmul(kernel, u), axis=(1, 2), keepdims=True)


def _unit(matrices):
    square = ops.sum(ops.square(matrices), axis=(1, 2), keepdims=True)
    return matrices / ops.sqrt(square + 1e-12)
