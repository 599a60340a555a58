"""What a model is trained for: images, images of given classes, or translations.

`task_of` is the one place that asks which kind a model is. Everything that depends on
the answer is a method of a task: what the model trains on, what is drawn and scored
during training, and what a finished run leaves.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from gankit import callbacks, plotting
from gankit.datasets import Batches, UnpairedImageData
from gankit.experiments.running import translations
from gankit.experiments.running.results import save_network
from gankit.experiments.scoring.adversarial import class_scores, discriminator_scores
from gankit.experiments.scoring.conditional import class_accuracy, conditional_scores
from gankit.experiments.scoring.translations import TranslationScoreCallback
from gankit.metrics import classifier_for
from gankit.trainers import ConditionalGAN

# Grids of samples in TensorBoard, which shows ten of a run unless told otherwise.
GRIDS = 10


def task_of(model, data):
    """The task of a model.

    Args:
        model: A `gankit.AdversarialModel`.
        data: What it trains on: `gankit.datasets.ImageData` or `UnpairedImageData`.

    Returns:
        A `TranslationTask` for unpaired data, a `ClassTask` for a
        `gankit.ConditionalGAN`, else an `ImageTask`.
    """
    if isinstance(data, UnpairedImageData):
        return TranslationTask(model, data)
    if isinstance(model, ConditionalGAN):
        return ClassTask(model, data)
    return ImageTask(model, data)


class Layout(NamedTuple):
    """Samples in the final grid, per side of a film frame, and how much enlarged."""

    count: int
    film_side: int
    scale: int


@dataclasses.dataclass(frozen=True)
class ImageTask:
    """Generate images like those of a data set.

    Attributes:
        model: The `gankit.AdversarialModel`.
        data: What it trains on.
    """

    model: object
    data: object

    @property
    def images(self):
        """The training images, uint8 `(n, height, width, channels)`."""
        return self.data.train.images

    @property
    def labels(self):
        """The labels that the model is given, or `None`."""
        return None

    @property
    def layout(self):
        """The `Layout` for images of this size."""
        side = self.data.image_shape[0]
        if side <= 32:
            return Layout(100, 8, 2)
        # About as many pixels for all sizes.
        across = max(2, 384 // side)
        return Layout(across**2, min(4, across), 1)

    def batches(self, batch_size, *, seed, start_step):
        """The endless `gankit.datasets.Batches` that the model trains on."""
        return Batches(
            self.images,
            self.labels,
            batch_size=batch_size * self.model.discriminator_steps,
            seed=seed,
            start_step=start_step,
        )

    def score_callback(self, scorer, *, every, path):
        """A callback that scores samples during training, into a CSV file."""

        def score(fake, *, value_range):
            scores = list(scorer(fake, value_range=value_range))
            if hasattr(self.model, "discriminator"):
                scores += discriminator_scores(self.model, self.data, fake)
            return scores + self._class_accuracy(scorer)

        return callbacks.ScoreCallback(score, every=every, count=scorer.n, path=path)

    def film_callback(self, folder, *, at):
        """A callback that draws the frames of the film of a training."""
        side = self.layout.film_side
        return callbacks.SampleGrid(folder, at=at, count=side**2, columns=side)

    def tensorboard_options(self, steps):
        """Which grids of samples `gankit.TensorBoardLog` writes in so many steps."""
        count = self.layout.film_side**2
        return {"images_every": max(1, steps // GRIDS), "count": count}

    def classifier(self, experiment, size, folder):
        """The classifier that checks the classes of samples, if the model has any."""
        return None

    def sample_scores(self, scorer):
        """Final scores of samples by the experiment's scorer."""
        if scorer is None:
            return []
        return scorer(self.model.sample(scorer.n, seed=1), value_range=(0, 255))

    def class_scores(self, scorer, classifier, folder):
        """Final scores of the classes of samples; writes `classes.csv`."""
        profile, scores = class_scores(self.model, self.data, scorer)
        if profile is not None:
            profile.save(folder / "classes.csv")
        return scores

    def save(self, folder):
        """Writes `generator.keras` and a grid of samples, `samples.png`."""
        generator = self.model.ema_generator or self.model.generator
        save_network(generator, folder / "generator.keras")
        count, _, scale = self.layout
        images = self.model.sample(count)
        plotting.save_grid(folder / "samples.png", images, scale=scale)

    def loss_curves(self, history, title):
        """The picture of the losses."""
        loss = self.model.adversarial_loss
        return plotting.loss_curves(history, loss=loss, title=title)

    def examples(self, count):
        """A row of samples, uint8 `(count, height, width, channels)`."""
        return self.model.sample(count, seed=1)

    def _class_accuracy(self, scorer):
        return []


class ClassTask(ImageTask):
    """Generate images of given classes."""

    @property
    def labels(self):
        return self.data.train.labels

    def classifier(self, experiment, size, folder):
        if experiment.classifier:
            return experiment.classifier(size, self.data, folder)
        return classifier_for(self.data, folder=folder)

    def class_scores(self, scorer, classifier, folder):
        """Also writes `confusion.csv`: the classes found, a row per requested class."""
        scores = super().class_scores(scorer, classifier, folder)
        more, counts = conditional_scores(self.model, self.data, scorer, classifier)
        header = ",".join(classifier.class_names)
        path = folder / "confusion.csv"
        np.savetxt(
            path, counts, "%d", ",", header=header, comments="", encoding="utf-8"
        )
        return [*scores, *more]

    def _class_accuracy(self, scorer):
        return class_accuracy(self.model, scorer)


class TranslationTask(ImageTask):
    """Translate images of one domain into another, and back."""

    @property
    def images(self):
        """The training images of both domains, a pair of uint8 arrays."""
        return self.data.train_a, self.data.train_b

    def score_callback(self, scorer, *, every, path):
        return TranslationScoreCallback(scorer, every=every, path=path)

    def film_callback(self, folder, *, at):
        return translations.TranslationGrid(folder, self.data, at=at)

    def tensorboard_options(self, steps):
        return {}

    def sample_scores(self, scorer):
        return [] if scorer is None else scorer(self.model)

    def class_scores(self, scorer, classifier, folder):
        return []

    def save(self, folder):
        """Writes both generators and a grid of translations, `samples.png`."""
        translations.save(self.model, self.data, folder)

    def loss_curves(self, history, title):
        return translations.loss_curves(history, self.model, title)

    def examples(self, count):
        """Sources, their translations and reconstructions, alternately."""
        sources = translations.examples(self.data, count // 3)["ab"]
        return translations.translation_triples(self.model, sources, "ab")
