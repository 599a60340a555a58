"""Images on their way into a score: range, type, rank, channels."""

import keras
import numpy as np
import pytest

from gankit.metrics.features.images import uint8_batches


def _all(images, **options):
    options = {"value_range": (-1, 1), **options}
    return np.concatenate(list(uint8_batches(images, **options)))


def test_every_form_of_the_same_images_gives_the_same_levels():
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (10, 5, 6, 3), dtype="uint8")
    floats = levels / 127.5 - 1.0
    for images in (
        levels,
        floats,
        floats.astype("float32"),
        keras.ops.convert_to_tensor(floats.astype("float32")),
        [floats[:3], floats[3:4], floats[4:]],
        (batch for batch in (levels[:7], levels[7:])),
    ):
        np.testing.assert_array_equal(_all(images, batch_size=4), levels)
    unit = levels / 255.0
    np.testing.assert_array_equal(_all(unit, value_range=(0, 1)), levels)
    # Rounded to the nearest level, not cut off: the defect of .astype("uint8").
    assert _all(np.full((1, 1, 1, 1), 0.9999), value_range=(0, 1)).item() == 255


def test_batches_are_of_the_asked_size():
    sizes = [len(b) for b in uint8_batches(np.zeros((10, 2, 2, 1)), value_range=(0, 1))]
    assert sizes == [10]
    batches = uint8_batches(np.zeros((10, 2, 2, 1)), value_range=(0, 1), batch_size=4)
    assert [len(batch) for batch in batches] == [4, 4, 2]


def test_grey_becomes_colour_with_one_notice():
    grey = np.arange(48, dtype="uint8").reshape(3, 4, 4, 1)
    with pytest.warns(UserWarning, match="repeated three times") as notices:
        colour = _all(grey, channels=3, batch_size=1)
    assert len(notices) == 1
    np.testing.assert_array_equal(colour, np.repeat(grey, 3, axis=-1))


@pytest.mark.parametrize(
    ("images", "options", "sentence"),
    [
        (np.zeros((4, 4, 3)), {}, r"received \(4, 4, 3\)"),
        (np.zeros((2, 4, 4, 4)), {}, r"1 or 3 channels, received .*4, 4, 4\)"),
        (np.zeros((2, 4, 4, 3)), {"channels": 1}, "Expected grey images"),
        (np.full((2, 4, 4, 3), 1.5), {}, r"images in \[-1, 1\], received values from"),
        (np.full((2, 4, 4, 3), np.nan), {}, "96 of 96 values are NaN"),
        (
            np.eye(4, dtype="uint8")[None, ..., None],
            {"value_range": (0, 1)},
            "from 0 to 1, as if they ranged from 0 to 1",
        ),
        (np.zeros((0, 4, 4, 3)), {}, "at least one image, received none"),
        ([], {}, "at least one image, received none"),
    ],
)
def test_images_that_would_give_a_wrong_score_are_refused(images, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        _all(images, **options)


def test_the_range_of_floats_must_be_named():
    with pytest.raises(ValueError, match="Expected value_range, .* received None"):
        next(uint8_batches(np.zeros((1, 2, 2, 1))))
    levels = np.full((1, 2, 2, 1), 7, "uint8")
    np.testing.assert_array_equal(next(uint8_batches(levels)), levels)
