"""Pictures of small games: they draw the points, counts and curves that they name."""

import numpy as np
import pytest
from IPython import display as ipython

from gankit.callbacks import Progress
from gankit.course.toys import Watch, bilinear, coverage, pictures, targets, train

SMALL = {"hidden": (8, 8), "batch_size": 16, "steps": 4, "records": 2}


@pytest.fixture(scope="module")
def record():
    return train(targets.ring(), seeds=(0, 1), **SMALL)


def test_stages_draw_each_record_and_count_its_modes(record):
    figure = pictures.stages(record, title="small", panels=4, seed=1)
    assert len(figure.axes) == 4 and figure.axes[0].get_ylabel() == "small"
    for i, step in enumerate((0, 2, 4)):
        axes, points = figure.axes[i], record.samples(i, 2500)[1]
        modes, drawn = axes.lines
        np.testing.assert_allclose(modes.get_xydata(), targets.ring().centres)
        np.testing.assert_allclose(drawn.get_xydata(), points[:400])
        found = coverage.coverage(points, targets.ring(), least=25).modes
        assert axes.get_title() == f"step {step}\nmodes: {found}"
    assert not figure.axes[3].lines
    assert len(pictures.stages(record).axes) == 3


def test_a_watched_training_shows_every_record_and_its_bar(monkeypatch, record):
    shown = []

    class Handle:
        update = staticmethod(shown.append)

    def display(picture, display_id):
        shown.append(picture)
        return Handle

    monkeypatch.setattr(ipython, "display", display)
    with Progress(4) as bar:
        watched = train(
            targets.ring(), seeds=(0, 1), callbacks=[bar, Watch("small")], **SMALL
        )
        assert bar.bar.n == 4
    np.testing.assert_array_equal(watched.weights(), record.weights())
    drawn = [sum(bool(axes.lines) for axes in figure.axes) for figure in shown]
    assert drawn == [1, 2, 3] and {len(figure.axes) for figure in shown} == {3}
    titles = [axes.get_title() for axes in shown[-1].axes]
    assert titles == [
        axes.get_title() for axes in pictures.stages(watched, title="small").axes
    ]
    # The loss of one game, not of both together.
    assert float(bar.values["d_loss"]) == pytest.approx(
        watched.losses()[0][-1].mean(), abs=0.4
    )


def test_paths_are_those_that_they_are_given():
    places = bilinear.trajectory(bilinear.step_matrix("alternating"), 5)
    figure = pictures.paths({"one": places, "two": -places}, title="t")
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_xydata(), -places)


def test_each_seed_is_a_dot_at_the_modes_that_it_found():
    rows = [{"loss": "hinge", "modes": n} for n in (8, 3, 8)]
    rows += [{"loss": "minimax", "modes": 0}]
    (axes,) = pictures.modes_by_seed(rows, 8).axes
    hinge, minimax = (line.get_xdata() for line in axes.lines)
    # Two seeds with eight modes stand side by side.
    np.testing.assert_allclose(hinge, [3, 8, 8.12])
    np.testing.assert_allclose(minimax, [0])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["hinge", "minimax"]
