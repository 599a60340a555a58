"""The slow-motion laboratory: updates, frames, and the page that records them."""

import base64
import json
import re

import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import expit
from scipy.stats import norm
from typer.testing import CliRunner

from gankit.cli import app
from gankit.course.laboratory import Laboratory, export
from gankit.course.laboratory.frame import pack
from gankit.course.laboratory.laboratory import ARROWS, NODES, POINTS, SIDE
from gankit.course.laboratory.recordings import record
from gankit.course.laboratory.runs import RUNS, Run, eight
from gankit.course.toys import targets
from gankit.course.toys.drawings import Drawing, heart, two_moons
from gankit.course.toys.games import Game

SMALL = {"hidden": (8, 8), "batch_size": 16}


def _weights(laboratory):
    players = laboratory.game.discriminator, laboratory.game.generator
    return [ops.convert_to_numpy(player.rows).copy() for player in players]


@pytest.fixture
def laboratory():
    return Laboratory(eight(), learning_rate=1e-2, **SMALL)


def test_a_player_moves_and_the_other_stays_bit_for_bit(laboratory):
    for i, player in enumerate(("discriminator", "generator")):
        before = _weights(laboratory)
        frame = laboratory.update(player)
        after = _weights(laboratory)
        assert np.abs(after[i] - before[i]).max() > 1e-3
        np.testing.assert_array_equal(after[1 - i], before[1 - i])
    assert (frame.d_steps, frame.g_steps) == (1, 1)


@pytest.mark.parametrize(
    "options",
    [{}, {"loss": "wasserstein", "bound": "clipping", "discriminator_steps": 2}],
    ids=["one to one", "clipping"],
)
def test_turns_add_up_to_the_steps_of_fit(options):
    fitted = Game(eight(), seeds=(0,), **SMALL, **options)
    adam = keras.optimizers.Adam
    fitted.compile(adam(1e-2, 0.5), adam(1e-2, 0.5), jit_compile=False)
    record_of_fit = fitted.fit_and_record(4, records=1)
    laboratory = Laboratory(eight(), learning_rate=1e-2, **SMALL, **options)
    for player in 2 * laboratory.update_order:
        laboratory.update(player)
    laboratory.train(2)
    discriminator, generator = _weights(laboratory)
    np.testing.assert_allclose(discriminator, record_of_fit.weights(), atol=2e-6)
    expected = ops.convert_to_numpy(fitted.generator.rows)
    np.testing.assert_allclose(generator, expected, atol=2e-6)


def test_it_starts_again_and_changes_rates_without_another_game(laboratory):
    start = _weights(laboratory)
    game, first = laboratory.game, laboratory.train(3)
    step = game._train_functions["generator"]
    laboratory.reset()
    for now, then in zip(_weights(laboratory), start, strict=True):
        np.testing.assert_array_equal(now, then)
    again = laboratory.train(3)
    np.testing.assert_array_equal(again.fake, first.fake)
    laboratory.set_rates(0.01, 0.0)
    before = _weights(laboratory)
    laboratory.train(2)
    after = _weights(laboratory)
    np.testing.assert_array_equal(after[1], before[1])
    assert np.abs(after[0] - before[0]).max() > 1e-3
    laboratory.reset()
    assert laboratory.rates == pytest.approx((0.01, 0.0))
    assert game is laboratory.game and game._train_functions["generator"] is step


@pytest.mark.parametrize("name", ["non_saturating", "wasserstein"])
def test_a_frame_shows_what_the_networks_compute(name):
    laboratory = Laboratory(eight(), name, learning_rate=1e-2, **SMALL)
    frame = laboratory.train(5)
    discriminator, generator = _networks(laboratory)
    # The lattice: G of latents that part both axes in equal probability.
    line = norm.ppf(np.linspace(0.01, 0.99, NODES))
    latents = np.stack(np.meshgrid(line, line), axis=-1)
    np.testing.assert_allclose(frame.lattice, generator(latents), atol=1e-5)
    # The surface: from the lower left corner, along the first axis first.
    corner = -laboratory.reach + laboratory.reach / SIDE
    answer = discriminator(np.array([[corner + 2 * laboratory.reach / SIDE, corner]]))
    expected = answer if name == "wasserstein" else expit(answer)
    np.testing.assert_allclose(frame.surface[0, 1], expected[0], atol=1e-5)
    # The arrows: numeric gradients, downhill.
    loss = {
        "non_saturating": lambda d: np.logaddexp(0, -d),
        "wasserstein": lambda d: -d,
    }[name]
    points = frame.fake[:ARROWS].astype("float64")
    for axis, shift in enumerate(1e-6 * np.eye(2)):
        up, down = (loss(discriminator(points + s * shift)) for s in (1, -1))
        slope = (up - down) / 2e-6
        np.testing.assert_allclose(frame.arrows[:, axis], -slope, atol=1e-5)
    on_fake = loss(discriminator(frame.fake.astype("float64")))
    assert frame.g_loss == pytest.approx(on_fake.mean(), abs=1e-5)
    assert frame.real.shape == frame.fake.shape == (POINTS, 2)


