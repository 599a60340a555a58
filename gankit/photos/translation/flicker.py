"""Measures the flicker of a translated video without optical flow."""

import numpy as np


class Flicker:
    """Measures the flicker of a translated video, frame by frame.

    Let x be the input and y its translation. The change of a pixel from one frame to
    the next is the mean over channels of its absolute difference. The flicker is the
    change of y beyond that of x,

        mean over pixels and pairs of frames of max(0, |y' - y| - |x' - x|),

    in grey levels from 0 to 255. A translation that changes like its input, or not at
    all, has no flicker; where the input is still, every change counts. What a
    translation draws into moving parts, such as stripes on a plain coat, counts where
    it changes a pixel more than the input did.

    The definition is gankit's own. The usual measure is the warping error (Lai et al.
    2018, section 4.1, https://arxiv.org/abs/1808.00449), which follows every pixel by
    optical flow and needs a network for that. The two are not comparable.
    """

    def __init__(self):
        self._before = None
        self._sum = 0.0
        self._pairs = 0

    def update(self, source, translated):
        """Adds the next frame.

        Args:
            source: uint8 array `(height, width, channels)`.
            translated: Its translation, of the same shape.

        Raises:
            ValueError: If the frames differ in shape from each other or from earlier
                ones.
        """
        frames = np.stack([source, translated]).astype("float32")
        if self._before is not None:
            if frames.shape != self._before.shape:
                raise ValueError(
                    f"Expected all frames to be of {self._before.shape[1:]}, received "
                    f"{frames.shape[1:]}: pass the frames of one video."
                )
            change = np.abs(frames - self._before).mean(axis=-1)
            self._sum += np.maximum(change[1] - change[0], 0.0).mean(dtype="float64")
            self._pairs += 1
        self._before = frames

    def result(self):
        """The flicker so far; 0 for a single frame."""
        return float(self._sum / max(self._pairs, 1))


def flicker(source, translated):
    """The flicker of a video in memory; see `Flicker`.

    Args:
        source: uint8 frames `(n, height, width, channels)`.
        translated: Their translations, of the same shape.

    Returns:
        The flicker in grey levels, from 0 to 255.
    """
    meter = Flicker()
    for pair in zip(source, translated, strict=True):
        meter.update(*pair)
    return meter.result()
