"""Intervals from halves against repetition with new samples."""

import numpy as np
import pytest

from gankit.metrics.frechet import frechet_distance
from gankit.metrics.kernel import kernel_distance
from gankit.metrics.resampling import half_sampling_interval


def _difference(real, fake):
    return fake.mean() - real.mean()


def _kernel(real, fake):
    return kernel_distance(real, fake).mean


def _half_width(interval):
    low, high = interval
    return (high - low) / 2


@pytest.mark.parametrize("n, m", [(40, 40), (41, 100)])
def test_width_for_means_has_a_closed_form(n, m):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(n, 1)), rng.exponential(2, size=(m, 1))
    interval = half_sampling_interval(_difference, real, fake, resamples=20_000)
    # s^2/n of each side; an odd n has a smaller half, whose variance is greater.
    odd = (n - n // 2) / (n // 2)
    variance = odd * real.var(ddof=1) / n + fake.var(ddof=1) / m
    assert _half_width(interval) == pytest.approx(1.96 * variance**0.5, rel=0.02)
    assert np.mean(interval) == pytest.approx(_difference(real, fake))


@pytest.mark.parametrize(
    "statistic, truth",
    [
        (_difference, 1.0),
        # d = 1: E(xx'+1)^3 + E(yy'+1)^3 - 2 E(xy+1)^3 with moments 0, 1, 0 and 1, 2, 4:
        # 1 + 3 + 0; 1 + 3 + 3 * 4 + 16; 1 + 0 + 3 * 2 + 0.
        (_kernel, 4 + 32 - 2 * 7),
    ],
)
def test_coverage_over_new_samples(statistic, truth):
    rng = np.random.default_rng(1)
    repeats = 200
    covered = 0
    for seed in range(repeats):
        real, fake = rng.normal(size=(200, 1)), rng.normal(1, 1, size=(150, 1))
        low, high = half_sampling_interval(statistic, real, fake, seed=seed)
        covered += low <= truth <= high
    # Four standard deviations of the binomial distribution about 95 %.
    assert abs(covered / repeats - 0.95) < 4 * (0.95 * 0.05 / repeats) ** 0.5


def test_spread_of_the_frechet_distance():
    rng = np.random.default_rng(2)
    values, widths = [], []
    for seed in range(200):
        real = rng.normal(size=(200, 6))
        fake = rng.normal(0.6, 1.3, size=(200, 6))
        values.append(frechet_distance(real, fake))
        if seed < 30:
            interval = half_sampling_interval(
                frechet_distance, real, fake, resamples=50, seed=seed
            )
            # Halves have more bias, which the interval leaves out.
            assert np.mean(interval) == pytest.approx(values[-1])
            widths.append(_half_width(interval))
    spread = np.sqrt(np.mean(np.square(widths))) / 1.96
    assert spread == pytest.approx(np.std(values), rel=0.25)


def test_errs_on_the_wide_side_where_there_is_no_difference():
    rng = np.random.default_rng(3)
    values, widths = [], []
    for seed in range(300):
        real, fake = rng.normal(size=(2, 100, 3))
        values.append(_kernel(real, fake))
        if seed < 60:
            interval = half_sampling_interval(
                _kernel, real, fake, resamples=50, seed=seed
            )
            widths.append(_half_width(interval))
    ratio = np.sqrt(np.mean(np.square(widths))) / 1.96 / np.std(values)
    assert ratio == pytest.approx(3**0.5, rel=0.25)


def test_halves_never_repeat_a_picture():
    seen = []

    def record(real, fake):
        seen.append((real, fake))
        return 0.0

    real, fake = np.arange(9)[:, None], np.arange(6)[:, None]
    assert half_sampling_interval(record, real, fake, resamples=30) == (0, 0)
    *halves, whole = seen
    assert len(halves) == 30 and whole[0] is real and whole[1] is fake
    for a, b in halves:
        assert len(np.unique(a)) == len(a) == 4 and len(np.unique(b)) == len(b) == 3
    first = [tuple(a[:, 0]) for a, _ in halves]
    assert len(set(first)) > 20
    half_sampling_interval(record, real, fake, resamples=30)
    assert [tuple(a[:, 0]) for a, _ in seen[31:61]] == first
    with pytest.raises(ValueError, match="received 3, 6 and 30"):
        half_sampling_interval(record, real[:3], fake, resamples=30)
