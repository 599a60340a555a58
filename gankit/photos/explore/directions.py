"""Directions in the latent space along which a trained generator changes its images.

They follow in closed form from the weights of the first layer. GANSpace (Härkönen et
al. 2020, https://arxiv.org/abs/2004.02546) takes principal components of activations,
which needs samples. At the first layer both find the same directions, because latents
vary equally in all directions.
"""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from gankit.backend.arguments import check_number
from gankit.datasets import to_uint8
from gankit.layers import SpectralNormalization
from gankit.layers.spectral_normalization import LINEAR, kernel_matrix
from gankit.photos.explore.rendering import Renderer
from gankit.plotting import Picture, image_grid

# The first layer alone does not determine the change of the image, so `find` tries this
# many times as many directions as it returns, on so many latents.
CANDIDATES = 2
LATENTS = 20
# The columns of a traversal, in standard deviations of the latent.
DEVIATIONS = (-3, -2, -1, 0, 1, 2, 3)


class Directions(NamedTuple):
    """Directions of a generator, sorted by how much they change its images.

    Attributes:
        steps: float32 array `(count, latent_dim)` of orthogonal vectors. Their length
            is one standard deviation of the latents.
        changes: How much one step changes the images, float64 `(count,)`: mean squared
            change of a value in [-1, 1].
    """

    steps: np.ndarray
    changes: np.ndarray

    @property
    def levels(self):
        """Root mean squared changes, in grey levels from 0 to 255."""
        return 127.5 * np.sqrt(self.changes)


def find(model, count=6, *, seed=0):
    """Finds the directions that the first layer of a generator stretches most.

    These are the eigenvectors of the largest eigenvalues of `A^T A`, where `A` maps a
    latent to the output of the first layer with weights. With labels, `A^T A` is the
    mean over the classes. Twice as many directions as requested move 20 latents of all
    classes by half a step to either side. Those that change the images most are
    returned.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`, or a `Renderer` of one.
        count: Number of directions, 1 to `latent_dim`.
        seed: Seed of the latents, an integer.

    Returns:
        The `Directions`. The sign of a vector is arbitrary; here its largest entry is
        positive.

    Raises:
        ValueError: If `count` is out of range, or the latent does not enter a dense
            layer or a convolution of one pixel.

    Reference:
        Shen and Zhou 2021, "Closed-form factorization of latent semantics in GANs"
        (https://arxiv.org/abs/2007.06600).
    """
    render = _renderer(model)
    model = render.model
    check_number("count", count, 1, model.latent_dim)
    _, vectors = np.linalg.eigh(_gram_matrix(render.network, render.num_classes))
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
    """Draws one sample moved along its generator's directions, one direction a row.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`.
        count: Number of directions.
        label: Class of the sample, an integer; `None` means 0 if the model has labels.
        seed: Seed of the latent. The middle of every row is
            `model.sample(1, seed=seed)`.

    Returns:
        The `gankit.plotting.Picture`. Its columns move the latent by -3 to 3 standard
        deviations.

    Raises:
        ValueError: As `find`, or if the model has no such class.
    """
    render = Renderer(model)
    directions = find(render, count)
    images = traversal_images(render, directions, label=label, seed=seed)
    rows, columns, height, width, _ = images.shape
    grid = image_grid(images.reshape(-1, *images.shape[2:]), columns=columns)
    size = grid.shape[0] / grid.shape[1]
    figure = Picture(figsize=(7, 5.5 * size + 0.9), layout="constrained")
    axes = figure.subplots()
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    # The grid has two pixels between images.
    centres = [
        2 + (side + 2) * np.arange(n) + (side - 1) / 2
        for side, n in ((width, columns), (height, rows))
    ]
    axes.set_xticks(centres[0], [f"{s:+g}" if s else "0" for s in DEVIATIONS])
    names = [
        f"direction {i}\n{levels:.0f} levels"
        for i, levels in enumerate(directions.levels, start=1)
    ]
    axes.set_yticks(centres[1], names)
    axes.tick_params(length=0, labelsize=11)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(
        "standard deviations of the latent; levels: the change in grey levels for one",
        fontsize=11,
    )
    axes.set_title("One sample along the directions of its generator", fontsize=12)
    return figure


def traversal_images(model, directions, *, label=None, seed=0):
    """Moves the latent of one sample along directions.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`, or a `Renderer` of one.
        directions: Its `Directions`.
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
    moved = latent + np.asarray(DEVIATIONS)[:, None] * directions.steps[:, None]
    moved = moved.reshape(-1, latent.shape[1])
    shares = None
    if classes:
        shares = np.repeat(np.eye(classes)[[label or 0]], len(moved), axis=0)
    images = to_uint8(np.clip(render(moved, shares), -1.0, 1.0), (-1.0, 1.0))
    return images.reshape(len(directions.steps), len(DEVIATIONS), *images.shape[1:])


def _renderer(model):
    """The renderer itself, which is already compiled, or a new one for a model."""
    return model if isinstance(model, Renderer) else Renderer(model)


def _change(render, latents, shares, step):
    ahead, behind = (
        render(latents + side * step, shares).astype("float64") for side in (0.5, -0.5)
    )
    return np.mean((ahead - behind) ** 2)


def _gram_matrix(network, num_classes):
    """`A^T A` of the first layer, float64 `(latent_dim, latent_dim)`."""
    for layer in network.layers:
        inner = layer.layer if isinstance(layer, SpectralNormalization) else layer
        one_pixel = (
            isinstance(inner, LINEAR) and math.prod(layer.input.shape[1:-1]) == 1
        )
        if not one_pixel:
            continue
        slopes = _slopes(keras.Model(network.inputs, layer.input), num_classes)
        if not slopes.any():  # its input is only the label
            continue
        matrix = ops.convert_to_numpy(kernel_matrix(inner)).astype("float64")
        # A convolution of one pixel has one matrix for each pixel of its output.
        kernels = matrix.reshape(-1, slopes.shape[-1], matrix.shape[-1])
        gram = sum(kernel @ kernel.T for kernel in kernels)
        return np.mean([slope @ gram @ slope.T for slope in slopes], axis=0)
    raise ValueError(
        "Expected a generator whose latent goes into a dense layer or a convolution of "
        f"one pixel, received {network.name!r}, which has none: add such a layer."
    )


def _slopes(part, num_classes):
    """Derivative of the first layer's input, `(classes, latent_dim, d)`.

    The input is linear in the latent, also where the network multiplies the latent by
    an embedding or appends the label.
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
