"""Weight clipping, the original way to make a Wasserstein critic Lipschitz."""

import keras
from keras import ops

from gankit.backend.arguments import check_real


@keras.saving.register_keras_serializable("gankit")
class WeightClipping(keras.constraints.Constraint):
    """Clips every entry of a weight to [-c, c] after each optimizer step.

    Pass it as `kernel_constraint`, `bias_constraint` and so on, or use `clip_weights`
    to set it on all weights of a critic.

    Args:
        c: The bound, greater than 0; 0.01 in the paper.

    Raises:
        ValueError: If `c` is not greater than 0.

    Reference:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """

    def __init__(self, c):
        self.c = check_real("c", c, above=0)

    def __call__(self, w):
        return ops.clip(w, -self.c, self.c)

    def get_config(self):
        return {"c": self.c}


def clip_weights(critic, c):
    """Clips all trainable weights of a critic, now and after every optimizer step.

    These are kernels, biases, and batch normalisation's scale and offset. Moving
    statistics are not clipped. The initial weights are clipped right away, because an
    optimizer applies constraints only after its first step.

    The constraint is set on the variables and is not saved with the model. After
    loading or cloning a critic, call `clip_weights` again before you train it.

    Args:
        critic: A built `keras.Model` or layer.
        c: The bound, greater than 0; 0.01 in the paper.

    Raises:
        ValueError: If `c` is not greater than 0, or the critic is not built.

    Reference:
        Arjovsky et al. 2017, algorithm 1 (https://arxiv.org/abs/1701.07875).
    """
    clipping = WeightClipping(c)
    if not critic.trainable_variables:
        raise ValueError(
            f"Expected a built critic, received {critic.name!r} without trainable "
            "weights: give it a keras.Input, or call it once before clipping."
        )
    for variable in critic.trainable_variables:
        variable.constraint = clipping
        variable.assign(clipping(variable))
