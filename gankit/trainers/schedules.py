"""Learning-rate schedules."""

import keras
from keras import ops

from gankit.backend.arguments import check_number, check_real


@keras.saving.register_keras_serializable("gankit")
class ConstantThenLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A constant learning rate, followed by a linear decay to zero.

    CycleGAN is trained with 100 constant epochs and 100 epochs of decay. Here the rate
    decays with every update of the optimizer; in the authors' code, with every epoch.

    Args:
        learning_rate: The rate of the constant part, at least 0.
        constant_steps: Number of updates at that rate, at least 0.
        decay_steps: Number of updates until the rate is zero, at least 1. It then stays
            zero.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> schedule = ConstantThenLinearDecay(2e-4, constant_steps=100, decay_steps=100)
    >>> [float(schedule(step)) for step in (0, 100, 150, 200)]
    [0.0002, 0.0002, 0.0001, 0.0]

    Reference:
        Zhu et al. 2017, section 4 (https://arxiv.org/abs/1703.10593).
    """

    def __init__(self, learning_rate, constant_steps, decay_steps):
        super().__init__()
        self.learning_rate = check_real("learning_rate", learning_rate, at_least=0)
        self.constant_steps = check_number("constant_steps", constant_steps, 0)
        self.decay_steps = check_number("decay_steps", decay_steps, 1)

    def __call__(self, step):
        decayed = ops.cast(step, "float32") - self.constant_steps
        return self.learning_rate * (1 - ops.clip(decayed / self.decay_steps, 0, 1))

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "constant_steps": self.constant_steps,
            "decay_steps": self.decay_steps,
        }
