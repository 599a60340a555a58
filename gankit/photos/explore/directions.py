"""Directions in the latent space along which a trained generator changes its images.

They come in closed form from the weights of the first layer. The other way without
training, principal components of activations (Härkönen et al. 2020, GANSpace,
https://arxiv.org/abs/2004.02546), needs samples, and at the first layer it finds the
same: latents spread evenly, so what is linear in them spreads as the weights stretch.
"""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from gankit.datasets import to_uint8
from gankit.layers import SpectralNormalization
from gankit.layers.spectral_normalization import LINEAR, kernel_matrix
from gankit.photos.explore.rendering import Renderer
from gankit.plotting import Picture, image_grid

# The first layer does not see the image, so more directions are tried than are given.
CANDIDATES = 2
LATENTS = 20
# Where the columns of a traversal are.
DEVIATIONS = (-3, -2, -1, 0, 1, 2, 3)


class Directions(NamedTuple):
    """Directions of a generator, those that change its images most first.

    Attributes:
        steps: float32 array `(count, latent_dim)` of vectors at right angles, each one
            standard deviation of the latents long.
        changes: How much one step changes the images, float64 `(count,)`: mean squared
            change of a value in [-1, 1].
    """

    steps: np.ndarray
    changes: np.ndarray

    @property
    def levels(self):
        """The same as root mean squares in grey levels, of which there are 255."""
        return 127.5 * np.sqrt(self.changes)


def find(model, count=6, *, seed=0):
    """Finds the directions that the first layer of a generator stretches most.

    These are the eigenvectors of the largest eigenvalues of `A^T A`, where `A` takes a
    latent to what the first layer with weights makes of it; with labels, of its mean
    over the classes. Twice as many as are wanted are tried on images, half a step to
    either side of 20 latents of all classes, and ordered by what changes.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`, or a `Renderer` of one.
        count: How many, 1 to `latent_dim`.
        seed: Whole number; the seed of the latents.

    Returns:
        The `Directions`. The sign of a vector is arbitrary; here its largest entry is
        positive.

    Raises:
        ValueError: If `count` is out of its range, or no dense layer or convolution of
            one pixel takes the latent.

    Reference:
        Shen and Zhou 2021, "Closed-form factorization of latent semantics in GANs"
        (https://arxiv.org/abs/2007.06600).
    """
    render = _renderer(model)
    model = render.model
    if not isinstance(count, int) or not 1 <= count <= model.latent_dim:
        raise ValueError(
            f"Expected count to be a whole number from 1 to {model.latent_dim}, the "
            f"length of a latent, received {count!r}: ask for so many directions."
        )
    _, vectors = np.linalg.eigh(_stretching(render.network, render.num_classes))
    vectors = vectors.T[::-1][: CANDIDATES * count]
    largest = np.abs(vectors).argmax(axis=1)[:, None]
    vectors = vectors * np.sign(np.take_along_axis(vectors, largest, axis=1))
    spread = 1.0 if model.latent_distribution == "normal" else 1 / np.sqrt(3)
    steps = (spread * vectors).astype("float32")

    latents = ops.convert_to_numpy(model.sample_latent(LATENTS, seed=seed))
    shares = None
    if render.num_classes is not None:
        shares = np.eye(render.num_classes)[np.arange(LATENTS) % render.num_classes]
    changes = np.array([_change(render, latents, shares, step) for step in steps])
    order = np.argsort(-changes, kind="stable")[:count]
    return Directions(steps[order], changes[order])


def traversal(model, *, count=5, label=None, seed=0):
    """Draws one sample moved along its generator's directions, one in each row.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`.
        count: Number of directions.
        label: Class of the sample, a whole number; `None` is 0 where there are labels.
        seed: Seed of the latent, the one of `model.sample(1, seed=seed)`, which is in
            the middle of every row.

    Returns:
        The `gankit.plotting.Picture`: columns go from 3 standard deviations of the
        latent to one side to as many to the other.

    Raises:
        ValueError: As `find`, or if the model has no such class.
    """
    render = Renderer(model)
    found = find(render, count)
    images = traversed(render, found, label=label, seed=seed)
    rows, columns, height, width, _ = images.shape
    grid = image_grid(images.reshape(-1, *images.shape[2:]), columns=columns)
    size = grid.shape[0] / grid.shape[1]
    figure = Picture(figsize=(7, 5.5 * size + 0.9), layout="constrained")
    axes = figure.subplots()
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    # Images are two pixels apart.
    places = [
        2 + (side + 2) * np.arange(n) + (side - 1) / 2
        for side, n in ((width, columns), (height, rows))
    ]
    axes.set_xticks(places[0], [f"{s:+g}" if s else "0" for s in DEVIATIONS])
    names = [
        f"direction {i}\n{levels:.0f} levels"
        for i, levels in enumerate(found.levels, start=1)
    ]
    axes.set_yticks(places[1], names)
    axes.tick_params(length=0, labelsize=11)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(
        "standard deviations of the latent; levels: the change of grey that one makes",
        fontsize=11,
    )
    axes.set_title("One sample along the directions of its generator", fontsize=12)
    return figure


