"""Pictures: every pixel of a grid, moving averages, what a plot says."""

import io

import matplotlib.colors
import numpy as np
import pytest
from PIL import Image

from gankit import losses, plotting


@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_is_at_its_place(channels):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 4, 6, channels), dtype="uint8")
    grid = plotting.image_grid(images, columns=3)
    assert grid.shape[:2] == (2 * 6 + 2, 3 * 8 + 2)
    grid = grid.reshape(*grid.shape[:2], channels)
    covered = np.zeros(grid.shape[:2], bool)
    for i, image in enumerate(images):
        top, left = 2 + (i // 3) * 6, 2 + (i % 3) * 8
        np.testing.assert_array_equal(grid[top : top + 4, left : left + 6], image)
        covered[top : top + 4, left : left + 6] = True
    assert (grid[~covered] == 255).all()


def test_images_of_another_form_get_a_sentence():
    with pytest.raises(ValueError, match=r"received float64 \(2, 4, 4, 1\)"):
        plotting.image_grid(np.zeros((2, 4, 4, 1)))
    with pytest.raises(ValueError, match=r"received uint8 \(4, 4, 1\)"):
        plotting.image_grid(np.zeros((4, 4, 1), "uint8"))


def test_saved_images_are_the_images(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 5, 5, 3), dtype="uint8")
    plotting.save_grid(tmp_path / "grid.png", images, scale=2)
    with Image.open(tmp_path / "grid.png") as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels[::2, ::2], plotting.image_grid(images))
    plotting.save_each(tmp_path / "each", images)
    for i, image in enumerate(images):
        with Image.open(tmp_path / "each" / f"{i:06d}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), image)


@pytest.mark.parametrize("window", [1, 3, 50])
def test_moving_average_is_the_mean_of_the_last(window):
    values = np.random.default_rng(0).normal(size=20)
    expected = [values[max(0, i - window + 1) : i + 1].mean() for i in range(20)]
    np.testing.assert_allclose(plotting.moving_average(values, window), expected)


def test_loss_curves_say_what_they_show():
    steps = np.arange(10, 410, 10)
    history = {"step": steps, "d_loss": steps / 400, "g_loss": 1 - steps / 400}
    loss = losses.get("non_saturating")
    figure = plotting.loss_curves(history, loss=loss, title="a run")
    (axes,) = figure.axes
    assert "a run" in axes.get_title() and "sum" in axes.get_title()
    assert axes.get_xlabel() == "step" and axes.get_ylabel() == "loss (nats)"
    said = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "discriminator at equilibrium: 1.386" in said
    assert "generator at equilibrium: 0.693" in said
    flat = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in flat] == pytest.approx(
        [2 * np.log(2), np.log(2)]
    )
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), history["d_loss"])
    png, metadata = figure._repr_png_()  # as a notebook does
    assert (
        "a run" in metadata["alt"] and "Vertical axis: loss (nats)." in metadata["alt"]
    )
    with Image.open(io.BytesIO(png)) as shown:
        assert shown.format == "PNG" and shown.size == (800, 450)


def test_a_film_has_a_frame_for_each_drawing_in_order(tmp_path):
    for step, level in ((0, 0), (20, 100), (100, 200)):
        Image.new("L", (12, 8), level).save(tmp_path / f"step-{step:06d}.png")
    plotting.save_film(tmp_path / "film.webp", tmp_path)
    with Image.open(tmp_path / "film.webp") as film:
        assert film.n_frames == 3 and film.info["loop"] == 0
        for frame, level in enumerate((0, 100, 200)):
            film.seek(frame)
            assert np.asarray(film.convert("L"))[-1, -1] == pytest.approx(level, abs=8)
        assert film.info["duration"] == 2000


