"""Figures: image grids, loss and score curves, classes, and films of a training."""

from gankit.plotting.attention import attention_overlays
from gankit.plotting.classes import class_bars, class_confusion
from gankit.plotting.curves import (
    loss_curves,
    loss_panels,
    moving_average,
    score_curves,
)
from gankit.plotting.films import save_animation, save_film, save_stages
from gankit.plotting.grids import (
    image_grid,
    save_each,
    save_grid,
    save_rows,
    show_grid,
    show_picture,
)
from gankit.plotting.picture import Picture

__all__ = [
    "Picture",
    "attention_overlays",
    "class_bars",
    "class_confusion",
    "image_grid",
    "loss_curves",
    "loss_panels",
    "moving_average",
    "save_animation",
    "save_each",
    "save_film",
    "save_grid",
    "save_rows",
    "save_stages",
    "score_curves",
    "show_grid",
    "show_picture",
]
