"""Diagrams of a GAN, cycles, self-attention, a network's feature maps, faces."""

import math
import re

import numpy as np
from keras import layers
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon

from gankit.inspection.network_graph import steps
from gankit.plotting import Picture

_GREY, _ORANGE, _BLUE = "#d9d9d9", "#f5bd82", "#9dbbe3"
_RED = "#b03a2e"

# Lengths in inches; one axis fills the figure and uses them as its unit.
_TALLEST = 1.3
_ARROW = 0.36
_SPACE = 0.14
_TITLE = 0.3


def gan():
    """Draws a GAN: its two networks, their data and their losses.

    Returns:
        The `Picture`, 8 by 3.8 inches.

    Reference:
        Goodfellow et al. 2014, section 3 (https://arxiv.org/abs/1406.2661).
    """
    title = "A GAN: two networks, trained against each other"
    figure, axes = _canvas(8, 3.5, title)
    low, middle, high = 1.15, 1.75, 2.35
    for x, y, text, colour in (
        (0.75, low, "latent z\nfrom N(0, 1)", _GREY),
        (2.35, low, "generator\nG", _ORANGE),
        (3.95, low, "fake\nG(z)", _GREY),
        (2.35, high, "data", _GREY),
        (3.95, high, "real\nx", _GREY),
        (5.6, middle, "discriminator\nD", _BLUE),
        (7.25, middle, "real or fake?\nlogit", _GREY),
    ):
        _box(axes, x, y, text, colour)
    for x, y, x_end, y_end in (
        (1.35, low, 1.75, low),
        (2.95, low, 3.35, low),
        (2.95, high, 3.35, high),
        (4.55, low + 0.1, 5.0, middle - 0.12),
        (4.55, high - 0.1, 5.0, middle + 0.12),
        (6.2, middle, 6.65, middle),
    ):
        _arrow(axes, (x, y), (x_end, y_end))
    for text, colour, x, y, y_end in (
        ("d_loss: D learns to tell real from fake", "#2f5fa8", 5.6, 3.0, middle + 0.3),
        ("g_loss: G learns to make D call fakes real", "#c46a10", 2.35, 0.5, low - 0.3),
    ):
        start = middle + math.copysign(0.3, y - middle)
        dashed = {"color": colour, "linestyle": "--"}
        axes.plot([7.25, 7.25, x], [start, y, y], linewidth=1.5, **dashed)
        _arrow(axes, (x, y), (x, y_end), **dashed)
        above = {"ha": "center", "va": "bottom", "fontsize": 10, "color": colour}
        axes.text((7.25 + x) / 2, y + 0.06, text, **above)
    return figure


def cycles(domain_names=("A", "B")):
    """Draws both cycles of CycleGAN and their losses.

    Args:
        domain_names: Names of the domains A and B.

    Returns:
        The `Picture`, 8.6 by 4.7 inches.

    Reference:
        Zhu et al. 2017, figure 3 (https://arxiv.org/abs/1703.10593); the upper row is
        figure 3 of the DTU report.
    """
    title = "CycleGAN: two translators G and F, two cycles, two discriminators"
    figure, axes = _canvas(8.6, 4.4, title)
    for row, y in (("AB", 3.55), ("BA", 1.3)):
        forward, backward = ("G", "F") if row == "AB" else ("F", "G")
        letter = "ab" if row == "AB" else "ba"
        first, second = (domain_names["AB".index(domain)] for domain in row)
        real = row[0].lower()
        for x, text, colour in (
            (0.75, f"real {real}\n({first})", _GREY),
            (2.5, f"{forward} = g_{letter}", _ORANGE),
            (4.25, f"fake {forward}({real})\n({second})", _GREY),
            (6.0, f"{backward} = g_{letter[::-1]}", _ORANGE),
            (7.8, f"reconstruction\n{backward}({forward}({real}))", _GREY),
        ):
            _box(axes, x, y, text, colour)
        for x, x_end in ((1.35, 1.9), (3.1, 3.65), (4.85, 5.4), (6.6, 7.15)):
            _arrow(axes, (x, y), (x_end, y))
        name = f"D = d_{letter[1]}" if row == "AB" else f"d_{letter[1]}"
        _box(axes, 4.25, y - 0.85, f"{name}\nreal {second}?", _BLUE)
        _arrow(axes, (4.25, y - 0.3), (4.25, y - 0.57))
        _box(axes, 2.5, y - 0.85, f"real {letter[1]}\n({second})", _GREY)
        _arrow(axes, (3.1, y - 0.85), (3.65, y - 0.85))
        cycle = {"color": "#2f5fa8", "linestyle": "--"}
        axes.plot([0.75, 0.75, 7.8, 7.8], [y + 0.3, y + 0.6, y + 0.6, y + 0.3], **cycle)
        above = {"ha": "center", "va": "bottom", "fontsize": 9}
        text = f"cycle loss: {backward}({forward}({real})) should equal {real}"
        axes.text(4.25, y + 0.64, text, color="#2f5fa8", **above)
        text = f"adversarial loss: {forward} learns to make d_{letter[1]} say yes"
        axes.text(4.95, y - 0.85, text, color="#c46a10", va="center", fontsize=9)
    return figure


