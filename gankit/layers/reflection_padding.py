"""Reflection padding."""

import keras
from keras import ops

from gankit.backend.arguments import check_number


@keras.saving.register_keras_serializable("gankit")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads images with their mirror image, without repeating the border pixels.

    CycleGAN's generators use it instead of zero padding, which would leave a frame
    around every image.

    Args:
        padding: Pixels to add on each of the four sides, at least 1 and less than the
            image's sides.
        **kwargs: As in `keras.layers.Layer`.

    Input shape: `(n, height, width, channels)`.

    Output shape: `(n, height + 2 * padding, width + 2 * padding, channels)`.

    Raises:
        ValueError: If `padding` is out of range.

    Example:

    >>> ReflectionPadding2D(1)(np.ones((1, 8, 8, 3))).shape
    (1, 10, 10, 3)

    Reference:
        Zhu et al. 2017, appendix 7.2 (https://arxiv.org/abs/1703.10593).
    """

    def __init__(self, padding, **kwargs):
        super().__init__(**kwargs)
        self.padding = check_number("padding", padding, 1)

    def build(self, input_shape):
        for side in input_shape[1:3]:
            if side is not None and side <= self.padding:
                raise ValueError(
                    f"Expected images with more than {self.padding} pixels a side, "
                    f"received the shape {tuple(input_shape)}: use less padding or "
                    "larger images."
                )

    def call(self, inputs):
        border = (self.padding, self.padding)
        return ops.pad(inputs, ((0, 0), border, border, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape):
        n, *sides, channels = input_shape
        sides = [side and side + 2 * self.padding for side in sides]
        return (n, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}
