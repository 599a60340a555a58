"""Learning-rate schedules."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("gankit")
class ConstantThenLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Keeps the learning rate, then lets it fall to zero along a straight line.

    CycleGAN is trained so: 100 epochs constant, 100 falling. Steps are updates of the
    optimizer that the schedule belongs to, which falls a little with each; the
    authors' code falls once per epoch.

    Args:
        learning_rate: The rate of the first part, at least 0.
        constant_steps: Updates at that rate, at least 0.
        decay_steps: Updates in which it falls to zero, at least 1; it stays there.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> schedule = ConstantThenLinearDecay(2e-4, constant_steps=100, decay_steps=100)
    >>> [float(schedule(step)) for step in (0, 100, 150, 200)]
    [0.0002, 0.0002, 0.0001, 0.0]

    Reference:
        Zhu et al. 2017, section 4 (https://arxiv.org/abs/1703.10593).
    """

    def __init__(self, learning_rate, constant_steps, decay_steps):
        super().__init__()
        if learning_rate < 0 or constant_steps < 0 or decay_steps < 1:
            raise ValueError(
                "Expected learning_rate and constant_steps of at least 0 and "
                f"decay_steps of at least 1, received {learning_rate!r}, "
                f"{constant_steps!r} and {decay_steps!r}: pass numbers in these ranges."
            )
        self.learning_rate = learning_rate
        self.constant_steps = constant_steps
        self.decay_steps = decay_steps

    def __call__(self, step):
        decayed = ops.cast(step, "float32") - self.constant_steps
        return self.learning_rate * (1 - ops.clip(decayed / self.decay_steps, 0, 1))

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "constant_steps": self.constant_steps,
            "decay_steps": self.decay_steps,
        }