def _networks(laboratory):
    """Both networks in NumPy, as functions of float64 points."""

    def network(layer):
        pairs = [
            [ops.convert_to_numpy(part)[0].astype("float64") for part in pair]
            for pair in layer.matrices(layer.rows)
        ]

        def compute(x):
            for kernel, bias in pairs[:-1]:
                x = x @ kernel + bias
                x = np.where(x > 0, x, 0.2 * x)
            return x @ pairs[-1][0] + pairs[-1][1]

        return compute

    discriminator = network(laboratory.game.discriminator)
    return lambda x: discriminator(x)[..., 0], network(laboratory.game.generator)


def test_points_lie_on_a_drawing_in_the_shares_of_its_ink():
    strokes = [[(-2, 0), (1, 0), (1, 1)], [(-1, 2), (-1, 3)], [(3, 3)]]
    drawing = Drawing(strokes, breadth=0.2)
    points = drawing.sample(20_000, 3)
    assert points.dtype == np.float32 and points.shape == (20_000, 2)
    np.testing.assert_array_equal(points, drawing.sample(20_000, 3))
    # Distance to each straight piece.
    pieces = [((-2, 0), (1, 0)), ((1, 0), (1, 1)), ((-1, 2), (-1, 3)), ((3, 3), (3, 3))]
    distances = []
    for start, end in np.array(pieces, "float64"):
        along = end - start
        share = np.clip((points - start) @ along / max(along @ along, 1e-9), 0, 1)
        nearest = start + share[:, None] * along
        distances.append(np.linalg.norm(points - nearest, axis=1))
    assert np.min(distances, axis=0).max() <= 0.1 + 1e-6
    nearest = np.argmin(distances, axis=0)
    counts = np.array(
        [np.sum(nearest <= 1), np.sum(nearest == 2), np.sum(nearest == 3)]
    )
    ink = np.array([4, 1, 0]) + np.pi / 4 * 0.2
    np.testing.assert_allclose(counts / 20_000, ink / ink.sum(), atol=0.01)
    # Evenly along the first stroke, and within the pen.
    first = points[(nearest == 0) & (np.abs(points[:, 0] + 0.5) < 1)]
    assert abs(np.mean(first[:, 0]) + 0.5) < 0.03
    assert np.std(first[:, 1]) == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize("target", [two_moons(), heart()], ids=["moons", "heart"])
def test_drawn_targets_are_about_the_origin_and_two_wide(target):
    points = target.sample(4000, 0)
    assert np.all(np.abs(points.mean(axis=0)) < 0.6)
    assert 1.5 < np.abs(points).max() < 2.5


def test_the_page_holds_the_frames_and_loads_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("gankit.course.laboratory.recordings.RECORDS", 3)
    monkeypatch.setattr("gankit.course.laboratory.recordings.SLOW_UPDATES", 7)
    runs = [
        Run("one <to> one", eight, "a note", 9, options=SMALL),
        Run(
            "a critic", two_moons, "", 6, "wasserstein", SMALL | {"generator_steps": 2}
        ),
    ]
    recorded = []

    def spy(run):
        for pair in record(run):
            recorded.append(pair)
            yield pair

    monkeypatch.setattr("gankit.course.laboratory.recordings.record", spy)
    export(tmp_path / "page.html", runs)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"http|@import|url\(|<link|<img| src=", text)
    assert "/* runs */" not in text and text.count("</script>") == 2
    stored = json.loads(re.search(r'id="runs">(.*?)</script>', text).group(1))
    assert [run["world"]["title"] for run in stored] == [run.title for run in runs]
    frames = [
        (i, j, head)
        for i, run in enumerate(stored)
        for j, head in enumerate(run["heads"])
    ]
    assert len(frames) == len(recorded) == (1 + 6 + 3) + (1 + 6 + 3)
    assert [head["d"] for _, _, head in frames[:10]] == [0, 1, 1, 2, 2, 3, 3, 4, 5, 9]
    for (i, j, head), (laboratory, frame) in zip(frames, recorded, strict=True):
        _assert_decodes(stored[i], j, head, laboratory.reach, frame)


