"""Saved models: weights, cards, checksums, and scores computed again."""

import dataclasses
import functools
import hashlib
import json
import shutil
from pathlib import Path

import keras
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
    for stored, now, interval, holds in (
        (2.0, 2.03, None, True),
        (2.0, 2.1, None, False),
        (2.0, 2.1, (1.9, 2.2), True),
        (0.0, 0.0, (6e-18, 0.09), True),  # an end that rounding moved
        (2.0, None, None, False),
    ):
        assert pretrained.Rescored("FID", stored, now, interval).holds == holds


def test_scores_by_another_network_are_not_compared(saved):
    card = json.loads(Path("weights/demo.json").read_text())
    for score in card["scores"]:
        if score["extractor"]:
            score["extractor"] += " of another training"
    Path("weights/demo.json").write_text(json.dumps(card))
    found = {score.name: score.now for score in experiments.rescore("demo")}
    assert found["FCD-digits-28"] is None


def test_a_card_says_where_a_model_comes_from(saved):
    cards = {card.name: card for card in gankit.pretrained()}
    assert set(NAMES) <= set(cards)
    card = cards["demo"]
    file = Path("weights/demo.safetensors")
    assert card.bytes == file.stat().st_size
    assert (card.seed, card.steps) == (0, saved["demo"].scores["steps"])
    assert card.score["name"] in str(card)


def test_other_files_in_the_folder_do_no_harm(saved):
    Path("weights/config.json").write_text("{}")
    Path("weights/list.json").write_text("[1]")
    Path("weights/folder.json").mkdir()
    outside = Path("weights/demo.json").read_text().replace('"demo"', '"../demo"', 1)
    Path("weights/outside.json").write_text(outside)
    names = {card.name for card in gankit.pretrained()}
    assert set(NAMES) <= names and "../demo" not in names
    path = Path("weights/dtu/stripes.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"steps": "many"}))
    with pytest.warns(UserWarning, match="no card of a saved model and is skipped"):
        gankit.pretrained()


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: {**tensors, "extra": np.zeros(1, "float16")},
        lambda tensors: dict([*tensors.items()][1:]),
        lambda tensors: {key: np.full_like(t, np.nan) for key, t in tensors.items()},
        lambda tensors: {key: t.astype("int8") for key, t in tensors.items()},
    ],
)
def test_weights_must_be_those_of_the_networks(saved, change):
    path, card = Path("weights/demo.safetensors"), Path("weights/demo.json")
    content = pretrained.write_tensors(
        change(pretrained.read_tensors(path.read_bytes()))
    )
    path.write_bytes(content)
    checksum = hashlib.sha256(content).hexdigest()
    card.write_text(json.dumps(json.loads(card.read_text()) | {"sha256": checksum}))
    with pytest.raises(ValueError, match="experiment has changed since"):
        gankit.pretrained("demo")


def test_a_better_model_is_not_replaced(saved):
    run = saved["demo"]
    with pytest.raises(ValueError, match="delete the saved model first"):
        experiments.save_weights(run)  # without the discriminator
    shorter = dataclasses.replace(run, scores={**run.scores, "steps": 1})
    with pytest.raises(ValueError, match="received size smoke, seed 0, 1 steps"):
        experiments.save_weights(shorter, discriminators=True)
    experiments.save_weights(run, discriminators=True)


def test_weights_beyond_float16_are_not_saved(tmp_path, monkeypatch, trained):
    monkeypatch.chdir(tmp_path)
    model = trained["imperial/cgan-best"].model
    weight = model.ema_generator.weights[0]
    before = weight.numpy()
    weight.assign(np.full(weight.shape, 1e5))
    with pytest.raises(ValueError, match="largest float16"):
        experiments.save_weights(trained["imperial/cgan-best"])
    weight.assign(before)


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
    fetch = functools.partial(keras.utils.get_file, cache_dir=tmp_path)
    monkeypatch.setattr(keras.utils, "get_file", fetch)
    monkeypatch.setenv(pretrained.VARIABLE, place.as_uri() if address else str(place))
    assert gankit.pretrained("demo").sample(2).shape == (2, 28, 28, 1)


def test_a_right_file_elsewhere_is_found_behind_a_damaged_one(
    saved, tmp_path, monkeypatch
):
    shutil.copytree("weights", tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "demo.safetensors").write_bytes(b"damaged")
    monkeypatch.setenv(pretrained.VARIABLE, str(tmp_path / "elsewhere"))
    assert gankit.pretrained("demo").sample(2).shape == (2, 28, 28, 1)


def test_a_wrong_place_is_named(saved, tmp_path, monkeypatch):
    fetch = functools.partial(keras.utils.get_file, cache_dir=tmp_path)
    monkeypatch.setattr(keras.utils, "get_file", fetch)
    Path("weights/demo.safetensors").unlink()
    monkeypatch.setenv(pretrained.VARIABLE, (tmp_path / "nowhere").as_uri())
    with pytest.raises(FileNotFoundError, match="an address that serves the files"):
        gankit.pretrained("demo")
    monkeypatch.setenv(pretrained.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="GANKIT_WEIGHTS to be a folder or an address"):
        gankit.pretrained("demo")


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
