"""Losses against closed forms, the papers' formulas in NumPy and numeric gradients."""

import keras
import numpy as np
import pytest
from keras import ops

from gankit import losses
from gankit.backend.gradients import input_gradient


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


# The formulas as printed in the papers, in float64.
FORMULAS = {
    "minimax": (
        lambda r, f: -np.mean(np.log(_sigmoid(r))) - np.mean(np.log(1 - _sigmoid(f))),
        lambda f: np.mean(np.log(1 - _sigmoid(f))),
    ),
    "non_saturating": (
        lambda r, f: -np.mean(np.log(_sigmoid(r))) - np.mean(np.log(1 - _sigmoid(f))),
        lambda f: -np.mean(np.log(_sigmoid(f))),
    ),
    "least_squares": (
        lambda r, f: np.mean((r - 1) ** 2) / 2 + np.mean(f**2) / 2,
        lambda f: np.mean((f - 1) ** 2) / 2,
    ),
    "hinge": (
        lambda r, f: np.mean(np.maximum(0, 1 - r)) + np.mean(np.maximum(0, 1 + f)),
        lambda f: -np.mean(f),
    ),
    "wasserstein": (lambda r, f: np.mean(f) - np.mean(r), lambda f: -np.mean(f)),
    "relativistic": (
        lambda r, f: -np.mean(np.log(_sigmoid(r - f))),
        lambda f, r: -np.mean(np.log(_sigmoid(f - r))),
    ),
}


def _of_generator(loss, real):
    """What a generator's loss takes beside the logits of fakes."""
    return (real,) if loss.is_relative else ()


@pytest.mark.parametrize("name", losses.LOSSES)
def test_real_images_are_seen_only_where_the_generators_loss_needs_them(name):
    loss, seen = losses.get(name), []

    def logits_of(images):
        seen.append(images)
        return images.sum(axis=1, keepdims=True)

    fake, real = np.random.default_rng(0).normal(size=(2, 5, 3))
    value = loss.of_generator(logits_of, fake, real)
    assert [images is real for images in seen] == [False] + [True] * loss.is_relative
    sums = [images.sum(axis=1, keepdims=True) for images in seen]
    assert float(value) == pytest.approx(float(FORMULAS[name][1](*sums)), rel=1e-5)


@pytest.mark.parametrize("shape", [(7,), (7, 1), (2, 5, 5, 1)])
@pytest.mark.parametrize("name", losses.LOSSES)
def test_losses_equal_the_formulas_of_their_papers(name, shape):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(0, 2, (2, *shape)).astype("float32")
    loss = losses.get(name)
    discriminator, generator = FORMULAS[name]
    assert float(loss.discriminator(real, fake)) == pytest.approx(
        discriminator(real.astype("float64"), fake.astype("float64")), rel=1e-5
    )
    more = _of_generator(loss, real)
    assert float(loss.generator(fake, *more)) == pytest.approx(
        generator(fake.astype("float64"), *more), rel=1e-5
    )


@pytest.mark.parametrize("name", losses.LOSSES)
def test_gradients_equal_numeric_gradients(name):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (6, 1)).astype("float32")
    loss = losses.get(name)
    real = ops.convert_to_tensor(rng.normal(0, 2, (6, 1)).astype("float32"))
    more = _of_generator(loss, real)
    for function, formula in (
        (
            lambda fake: loss.generator(fake, *more),
            lambda fake: FORMULAS[name][1](fake, *map(ops.convert_to_numpy, more)),
        ),
        (
            lambda fake: loss.discriminator(real, fake),
            lambda fake: FORMULAS[name][0](ops.convert_to_numpy(real), fake),
        ),
    ):
        gradient = ops.convert_to_numpy(
            ops.stop_gradient(input_gradient(function, ops.convert_to_tensor(logits)))
        )
        step = 1e-5
        for i in range(len(logits)):
            shift = np.zeros(logits.shape)
            shift[i] = step
            numeric = (formula(logits + shift) - formula(logits - shift)) / (2 * step)
            assert gradient[i, 0] == pytest.approx(numeric, abs=1e-4)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_equilibrium_values(name):
    # D(x) = 1/2 is the logit 0, or 1/2 itself for least squares, without a sigmoid.
    undecided = np.full((4, 1), 0.5 if name == "least_squares" else 0.0, "float32")
    loss = losses.get(name)
    assert float(loss.discriminator(undecided, undecided)) == pytest.approx(
        loss.discriminator_equilibrium
    )
    more = _of_generator(loss, undecided)
    assert float(loss.generator(undecided, *more)) == pytest.approx(
        loss.generator_equilibrium
    )


