"""CycleGAN's learning rate against its closed form."""

import keras
import numpy as np
import pytest
from keras import ops

from gankit.trainers.schedules import ConstantThenLinearDecay


def test_constant_then_linear():
    schedule = ConstantThenLinearDecay(2e-4, constant_steps=100, decay_steps=50)
    steps = np.arange(0, 200)
    rates = [float(schedule(ops.convert_to_tensor(step))) for step in steps]
    expected = np.interp(steps, [0, 100, 150, 200], [2e-4, 2e-4, 0, 0])
    np.testing.assert_allclose(rates, expected, atol=1e-10)


def test_an_optimizer_follows_it_and_is_saved_with_it():
    schedule = ConstantThenLinearDecay(1.0, constant_steps=2, decay_steps=4)
    optimizer = keras.optimizers.deserialize(
        keras.optimizers.serialize(keras.optimizers.SGD(schedule))
    )
    weight = keras.Variable(0.0)
    optimizer.build([weight])
    values = []
    for _ in range(8):
        optimizer.apply([ops.convert_to_tensor(-1.0)], [weight])
        values.append(float(ops.convert_to_numpy(weight)))
    moved = np.diff([0.0, *values])
    np.testing.assert_allclose(moved, [1, 1, 1, 0.75, 0.5, 0.25, 0, 0], atol=1e-6)


def test_bad_arguments_raise():
    with pytest.raises(
        ValueError, match="decay_steps to be a whole number from 1 up, received 0"
    ):
        ConstantThenLinearDecay(2e-4, constant_steps=10, decay_steps=0)