def attention():
    """Draws the self-attention of SAGAN, with the shapes of its parts.

    Returns:
        The `Picture`, 8.6 by 3.5 inches.

    Reference:
        Zhang et al. 2019, figure 2 (https://arxiv.org/abs/1805.08318).
    """
    title = "Self-attention: every place looks at all N places of the feature maps"
    figure, axes = _canvas(8.6, 3.2, title)
    middle = 1.75
    for x, y, text, colour in (
        (0.75, middle, "maps x\n(N, C)", _GREY),
        (2.5, 2.75, "keys f(x)\n(N, C/8)", _BLUE),
        (2.5, middle, "queries g(x)\n(N, C/8)", _BLUE),
        (2.5, 0.75, "values h(x)\n(N, C/2)", _BLUE),
        (4.4, 2.25, "softmax of rows\nbeta (N, N)", _ORANGE),
        (6.1, middle, "v(beta h)\no (N, C)", _BLUE),
        (7.8, middle, "x + gamma o\n(N, C)", _GREY),
    ):
        _box(axes, x, y, text, colour)
    for x, y, x_end, y_end in (
        (1.35, middle + 0.1, 1.9, 2.7),
        (1.35, middle, 1.9, middle),
        (1.35, middle - 0.1, 1.9, 0.8),
        (3.1, 2.7, 3.8, 2.35),
        (3.1, middle + 0.05, 3.8, 2.15),
        (3.1, 0.8, 5.5, middle - 0.15),
        (5.0, 2.2, 5.5, middle + 0.12),
        (6.7, middle, 7.2, middle),
    ):
        _arrow(axes, (x, y), (x_end, y_end))
    axes.plot([0.75, 0.75, 7.8], [middle - 0.3, 0.25, 0.25], color="black", linewidth=1)
    _arrow(axes, (7.8, 0.25), (7.8, middle - 0.3))
    words = {"ha": "center", "va": "bottom", "fontsize": 9}
    axes.text(4.3, 0.29, "passed on unchanged; gamma starts at 0", **words)
    return figure


def faces(pictures=()):
    """Draws how photographs become a data set of faces, and what is dropped.

    Args:
        pictures: Pictures to show above the first boxes, such as
            `gankit.photos.faces.stages` returns them: uint8 arrays
            `(height, width, 3)`, at most five.

    Returns:
        The `Picture`, 9 by 2.2 inches, or 9 by 3.4 with pictures.

    Reference:
        The pipeline of the CMU report, section 4, with the detectors and GrabCut of
        OpenCV in place of its three libraries.
    """
    title = "From an album of photographs to a data set of faces"
    figure, axes = _canvas(9, 3.1 if len(pictures) else 1.9, title)
    low, side, centred = 1.45, 1.16, {"ha": "center", "va": "top", "fontsize": 9}
    for i, (text, colour, dropped) in enumerate(
        (
            ("photographs\nof an album", _GREY, "damaged\nnear duplicates"),
            ("find a face\nand its eyes", _BLUE, "no face\nno two eyes"),
            (
                "align the\neyes, crop",
                _BLUE,
                "too small, blurred\nanother person\nnear duplicates",
            ),
            ("remove the\nbackground", _BLUE, ""),
            ("data set of\n64 x 64", _GREY, "by hand: whatever\npassed by mistake"),
            ("GAN or\nCycleGAN", _ORANGE, ""),
        )
    ):
        x = 0.75 + 1.5 * i
        _box(axes, x, low, text, colour)
        if i:
            _arrow(axes, (x - 0.9, low), (x - 0.6, low))
        if dropped:
            _arrow(axes, (x, low - 0.3), (x, low - 0.57), color=_RED, linestyle="--")
            axes.text(x, low - 0.62, f"dropped:\n{dropped}", color=_RED, **centred)
        for picture in pictures[i : i + 1]:
            height, width = (
                n * side / max(picture.shape[:2]) for n in picture.shape[:2]
            )
            place = (x - width / 2, x + width / 2, low + 0.4, low + 0.4 + height)
            axes.imshow(picture, extent=place, aspect="auto")
    return figure


