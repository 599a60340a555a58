"""Diagrams: labels describe the networks, and everything is readable."""

import io
import itertools

import keras
import numpy as np
import pytest
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, Polygon
from PIL import Image

from gankit.inspection import diagrams
from gankit.networks import cgan, dcgan, mlp
from gankit.plotting import Picture


def _eight_layers():
    generator = dcgan.generator(
        (512, 256, 256, 128, 128, 64, 32),
        (2, 1, 2, 1, 2, 1, 2),
        image_shape=(64, 64, 3),
    )
    discriminator = dcgan.discriminator(
        (32, 64, 64, 128, 128, 256, 512), (2, 1, 2, 1, 2, 1, 2), image_shape=(64, 64, 3)
    )
    return generator, discriminator


PAIRS = {
    "shallow": dcgan.shallow,
    "deep": dcgan.deep,
    "mlp": lambda: (mlp.generator(), mlp.discriminator()),
    "eight": _eight_layers,
}


def _texts(figure):
    return [text for text in figure.axes[0].texts if text.get_text()]


def _words(figure):
    return [text.get_text() for text in _texts(figure)]


def _check_readable(figure):
    """Checks that texts overlap neither each other nor shapes, inside the figure."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = _texts(figure)
    boxes = [text.get_window_extent(renderer) for text in texts]
    for (a, one), (b, other) in itertools.combinations(
        zip(texts, boxes, strict=True), 2
    ):
        assert not one.overlaps(other), (a.get_text(), b.get_text())
    for text, box in zip(texts, boxes, strict=True):
        assert text.get_fontsize() >= 8
        assert box.x0 >= 2 and box.x1 <= figure.bbox.width - 2, text.get_text()
        assert box.y0 >= 2 and box.y1 <= figure.bbox.height - 2, text.get_text()
    solids = [p for p in figure.axes[0].patches if isinstance(p, Polygon)]
    arrows = [p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)]
    for patch in (*solids, *arrows):
        extent = patch.get_window_extent(renderer)
        assert 0 <= extent.x0 and extent.x1 <= figure.bbox.width
        assert not any(extent.overlaps(box) for box in boxes)
    for solid, arrow in itertools.product(solids, arrows):
        one, other = (p.get_window_extent(renderer) for p in (solid, arrow))
        assert not one.overlaps(other)


def _shapes(model):
    """Returns the shapes of the input and of each layer's output, as text."""
    sizes = [model.input_shape[1:]]
    for layer in model.layers:
        shape = layer.output.shape[1:]
        if isinstance(layer, layers.Dense | layers.Conv2D | layers.Conv2DTranspose):
            sizes.append(shape)
        elif isinstance(layer, layers.Reshape):
            sizes[-1] = shape
    return [" x ".join(f"{n:,}" for n in size) for size in sizes]


def _transforms(model):
    kernels = []
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            kernels.append(["dense"])
        elif isinstance(layer, layers.Conv2DTranspose | layers.Conv2D):
            (k, _), (s, _) = layer.kernel_size, layer.strides
            window = f"{k}x{k}, stride {s}"
            up = isinstance(layer, layers.Conv2DTranspose)
            kernels.append(["transposed conv", window] if up else [f"conv {window}"])
        elif isinstance(layer, layers.BatchNormalization):
            kernels[-1].append("batch norm")
        elif isinstance(layer, layers.ReLU):
            kernels[-1].append("ReLU")
        elif isinstance(layer, layers.LeakyReLU):
            kernels[-1].append(f"LeakyReLU {layer.negative_slope}")
        elif isinstance(layer, layers.Activation):
            kernels[-1].append("tanh")
    return kernels


@pytest.mark.parametrize("player", [0, 1], ids=["generator", "discriminator"])
@pytest.mark.parametrize("name", PAIRS)
def test_a_diagram_describes_its_network(name, player):
    model = PAIRS[name]()[player]
    figure = diagrams.architecture(model, title=name)
    words = _words(figure)
    shapes, transforms = _shapes(model), _transforms(model)
    assert len(words) == len(shapes) + len(transforms) + 1
    labels, notes = words[: len(shapes)], words[len(shapes) : -1]
    assert [label.split("\n")[0] for label in labels] == shapes
    ends = [label.split("\n")[1] for label in (labels[0], labels[-1])]
    assert ends == [["latent", "image"], ["image", "logit"]][player]
    forms = ("reshape", "flatten")
    for note, lines in zip(notes, transforms, strict=True):
        assert [line for line in note.split("\n") if line not in forms] == lines
    assert sum("reshape" in n or "flatten" in n for n in notes) == 1
    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert words[-1] == f"{name}: {count:,} trainable parameters"


@pytest.mark.parametrize("player", [0, 1], ids=["generator", "discriminator"])
@pytest.mark.parametrize("name", PAIRS)
def test_a_diagram_is_readable(name, player):
    _check_readable(diagrams.architecture(PAIRS[name]()[player]))


def test_a_long_title_is_not_cut():
    _check_readable(diagrams.architecture(mlp.discriminator(hidden=()), title="x" * 80))


