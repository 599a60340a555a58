"""Small games of many seeds: each as it would be alone, and what its record says."""

import keras
import numpy as np
import pytest
from keras import ops

from gankit.backend.gradients import input_gradient
from gankit.course.toys import least_squares, targets, train
from gankit.course.toys.closed_forms import wasserstein
from gankit.course.toys.networks import SeedsMLP

SMALL = {"hidden": (8, 8), "batch_size": 16, "steps": 12, "records": 3}


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "wasserstein", "bound": "clipping", "generator_steps": 2},
        {"loss": "hinge", "bound": "spectral", "statistics": True},
        {"unrolled": 2, "discriminator_steps": 2},
        {"loss": "relativistic", "bound": "R1 and R2", "strength": 0.5},
    ],
    ids=["clipping", "spectral", "unrolled", "pairs"],
)
def test_seeds_train_together_as_they_would_alone(options):
    together = train(targets.ring(), seeds=(3, 5), **SMALL, **options)
    for i, seed in enumerate((3, 5)):
        alone = train(targets.ring(), seeds=(seed,), **SMALL, **options)
        np.testing.assert_allclose(together.weights()[i], alone.weights()[0], atol=2e-5)
        np.testing.assert_allclose(together.samples()[i], alone.samples()[0], atol=2e-4)
    assert together.steps == [0, 4, 8, 12]
    assert np.abs(together.weights() - together.weights(0)).max() > 1e-3


def test_a_game_learns_a_gaussian():
    record = train(
        targets.gaussian(), steps=1500, records=2, hidden=(16,), seeds=range(3)
    )
    start, end = (record.samples(i)[..., 0] for i in (0, -1))
    assert np.all(np.abs(start.mean(axis=1) - 3.0) > 1.5)
    np.testing.assert_allclose(end.mean(axis=1), 3.0, atol=0.6)


def test_a_seed_keeps_its_generator_where_its_rate_is_nought():
    record = train(targets.mixture(), generator_rate=0.0, **SMALL)
    np.testing.assert_array_equal(record.samples(0), record.samples(-1))
    assert np.abs(record.weights(0) - record.weights(-1)).max() > 1e-3


def test_a_network_of_many_seeds_is_that_of_each():
    network = SeedsMLP((2, 4, 1), (0, 1, 2), statistics=True)
    x = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
    (first, bias), (second, last) = (
        [ops.convert_to_numpy(part) for part in pair]
        for pair in network.matrices(network.rows)
    )
    for seed in range(3):
        spread = np.full((5, 1), x[seed].std(axis=0).mean())
        hidden = np.concatenate([x[seed], spread], 1) @ first[seed] + bias[seed]
        hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
        np.testing.assert_allclose(
            ops.convert_to_numpy(network(x))[seed],
            hidden @ second[seed] + last[seed],
            atol=1e-5,
        )


def test_a_spectral_network_is_nowhere_steeper_than_1():
    network = SeedsMLP((2, 16, 16, 1), (0, 1), spectral=True)
    network.rows.assign(10 * network.rows.value)
    for i, (kernel, _) in enumerate(network.matrices(network.rows)):
        sigma = ops.convert_to_numpy(network._sigma(kernel, i))[:, 0, 0]
        exact = np.linalg.norm(ops.convert_to_numpy(kernel), 2, axis=(1, 2))
        np.testing.assert_allclose(sigma, exact, rtol=2e-3)
    x = np.random.default_rng(0).normal(size=(2, 200, 2)).astype("float32")
    slopes = input_gradient(network, ops.convert_to_tensor(x))
    assert np.linalg.norm(ops.convert_to_numpy(slopes), axis=-1).max() < 1.01


def test_clipping_holds_for_every_weight_from_the_start():
    record = train(
        targets.ring(), "wasserstein", bound="clipping", strength=0.05, **SMALL
    )
    for i in range(4):
        assert np.abs(record.weights(i)).max() <= 0.05 + 1e-7


