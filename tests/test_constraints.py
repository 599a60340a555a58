"""Weight clipping: what it clips, when, and its effect on the critic's slope."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gankit.backend.gradients import input_gradient
from gankit.constraints import WeightClipping, clip_weights
from gankit.datasets import Batches
from gankit.networks import dcgan, mlp
from gankit.trainers import GAN

C = 0.01


def _clipped_gan(generator, critic):
    gan = GAN(generator, critic, loss="wasserstein", latent_dim=6, weight_clipping=C)
    gan.compile(keras.optimizers.RMSprop(5e-3), keras.optimizers.RMSprop(5e-3))
    return gan


def _largest(variables):
    return [np.abs(ops.convert_to_numpy(v)).max() for v in variables]


def _kernels(network):
    return [
        ops.convert_to_numpy(v)
        for v in network.trainable_variables
        if v.name == "kernel"
    ]


def test_all_weights_of_the_critic_are_clipped_but_no_statistics(images, tmp_path):
    shape = (8, 8, 1)
    gan = _clipped_gan(
        dcgan.generator((8, 4), (2, 2), image_shape=shape, latent_dim=6),
        dcgan.discriminator((4, 8), (2, 2), image_shape=shape),
    )
    critic = gan.discriminator
    names = {variable.name for variable in critic.trainable_variables}
    assert names == {"kernel", "bias", "gamma", "beta"}
    # Initial weights are clipped too: gamma was 1.
    assert max(_largest(critic.trainable_variables)) == np.float32(C)
    batches = Batches(images, batch_size=8, seed=0)
    for _ in range(2):
        before = _kernels(critic)
        gan.fit(batches, steps_per_epoch=2, verbose=0)
        for b, a in zip(before, _kernels(critic), strict=True):
            assert not np.array_equal(b, a)
        assert max(_largest(critic.trainable_variables)) <= np.float32(C)
        # Moving statistics and the generator are not clipped.
        assert max(_largest(critic.non_trainable_variables)) > 0.1
        assert max(_largest(gan.generator.trainable_variables)) > 0.1
        # The second round uses the loaded model.
        gan.save(tmp_path / "gan.keras")
        gan = keras.models.load_model(tmp_path / "gan.keras")
        critic = gan.discriminator


def test_a_constraint_of_the_layer_is_saved_with_it(tmp_path):
    critic = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(
                1, kernel_constraint=WeightClipping(C), bias_constraint="non_neg"
            ),
        ]
    )
    critic.save(tmp_path / "critic.keras")
    loaded = keras.models.load_model(tmp_path / "critic.keras")
    (kernel, bias) = loaded.trainable_variables
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([kernel, bias])
    optimizer.apply([ops.ones((4, 1)), ops.ones((1,))], [kernel, bias])
    np.testing.assert_array_equal(ops.convert_to_numpy(kernel), np.float32(-C))
    assert float(ops.convert_to_numpy(bias)[0]) == 0


def test_the_slope_of_a_clipped_critic(images):
    gan = _clipped_gan(
        mlp.generator((8, 8, 1), latent_dim=6, hidden=(16,)),
        mlp.discriminator((8, 8, 1), hidden=(32, 16)),
    )
    gan.fit(Batches(images, batch_size=8, seed=0), steps_per_epoch=8, verbose=0)
    x = np.random.default_rng(0).uniform(-1, 1, (200, 8, 8, 1)).astype("float32")
    gradients = input_gradient(gan.discriminator, ops.convert_to_tensor(x))
    gradients = ops.convert_to_numpy(ops.stop_gradient(gradients)).reshape(200, -1)
    slope = np.linalg.norm(gradients, axis=1).max()
    kernels = _kernels(gan.discriminator)
    assert len(kernels) == 3
    norms = [np.linalg.norm(kernel, 2) for kernel in kernels]
    # Clipping to c guarantees a norm of at most c sqrt(rows x columns).
    bounds = [C * np.sqrt(kernel.size) for kernel in kernels]
    assert 0 < slope <= np.prod(norms) * 1.0001
    assert all(
        norm <= bound * 1.0001 for norm, bound in zip(norms, bounds, strict=True)
    )


def test_bad_arguments_raise():
    with pytest.raises(
        ValueError, match="c to be a finite number above 0, received -1"
    ):
        WeightClipping(-1)
    with pytest.raises(ValueError, match="received 'critic' without trainable weights"):
        clip_weights(keras.Sequential([layers.Dense(1)], name="critic"), C)
