"""Gradients on all three backends, which `keras.ops` does not offer."""

import keras
from keras import ops

from gankit.backend import device


def input_gradient(function, inputs):
    """Computes the gradient of `sum(function(inputs))` with respect to `inputs`.

    The function maps a batch `(n, ...)` to one or several numbers per example. If each
    output depends only on its own example, row i is the gradient of output i. The
    result, like `inputs` in shape, can be differentiated again: a loss may contain it.
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
    """Computes `loss()` and its gradients with respect to `variables`, a pair.

    The loss returns a scalar, or a tuple whose first entry is the scalar to
    differentiate. A variable on which it does not depend gets zeros. `state` is a
    function that lists all variables the loss may read or update; only JAX calls it.
    """
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            # Watching only one player keeps the other's forward pass off the tape.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([v.value for v in variables])
                value = loss()
                # Keras sums the gradients of all replicas. A single device with the
                # whole batch would average them.
                share = scalar(value) / device.replicas()[0]
            return value, tape.gradient(
                share, [v.value for v in variables], unconnected_gradients="zero"
            )
        case "torch":
            import torch

            value = loss()
            if not variables or not scalar(value).requires_grad:
                # Where the others return zeros, torch raises an error.
                return value, [torch.zeros_like(v.value) for v in variables]
            # Unlike `backward`, this leaves no gradients in the other player.
            gradients = torch.autograd.grad(
                scalar(value),
                [v.value for v in variables],
                allow_unused=True,
                materialize_grads=True,
            )
            return value, list(gradients)
        case "jax":
            import jax

            trained = {id(v) for v in variables}
            others = [v for v in state() if id(v) not in trained]

            def value_and_updates(values, other_values):
                known = [*variables, *others], [*values, *other_values]
                value, updates = _value_and_updates(loss, *known, others)
                return scalar(value), (value, updates)

            (_, (value, updates)), gradients = jax.value_and_grad(
                value_and_updates, has_aux=True
            )([v.value for v in variables], [v.value for v in others])
            for variable, update in zip(others, updates, strict=True):
                variable.assign(update)
            return value, gradients


def value_or_zero(predicate, function, state):
    """Computes the scalar `function()` where `predicate` holds, and is 0 elsewhere.

    Where it does not hold, neither the function nor its gradient takes any time. The
    predicate is a boolean tensor. The function returns a float32 scalar and may update
    variables that are not trainable. `state` is as in `value_and_gradients`.
    """
    if keras.backend.backend() != "jax":
        return ops.cond(predicate, function, lambda: ops.zeros(()))
    variables = state()
    values = [v.value for v in variables]
    # What a branch assigns ends with it, so it returns the new values.
    kept = [v for v in variables if not v.trainable]
    value, updates = ops.cond(
        predicate,
        lambda: _value_and_updates(function, variables, values, kept),
        lambda: (ops.zeros(()), [v.value for v in kept]),
    )
    for variable, update in zip(kept, updates, strict=True):
        variable.assign(update)
    return value


def _value_and_updates(function, variables, values, kept):
    """Returns `function()` for `values` of the variables, and `kept` ones after it."""
    # A nested scope does not see its parent's values, so `variables` are all.
    mapping = zip(variables, values, strict=True)
    with keras.StatelessScope(state_mapping=mapping) as scope:
        value = function()
    return value, [scope.get_current_value(v) for v in kept]


def scalar(value):
    """Returns the scalar that a loss returned, alone or first in a tuple."""
    return value[0] if isinstance(value, tuple) else value


def without_gradient(function):
    """Calls `function` without recording gradients and returns its result."""
    if keras.backend.backend() == "torch":
        import torch

        with torch.no_grad():
            return function()
    return function()
