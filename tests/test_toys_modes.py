"""The benchmark of mode collapse: counting, choosing a rate, saving and resuming."""

import numpy as np
import pytest
from PIL import Image

from gankit.course.toys import modes, targets

pytestmark = pytest.mark.tensorflow


def test_a_search_counts_what_its_points_show():
    rows, points = modes.search("ring", "hinge", steps=2, rate=1e-3, seeds=(4, 5))
    assert [row["seed"] for row in rows] == [4, 5] and points.shape == (2500, 2)
    apart = np.linalg.norm(points[:, None] - targets.ring().centres, axis=-1)
    near = (apart <= 3 * 0.02).sum(axis=0)
    assert rows[0]["modes"] == (near >= 25).sum()
    assert rows[0]["touched"] == (near >= 1).sum()
    assert rows[0]["high_quality"] == pytest.approx(near.sum() / 2500)


def row(rate, found, share, seed=0):
    counts = {"modes": found, "touched": 8, "high_quality": share}
    return {"place": "ring", "loss": "hinge", "rate": rate, "seed": seed, **counts}


def test_the_rate_with_more_modes_is_best_then_the_one_of_better_quality():
    few, many = row(1, 5, 0.9), row(2, 6, 0.1)
    assert modes.best_rates([few, many]) == {("ring", "hinge"): [many]}
    better = [row(3, 6, 0.2), row(3, 6, 0.4, seed=1)]
    assert modes.best_rates([few, many, *better]) == {("ring", "hinge"): better}
    assert modes.medians(better)["high_quality"] == pytest.approx(0.3)


def test_a_stopped_benchmark_resumes(monkeypatch, tmp_path):
    played = []

    def search(place, loss, *, steps, rate, seeds):
        if len(played) == 3:
            raise KeyboardInterrupt
        played.append((place, loss, rate))
        counts = {"place": place, "loss": loss, "steps": steps}
        rows = [{**row(rate, 8, 0.5, seed), **counts} for seed in seeds]
        return rows, targets.ring().sample(50, 0)

    setting = {"steps": 7, "rates": (1.0, 2.0), "seeds": (0, 1)}
    monkeypatch.setattr(modes, "FULL", {"ring": setting, "grid": setting})
    monkeypatch.setattr(modes, "LOSSES", {"hinge": ("hinge", {})})
    monkeypatch.setattr(modes, "search", search)
    with pytest.raises(KeyboardInterrupt):
        modes.search_all(tmp_path)
    assert len(modes.read(tmp_path)) == 6
    played[:] = played[:2]
    rows = modes.search_all(tmp_path)
    assert len(rows) == 8 and rows == modes.read(tmp_path)
    assert played[2:] == [("grid", "hinge", 2.0)]
    assert rows[-1] == {**row(2.0, 8, 0.5, 1), "place": "grid", "steps": 7}
    with Image.open(tmp_path / modes.PICTURE) as picture:
        assert picture.size[0] > 100
