"""A network as a list of steps, with wrappers and nested models unpacked."""

from dataclasses import dataclass

import keras
from keras import layers

_ACTIVATIONS = {
    name.replace(" ", "").lower(): name
    for name in (
        "ReLU, LeakyReLU, PReLU, CReLU, ReLU6, ELU, CELU, SELU, GELU, SiLU, Swish, "
        "Mish, GLU, tanh, sigmoid, softmax, softplus, softsign, hard tanh, "
        "hard sigmoid, hard SiLU"
    ).split(", ")
}


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer in the graph of a network.

    Attributes:
        layer: The layer or operation, without its wrappers.
        name: Name of the outermost wrapper, or of the layer if it has none.
        wrappers: Class names of the wrappers, outermost first.
        parents: The steps whose outputs it takes; empty for an input.
        shape: Shape of the output, starting with the batch's `None`.
    """

    layer: object
    name: str
    wrappers: tuple
    parents: tuple
    shape: tuple

    @property
    def has_kernel(self):
        """Whether it is a convolution or a dense layer."""
        dense = isinstance(self.layer, layers.Dense)
        return dense or hasattr(self.layer, "kernel_size")

    @property
    def activation(self):
        """`"ReLU"`, `"LeakyReLU 0.2"` with its slope, `"tanh"` and so on, or `None`.

        It may be an argument of the layer, the layer itself, or an operation, such as a
        call of `keras.activations.relu` adds. Functions from elsewhere keep their own
        name.
        """
        function = getattr(self.layer, "activation", self.layer)
        if function is None or function is keras.activations.linear:
            return None
        own = getattr(function, "__name__", type(function).__name__)
        name = _ACTIVATIONS.get(own.replace("_", "").lower())
        if name in ("ReLU", "LeakyReLU"):
            # Keras's ReLU may have a slope too; the function leaky_relu has 0.2.
            plain = 0.2 if own == "leaky_relu" else 0
            slope = getattr(function, "negative_slope", plain)
            return f"LeakyReLU {slope:g}" if slope else "ReLU"
        return own if name is None and function is not self.layer else name

    @property
    def normalisation(self):
        """`"batch normalisation"`, `"instance normalisation"` and so on, or `None`."""
        own = type(self.layer).__name__
        if any("BatchNorm" in kind.__name__ for kind in type(self.layer).__mro__):
            return "batch normalisation"
        if isinstance(self.layer, layers.GroupNormalization):
            # Keras replaces groups=-1 by the number of channels.
            by_channel = self.layer.groups in (-1, self.shape[self.layer.axis])
            return f"{'instance' if by_channel else 'group'} normalisation"
        if isinstance(self.layer, layers.LayerNormalization):
            return "layer normalisation"
        return own if "Norm" in own and own != "Normalization" else None


def steps(model):
    """Lists the steps of a network and its nested models in order of computation.

    A custom layer is a single step, whatever it computes.

    Args:
        model: A built functional or sequential `keras.Model`.

    Returns:
        A list of `Step`, including inputs; parents come before children.

    Raises:
        ValueError: If `model` has no graph.
    """
    if getattr(model, "outputs", None) is None:
        raise ValueError(
            "Expected a built functional or sequential model, received "
            f"{type(model).__name__} without a graph: start it from a keras.Input."
        )
    order = []
    _unroll(model, {}, order)
    return list(dict.fromkeys(order))


def _unroll(model, known, order):
    """Returns the steps of a model's outputs and appends all new steps to `order`.

    `known` maps the ids of tensors, at first those of the model's inputs, to steps.
    """

    def step_of(tensor):
        if id(tensor) in known:
            return known[id(tensor)]
        layer, node_index, _ = tensor._keras_history
        node = layer._inbound_nodes[node_index]
        parents = tuple(step_of(t) for t in node.input_tensors)
        if isinstance(layer, keras.Model) and hasattr(layer, "outputs"):
            feed = {id(t): p for t, p in zip(layer.inputs, parents, strict=True)}
            outputs = _unroll(layer, feed, order)
        else:
            step = _step(layer, parents, tuple(node.outputs[0].shape))
            outputs = [step] * len(node.outputs)
        for t, step in zip(node.outputs, outputs, strict=True):
            known[id(t)] = step
            order.append(step)
        return known[id(tensor)]

    return [step_of(tensor) for tensor in model.outputs]


def _step(layer, parents, shape):
    name, wrappers = layer.name, []
    while isinstance(layer, layers.Wrapper):
        wrappers.append(type(layer).__name__)
        layer = layer.layer
    return Step(layer, name, tuple(wrappers), parents, shape)


def pair(value):
    """Returns a window or stride as `(height, width)`; Keras also allows one number."""
    return (value, value) if isinstance(value, int) else tuple(value)