def test_loss_panels_have_a_caption_and_both_losses_each():
    history = {"step": [1, 2], "d_loss": [1.0, 0.5], "g_loss": [0.7, 0.9]}
    figure = plotting.loss_panels(
        dict.fromkeys(("slow", "fast", "faster"), history), columns=2, title="Rates"
    )
    drawn = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title() for axes in drawn] == ["slow", "fast", "faster"]
    for axes in drawn:
        assert [list(line.get_ydata()) for line in axes.lines] == [
            history["d_loss"],
            history["g_loss"],
        ]


def test_lines_have_labels_units_and_a_level():
    curves = {"one": ([0, 10], [1.0, 4.0]), "two": ([5, 6, 7], [2.0, 3.0, 1.0])}
    words = {"title": "Norms", "x": "step", "y": "sigma"}
    (axes,) = plotting.lines(curves, **words, logarithmic=True, level=1).axes
    assert axes.get_title() == "Norms" and axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "sigma")
    *drawn, level = axes.lines
    for line, (label, (positions, values)) in zip(drawn, curves.items(), strict=True):
        assert line.get_label() == label
        assert list(line.get_xdata()) == positions and list(line.get_ydata()) == values
    assert list(level.get_ydata()) == [1, 1]
    (axes,) = plotting.lines(curves, **words).axes
    assert len(axes.lines) == 2 and axes.get_yscale() == "linear"


def test_a_curve_of_many_points_has_no_dots():
    curves = {"few": (range(20), range(20)), "many": (range(900), range(900))}
    few, many = plotting.lines(curves, title="t", x="x", y="y").axes[0].lines
    assert (few.get_marker(), many.get_marker()) == (".", "None")
    assert few.get_linestyle() != many.get_linestyle()


def test_alternative_text_reads_out_titles_axes_and_legend():
    curves = {"one": ([0, 1], [1, 2]), "two": ([0, 1], [3, 4])}
    figure = plotting.lines(curves, title="Norms", x="step", y="sigma")
    words = "Norms. Horizontal axis: step. Vertical axis: sigma. Legend: one; two."
    assert figure.alternative_text() == words
    figure.set_label("two lines")
    assert figure.alternative_text() == "two lines"
    images = np.zeros((2, 4, 4, 1), "uint8")
    assert plotting.show_grid(images, title="a\nb").alternative_text() == "a b."


@pytest.mark.parametrize(("photographs", "form"), [(True, "JPEG"), (False, "PNG")])
def test_a_saved_picture_is_shown_with_its_title(tmp_path, photographs, form):
    grey = np.full((2, 20, 20, 1), 120, "uint8")
    plotting.save_grid(tmp_path / "grid.png", grey, columns=1)
    words = {"title": "two squares", "photographs": photographs}
    shown = plotting.show_picture(tmp_path / "grid.png", height=22, **words)
    assert shown.metadata["alt"] == "two squares"
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert picture.format == form and picture.height == 24 + 22
        pixels = np.asarray(picture.convert("L")).astype(int)
    assert np.abs(pixels[30:42, 6:18] - 120).max() < 10
    assert pixels[:24, :60].min() < 100


def test_rows_stand_beside_their_captions(tmp_path):
    rows = {
        "dark": np.zeros((3, 20, 20, 1), "uint8"),
        "grey": np.full((3, 20, 20, 1), 120, "uint8"),
    }
    plotting.save_rows(tmp_path / "rows.png", rows)
    with Image.open(tmp_path / "rows.png") as picture:
        pixels = np.asarray(picture)
    margin = pixels.shape[1] - (3 * 22 + 2)
    np.testing.assert_array_equal(pixels[12, margin + 2 : margin + 22], 0)
    np.testing.assert_array_equal(pixels[34, margin + 2 : margin + 22], 120)
    # There is ink beside each row, and none touches the images.
    for row in (slice(2, 22), slice(24, 44)):
        assert pixels[row, : margin - 4].min() < 100
    assert pixels[:, margin - 4 : margin].min() == 255


