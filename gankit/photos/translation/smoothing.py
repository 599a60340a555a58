"""Reduces the flicker of translated videos without blurring what moves."""

import numpy as np
from scipy import ndimage

from gankit.backend.arguments import check_real

# Changes well below this many grey levels count as camera noise; the side of the window
# that averages noise; how far a movement reaches, as a share of the frame.
TOLERANCE = 6.0
NOISE_WINDOW = 5
REACH = 1 / 8


class ResidualSmoothing:
    """Averages what a translator adds to its frames over time, where nothing moves.

    It averages the residuals r = y - x and not the translations y, so the input x
    stays sharp and does not lag:

        a' = k a + (1 - k) r',    y' = x' + a',    k = share exp(-(m / 6)^2)

    where m is the largest change of the input, in grey levels, within an eighth of the
    frame's shorter side. Moving parts are therefore translated anew and leave no ghost
    behind, and after a cut the whole frame is. Smoothing does not reduce the flicker
    of moving parts, nor any flicker while the camera moves: that needs optical flow.

    Args:
        share: Share of the previous average in the next one where the input is still,
            from 0 (no smoothing) to less than 1.

    Raises:
        ValueError: If `share` is out of range.
    """

    def __init__(self, share):
        self.share = check_real("smoothing", share, at_least=0, below=1)
        self._source = self._average = None

    def __call__(self, source, translated):
        """Smooths the next frame.

        Args:
            source: uint8 array `(height, width, channels)`.
            translated: Its translation, of the same shape.

        Returns:
            uint8 array of the same shape.
        """
        source = source.astype("float32")
        residual = translated - source
        if self._source is not None:
            weight = self.share * stillness(self._source, source)
            residual += weight * (self._average - residual)
        self._source, self._average = source, residual
        return np.clip(np.round(source + residual), 0, 255).astype("uint8")


def stillness(before, after):
    """Where the input is still: 1 where it is, toward 0 where it moves.

    Args:
        before: A frame, float32 `(height, width, channels)` in [0, 255].
        after: The next one.

    Returns:
        float32 array `(height, width, 1)`.
    """
    window = (NOISE_WINDOW, NOISE_WINDOW, 1)
    change = ndimage.uniform_filter(after - before, window, mode="nearest")
    change = np.abs(change).max(axis=-1)
    reach = int(REACH * min(change.shape))
    change = ndimage.maximum_filter(change, 2 * reach + 1, mode="nearest")
    return np.exp(-((change / TOLERANCE) ** 2))[..., None]
