"""Targets, closed forms, transport, the bilinear game and coverage, with oracles."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from gankit.course.toys import (
    bilinear,
    closed_forms,
    coverage,
    least_squares,
    optimal_least_squares,
    targets,
    transport,
)
from gankit.losses import LOSSES

ON_THE_LINE = [targets.gaussian(), targets.mixture(), targets.two_uniforms()]
NAMES = ["gaussian", "mixture", "two_uniforms"]


@pytest.mark.parametrize("target", ON_THE_LINE, ids=NAMES)
def test_densities_on_the_line_hold_mass_1_where_the_samples_are(target):
    def density(x):
        return float(target.density(np.array([x])))

    breaks = [-2, -1, 1, 2, 3]
    total, _ = integrate.quad(density, -8, 8, points=breaks)
    left, _ = integrate.quad(density, -8, 1.5, points=breaks[:-2])
    assert total == pytest.approx(1, abs=1e-6)
    x = target.sample(20_000, 0)
    assert x.shape == (20_000, 1) and x.dtype == "float32"
    assert np.mean(x < 1.5) == pytest.approx(left, abs=0.015)
    np.testing.assert_array_equal(x, target.sample(20_000, 0))
    assert not np.array_equal(x, target.sample(20_000, 1))


@pytest.mark.parametrize("make", [targets.ring, targets.grid])
def test_planar_mixtures(make):
    target = make()
    spread = stats.multivariate_normal(np.zeros(2), target.scale**2)
    x = target.centres[0] + np.array([[0.0, 0.0], [0.01, -0.02]])
    expected = spread.pdf(x - target.centres[0]) / len(target.centres)
    np.testing.assert_allclose(target.density(x), expected)
    found = coverage.coverage(target.sample(5000, 0), target)
    assert found.modes == len(target.centres)
    # Of a round Gaussian in the plane all but exp(-9/2) is within 3 deviations.
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.01)


def test_coverage_counts_modes_and_mass():
    target = targets.ring()
    seeds = np.stack([target.centres[[0, 0, 1, 2]], target.centres[[3] * 4]])
    seeds[0, 3] += 0.05  # near no mode
    found = coverage.coverage(seeds, target)
    np.testing.assert_array_equal(found.modes, [2, 1])
    np.testing.assert_allclose(found.high_quality, [0.75, 1])
    np.testing.assert_allclose(found.mass[0, :3], [0.5, 0.25, 0])
    assert coverage.coverage(seeds, target, least=2).modes.tolist() == [1, 1]


def test_optimal_discriminator_and_divergences_of_gaussians():
    x = np.linspace(-15, 15, 20_001)
    p, q = stats.norm.pdf(x, 0, 1), stats.norm.pdf(x, 2, 1.5)
    best = closed_forms.optimal_discriminator(p, q)
    # The log-odds of two Gaussians are a parabola.
    odds = stats.norm.logpdf(x, 0, 1) - stats.norm.logpdf(x, 2, 1.5)
    np.testing.assert_allclose(best, 1 / (1 + np.exp(-odds)), atol=1e-12)
    known = np.log(1.5) + (1 + 4) / (2 * 1.5**2) - 0.5
    assert closed_forms.kullback_leibler(p, q, x) == pytest.approx(known, rel=1e-6)

    def inside(x):
        one, other = stats.norm.pdf(x, 0, 1), stats.norm.pdf(x, 2, 1.5)
        middle = (one + other) / 2
        return 0.5 * one * np.log(one / middle) + 0.5 * other * np.log(other / middle)

    expected, _ = integrate.quad(inside, -10, 12)
    divergence = closed_forms.jensen_shannon(p, q, x)
    assert divergence == pytest.approx(expected, rel=1e-6)
    # Theorem 1: the value of the game with that discriminator is 2 JS - 2 ln 2.
    value = np.trapezoid(p * np.log(best) + q * np.log1p(-best), x)
    assert value == pytest.approx(2 * divergence - 2 * np.log(2), rel=1e-6)
    assert closed_forms.kullback_leibler([1.0, 1], [1.0, 0], [0, 1]) == np.inf
    assert np.isnan(closed_forms.optimal_discriminator(0.0, 0.0))


def test_wasserstein_is_scipys():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 200)), rng.exponential(size=(3, 200))
    expected = [stats.wasserstein_distance(*pair) for pair in zip(x, y, strict=True)]
    np.testing.assert_allclose(closed_forms.wasserstein(x, y), expected)
    with pytest.raises(ValueError, match="equal size, received 2 and 3"):
        closed_forms.wasserstein(np.zeros(2), np.zeros(3))


def test_slopes_of_the_generators_losses():
    d = np.array([-9.0, -1.0, 0.0, 2.5])
    probability = 1 / (1 + np.exp(-d))
    expected = {
        "minimax": -probability,
        "non_saturating": probability - 1,
        "least_squares": d - 1,
        "hinge": -np.ones(4),
        "wasserstein": -np.ones(4),
    }
    assert set(expected) == {n for n, loss in LOSSES.items() if not loss.is_relative}
    for name, slopes in expected.items():
        found = closed_forms.loss_slopes(name, d)
        np.testing.assert_allclose(found, slopes, atol=1e-6, err_msg=name)
    found = closed_forms.loss_slopes(least_squares(-1, 1, 0), d)
    np.testing.assert_allclose(found, d, atol=1e-6)


def test_only_one_coding_is_pearsons():
    x = np.linspace(-15, 15, 5001)
    p = stats.norm.pdf(x, 0, 1)
    ours, kits = [], []
    chi_squared = []
    for mean in (0.0, 0.5, 1.0, 2.0):
        q = stats.norm.pdf(x, mean, 1)
        chi_squared.append(np.trapezoid((q - p) ** 2 / (p + q), x))
        for (a, b, c), values in (((-1, 1, 0), ours), ((0, 1, 1), kits)):
            best = optimal_least_squares(p, q, a, b)
            # The paper adds the real term, which is no business of the generator.
            values.append(np.trapezoid((p + q) * (best - c) ** 2, x))
    np.testing.assert_allclose(ours, chi_squared, rtol=1e-6, atol=1e-12)
    assert np.ptp(np.array(kits) - chi_squared) > 0.1
    assert least_squares(0, 1, 1).generator_equilibrium == 0.125
    assert least_squares(0, 1, 1).discriminator_equilibrium == 0.25


def test_primal_against_all_assignments():
    # Equal masses: some permutation is optimal, and there are few.
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 2))
    cost = transport.costs(x, y)
    np.testing.assert_allclose(cost[1, 2], np.linalg.norm(x[1] - y[2]))
    share = np.full(5, 0.2)
    best = min(
        cost[range(5), list(order)].mean() for order in itertools.permutations(range(5))
    )
    plan = transport.primal(share, share, cost)
    assert plan.distance == pytest.approx(best)
    np.testing.assert_allclose(plan.mass.sum(axis=1), share, atol=1e-12)
    np.testing.assert_allclose(plan.mass.sum(axis=0), share, atol=1e-12)


def test_strong_duality_and_the_critic():
    rng = np.random.default_rng(1)
    at = np.sort(rng.normal(size=8))[:, None]
    p, q = rng.dirichlet(np.ones(8), size=2)
    cost = transport.costs(at, at)
    plan, prices = transport.primal(p, q, cost), transport.dual(p, q, cost)
    critic = transport.critic(p, q, cost)
    known = stats.wasserstein_distance(at[:, 0], at[:, 0], p, q)
    for found in (plan, prices, critic):
        assert found.distance == pytest.approx(known)
    slack = cost - prices.source[:, None] - prices.target[None, :]
    assert slack.min() > -1e-9
    # Complementary slackness: earth moves only where the price is the cost.
    assert np.abs(slack * plan.mass).max() < 1e-9
    steepest = np.abs(critic.source[:, None] - critic.source) - cost
    assert steepest.max() < 1e-9 and critic.source[0] == 0
    assert critic.source @ (p - q) == pytest.approx(known)
    with pytest.raises(ValueError, match="masses with equal sums"):
        transport.primal(p, 2 * q, cost)


@pytest.mark.parametrize("ratio", [1.0, 5.0])
def test_spectral_radii_of_the_bilinear_game(ratio):
    rate = 0.2
    product = ratio * rate**2

    def radius(method, **options):
        matrix = bilinear.step_matrix(method, rate, ratio=ratio, **options)
        return bilinear.spectral_radius(matrix)

    assert radius("simultaneous") == pytest.approx(np.sqrt(1 + product))
    assert radius("alternating") == pytest.approx(1)
    assert radius("extragradient") == pytest.approx(np.sqrt(1 - product + product**2))
    b = ratio * rate
    assert radius("penalty", penalty=1.0) == pytest.approx(
        np.max(np.abs(np.roots([1, b - 2, 1 - b + product])))
    )
    assert radius("penalty", penalty=1.0) < 1


def test_trajectories_are_the_steps_of_both_players():
    rate, places = 0.1, {m: [] for m in bilinear.METHODS}
    for method in bilinear.METHODS:
        x, y = 1.0, 1.0
        for _ in range(20):
            if method == "simultaneous":
                x, y = x - rate * y, y + rate * x
            elif method == "alternating":
                x = x - rate * y
                y = y + rate * x
            elif method == "extragradient":
                there = x - rate * y, y + rate * x
                x, y = x - rate * there[1], y + rate * there[0]
            else:
                x, y = x - rate * y, y + rate * (x - 2.0 * y)
            places[method].append((x, y))
        matrix = bilinear.step_matrix(method, rate, penalty=2.0)
        found = bilinear.trajectory(matrix, 20)
        np.testing.assert_allclose(found[0], 1)
        np.testing.assert_allclose(found[1:], places[method])
    with pytest.raises(ValueError, match="Expected method to be one of"):
        bilinear.step_matrix("hope")
