"""The state of a GAN in the plane at one moment, and its compact encoding."""

from dataclasses import dataclass

import numpy as np

# Points are stored up to this many times the reach of the picture.
_RANGE = 4.0
_INT16 = 32767


@dataclass(frozen=True, eq=False)
class Frame:
    """The state of a GAN in the plane at one moment.

    Attributes:
        d_steps: Updates of the discriminator so far.
        g_steps: Updates of the generator so far.
        real: Points of the data, float32 `(n, 2)`, the same in every frame.
        fake: Generated points `(n, 2)`, from the same latents in every frame.
        surface: The discriminator's outputs `(side, side)` on a square grid, the lowest
            row first: probabilities, or a critic's values.
        arrows: Minus the gradient of the generator's loss at the first m generated
            points, each as a batch of one, `(m, 2)`.
        lattice: The generator's output for a lattice of latents, `(k, k, 2)`.
        d_loss: The discriminator's loss on `real` and `fake`, without any penalty.
        g_loss: The generator's loss on `fake`.
    """

    d_steps: int
    g_steps: int
    real: np.ndarray
    fake: np.ndarray
    surface: np.ndarray
    arrows: np.ndarray
    lattice: np.ndarray
    d_loss: float
    g_loss: float


@dataclass(frozen=True)
class Packed:
    """A `Frame` encoded in bytes, little-endian.

    Attributes:
        head: Dictionary of the counts `d` and `g`; the losses `d_loss` and `g_loss`
            (`None` where not finite); `low` and `high`, the values that 0 and 255 of
            the surface stand for; and `unit`, the length that 32767 of an arrow stands
            for.
        places: int16 of `fake` and then `lattice`; 32767 stands for four times the
            picture's reach.
        surface: uint8 of the discriminator's outputs.
        arrows: int16 of the arrows.
    """

    head: dict
    places: bytes
    surface: bytes
    arrows: bytes


def pack(frame, reach):
    """Encodes a frame for the canvas.

    Args:
        frame: The `Frame`.
        reach: Half the side of the picture, in the units of the points.

    Returns:
        The `Packed` frame.
    """
    surface = np.nan_to_num(frame.surface)
    low, high = float(surface.min()), float(surface.max())
    levels = np.rint((surface - low) * (255 / (high - low or 1.0)))
    arrows = np.nan_to_num(frame.arrows, posinf=0.0, neginf=0.0)
    unit = float(np.abs(arrows).max()) or 1.0
    head = {
        "d": frame.d_steps,
        "g": frame.g_steps,
        "d_loss": _rounded(frame.d_loss),
        "g_loss": _rounded(frame.g_loss),
        "low": _rounded(low),
        "high": _rounded(high),
        "unit": _rounded(unit),
    }
    points = np.concatenate([frame.fake, frame.lattice.reshape(-1, 2)])
    return Packed(
        head,
        pack_places(points, reach),
        levels.astype("uint8").tobytes(),
        np.rint(arrows / unit * _INT16).astype("<i2").tobytes(),
    )


def pack_places(points, reach):
    """Points `(n, 2)` as int16, where 32767 stands for four times the reach."""
    fractions = np.clip(np.nan_to_num(points) / (_RANGE * reach), -1, 1)
    return np.rint(fractions * _INT16).astype("<i2").tobytes()


def _rounded(number):
    return float(f"{number:.6g}") if np.isfinite(number) else None