def _assert_decodes(run, j, head, reach, frame):
    """One frame of the page against what was computed, within quantisation."""
    parts = {
        key: np.frombuffer(base64.b64decode(run[key]), dtype)
        for key, dtype in (("places", "<i2"), ("surfaces", "u1"), ("arrows", "<i2"))
    }
    half_a_level = 4 * reach / 32767 / 2 + 1e-6
    points = parts["places"].reshape(-1, POINTS + NODES**2, 2)[head["p"]]
    points = points / 32767 * 4 * reach
    np.testing.assert_allclose(points[:POINTS], frame.fake, atol=half_a_level)
    lattice = points[POINTS:].reshape(NODES, NODES, 2)
    np.testing.assert_allclose(lattice, frame.lattice, atol=half_a_level)
    span = head["high"] - head["low"]
    levels = parts["surfaces"].reshape(-1, SIDE, SIDE)[head["s"]]
    surface = head["low"] + span * levels / 255
    np.testing.assert_allclose(surface, frame.surface, atol=span / 500)
    arrows = parts["arrows"].reshape(-1, ARROWS, 2)[j] / 32767 * head["unit"]
    np.testing.assert_allclose(arrows, frame.arrows, atol=head["unit"] / 32767)
    assert (head["d"], head["g"]) == (frame.d_steps, frame.g_steps)
    assert head["d_loss"] == pytest.approx(frame.d_loss, rel=1e-5)


def test_a_frame_that_is_not_finite_is_packed_all_the_same(laboratory):
    laboratory.game.generator.rows.assign(laboratory.game.generator.rows * np.nan)
    packed = pack(laboratory.frame(), laboratory.reach)
    assert packed.head["g_loss"] is None
    json.dumps(packed.head, allow_nan=False)


def test_the_games_of_the_page_can_be_played():
    assert len({run.title for run in RUNS}) == len(RUNS)
    for run in RUNS:
        assert {*run.laboratory().update_order} == {"discriminator", "generator"}
        assert run.note


def test_the_widget_answers_each_request_with_a_frame_or_a_sentence(laboratory):
    pytest.importorskip("anywidget")
    from gankit.course.laboratory import Widget

    widget = Widget(laboratory)
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    rates = [0.01, 0.001]
    for request in (
        {"do": "observe"},
        {"do": "update", "player": "generator"},
        {"do": "rates", "rates": rates},
        {"do": "train", "steps": 2},
        {"do": "draw", "strokes": [], "breadth": 0.3, "loss": "hinge", "rates": rates},
        {
            "do": "draw",
            "strokes": [[[0, 0], [1, 2]]],
            "breadth": 0.3,
            "loss": "Wasserstein, clipping",
            "rates": rates,
        },
        {"do": "open", "target": "your drawing", "loss": "hinge", "rates": rates},
        {"do": "reset"},
    ):
        widget._answer(widget, request, [])
    counts = [(c["head"]["d"], c["head"]["g"]) for c, _ in sent if "head" in c]
    assert counts == [(0, 0), (0, 1), (0, 1), (2, 3), (0, 0), (0, 0), (0, 0)]
    assert laboratory.rates == pytest.approx(rates)
    assert "at least one stroke" in sent[4][0]["error"]
    assert sent[5][0]["world"]["title"] == "Your drawing; Wasserstein, clipping"
    losses = [sent[i][0]["world"]["loss"] for i in (0, 5, 6)]
    assert losses == ["non-saturating", "wasserstein", "hinge"]
    assert widget.laboratory.game.bound is None
    assert widget.laboratory.game.batch_size == 16
    points, surface, arrows, real = sent[0][1]
    assert len(points) == 4 * (POINTS + NODES**2) and len(surface) == SIDE**2
    assert len(arrows) == 4 * ARROWS and len(real) == 4 * POINTS


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        (lambda: Laboratory(targets.gaussian()), "in the plane, received one with 1"),
        (lambda: Laboratory(eight(), statistics=True), "each point alone"),
        (lambda: Laboratory(eight(), learning_rate=-1.0), "at least 0, received -1.0"),
        (lambda: Laboratory(eight(), **SMALL).update("both"), "received 'both'"),
        (
            lambda: Laboratory(eight(), **SMALL).train(0),
            "steps to be a whole number from 1 up, received 0",
        ),
        (lambda: Drawing([]), "at least one stroke"),
        (lambda: Drawing([[1, 2]]), "of shape (2,)"),
        (lambda: Drawing([[(0, np.nan)]]), "nan or infinity"),
        (lambda: Drawing([[(0, 0)]], breadth=0), "greater than 0, received 0"),
        (lambda: export("page.txt"), "received page.txt"),
        (lambda: export("nowhere/page.html"), "folder that exists"),
    ],
)
def test_bad_input_gets_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as error:
        wrong()
    assert str(error.value).startswith("Expected ")


def test_the_command_refuses_a_page_that_is_none(tmp_path):
    result = CliRunner().invoke(app, ["laboratory", str(tmp_path / "page.txt")])
    assert result.exit_code == 1 and "Expected a page *.html" in result.output