def architecture(model, *, title=None):
    """Draws a network from its model: the feature maps, and the layers between them.

    A map is drawn as a cuboid. Its height and depth are proportional to the square
    roots of the map's height and width, its thickness to the logarithm of the channels.
    A vector is a bar, with a height proportional to the logarithm of its length.

    Args:
        model: A built functional or sequential `keras.Model`, channels last. The layers
            that depend on its first input must form a chain. Other inputs, such as
            labels, appear as text where they join the chain.
        title: Name of the network in the title; `None` uses the model's name.

    Returns:
        The `Picture`, about an inch wide per layer with weights.

    Raises:
        ValueError: If `model` has no graph, or a graph with branches.
    """
    chain = _main_path(steps(model), model.inputs[0]._keras_history[0].name)
    stages = _stages(chain)
    shapes = [chain[0].shape[1:], *(stage[-1].shape[1:] for stage in stages)]
    tallest = max([side or 1 for s in shapes if len(s) == 3 for side in s[:2]] or [1])
    solids = [_solid(shape, tallest) for shape in shapes]

    figure, axes = _canvas()
    centred = {"ha": "center", "va": "bottom", "fontsize": 8, "linespacing": 1.25}
    is_logit = not any(step.activation for stage in stages[-1:] for step in stage)
    labels = [axes.text(0, 0, text, **centred) for text in _labels(shapes, is_logit)]
    texts = [[line for step in stage for line in _describe(step)] for stage in stages]
    notes = [axes.text(0, 0, "\n".join(lines), **centred) for lines in texts]
    count = sum(math.prod(v.shape) for v in model.trainable_variables)
    heading = f"{title or model.name}: {count:,} trainable parameters"
    figure.set_label(f"{heading}. Feature maps: {', '.join(map(str, shapes))}.")
    heading = axes.text(0, 0, heading, **{**centred, "fontsize": 11})

    label_widths, label_heights = _extents(figure, labels)
    note_widths, note_heights = _extents(figure, notes)
    (heading_width,), (heading_height,) = _extents(figure, [heading])
    widths, heights = np.transpose([np.ptp(s.reshape(-1, 2), axis=0) for s in solids])
    # The smallest equal distance between solids at which nothing overlaps.
    shifts = (widths[:-1] - widths[1:]) / 4
    pitch = max(
        np.max(_means(widths), initial=0) + _ARROW,
        np.max(_means(label_widths), initial=0) + _SPACE,
        np.max(_means(note_widths) - np.diff(shifts), initial=0) + _SPACE,
    )
    middles = pitch * np.arange(len(shapes))
    gaps = _means(middles) + shifts
    ends = np.concatenate([label_widths, widths, note_widths]) / 2
    places = np.concatenate([middles, middles, gaps])
    left, right = np.min(places - ends), np.max(places + ends)
    width = max(right - left, heading_width) + 2 * _SPACE
    middles, gaps = (x + (width - left - right) / 2 for x in (middles, gaps))

    level = 2 * _SPACE + np.max(label_heights) + np.max(heights) / 2
    top = level + np.max(heights) / 2 + _SPACE
    above = top + np.max(note_heights, initial=0) + 1.5 * _SPACE
    _set_size(figure, axes, width, above + heading_height + _SPACE)
    heading.set_position((width / 2, above))
    for label, x in zip(labels, middles, strict=True):
        label.set(position=(x, _SPACE + np.max(label_heights)), va="top")
    for note, x in zip(notes, gaps, strict=True):
        note.set_position((x, top))
        axes.plot([x, x], [level + 0.06, top - 0.04], color="0.6", linewidth=0.8)
    for i, (solid, x) in enumerate(zip(solids, middles, strict=True)):
        middle = (solid.reshape(-1, 2).max(0) + solid.reshape(-1, 2).min(0)) / 2
        ends_here = i in (0, len(solids) - 1)
        colours = (
            ("#d9d9d9", "#f0f0f0", "#b5b5b5")
            if ends_here
            else ("#9dbbe3", "#c9dbf3", "#6f95c9")
        )
        for face, colour in zip(solid - middle + (x, level), colours, strict=False):
            axes.add_patch(Polygon(face, fc=colour, ec="black", linewidth=0.8))
        if i:
            start = middles[i - 1] + widths[i - 1] / 2 + 0.04
            _arrow(axes, (start, level), (x - widths[i] / 2 - 0.04, level))
    return figure


def _main_path(graph, first):
    """Returns the chain of steps from the first input to the output."""
    path = [step for step in graph if not step.parents and step.name == first]
    for step in graph:
        parents = [parent for parent in step.parents if parent in path]
        if parents and parents != path[-1:]:
            raise ValueError(
                "Expected a network in which every layer feeds one other, received "
                f"one that branches at {step.name!r}: draw its parts."
            )
        if parents:
            path.append(step)
    return path


