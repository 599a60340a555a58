"""Weight clipping, the first way to keep a Wasserstein critic Lipschitz."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("gankit")
class WeightClipping(keras.constraints.Constraint):
    """Clips every entry of a weight to [-c, c] after each step of the optimizer.

    It holds for the weight it is set on: pass it as `kernel_constraint`,
    `bias_constraint` and so on, or let `clip_weights` set it on all weights of a
    critic.

    Args:
        c: The bound, greater than 0; 0.01 in the paper.

    Raises:
        ValueError: If `c` is not greater than 0.

    Reference:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """

    def __init__(self, c):
        if not c > 0:
            raise ValueError(
                f"Expected c to be greater than 0, received {c!r}: the paper uses 0.01."
            )
        self.c = c

    def __call__(self, w):
        return ops.clip(w, -self.c, self.c)

    def get_config(self):
        return {"c": self.c}


def clip_weights(critic, c):
    """Clips all trainable weights of a critic, at once and from now on.

    All means kernels, biases, and batch normalisation's scale and offset. Moving
    statistics are no weights of the function that is trained, and stay. The initial
    weights are clipped too, as the optimizer applies a constraint only after its
    first step.

    The constraint is set on the variables, where every optimizer honours it, and no
    file keeps it there: call `clip_weights` again on a critic that was loaded or
    cloned, before it is trained on.

    Args:
        critic: A built `keras.Model` or layer.
        c: The bound, greater than 0; 0.01 in the paper.

    Raises:
        ValueError: If `c` is not greater than 0, or the critic has no weights yet.

    Reference:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """
    clipping = WeightClipping(c)
    if not critic.trainable_variables:
        raise ValueError(
            f"Expected a built critic, received {critic.name!r} without trainable "
            "weights: give it a keras.Input or call it once before clipping."
        )
    for variable in critic.trainable_variables:
        variable.constraint = clipping
        variable.assign(clipping(variable))
