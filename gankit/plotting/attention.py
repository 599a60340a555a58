"""Attention maps drawn over images."""

import numpy as np

from gankit.plotting.picture import Picture


def attention_overlays(images, maps, queries, *, title, names=()):
    """Draws the attention of selected pixels over the images, one column per query.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        maps: Weights `(n, queries, rows, columns)` from
            `gankit.inspection.attention_maps`. They are enlarged to the images.
        queries: Pixels `(row, column)` of the images, which are marked.
        title: Title of the figure.
        names: What each image is, which is written beside its row.

    Returns:
        The `Picture`. The first column shows the images with all queries, each other
        column the grey image under the map of one query. The maps of a row have one
        scale, from 0 to the largest weight in them. The number above a map is its
        maximum relative to that of uniform attention.
    """
    n, count = maps.shape[:2]
    height, width = images.shape[1:3]
    # The centres of pixels are at integers.
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    figure = Picture(figsize=(1.5 * (count + 1), 1.75 * n + 0.6), layout="constrained")
    panels = figure.subplots(n, count + 1, squeeze=False)
    even = 1 / np.prod(maps.shape[2:])
    for image, weights, (first, *others) in zip(images, maps, panels, strict=True):
        first.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
        for i, (row, column) in enumerate(queries):
            first.plot(column, row, "o", color=f"C{i}", markeredgecolor="white")
        for i, (axes, of_query) in enumerate(zip(others, weights, strict=True)):
            row, column = queries[i]
            axes.imshow(image.mean(axis=-1), cmap="gray", vmin=0, vmax=255)
            axes.imshow(
                of_query,
                cmap="inferno",
                vmin=0,
                vmax=weights.max(),
                alpha=0.7,
                extent=extent,
                interpolation="bilinear",
            )
            axes.plot(column, row, "o", color=f"C{i}", markeredgecolor="white")
            axes.set_title(f"{of_query.max() / even:.1f} x even", fontsize=8)
    for axes, name in zip(panels[:, 0], names, strict=False):
        axes.set_ylabel(name)
    for axes in panels.ravel():
        axes.set(xticks=[], yticks=[], xlim=extent[:2], ylim=extent[2:])
    figure.suptitle(title, fontsize=11)
    return figure
