"""Gradients on the three backends, which `keras.ops` lacks."""

import keras
from keras import ops

from gankit.backend import device


def input_gradient(function, inputs):
    """The gradient of `sum(function(inputs))` with respect to `inputs`.

    It can be differentiated again, for gradient penalties inside a loss. As each
    output depends on its own example alone, row i is the gradient of output i.

    Args:
        function: Maps a batch to one number, or several, per example.
        inputs: Tensor `(n, ...)`.

    Returns:
        A tensor of the shape of `inputs`.
    """
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                tape.watch(inputs)
                total = ops.sum(function(inputs))
            return tape.gradient(total, inputs)
        case "torch":
            import torch

            if not inputs.requires_grad:
                inputs = inputs.detach().requires_grad_(True)
            total = ops.sum(function(inputs))
            return torch.autograd.grad(total, inputs, create_graph=True)[0]
        case "jax":
            import jax

            return jax.grad(lambda x: ops.sum(function(x)))(inputs)


def value_and_gradients(loss, variables, state):
    """The value of `loss()` and its gradients with respect to `variables`.

    Of a tuple the gradients are those of its first entry. `state()` lists all variables
    that the loss may read or update; only JAX asks. A variable that the loss does not
    depend on gets zeros.
    """
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            # Watching one player alone spares the tape the other player's forward
            # pass.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([v.value for v in variables])
                value = loss()
                # Keras sums the gradients of replicas; one device with the whole
                # batch would average them.
                share = _scalar(value) / device.replicas()[0]
            return value, tape.gradient(
                share, [v.value for v in variables], unconnected_gradients="zero"
            )
        case "torch":
            import torch

            value = loss()
            if not variables or not _scalar(value).requires_grad:
                # torch refuses what the others answer with zeros.
                return value, [torch.zeros_like(v.value) for v in variables]
            # Unlike `backward`, this leaves nothing behind in the other player.
            gradients = torch.autograd.grad(
                _scalar(value),
                [v.value for v in variables],
                allow_unused=True,
                materialize_grads=True,
            )
            return value, list(gradients)
        case "jax":
            import jax

            moving = {id(v) for v in variables}
            others = [v for v in state() if id(v) not in moving]

            def value_and_updates(values, other_values):
                # A nested scope does not see its parent's values: pass them all.
                mapping = [
                    *zip(variables, values, strict=True),
                    *zip(others, other_values, strict=True),
                ]
                with keras.StatelessScope(state_mapping=mapping) as scope:
                    value = loss()
                updates = [scope.get_current_value(v) for v in others]
                return _scalar(value), (value, updates)

            (_, (value, updates)), gradients = jax.value_and_grad(
                value_and_updates, has_aux=True
            )([v.value for v in variables], [v.value for v in others])
            for variable, update in zip(others, updates, strict=True):
                variable.assign(update)
            return value, gradients


def _scalar(value):
    return value[0] if isinstance(value, tuple) else value


def without_gradient(function):
    if keras.backend.backend() == "torch":
        import torch

        with torch.no_grad():
            return function()
    return function()
