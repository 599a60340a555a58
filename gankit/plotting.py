"""Pictures: image grids, loss curves, films of a training."""

import io
import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont


class Picture(Figure):
    """A Matplotlib figure that a notebook shows, though pyplot does not manage it."""

    def _repr_png_(self):
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()


def image_grid(images, *, columns=None, padding=2, background=255):
    """Lays images out in rows.

    Args:
        images: uint8 array `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row; `None` makes the grid as square as may be.
        padding: Pixels between images and around them.
        background: Grey level of the padding and of empty places, 0 to 255.

    Returns:
        uint8 array `(rows, columns)` in pixels, with a last axis of 3 for colour.

    Raises:
        ValueError: If `images` is of another form.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "Expected uint8 images (n, height, width, 1 or 3), received "
            f"{images.dtype} {images.shape}: convert them with "
            "gankit.datasets.to_uint8."
        )
    n, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    cells = np.full(
        (rows * columns, height + padding, width + padding, channels),
        background,
        "uint8",
    )
    cells[:n, :height, :width] = images
    grid = cells.reshape(rows, columns, *cells.shape[1:]).swapaxes(1, 2)
    grid = grid.reshape(rows * cells.shape[1], columns * cells.shape[2], channels)
    grid = np.pad(
        grid, ((padding, 0), (padding, 0), (0, 0)), constant_values=background
    )
    return grid[..., 0] if channels == 1 else grid


def save_grid(path, images, *, columns=None, scale=1):
    """Writes images as one PNG.

    Args:
        path: The file.
        images: uint8 array `(n, height, width, channels)`.
        columns: Images in a row; `None` makes the grid as square as may be.
        scale: Whole number by which the pixels are enlarged.
    """
    grid = image_grid(images, columns=columns)
    picture = Image.fromarray(grid)
    if scale != 1:
        size = (picture.width * scale, picture.height * scale)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    picture.save(path, optimize=True)


def save_each(folder, images):
    """Writes every image as a PNG of its own, named by its number.

    Args:
        folder: The folder; it is made where it is missing.
        images: uint8 array `(n, height, width, channels)`.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        picture = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(picture).save(folder / f"{i:06d}.png")


def show_grid(images, *, columns=None, title=None):
    """Draws images as a Matplotlib figure, for a notebook.

    Args:
        images: uint8 array `(n, height, width, channels)`.
        columns: Images in a row; `None` makes the grid as square as may be.
        title: Title of the figure.

    Returns:
        The `Picture`.
    """
    grid = image_grid(images, columns=columns)
    height, width = grid.shape[:2]
    figure = Picture(figsize=(6, 6 * height / width + 0.3), layout="constrained")
    axes = figure.subplots()
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.axis("off")
    if title:
        axes.set_title(title)
    return figure


def loss_curves(history, *, loss, title, window=None):
    """Draws the losses of both players with the values of the equilibrium.

    Args:
        history: Dict of arrays with `step`, `d_loss` and `g_loss`, as
            `gankit.history.read` gives it.
        loss: The `gankit.losses.AdversarialLoss` of the game.
        title: Title of the figure.
        window: Rows of the moving average drawn over the rows; `None` takes a
            twentieth of them.

    Returns:
        The `Picture`.
    """
    figure = Picture(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    window = window or max(1, len(history["step"]) // 20)
    steps = int(window * history["step"][-1] / len(history["step"]))
    players = (
        ("d_loss", "discriminator", "tab:blue", loss.discriminator_equilibrium),
        ("g_loss", "generator", "tab:orange", loss.generator_equilibrium),
    )
    for name, player, colour, equilibrium in players:
        # A point says more than nothing where there is one row.
        marker = "o" if len(history["step"]) == 1 else None
        axes.plot(
            history["step"], history[name], color=colour, alpha=0.3, marker=marker
        )
        axes.plot(
            history["step"],
            moving_average(history[name], window),
            color=colour,
            label=f"{player}, mean over {steps:,} steps",
        )
        axes.axhline(
            equilibrium,
            color=colour,
            linestyle="--",
            linewidth=1,
            label=f"{player} at equilibrium: {equilibrium:.3f}",
        )
    axes.set_title(f"{title}\nd_loss: {loss.formula}", fontsize=11)
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats)" if "entrop" in loss.formula else "loss")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)
    return figure


def score_curves(scores, *, baselines=None, title, better):
    """Draws a score over the steps of one or several trainings.

    Intervals, or standard deviations where there are none, are drawn as bands. The
    axis is logarithmic where the runs span two decades.

    Args:
        scores: Dict from the label of a run to a list of `(step, Score)`.
        baselines: Dict from a label, such as `"real against real"`, to the `Score`
            that is drawn as a dashed level; `None` draws none.
        title: Title of the figure.
        better: `"lower"` or `"higher"`, which values are better.

    Returns:
        The `Picture`.

    Raises:
        ValueError: If there is nothing to draw, `better` is neither of the two, or two
            scores differ in what they measure or in their numbers of images: the bias
            of a Fréchet distance goes as 1/n.
    """
    if better not in ("lower", "higher"):
        raise ValueError(
            f"Expected better to be lower or higher, received {better!r}: a distance "
            "is better where it is lower, precision where it is higher."
        )
    baselines = baselines or {}
    kind = _one_kind(scores, baselines)
    figure = Picture(figsize=(8, 5.2), layout="constrained")
    axes = figure.subplots()
    for label, run in scores.items():
        steps = [step for step, _ in run]
        values = [score.value for _, score in run]
        (line,) = axes.plot(steps, values, marker="o", markersize=4, label=label)
        low, high = np.transpose([_band(score) for _, score in run])
        axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, lw=0)
    for i, (label, score) in enumerate(baselines.items(), len(scores)):
        level = {"color": f"C{i}"}
        label = f"{label}: {score.value:.3g}"
        axes.axhline(score.value, linestyle="--", linewidth=1.5, label=label, **level)
        axes.axhspan(*_band(score), alpha=0.12, linewidth=0, **level)
    drawn = [score.value for run in scores.values() for _, score in run]
    levels = [score.value for score in baselines.values()]
    if min([*drawn, *levels]) > 0 and max(drawn) >= 100 * min(drawn):
        axes.set_yscale("log")
    axes.set_title(title, fontsize=12)
    axes.set_xlabel("step", fontsize=11)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(f"{kind.name} ({better} is better)", fontsize=11)
    axes.grid(alpha=0.3)
    figure.legend(
        loc="outside lower center",
        ncols=2,
        fontsize=10,
        title=_caption(kind, scores, baselines),
        title_fontsize=10,
    )
    return figure


