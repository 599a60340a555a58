"""Callbacks that a notebook shows during a training."""

import IPython.display
import numpy as np
import pytest

from gankit import plotting
from gankit.callbacks import LivePicture, LiveSamples
from gankit.datasets import Batches


def test_live_samples_are_drawn_anew_in_one_place(make_gan, images, monkeypatch):
    shown = []

    class Place:
        update = staticmethod(shown.append)

    def display(picture, display_id):
        assert display_id is True
        shown.append(picture)
        return Place

    monkeypatch.setattr(IPython.display, "display", display)
    gan = make_gan()
    batches = Batches(images, batch_size=8, seed=0)
    watch = LiveSamples(count=6, columns=3, seed=4)
    gan.fit(batches, steps_per_epoch=2, epochs=3, verbose=0, callbacks=[watch])

    titles = [picture.axes[0].get_title() for picture in shown]
    assert titles == [f"Generated after {step} steps" for step in (0, 2, 4, 6)]
    drawn = [np.asarray(p.axes[0].images[0].get_array()) for p in shown]
    grid = plotting.image_grid(gan.sample(6, seed=4), columns=3)
    np.testing.assert_array_equal(drawn[-1], grid)
    assert not np.array_equal(drawn[0], grid)


def test_a_live_picture_that_draws_nothing_cannot_be_made():
    with pytest.raises(TypeError, match="abstract.*picture"):
        LivePicture()