def _stages(chain):
    """Groups the steps by map: a layer with weights, and the steps around it.

    Steps that only prepare a map for the next layer belong to that layer.
    """
    stages, waiting = [], []
    for step in chain[1:]:
        kind = type(step.layer).__name__
        prepares = re.match("Flatten|UpSampling|.*Pad", kind)
        if step.has_kernel:
            stages.append([*waiting, step])
            waiting = []
        elif waiting or prepares or not stages:
            waiting.append(step)
        else:
            stages[-1].append(step)
    if waiting:
        stages = [*stages[:-1], [*(stages or [[]])[-1], *waiting]]
    return stages


def _describe(step):
    """Describes a step in lines of text."""
    layer, kind = step.layer, type(step.layer).__name__
    plain = re.sub(r"(\dD|Normalization)", "", kind)
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower()
    if hasattr(layer, "kernel_size"):
        form = "x".join(str(k) for k in layer.kernel_size)
        form += f", stride {max(np.ravel(layer.strides))}"
        name = plain.removesuffix(" transpose")
        lines = [f"{name} {form}"] if name == plain else [f"transposed {name}", form]
        if max(np.ravel(layer.dilation_rate)) > 1:
            lines.append(f"dilation {max(np.ravel(layer.dilation_rate))}")
    elif hasattr(layer, "pool_size"):
        lines = [f"{plain} {'x'.join(str(k) for k in np.ravel(layer.pool_size))}"]
    elif step.normalisation:
        lines = [step.normalisation.replace("normalisation", "norm")]
    elif isinstance(layer, layers.Dropout):
        lines = [f"dropout {layer.rate:g}"]
    else:
        named = step.activation and not step.has_kernel
        lines = [] if named else [plain]
    word = "by" if isinstance(layer, layers.Multiply) else "with"
    lines += [f"{word} {_describe_input(parent)}" for parent in step.parents[1:]]
    if "SpectralNormalization" in step.wrappers:
        lines.append("spectral norm")
    return lines + ([step.activation] if step.activation else [])


def _describe_input(step):
    """Describes a further input, such as an embedding of labels."""
    kinds = []
    while step.parents:
        kinds.append(type(step.layer).__name__)
        step = step.parents[0]
    known = {"Embedding": "embedding of ", "OneHot": "one-hot "}
    return next((known[k] for k in kinds if k in known), "") + step.name


def _labels(shapes, is_logit):
    """Returns the size of each map, and the meaning of the first and the last."""
    names = [" x ".join("?" if n is None else f"{n:,}" for n in s) for s in shapes]
    names[0] += "\nimage" if len(shapes[0]) == 3 else "\nlatent"
    if len(shapes[-1]) == 3 and len(shapes[0]) == 1:
        names[-1] += "\nimage"
    elif shapes[-1] == (1,):
        names[-1] += "\nlogit" if is_logit else "\noutput"
    return names


def _solid(shape, tallest):
    """Returns the faces `(n, corners, 2)` of a cuboid, or the one face of a bar."""
    if len(shape) < 3:
        height = 0.12 + 0.11 * math.log2(math.prod(n or 1 for n in shape))
        return _face((0, 0), (0.12, 0), (0, height))[None]
    height, width = (_TALLEST * math.sqrt((n or tallest) / tallest) for n in shape[:2])
    thick = 0.05 + 0.05 * math.log2(1 + shape[2])
    back = (0.22 * width, 0.22 * width)
    return np.stack(
        [
            _face((0, 0), (thick, 0), (0, height)),
            _face((0, height), (thick, 0), back),
            _face((thick, 0), (0, height), back),
        ]
    )


def _face(corner, one, other):
    corner, one, other = np.array([corner, one, other], "float64")
    return np.stack([corner, corner + one, corner + one + other, corner + other])


def _means(values):
    return (values[:-1] + values[1:]) / 2


def _extents(figure, texts):
    """Returns the widths and heights of texts."""
    boxes = [text.get_window_extent() for text in texts]
    return np.array([[b.width, b.height] for b in boxes]).reshape(-1, 2).T / figure.dpi


def _canvas(width=1, height=1, title=""):
    """One axis that fills the figure, in inches, with its title above `height`."""
    figure = Picture(figsize=(1, 1))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    _set_size(figure, axes, width, height + _TITLE)
    axes.text(width / 2, height + 0.05, title, ha="center", va="bottom", fontsize=12)
    figure.set_label(title)
    return figure, axes


def _set_size(figure, axes, width, height):
    figure.set_size_inches(width, height)
    axes.set(xlim=(0, width), ylim=(0, height))


def _box(axes, x, y, text, colour):
    corner = (x - 0.5, y - 0.2)
    axes.add_patch(
        FancyBboxPatch(corner, 1.0, 0.4, "round,pad=0.08", fc=colour, ec="black")
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=10)


def _arrow(axes, start, end, **line):
    style = {"arrowstyle": "-|>", "mutation_scale": 11, "linewidth": 1.2}
    style |= {"shrinkA": 0, "shrinkB": 0, "color": "black"}
    axes.add_patch(FancyArrowPatch(start, end, **(style | line)))