def _one_kind(scores, baselines):
    """The first score, once all are found to be comparable with it."""
    runs = {label: [score for _, score in run] for label, run in scores.items()}
    if not runs or not all(runs.values()):
        raise ValueError(
            "Expected a list of (step, Score) for every run, received none: score "
            "samples during the training with gankit.ScoreCallback."
        )
    runs.update({label: [score] for label, score in baselines.items()})
    first, kind = next((label, run[0]) for label, run in runs.items())
    for label, run in runs.items():
        for score in run:
            for what in ("name", "extractor", "resize", "n_real", "n_fake"):
                one, other = getattr(kind, what), getattr(score, what)
                if one != other:
                    raise ValueError(
                        f"Expected scores of one {what}, received {one} for {first!r} "
                        f"and {other} for {label!r}: score all in the same way, as "
                        "other values are not comparable."
                    )
    return kind


def _band(score):
    """Ends of the interval of a score, or one standard deviation to each side."""
    if score.interval is not None:
        return score.interval
    spread = np.nan if score.std is None else score.std
    return score.value - spread, score.value + spread


def _caption(kind, scores, baselines):
    """Numbers of images on both sides, and what the bands are."""
    sides = ((kind.n_real, "real"), (kind.n_fake, "generated"))
    counted = [f"{n:,} {side}" for n, side in sides if n is not None]
    lines = [f"n = {', '.join(counted)} images"] if counted else []
    drawn = [score for run in scores.values() for _, score in run]
    bands = {
        f"{'standard deviation' if s.interval is None else '95 %'}, {s.spread}"
        for s in [*drawn, *baselines.values()]
        if s.interval is not None or s.std is not None
    }
    return "\n".join(lines + [f"band: {band}" for band in sorted(bands)])


def moving_average(values, window):
    """Mean of the last `window` values at each place, of fewer at the beginning.

    Args:
        values: Array `(n,)`.
        window: Whole number of at least 1.

    Returns:
        float64 array `(n,)`.
    """
    total = np.concatenate([[0.0], np.cumsum(values, dtype="float64")])
    last = np.arange(1, len(total))
    first = np.maximum(last - window, 0)
    return (total[last] - total[first]) / (last - first)


def save_film(path, folder, *, scale=2, seconds=8.0):
    """Joins the frames that `gankit.callbacks.SampleGrid` drew into a GIF.

    Every frame is captioned with its step; the last one stays for two seconds.

    Args:
        path: The GIF.
        folder: Folder of `step-000100.png` and so on.
        scale: Whole number by which the pixels are enlarged.
        seconds: Length of the film without the last frame's stay.
    """
    paths = sorted(Path(folder).glob("step-*.png"))
    frames = [_captioned(Image.open(p), p.stem, scale) for p in paths]
    each = max(40, int(1000 * seconds / len(frames)))
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[each] * (len(frames) - 1) + [2000],
        loop=0,
        optimize=True,
    )


def _captioned(picture, stem, scale):
    mode = "L" if picture.mode == "L" else "RGB"
    size = (picture.width * scale, picture.height * scale)
    bar = 28
    frame = Image.new(mode, (size[0], size[1] + bar), "white")
    frame.paste(picture.convert(mode).resize(size, Image.Resampling.NEAREST), (0, bar))
    ImageDraw.Draw(frame).text(
        (8, 4),
        f"step {int(stem.removeprefix('step-')):,}",
        fill="black",
        font=ImageFont.load_default(18),
    )
    return frame