def test_smoothing_is_one_sided():
    logits = np.linspace(-4, 4, 9, dtype="float32")[:, None]
    p = _sigmoid(logits.astype("float64"))
    expected = -np.mean(0.9 * np.log(p) + 0.1 * np.log(1 - p)) - np.mean(np.log(1 - p))
    for name in ("minimax", "non_saturating"):
        value = losses.get(name).discriminator(logits, logits, real_label=0.9)
        assert float(value) == pytest.approx(expected, rel=1e-5)
    # The target for fakes stays 0.
    value = losses.least_squares_discriminator_loss(logits, logits, real_label=0.9)
    assert float(value) == pytest.approx(
        np.mean((logits - 0.9) ** 2) / 2 + np.mean(logits**2) / 2, rel=1e-5
    )


def test_confident_logits_neither_overflow_nor_lose_their_gradient():
    far = ops.convert_to_tensor(np.array([[-200.0]], "float32"))
    assert float(losses.non_saturating_generator_loss(far)) == pytest.approx(200)
    slope = ops.stop_gradient(input_gradient(losses.non_saturating_generator_loss, far))
    assert float(slope[0, 0]) == pytest.approx(-1)
    # The saturating loss has no gradient there, as section 3 of the paper explains.
    slope = ops.stop_gradient(input_gradient(losses.minimax_generator_loss, far))
    assert abs(float(slope[0, 0])) < 1e-6


def test_losses_average_in_float32():
    # 4,097 ones sum to 4,096 in bfloat16, whose mantissa has 8 bits.
    logits = ops.cast(np.full((4097, 1), 1.0, "float32"), "bfloat16")
    value = losses.wasserstein_generator_loss(logits)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert float(value) == -1.0


def test_the_relativistic_loss_depends_on_differences_in_pairs_only():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(0, 2, (2, 8, 1)).astype("float32")
    loss = losses.get("relativistic")
    value = float(loss.discriminator(real, fake))
    assert float(loss.discriminator(real + 3, fake + 3)) == pytest.approx(value)
    assert float(loss.generator(real, fake)) == pytest.approx(value)
    order = np.array([3, 0, 7, 2, 1, 6, 5, 4])
    assert float(loss.discriminator(real[order], fake[order])) == pytest.approx(value)
    assert abs(float(loss.discriminator(real[order], fake)) - value) > 1e-3
    # Far apart, it neither overflows nor loses its gradient.
    assert float(loss.discriminator(real - 200, fake)) == pytest.approx(200, abs=5)


def test_what_the_relativistic_loss_cannot_compare_gets_a_sentence():
    loss = losses.get("relativistic")
    for fake in (np.zeros(4, "float32"), np.zeros((3, 1), "float32")):
        with pytest.raises(ValueError, match="one shape.*received .*4.*: generate"):
            loss.discriminator(np.zeros((4, 1), "float32"), fake)
    with pytest.raises(ValueError, match="received only those of fakes: choose"):
        loss.generator(np.zeros((4, 1), "float32"))
    with pytest.raises(ValueError, match="labels to smooth"):
        loss.smoothed(0.9)


def test_an_unknown_loss_raises():
    with pytest.raises(ValueError, match="one of minimax, .* received 'hinges'"):
        losses.get("hinges")


SMOOTHABLE = [name for name, loss in losses.LOSSES.items() if loss.smooths_labels]


@pytest.mark.parametrize("name", SMOOTHABLE)
def test_a_smoothed_loss_has_the_target_built_in(name):
    loss, logits = losses.get(name), np.array([[3.0]], "float32")
    smoothed = loss.smoothed(0.9)
    value = float(smoothed.discriminator(logits, -logits))
    expected = loss.discriminator(logits, -logits, real_label=0.9)
    assert value == float(expected)
    # Closed forms at D(x) = 3, D(G(z)) = -3.
    closed = {"least_squares": ((3 - 0.9) ** 2 + 9) / 2}
    cross_entropy = 2 * np.log1p(np.exp(-3)) + 0.1 * 3
    assert value == pytest.approx(closed.get(name, cross_entropy), rel=1e-6)
    assert value != pytest.approx(float(loss.discriminator(logits, -logits)), rel=1e-2)
    assert float(smoothed.generator(logits)) == float(loss.generator(logits))


@pytest.mark.parametrize("name", SMOOTHABLE)
def test_smoothed_labels_shift_the_equilibrium(name):
    """A grid search finds the best constant output of the discriminator."""
    loss = losses.get(name)
    smoothed = loss.smoothed(0.9)
    grid = np.linspace(-3, 3, 6001, dtype="float32")
    answers = [
        float(ops.convert_to_numpy(loss.discriminator(x, x, real_label=0.9)))
        for x in grid[:, None]
    ]
    best = int(np.argmin(answers))
    assert smoothed.discriminator_equilibrium == pytest.approx(min(answers), abs=1e-6)
    assert smoothed.generator_equilibrium == pytest.approx(
        float(ops.convert_to_numpy(loss.generator(grid[best : best + 1]))), abs=1e-3
    )
    plain = loss.smoothed(1.0)
    assert plain.discriminator_equilibrium == pytest.approx(
        loss.discriminator_equilibrium
    )
    with pytest.raises(ValueError, match="labels to smooth"):
        losses.get("hinge").smoothed(0.9)