@pytest.mark.parametrize("shape", [(3, 20, 12, 1), (1, 8, 8, 3)])
def test_rows_are_read_as_they_were_written(tmp_path, shape):
    noise = np.random.default_rng(0).integers(0, 256, (2, *shape), "uint8")
    written = dict(zip(("a", "another"), noise, strict=True))
    plotting.save_rows(tmp_path / "rows.png", written)
    read = plotting.read_rows(tmp_path / "rows.png")
    assert list(read) == list(written)
    for name, images in read.items():
        np.testing.assert_array_equal(images, written[name])
    plotting.save_grid(tmp_path / "grid.png", noise[0])
    assert plotting.read_rows(tmp_path / "grid.png") == {}


def test_rows_of_photographs_have_a_title_and_take_few_bytes():
    smooth = np.linspace(0, 255, 64).astype("uint8")
    images = np.broadcast_to(smooth[:, None, None], (6, 64, 64, 3))
    shown = plotting.show_rows({"down": images, "up": 255 - images}, title="two rows")
    assert shown.metadata["alt"] == "two rows"
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert picture.format == "JPEG"
        pixels = np.asarray(picture).astype(int)
    assert pixels.shape[0] == 24 + 2 * 66 + 2 and len(shown.data) < 12_000
    margin = pixels.shape[1] - 6 * 66 - 2
    for i, image in enumerate((images[0], 255 - images[0])):
        top, left = 24 + 2 + i * 66, margin + 2
        found = pixels[top : top + 64, left : left + 64]
        assert np.abs(found - image)[8:-8, 8:-8].max() < 10
    assert pixels[:24, :60].min() < 100


@pytest.mark.parametrize("channels", [1, 3])
def test_few_photographs_in_a_row_are_enlarged(channels):
    smooth = np.linspace(0, 255, 64).astype("uint8")
    images = np.broadcast_to(smooth[:, None, None], (2, 64, 48, channels))
    shown = plotting.show_rows({"down": images}, title="one row")
    with Image.open(io.BytesIO(shown.data)) as picture:
        pixels = np.asarray(picture).astype(int)
    assert pixels.shape[0] == 24 + 98 + 2
    margin = pixels.shape[1] - 2 * 74 - 2
    found = pixels[26 : 26 + 96, margin + 2 : margin + 2 + 72]
    expected = np.linspace(0, 255, 96)[:, None, None]
    assert np.abs(found - expected)[8:-8, 8:-8].max() < 10


def test_marks_on_photographs_keep_their_colours():
    # Of many colours, a palette has only those that cover much.
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), "uint8")
    figure = plotting.Picture(figsize=(4, 4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(noise)
    for i in range(10):
        axes.plot(25 * (i + 1), 25 * (i + 1), "s", color=f"C{i}", markersize=8)
    with Image.open(io.BytesIO(figure.png())) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    for i in range(10):
        row, column = axes.transData.transform((25 * (i + 1), 25 * (i + 1)))
        colour = pixels[400 - round(column), round(row)] / 255
        np.testing.assert_allclose(colour, matplotlib.colors.to_rgb(f"C{i}"), atol=0.01)


def test_pictures_keep_all_colours(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), "uint8")
    plotting.save_rows(tmp_path / "rows.png", {"row": noise})
    plotting.save_grid(tmp_path / "step-000001.png", noise)
    plotting.save_stages(tmp_path / "stages.png", tmp_path, [1])
    plotting.save_film(tmp_path / "film.webp", tmp_path, scale=1)
    expected = plotting.image_grid(noise)
    for name in ("step-000001.png", "stages.png", "film.webp"):
        with Image.open(tmp_path / name) as picture:
            assert picture.mode == "RGB"
            pixels = np.asarray(picture)[-expected.shape[0] :]
        np.testing.assert_array_equal(pixels, expected)
    with Image.open(tmp_path / "rows.png") as picture:
        assert picture.mode == "RGB"
