"""Saved models: weights as float16 safetensors, each with a card that describes it."""

import collections
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import safetensors
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from gankit import files
from gankit.datasets import ImageData, Split, UnpairedImageData
from gankit.experiments.running import registry
from gankit.experiments.running.task import task_of
from gankit.trainers import CycleGAN

WEIGHTS = Path("weights")
# A folder or an address with weights that do not come with the package.
VARIABLE = "GANKIT_WEIGHTS"
# Bytes of the largest file that is kept in a repository.
LARGEST = 6_000_000
# A score is the same within this share of its value, and a share within a hundredth:
# one picture in a hundred may cross a border.
TOLERANCE = 0.02
SHARES = ("precision", "recall", "density", "coverage", "accuracy", "copy score")
SHARE_TOLERANCE = 0.01


@dataclasses.dataclass(frozen=True)
class Card:
    """What a saved model is and where it comes from.

    Attributes:
        name: Name of its experiment.
        size, seed, steps, budget, seconds, commit, backend, precision, device: As in
            `scores.json` of the run.
        data: Name, fingerprint, image shape and number of classes of what it was
            trained on.
        networks: Parameters of each saved network, by its name.
        bytes: Size of the file of weights.
        sha256: Its checksum, hexadecimal.
        scores: List of dicts, the scores of the run.
        baselines: What real images score, likewise, by name of the line.
    """

    name: str
    size: str
    seed: int
    steps: int
    budget: int
    seconds: float
    commit: str | None
    backend: str
    precision: str
    device: str
    data: Mapping
    networks: Mapping
    bytes: int
    sha256: str
    scores: list = dataclasses.field(repr=False)
    baselines: Mapping = dataclasses.field(repr=False)

    @property
    def score(self):
        """The first score that measures samples, a dict, or `None`."""
        measured = (score for score in self.scores if score["extractor"])
        return next(measured, None)

    def __str__(self):
        score = self.score
        value = f"{score['name']} {score['value']:.3g}, " if score else ""
        return (
            f"{self.name}: {value}{self.steps:,} steps, seed {self.seed}, "
            f"{self.bytes / 1e6:.1f} MB, commit {self.commit}"
        )


@dataclasses.dataclass(frozen=True)
class Rescored:
    """A score of a saved model, stored and computed again.

    Attributes:
        name: Name of the score.
        stored: The value of the run.
        now: The value of the saved weights.
        interval: The 95 % interval of the stored value, or `None`.
    """

    name: str
    stored: float
    now: float
    interval: tuple | None

    @property
    def holds(self):
        """Whether the value is the stored one, within its interval or rounding."""
        margin = TOLERANCE * abs(self.stored)
        if any(share in self.name for share in SHARES):
            margin = max(margin, SHARE_TOLERANCE)
        low, high = self.interval or (self.stored, self.stored)
        return low - margin <= self.now <= high + margin


def pretrained(name=None):
    """Loads a trained model that comes with gankit, or lists all of them.

    The weights are those of a published run, rounded to float16. The discriminators
    are untrained unless the card names them among `networks`. Where the experiment
    averages the generator's weights, the generator has the averaged ones.

    Args:
        name: Name of an experiment; `None` lists the saved models.

    Returns:
        The compiled `gankit.AdversarialModel`; without a name, a list of `Card`.

    Raises:
        ValueError: If no model of that name is saved, or the file of weights is
            damaged or does not fit the experiment's networks.
        FileNotFoundError: If the weights are not on this machine.

    Example:

    >>> gankit.pretrained("cmu/cats64-best").sample(16).shape
    (16, 64, 64, 3)
    """
    if name is None:
        return [*_cards().values()]
    card = find_card(name)
    model = registry.find(name).build(_stand_in(card.data))
    tensors = _checked(card)
    for kind, networks in _networks(model).items():
        for number, network in enumerate(networks):
            if f"{kind}/{number}" in card.networks:
                _assign(network, f"{kind}/{number}", tensors, name)
    if getattr(model, "ema_generator", None):
        model.generator.set_weights(model.ema_generator.get_weights())
    return model


def find_card(name):
    """The `Card` of a saved model.

    Raises:
        ValueError: If no model of that name is saved.
    """
    cards = _cards()
    if name not in cards:
        registry.find(name)  # which names the nearest ones
        raise ValueError(
            f"Expected a saved model, received {name!r}, which has none: choose one of "
            f"{', '.join(cards) or 'none'}, or train it with gankit run {name}."
        )
    return cards[name]


