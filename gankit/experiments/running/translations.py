"""Pictures of a translator: grids of translations, and its losses."""

import numpy as np

from gankit import callbacks, plotting
from gankit.experiments.running.results import save_network
from gankit.plotting.curves import moving_average
from gankit.plotting.picture import Picture

# Pictures of 64 x 64 in each direction, in a frame of the film and at the end. There
# are fewer larger ones, so that a saved file stays small enough for a repository.
FRAME_COUNT = 3
COUNT = 8
# Triples of source, translation and reconstruction in a row.
TRIPLES = 4


def translation_triples(model, images, direction):
    """Sources, their translations and reconstructions, one triple after the other.

    Args:
        model: A `gankit.CycleGAN`.
        images: uint8 array `(n, height, width, channels)`.
        direction: `"ab"` or `"ba"`.

    Returns:
        uint8 array `(3 n, height, width, channels)`: every third is a reconstruction.
    """
    there, back = (
        model.translate(images, direction),
        model.reconstruct(images, direction),
    )
    return np.stack((images, there, back), axis=1).reshape(-1, *images.shape[1:])


def examples(data, count):
    """Pictures of both domains to show, evenly spaced; held-out ones if there are any.

    Args:
        data: `gankit.datasets.UnpairedImageData`.
        count: How many of each domain, at most.

    Returns:
        Dict from the direction of translation, `"ab"` or `"ba"`, to a uint8 array.
    """
    pictures = {
        "ab": data.train_a if data.test_a is None else data.test_a,
        "ba": data.train_b if data.test_b is None else data.test_b,
    }
    return {
        direction: images[np.arange(n) * len(images) // n]
        for direction, images in pictures.items()
        for n in [min(count, len(images))]
    }


def _affordable(data, count):
    """`count` for pictures of 64 x 64; fewer for larger ones, but at least one."""
    height, width, _ = data.image_shape
    return max(1, min(count, round(count * 64**2 / (height * width))))


def _save_grid(path, model, pictures):
    triples = [
        translation_triples(model, images, direction)
        for direction, images in pictures.items()
    ]
    longest = max(len(images) for images in pictures.values())
    columns = 3 * min(TRIPLES, longest)
    plotting.save_grid(path, np.concatenate(triples), columns=columns)


class TranslationGrid(callbacks.SampleGrid):
    """Draws translations of the same pictures throughout a training, for a film.

    The upper rows go from A to B and back, the lower ones from B to A and back; every
    third picture is a reconstruction.

    Args:
        folder: As in `gankit.callbacks.SampleGrid`.
        data: `gankit.datasets.UnpairedImageData`.
        at: As in `gankit.callbacks.SampleGrid`.
    """

    def __init__(self, folder, data, *, at):
        super().__init__(folder, at=at)
        self.pictures = examples(data, _affordable(data, FRAME_COUNT))

    def draw(self):
        path = self.folder / f"step-{self.model.steps_done:06d}.png"
        _save_grid(path, self.model, self.pictures)


def save(model, data, folder):
    """Writes the generators and a grid of translations, `samples.png`.

    Args:
        model: A `gankit.CycleGAN`.
        data: `gankit.datasets.UnpairedImageData`.
        folder: Where the files go, a `pathlib.Path`.
    """
    for generator in model.generators:
        save_network(generator, folder / f"{generator.name}.keras")
    pictures = examples(data, _affordable(data, COUNT))
    _save_grid(folder / "samples.png", model, pictures)


def loss_curves(history, model, title):
    """Draws all losses of a `gankit.CycleGAN`, with their moving averages.

    Where the history has a penalty of the discriminators, the picture shows it, and
    their loss without it.

    Args:
        history: Dict of arrays, as `gankit.files.read_history` gives it.
        model: The `gankit.CycleGAN`.
        title: Title of the figure.

    Returns:
        The `gankit.plotting.picture.Picture`.
    """
    steps = history["step"]
    window = max(1, len(steps) // 20)
    of_players = ("d_loss", "adversarial_loss")
    if "consistency_loss" in history:
        of_players = ("d_adversarial_loss", "adversarial_loss", "consistency_loss")
    figure = Picture(figsize=(8, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, names in ((left, of_players), (right, ("cycle_loss", "identity_loss"))):
        for i, name in enumerate(names):
            values, colour = history[name], f"C{i}"
            marker = "o" if len(steps) == 1 else None
            axes.plot(steps, values, color=colour, alpha=0.3, marker=marker)
            axes.plot(steps, moving_average(values, window), color=colour, label=name)
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
    loss = model.adversarial_loss
    levels = loss.discriminator_equilibrium, loss.generator_equilibrium
    for i, level in enumerate(levels):
        # Of two discriminators each.
        left.axhline(2 * level, color=f"C{i}", linestyle="--", linewidth=1)
    for axes in figure.axes:
        axes.legend(fontsize=9)
    figure.suptitle(
        f"{title}\ndashed: where the discriminators cannot tell", fontsize=11
    )
    return figure