def test_solids_grow_with_maps_and_channels():
    model = dcgan.deep()[0]
    patches = diagrams.architecture(model).axes[0].patches
    solids = [p.get_xy() for p in patches if isinstance(p, Polygon)]
    # The latent has one face, each map three, the first of which is the front.
    assert len(solids) == 1 + 3 * 5
    fronts = np.array([np.ptp(face, axis=0) for face in solids[1::3]])
    sides = [7, 14, 28, 28, 28]
    np.testing.assert_allclose(fronts[:, 1] / fronts[-1, 1], np.sqrt(sides) / 28**0.5)
    assert (np.diff(fronts[:, 0]) < 0).all()


def test_other_layers_are_named():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(0.5),
            layers.SpectralNormalization(layers.Conv2D(4, (3, 5), padding="same")),
            layers.LeakyReLU(0.3),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25, seed=0),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, dilation_rate=2, activation="relu"),
            layers.GroupNormalization(-1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="critic",
    )
    figure = diagrams.architecture(model)
    _check_readable(figure)
    shapes, notes = _words(figure)[:4], _words(figure)[4:-1]
    assert shapes == ["16 x 16 x 3\nimage", "8 x 8 x 4", "4", "1\noutput"]
    assert [note.split("\n") for note in notes] == [
        [
            *("rescaling", "conv 3x5, stride 1", "spectral norm", "LeakyReLU 0.3"),
            *("max pooling 2x2", "dropout 0.25"),
        ],
        [
            *("zero padding", "conv 3x3, stride 1", "dilation 2", "ReLU"),
            *("instance norm", "global average pooling"),
        ],
        ["dense", "sigmoid"],
    ]
    assert _words(figure)[-1].startswith("critic: ")


def test_unknown_sides_are_drawn_as_unknown():
    images = keras.Input((None, None, 3))
    model = keras.Model(images, layers.Conv2D(8, 4, 2, padding="same")(images))
    figure = diagrams.architecture(model)
    assert _words(figure)[:2] == ["? x ? x 3\nimage", "? x ? x 8"]


def test_labels_are_described_where_they_join():
    for conditioning, first in {
        "multiplication": ["multiply", "by embedding of labels"],
        "concatenation": ["concatenate", "with one-hot labels"],
    }.items():
        for network in cgan.shallow(conditioning=conditioning):
            notes = _words(diagrams.architecture(network))
            lines = next(n.split("\n") for n in notes if n.startswith(first[0]))
            assert lines[:2] == first
            assert not any("embedding" in n for n in notes if n.split("\n") != lines)


def test_a_network_with_branches_raises():
    images = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(images)
    total = layers.Add(name="sum")([x, images])
    with pytest.raises(ValueError, match="received one that branches at 'sum'"):
        diagrams.architecture(keras.Model(images, total))


def test_the_overview_names_players_and_losses():
    figure = diagrams.gan()
    assert isinstance(figure, Picture)
    assert tuple(figure.get_size_inches()) == (8, 3.8)
    words = " ".join(_words(figure))
    for word in ("latent z", "generator", "discriminator", "G(z)", "d_loss", "g_loss"):
        assert word in words
    _check_readable(figure)


def test_the_cycles_name_networks_images_and_losses():
    figure = diagrams.cycles(("horse", "zebra"))
    texts = _words(figure)
    for part in ("real a\n(horse)", "fake F(b)\n(horse)", "reconstruction\nG(F(b))"):
        assert part in texts
    assert {"G = g_ab", "F = g_ba", "d_a\nreal horse?", "real a\n(horse)"} <= set(texts)
    assert sum(text.startswith("cycle loss") for text in texts) == 2
    _check_readable(figure)


@pytest.mark.parametrize("count, height", [(0, 2.2), (5, 3.4)])
def test_the_pipeline_of_faces_shows_pictures_above_its_boxes(count, height):
    pictures = [np.full((60 + i, 50, 3), 40 * i, "uint8") for i in range(count)]
    figure = diagrams.faces(pictures)
    assert tuple(figure.get_size_inches()) == pytest.approx((9, height))
    words = " ".join(_words(figure)).replace("\n", " ")
    for step in ("photographs", "find a face", "align", "remove", "64 x 64", "GAN"):
        assert step in words
    _check_readable(figure)
    (axes,) = figure.axes
    middles = [text.get_position()[0] for text in axes.texts if "\n" in text.get_text()]
    shown = [np.array(image.get_extent()) for image in axes.images]
    assert len(shown) == count
    for left, right, bottom, top in shown:
        assert any(abs((left + right) / 2 - x) < 1e-6 for x in middles)
        # In proportion, above the boxes and inside the figure.
        assert (right - left) / (top - bottom) == pytest.approx(50 / 62, abs=0.03)
        assert 1.45 + 0.28 < bottom and top < height


def test_a_notebook_shows_a_small_picture():
    for figure in (diagrams.gan(), diagrams.architecture(dcgan.deep()[0])):
        png, metadata = figure._repr_png_()
        assert len(metadata["alt"]) > 20
        assert len(png) < 100_000
        with Image.open(io.BytesIO(png)) as picture:
            assert picture.width <= 1000