def save_weights(run, *, discriminators=False):
    """Saves the weights of a run and a card in `weights/`.

    Args:
        run: The `gankit.experiments.Run`, of the full size or another.
        discriminators: Whether to save the discriminators too, to train on.

    Returns:
        Path of the card.

    Raises:
        ValueError: If the file would be too large for a repository.
    """
    tensors, networks = {}, {}
    kinds = ("generators", "discriminators") if discriminators else ("generators",)
    for kind in kinds:
        for number, network in enumerate(_networks(run.model)[kind]):
            key = f"{kind}/{number}"
            networks[key] = network.count_params()
            tensors |= {
                f"{key}/{name}": keras.ops.convert_to_numpy(weight).astype("float16")
                for name, weight in _named(network)
            }
    scores = run.scores
    content = write_tensors(tensors, {"experiment": scores["name"]})
    if len(content) > LARGEST:
        raise ValueError(
            f"Expected weights of at most {LARGEST:,} bytes, received {len(content):,}:"
            " leave out the discriminators, or train a narrower model."
        )
    known = {f.name for f in dataclasses.fields(Card)} & {*scores}
    card = Card(
        **{key: scores[key] for key in known - {"data"}},
        data=_described(run.model, scores),
        networks=networks,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    path = WEIGHTS / f"{scores['name']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic(path.with_suffix(".safetensors")) as temporary:
        temporary.write_bytes(content)
    files.write_json(path, dataclasses.asdict(card))
    return path


def rescore(name, data=None):
    """Scores a saved model again.

    Args:
        name: Name of an experiment whose model is saved.
        data: Folder of the data sets; `None` looks where `gankit.datasets` does.

    Returns:
        List of `Rescored`, for all scores that need neither the training's history nor
        networks that were not saved.

    Raises:
        ValueError: As `pretrained`, or if the data are not those of the training.
    """
    card, experiment = find_card(name), registry.find(name)
    model, images = pretrained(name), experiment.data(card.size, data)
    if images.fingerprint != card.data["fingerprint"]:
        raise ValueError(
            f"Expected the images of {card.data['name']} that {name} was trained on, "
            f"received others: see gankit show {name} for the data set."
        )
    task = task_of(model, images)
    scorer = experiment.scorer and experiment.scorer(images, data)
    scores = list(task.sample_scores(scorer))
    with tempfile.TemporaryDirectory() as folder:
        classifier = task.classifier(experiment, card.size, data)
        scores += task.class_scores(scorer, classifier, Path(folder))
    # Losses come from a history, which is not saved.
    blank = collections.defaultdict(lambda: np.ones(1), step=np.array([card.steps]))
    scores += experiment.score(model, images, blank)
    left_out = ("loss",)
    if not any(key.startswith("discriminators") for key in card.networks):
        left_out += ("discriminator",)
    now = {s.name: s.value for s in scores if not any(w in s.name for w in left_out)}
    return [
        Rescored(s["name"], s["value"], now[s["name"]], s["interval"])
        for s in card.scores
        if s["name"] in now
    ]


def _cards():
    """All cards by name, the nearest folder first."""
    found = {}
    for root in _folders():
        for path in sorted(root.rglob("*.json")):
            name = path.relative_to(root).with_suffix("").as_posix()
            found.setdefault(name, path)
    return {
        name: Card(**json.loads(path.read_text("utf-8")))
        for name, path in sorted(found.items())
    }


def _folders():
    place = os.environ.get(VARIABLE, "")
    own = [Path(place).expanduser()] if place and "://" not in place else []
    return [*own, WEIGHTS, *(place / "weights" for place in files.SHIPPED)]


def _checked(card):
    """The tensors of a model, once the file's checksum agrees."""
    file = f"{card.name}.safetensors"
    place = os.environ.get(VARIABLE, "")
    path = next((f / file for f in _folders() if (f / file).is_file()), None)
    if path is None and "://" in place:
        path = keras.utils.get_file(
            f"{card.sha256[:16]}.safetensors",
            f"{place.rstrip('/')}/{file}",
            cache_subdir="gankit-weights",
            file_hash=card.sha256,
        )
    if path is None:
        raise FileNotFoundError(
            f"Expected {file} on this machine, received none, as only small models "
            f"come with the package: set {VARIABLE} to the folder weights/ of the "
            "repository or to its address."
        )
    content = Path(path).read_bytes()
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise ValueError(
            f"Expected {path} to have the checksum of its card, received another: "
            "the file is damaged or of another version; fetch it again."
        )
    try:
        return read_tensors(content)
    except safetensors.SafetensorError as error:
        raise ValueError(
            f"Expected {path} to hold safetensors, received something else ({error}): "
            "fetch it again."
        ) from error


def _networks(model):
    """The networks to save, by kind: averaged generators where there are any."""
    averaged = getattr(model, "ema_generator", None)
    return {
        "generators": [averaged] if averaged else model.generators,
        "discriminators": model.discriminators,
    }


def _named(network):
    """Weights by a name that does not depend on what else was built before."""
    return [(f"{i:03d}-{w.name}", w) for i, w in enumerate(network.weights)]


def _assign(network, key, tensors, name):
    for weight_name, weight in _named(network):
        value = tensors.get(f"{key}/{weight_name}")
        if value is None or value.shape != tuple(weight.shape):
            received = "none" if value is None else value.shape
            raise ValueError(
                f"Expected weights of {name} with {key}/{weight_name} of shape "
                f"{tuple(weight.shape)}, received {received}: the experiment has "
                "changed since; train it anew with gankit run."
            )
        weight.assign(value.astype("float32"))


def _described(model, scores):
    """The form of the data that a model was trained on."""
    shape = model.generators[0].output_shape[1:]
    if None in shape:  # a translator takes any size
        shape = registry.find(scores["name"]).data(scores["size"], None).image_shape
    return {
        "name": scores["data"],
        "fingerprint": scores["data_fingerprint"],
        "image_shape": list(shape),
        "classes": getattr(model, "num_classes", None),
        "unpaired": isinstance(model, CycleGAN),
    }


def _stand_in(described):
    """Data of that form, which networks are built for."""
    blank = np.zeros((1, *described["image_shape"]), "uint8")
    if described["unpaired"]:
        return UnpairedImageData(blank, blank, name=described["name"])
    count = described["classes"]
    labels = count and np.array([count - 1], "int32")
    return ImageData(Split(blank, labels), name=described["name"])
