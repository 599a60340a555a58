"""Each resizing against the implementation that it stands for."""

import numpy as np
import pytest
from PIL import Image

from gankit.metrics.features.resizing import MODES, resize, resize_matrix

# (height, width) of the image and size of the result: up, down, neither, not square.
SIZES = [
    (8, 8, 299),
    (28, 28, 299),
    (32, 32, 299),
    (33, 71, 299),
    (256, 256, 299),
    (299, 299, 299),
    (299, 50, 299),
    (600, 301, 299),
    (512, 600, 299),
    (64, 64, 8),
    (7, 9, 5),
]
# In grey levels; the brief of every mode is 1e-4 of 255, which is 0.0255.
TOLERANCE = 1e-3


def _noise(height, width):
    shape = (2, height, width, 3)
    return np.random.default_rng(height + width).integers(0, 256, shape, "uint8")


@pytest.mark.tensorflow
@pytest.mark.parametrize("height, width, size", SIZES)
def test_tf1_is_the_operation_of_tensorflow_1(height, width, size):
    import tensorflow as tf

    images = _noise(height, width)
    expected = tf.raw_ops.ResizeBilinear(
        images=images,
        size=(size, size),
        align_corners=False,
        half_pixel_centers=False,
    ).numpy()
    np.testing.assert_allclose(resize(images, "tf1", size), expected, atol=TOLERANCE)


@pytest.mark.parametrize("height, width, size", SIZES)
def test_torch_is_interpolate(height, width, size):
    torch = pytest.importorskip("torch")
    images = _noise(height, width)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(images.astype("float32")).permute(0, 3, 1, 2),
        size=(size, size),
        mode="bilinear",
        align_corners=False,
    )
    expected = expected.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(resize(images, "torch", size), expected, atol=TOLERANCE)


@pytest.mark.parametrize("height, width, size", SIZES)
def test_clean_is_bicubic_of_pil_channel_by_channel(height, width, size):
    images = _noise(height, width)
    expected = np.stack(
        [
            np.stack(
                [
                    Image.fromarray(channel).resize((size, size), Image.BICUBIC)
                    for channel in np.moveaxis(image.astype("float32"), -1, 0)
                ],
                axis=-1,
            )
            for image in images
        ]
    )
    assert expected.min() < 0 or height >= size  # else clipping is not tested
    np.testing.assert_allclose(
        resize(images, "clean", size), expected.clip(0, 255), atol=TOLERANCE
    )


@pytest.mark.parametrize("mode", MODES)
def test_what_every_mode_leaves_alone(mode):
    grey = np.full((1, 13, 21, 1), 77, "uint8")
    np.testing.assert_allclose(resize(grey, mode, 40), 77, atol=TOLERANCE)
    images = _noise(12, 12)
    np.testing.assert_allclose(resize(images, mode, 12), images, atol=TOLERANCE)
    assert resize(images, mode).dtype == "float32"
    assert resize(images[:0], mode).shape == (0, 299, 299, 3)


def test_the_modes_differ_by_many_grey_levels_on_small_images():
    small = _noise(32, 32)
    tf1, torch, clean = (resize(small, mode) for mode in ("tf1", "torch", "clean"))
    assert np.abs(tf1 - torch).mean() > 20
    assert np.abs(torch - clean).mean() > 2


def test_a_matrix_is_built_once_and_unknown_modes_get_a_sentence():
    assert resize_matrix("tf1", 32, 299) is resize_matrix("tf1", 32, 299)
    with pytest.raises(ValueError, match="one of tf1, torch, clean, received 'area'"):
        resize(_noise(8, 8), "area")
