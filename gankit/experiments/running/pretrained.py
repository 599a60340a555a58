"""Saved models: weights as float16 safetensors, each with a card that describes it."""

import collections
import dataclasses
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import safetensors
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from gankit import files
from gankit.datasets import ImageData, Split, UnpairedImageData
from gankit.experiments.running import registry
from gankit.experiments.running.measures import Measure
from gankit.experiments.running.task import task_of
from gankit.trainers import CycleGAN

WEIGHTS = Path("weights")
# A folder or an address with weights that do not come with the package.
VARIABLE = "GANKIT_WEIGHTS"
# Bytes of the largest file that is kept in a repository.
LARGEST = 3_000_000
# A score is the same within this share of its value, and a share within a hundredth:
# one picture in a hundred may cross a border.
TOLERANCE = 0.02
SHARES = (
    *("precision", "recall", "density", "coverage", "accuracy", "copy score"),
    *("domain score", "inverted colours"),
)
SHARE_TOLERANCE = 0.01


@dataclasses.dataclass(frozen=True, eq=False)
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
        now: The value of the saved weights; `None` if another network measured it, such
            as another training of a classifier.
        interval: The 95 % interval of the stored value, or `None`.
    """

    name: str
    stored: float
    now: float | None
    interval: tuple | None

    @property
    def holds(self):
        """Whether the value is the stored one, within its interval or rounding."""
        if self.now is None:
            return False
        margin = TOLERANCE * abs(self.stored)
        if any(share in self.name for share in SHARES):
            margin = max(margin, SHARE_TOLERANCE)
        low, high = self.interval or (self.stored, self.stored)
        return low <= self.now <= high or abs(self.now - self.stored) <= margin


def pretrained(name=None) -> Any:
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
    networks = _networks(model)
    weights = {
        f"{key}/{weight_name}": weight
        for key, network in networks.items()
        if key in card.networks
        for weight_name, weight in _named(network)
    }
    tensors = _checked(card)
    if not _fit(weights, tensors) or not all(
        key in card.networks for key in networks if key.startswith("generators")
    ):
        raise ValueError(
            f"Expected weights of {name} with the names and shapes of its "
            f"{len(weights)} variables, received {len(tensors)} others: the experiment "
            f"has changed since; train it anew with gankit run {name}."
        )
    for key, weight in weights.items():
        weight.assign(tensors[key].astype("float32"))
    if getattr(model, "ema_generator", None):
        model.generator.set_weights(model.ema_generator.get_weights())
    return model


def find_card(name):
    """The `Card` of a saved model.

    Args:
        name: Name of its experiment.

    Returns:
        The `Card`, from the nearest folder that has one.

    Raises:
        ValueError: If no model of that name is saved.
    """
    cards = _cards()
    if not isinstance(name, str):
        raise ValueError(
            f"Expected the name of a saved model, received {name!r}: choose one of "
            f"{', '.join(cards)}."
        )
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
        ValueError: If the file would be too large for a repository, a weight is not
            finite in float16, the run lacks what a card holds, or a model is saved
            that this one must not replace: of more steps, another seed or with more
            networks.
    """
    saved = _networks(run.model)
    if not discriminators:
        saved = {k: v for k, v in saved.items() if k.startswith("generators")}
    networks = {key: network.count_params() for key, network in saved.items()}
    with np.errstate(over="ignore"):
        tensors = {
            f"{key}/{name}": keras.ops.convert_to_numpy(weight).astype("float16")
            for key, network in saved.items()
            for name, weight in _named(network)
        }
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError(
            "Expected weights below 65,504, the largest float16, received a larger "
            "one or NaN: such a model cannot be saved."
        )
    scores = {"baselines": {}, **run.scores}
    content = write_tensors(tensors, {"experiment": scores["name"]})
    if len(content) > LARGEST:
        raise ValueError(
            f"Expected weights of at most {LARGEST:,} bytes, received {len(content):,}:"
            " leave out the discriminators, or train a narrower model."
        )
    path = WEIGHTS / f"{scores['name']}.json"
    _check_replacement(path, scores, networks)
    ours = {"data", "networks", "bytes", "sha256"}
    known = {f.name for f in dataclasses.fields(Card)} - ours
    if missing := sorted(known - {*scores}):
        raise ValueError(
            f"Expected a run with {', '.join(missing)} in its scores.json, received an "
            "older one without: train it anew."
        )
    card = Card(
        **{key: scores[key] for key in known},
        data=_described(run.model, scores),
        networks=networks,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
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
        List of `Rescored`, for all scores of samples.

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
    # A discriminator may not be saved, and one that augments judges at random.
    left_out = ("loss", "discriminator")
    now = {
        Measure.of(dataclasses.asdict(s)): s.value
        for s in scores
        if not any(words in s.name for words in left_out)
    }
    names = {measure.name for measure in now}
    return [
        Rescored(s["name"], s["value"], now.get(Measure.of(s)), s["interval"])
        for s in card.scores
        if s["name"] in names
    ]


def _check_replacement(path, scores, networks):
    if not path.exists():
        return
    form = {"steps": int, "size": str, "seed": int, "networks": dict}
    old = files.read_json(path, form, "move it away")
    if (
        old["steps"] > scores["steps"]
        or any(old[key] != scores[key] for key in ("size", "seed"))
        or {*old["networks"]} - {*networks}
    ):
        raise ValueError(
            f"Expected a run that may replace the one in {path}, of size "
            f"{old['size']}, seed {old['seed']}, {old['steps']:,} steps and "
            f"{len(old['networks'])} networks, received size {scores['size']}, seed "
            f"{scores['seed']}, {scores['steps']:,} steps and {len(networks)} "
            "networks: delete the saved model first if you mean it."
        )


def _cards():
    """All cards by name, the nearest folder first."""
    found = {}
    for root in _folders():
        for path in sorted(root.rglob("*.json")):
            name = path.relative_to(root).with_suffix("").as_posix()
            if name not in found and (card := _card(path, name)):
                found[name] = card
    return dict(sorted(found.items()))


def _card(path, name):
    """The card in a file; `None`, with a warning, if it holds something else."""
    fields = [field.name for field in dataclasses.fields(Card)]
    try:
        content = json.loads(path.read_text("utf-8"))
        card = Card(**{key: content[key] for key in fields})
        if card.name == name and str(card) and _stand_in(card.data):
            return card
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    if path.with_suffix(".safetensors").exists():
        warnings.warn(
            f"{path} is no card of a saved model and is skipped.", stacklevel=2
        )
    return None


def _place():
    return os.environ.get(VARIABLE, "").strip()


def _folders():
    place, own = _place(), []
    if place and "://" not in place:
        own = [Path(place).expanduser()]
        if not own[0].is_dir():
            raise ValueError(
                f"Expected {VARIABLE} to be a folder or an address with ://, received "
                f"{place}: correct or unset it."
            )
    return [*own, WEIGHTS, *(place / "weights" for place in files.SHIPPED)]


def _checked(card):
    """The tensors of a model, from the first file whose checksum agrees."""
    file = f"{card.name}.safetensors"
    paths = [folder / file for folder in _folders() if (folder / file).is_file()]
    contents = [path.read_bytes() for path in paths]
    if "://" in _place():
        contents.append(_fetched(f"{_place().rstrip('/')}/{file}", card.sha256))
    for content in contents:
        if hashlib.sha256(content).hexdigest() == card.sha256:
            try:
                return read_tensors(content)
            except (safetensors.SafetensorError, KeyError) as error:
                raise ValueError(
                    f"Expected {file} to hold safetensors of float16, received "
                    f"something else ({error}): fetch it again."
                ) from error
    if paths:
        raise ValueError(
            f"Expected {paths[0]} to have the checksum of its card, received another: "
            "the file is damaged or of another version; fetch it again."
        )
    raise FileNotFoundError(
        f"Expected {file} on this machine, received none, as only the models of the "
        f"lessons come with the package: set {VARIABLE} to the folder weights/ of the "
        "repository, or to an address that serves its files."
    )


def _fetched(address, checksum):
    try:
        path = keras.utils.get_file(
            f"{checksum[:16]}.safetensors",
            address,
            cache_subdir="gankit-weights",
            file_hash=checksum,
        )
    except Exception as error:  # Keras raises nothing more special
        raise FileNotFoundError(
            f"Expected the weights at {address}, received {error}: set {VARIABLE} to "
            "an address that serves the files of weights/ themselves."
        ) from error
    return Path(path).read_bytes()


def _networks(model):
    """The networks to save, by key: an averaged generator where there is one."""
    averaged = getattr(model, "ema_generator", None)
    kinds = {
        "generators": [averaged] if averaged else model.generators,
        "discriminators": model.discriminators,
    }
    return {
        f"{kind}/{number}": network
        for kind, networks in kinds.items()
        for number, network in enumerate(networks)
    }


def _named(network):
    """Weights by a name that does not depend on what else was built before."""
    return [(f"{i:03d}-{w.name}", w) for i, w in enumerate(network.weights)]


def _fit(weights, tensors):
    """Whether tensors have the names and shapes of weights, and finite values."""
    return tensors.keys() == weights.keys() and all(
        tensor.shape == tuple(weights[key].shape)
        and tensor.dtype.kind == "f"
        and np.isfinite(tensor).all()
        for key, tensor in tensors.items()
    )


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
