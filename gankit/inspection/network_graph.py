"""A network as a list of steps: its layers out of wrappers and nested models."""

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
        layer: The layer or operation, out of its wrappers.
        name: Name of the outermost wrapper, else of the layer.
        wrappers: Class names of the wrappers, outermost first.
        parents: The steps whose outputs it takes; none for an input.
        shape: Shape of the output, the batch's `None` first.
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

        The layer applies it as an argument or is one, or it is an operation, which
        `keras.activations.relu` leaves in a graph. Functions that are none of Keras's
        go by their own name.
        """
        function = getattr(self.layer, "activation", self.layer)
        if function is None or function is keras.activations.linear:
            return None
        own = getattr(function, "__name__", type(function).__name__)
        name = _ACTIVATIONS.get(own.replace("_", "").lower())
        if name in ("ReLU", "LeakyReLU"):
            # Keras's ReLU takes a slope too; the plain function leaky_relu has 0.2.
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
    """Unrolls a network, nested models too, into its steps in order of computation.

    What a custom layer computes inside is not seen: it is one step.

    Args:
        model: A built functional or sequential `keras.Model`.

    Returns:
        A list of `Step`, inputs included, parents before children.

    Raises:
        ValueError: If `model` has no graph.
    """
    if getattr(model, "outputs", None) is None:
        raise ValueError(
            "Expected a built functional or sequential model, received "
            f"{type(model).__name__} without a graph: start it from a keras.Input."
        )
    found = {}
    _unroll(model, {}, found)
    return list(dict.fromkeys(found.values()))


def _unroll(model, known, found):
    """The steps of a model's outputs; `known` holds those of the tensors it is fed."""

    def step_of(tensor):
        if id(tensor) in known:
            return known[id(tensor)]
        layer, node_index, _ = tensor._keras_history
        node = layer._inbound_nodes[node_index]
        parents = tuple(step_of(t) for t in node.input_tensors)
        if isinstance(layer, keras.Model) and hasattr(layer, "outputs"):
            feed = {id(t): p for t, p in zip(layer.inputs, parents, strict=True)}
            outputs = _unroll(layer, feed, found)
        else:
            step = _step(layer, parents, tuple(node.outputs[0].shape))
            outputs = [step] * len(node.outputs)
        for t, step in zip(node.outputs, outputs, strict=True):
            known[id(t)] = found[len(found)] = step
        return known[id(tensor)]

    return [step_of(tensor) for tensor in model.outputs]


def _step(layer, parents, shape):
    name, wrappers = layer.name, []
    while isinstance(layer, layers.Wrapper):
        wrappers.append(type(layer).__name__)
        layer = layer.layer
    return Step(layer, name, tuple(wrappers), parents, shape)


def pair(value):
    """A window or stride as `(height, width)`; Keras takes one number for both."""
    return (value, value) if isinstance(value, int) else tuple(value)
