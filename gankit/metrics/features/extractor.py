"""The extractor: a network that turns images into features."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gankit.backend.progress_bar import progress_bar
from gankit.metrics.features.images import uint8_batches


@dataclass(frozen=True, eq=False)
class Extractor:
    """A network that turns images into features, and the names of its scores.

    `gankit.metrics.inception_extractor` returns the extractor of FID.
    `Classifier.extractor` is that of a small classifier trained on your data set.

    Attributes:
        name: Identity of the network, with a hash of its weights. Scores are
            comparable only between extractors with equal `name` and `resize`.
        frechet_name: Name of the Fréchet distance of its features, `FID-768/tf1`.
        kernel_name: Name of the kernel distance of its features, `KID-768/tf1`.
        dimension: Length of a feature vector.
        channels: Number of channels of its input images, 1 or 3.
        resize: How it resizes images; `None` if it accepts only one image size.
        compute: Function from uint8 images `(n, height, width, channels)` to a
            float32 NumPy array `(n, dimension)`.
        logits: The same for the logits of its classes; `None` if it has none.
        sliced_name: Name of the sliced distance of its features, `MIND-768/tf1`.
    """

    name: str
    frechet_name: str
    kernel_name: str
    dimension: int
    channels: int
    resize: str | None
    compute: Callable
    logits: Callable | None = None
    sliced_name: str = "sliced Wasserstein distance"

    @property
    def identity(self):
        """String that is equal for comparable sets of features."""
        return self.name if self.resize is None else f"{self.name}, {self.resize}"

    def batches(self, images, *, value_range=None, batch_size=64, progress=None):
        """Yields the features of images batch by batch, in bounded memory.

        Args:
            images: Images in any form that `features.images.uint8_batches` accepts.
            value_range: Range of floating-point images, `(low, high)`.
            batch_size: Number of images in one call of the network.
            progress: Caption of a progress bar; `None` shows none.

        Yields:
            float32 NumPy arrays `(m, dimension)`.

        Raises:
            ValueError: If the images do not fit, or features are not finite.
        """
        total = len(images) if hasattr(images, "shape") else None
        with progress_bar(
            total=total, desc=progress, unit="image", disable=progress is None
        ) as bar:
            for batch in uint8_batches(
                images,
                value_range=value_range,
                channels=self.channels,
                batch_size=batch_size,
            ):
                features = np.asarray(self.compute(batch), "float32")
                if not np.isfinite(features).all():
                    raise ValueError(
                        f"Expected finite features of {self.name}, received NaN or "
                        "infinity: its weights are damaged, load or train them again."
                    )
                bar.update(len(batch))
                yield features

    def __call__(self, images, *, value_range=None, **options):
        """Returns features of all images, float32 `(n, dimension)`; see `batches`."""
        return np.concatenate(
            list(self.batches(images, value_range=value_range, **options))
        )
