"""The Fréchet distance as a Keras metric."""

import keras
from keras import ops

from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.frechet import frechet_distance


class FrechetDistance(keras.metrics.Metric):
    """Fréchet distance between real and generated images that come in batches.

    For loops that have their images in hand; `gankit.metrics.Scorer` scores whole sets
    and says beside the number how it came about. It has the bias of every FID, about
    1/n: compare values at equal `n_real` and `n_fake` alone.

    It computes eagerly, on every backend: moments are gathered in float64 with NumPy,
    which float32 variables of Keras could not do. So it can be updated between steps
    but not inside a compiled one, it does not belong into `compile(metrics=...)`, and
    a model that is saved does not keep it.

    Args:
        extractor: The `gankit.metrics.Extractor`.
        value_range: Range of floating-point images, `(low, high)`. They are rounded to
            256 levels; uint8 images are taken as they are.
        name: Name of the metric; `None` takes the `frechet_name` of the extractor.

    Example:

    >>> metric = FrechetDistance(extractor, value_range=(-1, 1))
    >>> for batch in batches:
    ...     metric.update_state(batch, real=True)
    >>> metric.update_state(gan.sample(1000), real=False)
    >>> metric.result()

    References:
        Heusel et al. 2017, equation 6 (https://arxiv.org/abs/1706.08500).
    """

    def __init__(self, extractor, *, value_range, name=None):
        super().__init__(name=name or extractor.frechet_name)
        self.extractor = extractor
        self.value_range = value_range
        self._real = MomentAccumulator()
        self._fake = MomentAccumulator()

    @property
    def n_real(self):
        """Number of real images so far."""
        return self._real.n

    @property
    def n_fake(self):
        """Number of generated images so far."""
        return self._fake.n

    def update_state(self, images, real):
        """Adds images to one side.

        Args:
            images: Array or tensor `(n, height, width, channels)`, uint8 or of
                floating point.
            real: `True` for real images, `False` for generated ones.

        Raises:
            RuntimeError: Inside a compiled function.
            ValueError: If `real` is no truth value, or the images do not fit.
        """
        if not isinstance(real, bool):
            raise ValueError(
                "Expected real to be True or False, received an object of type "
                f"{type(real).__name__}: update with real images and with generated "
                "ones in two calls."
            )
        try:
            images = ops.convert_to_numpy(images)
        except (NotImplementedError, TypeError) as error:
            raise RuntimeError(
                "Expected images that have values, received a placeholder inside a "
                f"compiled function: update {self.name} between steps."
            ) from error
        side = self._real if real else self._fake
        for features in self.extractor.batches(images, value_range=self.value_range):
            side.update(features)

    def result(self):
        """The distance as a float of at least 0; NaN until both sides have 2 images."""
        if min(self.n_real, self.n_fake) < 2:
            return float("nan")
        distance = frechet_distance(self._real.result(), self._fake.result())
        return max(0.0, distance)  # rounding can leave -1e-10

    def reset_state(self, keep_real=True):
        """Forgets the generated images, and the real ones unless `keep_real`.

        Args:
            keep_real: Whether to keep the real images, which are the same for every
                generator.
        """
        self._fake = MomentAccumulator()
        if not keep_real:
            self._real = MomentAccumulator()
