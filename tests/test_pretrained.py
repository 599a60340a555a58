"""Saved models: weights, cards, checksums, and scores computed again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import gankit
from gankit import experiments
from gankit.experiments.running import pretrained

NAMES = ("demo", "imperial/cgan-best", "dtu/stripes")
REPOSITORY = Path(__file__).parents[1] / "weights"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Runs of smoke size, by name."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: experiments.run(name, size="smoke", out=folder / name) for name in NAMES
    }


@pytest.fixture
def saved(trained, tmp_path, monkeypatch):
    """The same, saved in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(pretrained.VARIABLE, raising=False)
    for run in trained.values():
        experiments.save_weights(run, discriminators=run.scores["name"] == "demo")
    return trained


def test_a_saved_model_samples_as_the_run_did(saved):
    for name in ("demo", "imperial/cgan-best"):
        before, after = (
            m.sample(8) for m in (saved[name].model, gankit.pretrained(name))
        )
        assert np.abs(before.astype(int) - after).max() <= 2
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype="uint8")
    models = saved["dtu/stripes"].model, gankit.pretrained("dtu/stripes")
    before, after = (model.translate(images, "ab") for model in models)
    assert np.abs(before.astype(int) - after).max() <= 3


def test_discriminators_are_saved_on_request(saved):
    before, after = saved["demo"].model, gankit.pretrained("demo")
    for a, b in zip(
        before.discriminator.weights, after.discriminator.weights, strict=True
    ):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-7)
    card = experiments.find_card("dtu/stripes")
    assert list(card.networks) == ["generators/0", "generators/1"]


def test_scores_computed_again_hold(saved):
    scores = experiments.rescore("demo")
    assert {"FCD-digits-28", "recall"} <= {score.name for score in scores}
    assert all(score.holds for score in scores)
    assert not pretrained.Rescored("FID", stored=2.0, now=2.1, interval=None).holds


def test_a_card_says_where_a_model_comes_from(saved):
    cards = {card.name: card for card in gankit.pretrained()}
    assert set(NAMES) <= set(cards)
    card = cards["demo"]
    file = Path("weights/demo.safetensors")
    assert card.bytes == file.stat().st_size
    assert (card.seed, card.steps) == (0, saved["demo"].scores["steps"])
    assert card.score["name"] in str(card)


def test_a_damaged_file_is_refused(saved):
    file = Path("weights/demo.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"checksum.*fetch it again"):
        gankit.pretrained("demo")


def test_weights_of_other_networks_are_refused(saved):
    shutil.copy("weights/demo.safetensors", "weights/dtu/stripes.safetensors")
    path, other = Path("weights/dtu/stripes.json"), Path("weights/demo.json")
    checksum = json.loads(other.read_text())["sha256"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": checksum}))
    with pytest.raises(ValueError, match="experiment has changed since"):
        gankit.pretrained("dtu/stripes")


@pytest.mark.parametrize("address", [False, True])
def test_weights_may_stand_elsewhere(saved, tmp_path, monkeypatch, address):
    shutil.move("weights", tmp_path / "elsewhere")
    Path("weights").mkdir()
    shutil.copy(tmp_path / "elsewhere" / "demo.json", "weights")
    place = tmp_path / "elsewhere"
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv(pretrained.VARIABLE, place.as_uri() if address else str(place))
    assert gankit.pretrained("demo").sample(2).shape == (2, 28, 28, 1)


def test_missing_weights_name_the_remedy(saved):
    Path("weights/imperial/cgan-best.safetensors").rename("moved")
    if not (REPOSITORY / "imperial/cgan-best.safetensors").exists():
        with pytest.raises(FileNotFoundError, match=pretrained.VARIABLE):
            gankit.pretrained("imperial/cgan-best")


def test_a_model_that_is_not_saved_names_others():
    with pytest.raises(ValueError, match="gankit run losses/minimax-2e-4"):
        gankit.pretrained("losses/minimax-2e-4")
    with pytest.raises(ValueError, match="did you mean"):
        gankit.pretrained("imperial/cgan-bst")


def test_too_large_a_model_is_not_saved(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pretrained, "LARGEST", 1000)
    with pytest.raises(ValueError, match="train a narrower model"):
        experiments.save_weights(trained["demo"])
    assert not Path("weights").exists()


def test_the_repository_holds_small_models_that_load():
    files = [*REPOSITORY.rglob("*.safetensors")]
    sizes = [file.stat().st_size for file in REPOSITORY.rglob("*.*")]
    assert sum(sizes) <= 40_000_000
    assert sum(size for size in sizes if size <= 1_000_000) <= 10_000_000
    for file in files:
        name = file.relative_to(REPOSITORY).with_suffix("").as_posix()
        card = experiments.find_card(name)
        assert card.bytes == file.stat().st_size <= pretrained.LARGEST
        assert gankit.pretrained(name).generators
