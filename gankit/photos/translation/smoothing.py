"""Keeps translated videos from flickering without smearing what moves."""

import numpy as np
from scipy import ndimage

# Grey levels of change that are half way taken for noise of a camera; the side of the
# window that averages it away; how far a movement reaches, in shares of the frame.
TOLERANCE = 6.0
NOISE_WINDOW = 5
REACH = 1 / 8


class ResidualSmoothing:
    """Averages over time what a translator adds to its frames, where nothing moves.

    Not the translations y are averaged but the residuals r = y - x, so that the input
    x itself stays as sharp and as quick as it is:

        a' = k a + (1 - k) r',    y' = x' + a',    k = share exp(-(m / 6)^2)

    where m is the largest change of the input, in grey levels, anywhere within an
    eighth of the frame's shorter side. Parts that move are so translated afresh and
    leave no ghost behind; at a cut everything is. What it cannot help is the flicker
    of what moves, and of everything while the camera does: that takes optical flow.

    Args:
        share: How much of the average is kept from frame to frame where the input
            stands still, from 0 (no smoothing) to less than 1.

    Raises:
        ValueError: If `share` is outside its limits.
    """

    def __init__(self, share):
        if not 0 <= share < 1:
            raise ValueError(
                f"Expected smoothing of at least 0 and less than 1, received {share}: "
                "pass 0 for none or 0.8 for much."
            )
        self.share = share
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
            kept = self.share * stillness(self._source, source)
            residual += kept * (self._average - residual)
        self._source, self._average = source, residual
        return np.clip(np.round(source + residual), 0, 255).astype("uint8")


def stillness(before, after):
    """Where the input stands still, from 0 (moves) to 1.

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
