"""Moments in batches against NumPy on all at once, and files of them."""

import tracemalloc

import numpy as np
import oracles
import pytest

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.statistics import FeatureStatistics


def _gather(features, sizes):
    moments = MomentAccumulator()
    start = 0
    for size in sizes:
        moments.update(features[start : start + size])
        start += size
    moments.update(features[start:])
    return moments


@pytest.mark.parametrize("n", [2, 7, 8, 9, 100])
@pytest.mark.parametrize("sizes", [(), (1,), (1, 1, 3, 40), (50,)])
def test_batches_give_what_all_at_once_gives(n, sizes):
    x = np.random.default_rng(n).normal(3, 2, size=(n, 8))
    statistics = _gather(x, sizes).result({"extractor": "none"})
    assert statistics.n == n and statistics.metadata == {"extractor": "none"}
    np.testing.assert_allclose(statistics.mean, x.mean(0), rtol=1e-12)
    expected = np.cov(x, rowvar=False)
    np.testing.assert_allclose(statistics.covariance, expected, atol=1e-13)
    np.testing.assert_allclose(
        statistics.factor @ statistics.factor.T, expected, atol=1e-13
    )
    # Few features are their own factor; of many, d^2 numbers are kept.
    assert statistics.factor.shape == (8, min(n, 8))


def test_float32_features_with_a_large_mean_cost_no_digits():
    # Multiples of 1/16, which float32 holds exactly beside a mean of 2^18.
    x = np.round(np.random.default_rng(0).normal(size=(3000, 20)) * 16) / 16
    covariance = (
        _gather((x + 2.0**18).astype("float32"), (64,) * 40).result().covariance
    )
    np.testing.assert_allclose(covariance, np.cov(x, rowvar=False), atol=1e-13)


def test_a_mean_of_a_million_deviations():
    x = np.random.default_rng(1).normal(size=(2000, 20)) + 1e6
    covariance = _gather(x, (50,) * 30).result().covariance
    expected = np.cov(x - 1e6, rowvar=False)
    np.testing.assert_allclose(covariance, expected, atol=1e-13)


def test_results_stay_while_more_follows():
    x = np.random.default_rng(3).normal(size=(60, 7))
    moments = MomentAccumulator()
    buffer = np.empty((20, 7))
    results = {}
    for n in (20, 40, 60):
        buffer[:] = x[n - 20 : n]  # as data loaders reuse their memory
        moments.update(buffer)
        if n != 40:
            results[n] = moments.result()
    for n, result in results.items():
        np.testing.assert_allclose(result.mean, x[:n].mean(0))
        expected = np.cov(x[:n], rowvar=False)
        np.testing.assert_allclose(result.covariance, expected, atol=1e-13)


def test_memory_does_not_grow_with_n():
    peaks = []
    for batches in (20, 200):
        moments = MomentAccumulator()
        batch = np.random.default_rng(4).normal(size=(100, 200))
        tracemalloc.start()
        for _ in range(batches):
            moments.update(batch)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] < 10 * 200 * 200 * 8


def test_features_that_do_not_fit_get_a_sentence():
    moments = MomentAccumulator()
    with pytest.raises(ValueError, match="two feature vectors.* received 0"):
        moments.result()
    moments.update(np.ones((1, 3)))
    with pytest.raises(ValueError, match="two feature vectors.* received 1"):
        moments.result()
    with pytest.raises(ValueError, match="width 3 like those before, received 4"):
        moments.update(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"\(m, d\), received the shape \(2, 3, 1\)"):
        moments.update(np.ones((2, 3, 1)))
    with pytest.raises(ValueError, match="finite features, received NaN"):
        moments.update(np.array([[0, np.inf, 0]]))
    assert moments.n == 1


@pytest.mark.parametrize("n", [5, 50])
def test_files_return_what_was_saved(tmp_path, n):
    x = np.random.default_rng(5).normal(size=(n, 8))
    saved = _gather(x, ()).result({"extractor": "FID, tf1", "n": n})
    path = tmp_path / "statistics.npz"
    path.write_bytes(b"an older file")
    saved.save(path, features=x)
    loaded = FeatureStatistics.load(path)
    np.testing.assert_array_equal(loaded.mean, saved.mean)
    np.testing.assert_array_equal(loaded.covariance, saved.covariance)
    assert loaded.n == n and loaded.metadata == saved.metadata
    with np.load(path) as archive:
        np.testing.assert_array_equal(archive["features"], x)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_go_to_and_come_from_pytorch_fid(tmp_path):
    fid_score = oracles.import_with_torchvision("pytorch_fid.fid_score")
    x = np.random.default_rng(6).normal(size=(50, 8))
    saved = _gather(x, ()).result()
    path = tmp_path / "ours.npz"
    saved.save(path)
    mu, sigma = fid_score.compute_statistics_of_path(str(path), None, 1, 8, "cpu")
    np.testing.assert_array_equal(mu, saved.mean)
    np.testing.assert_array_equal(sigma, saved.covariance)


def test_files_with_mu_and_sigma_alone(tmp_path):
    path = tmp_path / "theirs.npz"
    np.savez_compressed(path, mu=np.ones(3, "float32"), sigma=np.eye(3))
    loaded = FeatureStatistics.load(path)
    assert loaded.n is None and loaded.metadata == {}
    assert loaded.mean.dtype == "float64"
    loaded.save(path)
    assert FeatureStatistics.load(path).n is None


def test_files_of_something_else_get_a_sentence(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, mu=np.zeros(30), sigma=np.eye(30))
    whole = path.read_bytes()
    for content in (b"", b"some text", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(
            ValueError, match=r"file\.npz to be .* damaged or of another"
        ):
            FeatureStatistics.load(path)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 255
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="damaged or of another"):
        FeatureStatistics.load(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="damaged or of another"):
        FeatureStatistics.load(path)
    np.savez(path, mean=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(ValueError, match="hold mu and sigma, received mean, sigma"):
        FeatureStatistics.load(path)
    np.savez(path, mu=np.zeros(3), sigma=np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"file\.npz: .* received \(3,\) and \(3, 2\)"):
        FeatureStatistics.load(path)
    np.savez(path, mu=np.array([0, np.nan]), sigma=np.eye(2))
    with pytest.raises(ValueError, match=r"file\.npz: .* received NaN"):
        FeatureStatistics.load(path)
    with pytest.raises(FileNotFoundError):
        FeatureStatistics.load(tmp_path / "absent.npz")
