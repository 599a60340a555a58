"""Optimizers of the experiments: steps of the published size for small gradients."""

import keras
import numpy as np
import pytest

from gankit import experiments
from gankit.experiments.iisc import published_rmsprop


def first_step(optimizer, gradient):
    """How far the first update moves a weight of 0."""
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer.apply([keras.ops.full((1,), gradient)], [weight])
    return abs(float(weight.numpy()[0]))


@pytest.mark.parametrize("gradient", [1e-7, 2.4e-7, 1e-3])
def test_published_rmsprop_takes_the_published_step(gradient):
    optimizer = published_rmsprop()
    expected = 5e-5 / np.sqrt(1 - optimizer.rho)
    assert first_step(optimizer, gradient) == pytest.approx(expected, rel=0.1)


def test_published_rmsprop_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    gradients = np.random.default_rng(0).normal(0, 2e-6, (20, 5)).astype("float32")
    ours, theirs = keras.Variable(np.zeros(5, "float32")), torch.zeros(5)
    # Its epsilon of 1e-8 still shortens the first steps of the smallest gradients.
    peer = torch.optim.RMSprop([theirs], lr=5e-5, alpha=0.99, eps=1e-12)
    optimizer = published_rmsprop()
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [ours])
        theirs.grad = torch.from_numpy(gradient)
        peer.step()
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-3)


def test_the_epsilon_of_keras_stops_rmsprop_at_such_gradients():
    assert first_step(keras.optimizers.RMSprop(5e-5), 2.4e-7) < 5e-5 / 600


@pytest.mark.parametrize("name", ["iisc/wgan-mnist", "iisc/wgan-fruit"])
def test_both_players_of_a_wgan_take_the_published_step(name):
    experiment = experiments.find(name)
    gan = experiment.build(experiment.data("smoke", None))
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        alike = type(optimizer).from_config(optimizer.get_config())
        expected = 5e-5 / np.sqrt(1 - optimizer.rho)
        assert first_step(alike, 1e-7) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("epsilon", [1e-7, 1e-20])
def test_the_epsilon_of_adam_stands_outside_the_root(epsilon):
    """Keras's epsilon is epsilon hat, before the correction of the bias.

    Kingma and Ba 2015, end of section 2 (https://arxiv.org/abs/1412.6980).
    """
    root = np.sqrt(1 - 0.999) * 1e-7
    step = first_step(keras.optimizers.Adam(2e-4, 0.5, epsilon=epsilon), 1e-7)
    assert step == pytest.approx(2e-4 * root / (root + epsilon), rel=0.01)
