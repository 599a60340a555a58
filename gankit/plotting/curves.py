"""Curves of losses and scores over a training."""

from itertools import cycle

import numpy as np

from gankit.plotting.picture import Picture

# Curves are told apart by more than their colour.
_STYLES = ("-", "--", "-.", ":")


def loss_curves(history, *, loss, title, window=None):
    """Draws the losses of both players and their values at the equilibrium.

    Args:
        history: Dict of arrays with `step`, `d_loss` and `g_loss`, such as from
            `gankit.files.read_history`.
        loss: The `gankit.losses.AdversarialLoss` of the training.
        title: Title of the figure.
        window: Number of rows in the moving average; `None` for a twentieth of all.

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
        # A single row would not give a visible line.
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
    axes.set_ylabel("loss (nats)" if loss.in_nats else "loss")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)
    return figure


def loss_panels(histories, *, columns, title):
    """Draws the losses of many trainings in small panels with a common step axis.

    Args:
        histories: Dict from the caption of a panel to a dict of arrays with `step`,
            `d_loss` and `g_loss`.
        columns: Number of panels in a row.
        title: Title of the figure.

    Returns:
        The `Picture`. Each panel has its own loss scale.
    """
    rows = -(-len(histories) // columns)
    figure = Picture(figsize=(2.9 * columns, 1.9 * rows + 0.9), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).flatten()
    for axes, (caption, history) in zip(panels, histories.items(), strict=False):
        for name, colour in (("d_loss", "tab:blue"), ("g_loss", "tab:orange")):
            axes.plot(history["step"], history[name], color=colour, label=name)
        axes.set_title(caption, fontsize=10)
        axes.tick_params(labelsize=9)
        axes.grid(alpha=0.3)
    for axes in panels[len(histories) :]:
        axes.axis("off")
    for axes in panels[-columns:]:
        axes.set_xlabel("step", fontsize=10)
    for axes in panels[::columns]:
        axes.set_ylabel("loss", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=10)
    figure.suptitle(title, fontsize=12)
    return figure


def score_curves(scores, *, baselines=None, title, better):
    """Draws a score over the steps of one or more trainings.

    Bands show intervals, or standard deviations if there are no intervals. The axis is
    logarithmic if the runs span two orders of magnitude.

    Args:
        scores: Dict from the label of a run to a list of `(step, Score)`.
        baselines: Dict from a label, such as `"real against real"`, to a `Score` that
            is drawn as a dashed line; `None` draws none.
        title: Title of the figure.
        better: `"lower"` or `"higher"`: which values are better.

    Returns:
        The `Picture`.

    Raises:
        ValueError: If there is nothing to draw, `better` is unknown, or two scores
            differ in what they measure or in their numbers of images, since the bias
            of a Fréchet distance is about 1/n.
    """
    if better not in ("lower", "higher"):
        raise ValueError(
            f"Expected better to be lower or higher, received {better!r}: choose "
            "lower for a distance, higher for precision or recall."
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
    """Returns the first score, after checking that all are comparable with it."""
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
                        f"and {other} for {label!r}: score all in the same way, since "
                        "the values are not comparable otherwise."
                    )
    return kind


def _band(score):
    """Returns the interval of a score, or one standard deviation on each side."""
    if score.interval is not None:
        return score.interval
    spread = np.nan if score.std is None else score.std
    return score.value - spread, score.value + spread


def _caption(kind, scores, baselines):
    """Describes the numbers of images on both sides, and the bands."""
    sides = ((kind.n_real, "real"), (kind.n_fake, "generated"))
    counts = [f"{n:,} {side}" for n, side in sides if n is not None]
    lines = [f"n = {', '.join(counts)} images"] if counts else []
    drawn = [score for run in scores.values() for _, score in run]
    bands = {
        f"{'standard deviation' if s.interval is None else '95 %'}, {s.spread}"
        for s in [*drawn, *baselines.values()]
        if s.interval is not None or s.std is not None
    }
    return "\n".join(lines + [f"band: {band}" for band in sorted(bands)])


def lines(curves, *, title, x, y, logarithmic=False, level=None):
    """Draws one or more curves over a common axis.

    Args:
        curves: Dict from a label to a pair of arrays, positions and values.
        title: Title of the figure.
        x: What the horizontal axis shows, with its unit.
        y: What the vertical axis shows, with its unit.
        logarithmic: Whether the vertical axis is logarithmic; `"both"` for both axes.
        level: Value at which to draw a dotted line; `None` draws none.

    Returns:
        The `Picture`.
    """
    figure = Picture(figsize=(6.5, 3.4), layout="constrained")
    axes = figure.subplots()
    for (label, (positions, values)), style in zip(curves.items(), cycle(_STYLES)):
        # Dots show where few values were measured; many would hide the line.
        marker = "." if len(positions) <= 60 else None
        axes.plot(positions, values, style, marker=marker, label=label)
    if level is not None:
        axes.axhline(level, color="black", linestyle=":", linewidth=1)
    if logarithmic:
        axes.set_yscale("log")
    if logarithmic == "both":
        axes.set_xscale("log")
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, fontsize=11)
    axes.grid(alpha=0.3)
    # Outside the axes, where it hides no point.
    figure.legend(fontsize=9, loc="outside lower center", ncols=2)
    return figure


def moving_average(values, window):
    """Computes the mean of the last `window` values, or of fewer at the start.

    Args:
        values: Array `(n,)`.
        window: Integer of at least 1.

    Returns:
        float64 array `(n,)`.
    """
    total = np.concatenate([[0.0], np.cumsum(values, dtype="float64")])
    last = np.arange(1, len(total))
    first = np.maximum(last - window, 0)
    return (total[last] - total[first]) / (last - first)
