"""The value of synthetic digits as training data: classifiers trained on mixes.

Figures 13 and 14 of the Imperial College report (section 5). A mix of real and
synthetic images consists of phases, each with its own images. The report's classifier
is trained on every mix for the same number of steps, from the same weights, and tested
on the same real images.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from gankit import files
from gankit.backend import device
from gankit.backend.prediction import predict
from gankit.backend.progress_bar import progress_bar
from gankit.datasets import Batches
from gankit.experiments.running import registry
from gankit.experiments.running.runner import load
from gankit.experiments.running.saved import RESULTS, run_folder, save_files
from gankit.experiments.scoring.conditional import balanced
from gankit.metrics import classifier_for
from gankit.metrics.classifiers.networks import mnist_cnn
from gankit.metrics.classifiers.training import random_crops

BATCH_SIZE = 128
LEARNING_RATE = 1e-3
FILE = "table.csv"
COLUMNS = (
    *("figure", "order", "real", "synthetic", "confident", "seed", "steps"),
    *("accuracy", "validation_accuracy", "n_test"),
)


@dataclass(frozen=True)
class Plan:
    """Mixes and steps of one size.

    Attributes:
        steps: Steps of `BATCH_SIZE` images for each mix.
        size: Images in the mixes of figure 13; `None` for all training images.
        shares: Shares of real images in these mixes, besides 0 and 1.
        extra: Synthetic images that are added to all real ones, as multiples of these.
        seeds: How many seeds.
    """

    steps: int
    size: int | None
    shares: tuple[float, ...]
    extra: tuple[float, ...]
    seeds: int


PLANS = {
    "smoke": Plan(2, 200, (0.5,), (1.0,), 1),
    "class": Plan(200, None, (0.5,), (1.0,), 1),
    "full": Plan(2000, None, (0.2, 0.4, 0.6, 0.8), (0.5, 1.0, 2.0), 2),
}


class Mix(NamedTuple):
    """The phases of a training, and their description in the table.

    Attributes:
        figure: 13, 14, or 0 for a control.
        order: `real first`, `synthetic first`, `shuffled`, or the name of a control.
        real: Number of real images.
        synthetic: Number of synthetic images.
        confident: Whether these are the ones that a classifier is most certain of.
        phases: List of pairs of images and labels.
        steps: Steps, if not those of the plan.
    """

    figure: int
    order: str
    real: int
    synthetic: int
    confident: bool
    phases: list
    steps: int | None = None


def retrain(name, *, size="class", seeds=None, data=None, out=None):
    """Trains the report's classifier on mixes of real and synthetic images.

    Skips mixes that are in the table, so a call after a stop resumes.

    Args:
        name: Name of a conditional experiment that was run with seed 0 at this size.
        size: `"smoke"`, `"class"` or `"full"`.
        seeds: Seeds of the classifiers' weights and batches; `None` takes the plan's.
        data: Folder of the data sets.
        out: Folder for `table.csv`; `None` takes `runs/retraining/NAME@SIZE`.

    Returns:
        The folder with `table.csv`.

    Raises:
        FileNotFoundError: If the experiment was not run.
        ValueError: If it is not conditional.
    """
    experiment, plan = registry.find(name), PLANS[size]
    model = load(run_folder(name, size, 0)).model
    if not hasattr(model, "num_classes"):
        raise ValueError(
            f"Expected a conditional experiment, received {name}, whose model takes no "
            "labels: choose another, such as imperial/cgan-shallow-smooth."
        )
    images = experiment.data(size, data)
    folder = Path(out) if out else _folder(name, size)
    folder.mkdir(parents=True, exist_ok=True)
    mixes = list(_mixes(plan, images.train, _synthetic(model, images, plan, data)))
    trainer = MixTrainer(images)
    todo = [
        (mix, seed)
        for seed in (range(plan.seeds) if seeds is None else seeds)
        for mix in mixes
    ]
    with files.only_process(folder):
        files.cut_history(folder / FILE)
        done = {_key(row) for row in read(folder)}
        for mix, seed in progress_bar(todo, desc="classifiers", unit="mix"):
            steps = mix.steps or plan.steps
            row = dict(zip(COLUMNS, (*mix[:5], seed, steps), strict=False))
            if _key(row) in done:
                continue
            row |= trainer.accuracies(mix.phases, steps, seed)
            _append(folder / FILE, row)
    return folder


def read(folder):
    """Reads a table: one row for each classifier.

    Args:
        folder: Folder that `retrain` or `publish_retraining` filled.

    Returns:
        List of dicts with the keys `COLUMNS`; empty if there is no table.
    """
    return files.read_table(Path(folder) / FILE, words=("order",))


def publish_retraining(name):
    """Copies the table of a full retraining to `results/retraining/NAME/`.

    Returns:
        The folder under `results/`.

    Raises:
        ValueError: If there is no such table.
    """
    source = _folder(name, "full")
    if not (source / FILE).exists():
        raise ValueError(
            f"Expected a full retraining in {source}, received a folder without "
            f"{FILE}: run gankit retrain {name} --size full first."
        )
    return save_files(source, RESULTS / "retraining" / name, (FILE,))


def _folder(name, size):
    return Path("runs") / "retraining" / f"{name}@{size}"


def _key(row):
    numbers = ("real", "synthetic", "confident", "seed", "steps")
    return (row["order"], *(float(row[key]) for key in numbers))


def _append(path, row):
    # Flags are numbers in the table.
    numbers = {k: int(v) if isinstance(v, bool) else v for k, v in row.items()}
    files.append_table(path, COLUMNS, [{key: numbers[key] for key in COLUMNS}])


def _synthetic(model, images, plan, folder):
    """Samples for all mixes: classes alternately, and in order of confidence."""
    total = plan.size or len(images.train)
    samples, labels = balanced(model, int(total * max(2.0, *plan.extra)))
    classifier = classifier_for(images, folder=folder)
    _, odds = classifier.predict(samples, value_range=(0, 255))
    order = np.argsort(-odds.max(axis=1), kind="stable")
    return {False: (samples, labels), True: (samples[order], labels[order])}


def _mixes(plan, train, synthetic):
    """Yields all mixes of one size."""
    # The order of the file may be that of the classes.
    order = np.random.default_rng(0).permutation(len(train))
    real = (train.images[order], train.labels[order])
    total = plan.size or len(train)
    everything = _first(real, total)
    yield Mix(13, "shuffled", total, 0, False, [everything])
    for confident, samples in synthetic.items():
        yield Mix(13, "shuffled", 0, total, confident, [_first(samples, total)])
        for share in plan.shares:
            count = round(share * total)
            parts = [_first(real, count), _first(samples, total - count)]
            yield from _orders(13, count, total - count, confident, parts)
    for extra in plan.extra:
        count = round(extra * total)
        parts = [everything, _first(synthetic[False], count)]
        yield from _orders(14, total, count, False, parts)
    copies = (shift(everything[0]), everything[1])
    yield Mix(0, "shifted copies", total, 0, False, [_join([everything, copies])])
    yield Mix(0, "trained twice as long", total, 0, False, [everything], 2 * plan.steps)


def _orders(figure, real, synthetic, confident, parts):
    numbers = (real, synthetic, confident)
    yield Mix(figure, "real first", *numbers, parts)
    yield Mix(figure, "synthetic first", *numbers, parts[::-1])
    if not confident:
        yield Mix(figure, "shuffled", *numbers, [_join(parts)])


def _first(pair, count):
    return tuple(array[:count] for array in pair)


def _join(parts):
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def shift(images, seed=0, reach=2):
    """Shifts each image by up to `reach` pixels in both directions.

    Args:
        images: uint8 array `(n, height, width, channels)` on a background of 0.
        seed: Seed of the shifts.
        reach: Pixels.

    Returns:
        Array of the same shape; pixels from outside are 0.
    """
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    return random_crops(padded, images.shape[1:3], np.random.default_rng(seed))


class MixTrainer:
    """The report's classifier, compiled once and reset for every mix.

    Args:
        images: `gankit.datasets.ImageData` with labels and test images.
    """

    def __init__(self, images):
        self.images = images
        self.model = mnist_cnn(images.image_shape, images.num_classes, 0)
        self.model.compile(
            keras.optimizers.Adam(LEARNING_RATE),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=device.default_jit_compile(),
        )
        optimizer = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        self.start = [keras.ops.convert_to_numpy(v) for v in optimizer.variables]

    def accuracies(self, phases, steps, seed):
        """Trains on the phases, one after the other, and tests.

        Args:
            phases: List of pairs of images and labels; each gets steps in proportion
                to its images.
            steps: Steps in total.
            seed: Seed of the weights, of dropout and of the batches.

        Returns:
            Dict of `accuracy` on the test images, `validation_accuracy`, `n_test`.
        """
        fresh = mnist_cnn(self.images.image_shape, self.images.num_classes, seed)
        variables = [*self.model.variables, *self.model.optimizer.variables]
        initial = [*fresh.variables, *self.start]
        for variable, value in zip(variables, initial, strict=True):
            variable.assign(value)
        total = sum(len(images) for images, _ in phases)
        done = seen = 0
        for images, labels in phases:
            seen += len(images)
            until = round(steps * seen / total)
            batches = Batches(images, labels, batch_size=BATCH_SIZE, seed=seed)
            if until > done:
                self.model.fit(
                    batches.for_fit(),
                    steps_per_epoch=until - done,
                    shuffle=False,
                    verbose=0,
                )
            done = until
        test = self.images.test
        return {
            "accuracy": self._accuracy(test),
            "validation_accuracy": self._accuracy(self.images.validation or test),
            "n_test": len(test),
        }

    def _accuracy(self, split):
        logits = predict(self.model, split.images, batch_size=1000)
        return float(np.mean(logits.argmax(axis=1) == split.labels))