def traversed(model, found, *, label=None, seed=0):
    """Moves the latent of one sample along directions.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`, or a `Renderer` of one.
        found: Its `Directions`.
        label, seed: As in `traversal`.

    Returns:
        uint8 array `(directions, 7, height, width, channels)`.

    Raises:
        ValueError: If the model has no such class.
    """
    render = _renderer(model)
    classes = render.num_classes or 0
    if label not in (None, *range(classes)):
        expected = f"a label from 0 to {classes - 1}" if classes else "no label"
        raise ValueError(
            f"Expected {expected}, as the model has {classes} classes, received "
            f"{label!r}: choose another."
        )
    latent = ops.convert_to_numpy(render.model.sample_latent(1, seed=seed))
    moved = latent + np.asarray(DEVIATIONS)[:, None] * found.steps[:, None]
    moved = moved.reshape(-1, latent.shape[1])
    shares = None
    if classes:
        shares = np.repeat(np.eye(classes)[[label or 0]], len(moved), axis=0)
    images = to_uint8(np.clip(render(moved, shares), -1.0, 1.0), (-1.0, 1.0))
    return images.reshape(len(found.steps), len(DEVIATIONS), *images.shape[1:])


def _renderer(model):
    """A `Renderer` as it is, as it is compiled already; else one of the model."""
    return model if isinstance(model, Renderer) else Renderer(model)


def _change(render, latents, shares, step):
    behind, before = (
        render(latents + side * step, shares).astype("float64") for side in (0.5, -0.5)
    )
    return np.mean((behind - before) ** 2)


def _stretching(network, num_classes):
    """`A^T A` of the first layer, float64 `(latent_dim, latent_dim)`."""
    for layer in network.layers:
        inner = layer.layer if isinstance(layer, SpectralNormalization) else layer
        one_pixel = (
            isinstance(inner, LINEAR) and math.prod(layer.input.shape[1:-1]) == 1
        )
        if not one_pixel:
            continue
        slopes = _slopes(keras.Model(network.inputs, layer.input), num_classes)
        if not slopes.any():  # it sees the label alone
            continue
        matrix = ops.convert_to_numpy(kernel_matrix(inner)).astype("float64")
        # Of a convolution all pixels that it makes of the one.
        kernels = matrix.reshape(-1, slopes.shape[-1], matrix.shape[-1])
        stretching = sum(kernel @ kernel.T for kernel in kernels)
        return np.mean([slope @ stretching @ slope.T for slope in slopes], axis=0)
    raise ValueError(
        "Expected a generator whose latent goes into a dense layer or a convolution of "
        f"one pixel, received {network.name!r}, which has none: build it so."
    )


def _slopes(part, num_classes):
    """How what the first layer takes depends on the latent, `(classes, latent, d)`.

    A product with an embedding and a label that is appended are linear in the latent.
    """
    latent_dim = part.inputs[0].shape[-1]
    latents = np.eye(latent_dim + 1, latent_dim, dtype="float32")
    slopes = []
    for label in range(num_classes or 1):
        inputs = [ops.convert_to_tensor(latents)]
        if num_classes is not None:
            labels = np.full(len(latents), label, "int32")
            inputs.append(ops.convert_to_tensor(labels))
        values = part(inputs if num_classes is not None else inputs[0])
        values = ops.convert_to_numpy(ops.stop_gradient(ops.cast(values, "float32")))
        values = values.reshape(len(latents), -1).astype("float64")
        slopes.append(values[:-1] - values[-1])
    return np.stack(slopes)