def test_a_penalty_brings_slopes_to_where_its_optimum_is():
    record = train(
        targets.gaussian(),
        "wasserstein",
        bound="penalty",
        strength=10.0,
        generator_rate=0.0,
        steps=400,
        records=1,
        hidden=(16,),
        seeds=(0, 1),
        learning_rate=5e-3,
    )
    between = np.linspace(1.0, 2.0, 20)[:, None]
    slopes = np.abs(record.slopes(between)).mean(axis=(1, 2))
    # A critic of slope s on the whole way pays 10 (s - 1)^2 - s W.
    real = targets.gaussian().sample(1000, 0)[:, 0]
    distance = wasserstein(real, record.samples()[..., 0])
    np.testing.assert_allclose(slopes, 1 + distance / 20, atol=0.03)


def test_the_losses_of_pairs_are_those_of_real_and_generated_points():
    record = train(targets.mixture(), "relativistic", bound="R1", **SMALL)
    real = record.outputs(targets.mixture().sample(50, [0, 6]))
    fake = record.outputs(record.samples(-1, 50))
    d_loss, g_loss = (losses[-1] for losses in record.losses(50))
    np.testing.assert_allclose(d_loss, np.logaddexp(0, fake - real).mean(), rtol=1e-5)
    np.testing.assert_allclose(g_loss, np.logaddexp(0, real - fake).mean(), rtol=1e-5)


def test_what_a_record_says_of_its_end():
    record = train(targets.mixture(), "non_saturating", seeds=(0, 1), **SMALL)
    game = record.game
    x = np.linspace(-1, 1, 7)[:, None]
    outputs = record.outputs(x)
    live = game.discriminator(np.repeat(x[None], 2, axis=0).astype("float32"))
    np.testing.assert_allclose(outputs, ops.convert_to_numpy(live)[..., 0], atol=1e-6)
    # The non-saturating loss has the slope D - 1 by the logit.
    by_hand = (1 / (1 + np.exp(-outputs)) - 1)[..., None] * record.slopes(x)
    np.testing.assert_allclose(record.generator_gradients(x), by_hand, atol=1e-6)
    samples = record.samples(-1, 50)
    norms = np.sqrt(np.mean(record.generator_gradients(samples)[..., 0] ** 2, axis=1))
    np.testing.assert_allclose(record.gradient_norms(50)[-1], norms, rtol=1e-5)
    d_loss, g_loss = record.losses(50)
    assert d_loss.shape == g_loss.shape == (4, 2)
    softplus = np.logaddexp(0, -record.outputs(samples)).mean(axis=1)
    np.testing.assert_allclose(g_loss[-1], softplus, rtol=1e-5)


def test_least_squares_with_the_kits_labels_is_the_kits_game():
    kits, ours = (
        train(targets.mixture(), loss, **SMALL)
        for loss in ("least_squares", least_squares(0, 1, 1))
    )
    np.testing.assert_array_equal(kits.weights(), ours.weights())
    pearsons = train(targets.mixture(), least_squares(-1, 1, 0), **SMALL)
    assert np.abs(pearsons.weights() - ours.weights()).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bound": "hope"}, "Expected bound to be one of None, clipping"),
        ({"bound": "penalty", "statistics": True}, "depend on one point each"),
        ({"bound": "R1", "statistics": True}, "depend on one point each"),
        ({"records": 5}, "10 would be one"),
        ({"loss": "hope"}, "Expected loss to be one of"),
    ],
)
def test_what_a_game_cannot_do_is_said_in_a_sentence(options, words):
    with pytest.raises(ValueError, match=words) as error:
        train(targets.ring(), **{**SMALL, **options})
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("bound", [None, "penalty"])
def test_nothing_of_a_game_hangs_on_the_global_seed(bound):
    weights = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        weights.append(train(targets.ring(), bound=bound, **SMALL).weights())
    np.testing.assert_array_equal(*weights)


def test_a_game_resumes_where_it_was():
    record = train(targets.ring(), **SMALL)
    more = record.game.fit_and_record(8, records=2)
    np.testing.assert_array_equal(record.weights(-1), more.weights(0))
    assert more.steps == [0, 4, 8]
    at_once = train(targets.ring(), **{**SMALL, "steps": 20, "records": 5})
    np.testing.assert_allclose(at_once.weights(), more.weights(), atol=1e-6)
