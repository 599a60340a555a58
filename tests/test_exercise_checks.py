"""The checks of the exercises: what they catch, what they accept, and how fast.

`exercise_answers.toml` holds the answers; they are tried as the grader tries them.
"""

import functools
import json
import re
import signal
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

from gankit import course, losses, metrics
from gankit.course.exercises import (
    conditioning_checks,
    constraint_checks,
    few_image_checks,
    kernel_checks,
    layer_checks,
    loss_checks,
    penalty_checks,
    sagan_checks,
    step_checks,
    stubs,
    theory_checks,
    translation_checks,
)
from gankit.course.exercises.checking import NO_NUMBERS, Marker
from gankit.course.exercises.guard import guarded
from gankit.course.exercises.mistakes import Check, agree

# The course is given on TensorFlow.
pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[1]
ANSWERS = tomllib.loads((Path(__file__).parent / "exercise_answers.toml").read_text())
NOTEBOOKS = course.exercises.notebooks_in(ROOT / "notebooks")
EXERCISES = {
    (name, exercise.number): exercise
    for name, notebook in NOTEBOOKS.items()
    for exercise in course.exercises.exercises(notebook)
}
CHECKS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": check
    for module in (
        conditioning_checks,
        constraint_checks,
        few_image_checks,
        kernel_checks,
        layer_checks,
        loss_checks,
        penalty_checks,
        sagan_checks,
        step_checks,
        theory_checks,
        translation_checks,
    )
    for name, check in vars(module).items()
    if isinstance(check, Check)
}
# Longer ones are cut off in the marks.
LONGEST_REASON = 160
# What the grader says of an answer that raised an error.
STOPPED = "The answer raised an error"

every_exercise = pytest.mark.parametrize(
    "key", list(EXERCISES), ids=lambda key: "-".join(map(str, key))
)
every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))


@pytest.fixture(autouse=True)
def _as_the_grader(monkeypatch):
    monkeypatch.setenv("GANKIT_SIZE", "smoke")


def _answers(key):
    name, number = key
    return ANSWERS.get(name, {}).get(str(number), {})


@functools.cache
def _marker(key):
    return Marker(NOTEBOOKS[key[0]]["cells"], EXERCISES[key])


def _tried(key, code):
    """Mark and reason; only data pass from the measuring to the judging."""
    measured = guarded(lambda: _marker(key).measure(code, []))
    outcomes, reason = json.loads(json.dumps(measured))
    return (0, reason) if reason else _marker(key).judge(outcomes)


@every_exercise
def test_wrong_answers_are_caught_and_their_mistakes_named(key):
    wrong = _answers(key)["wrong"]
    named = [answer for answer in wrong if not isinstance(answer, str)]
    assert len(wrong) >= 3
    if any(name in EXERCISES[key].check for name in CHECKS):
        assert len(named) >= 3
    for answer in wrong:
        code, sentence = (answer, "") if isinstance(answer, str) else answer
        mark, reason = _tried(key, code)
        assert mark == 0, (code, reason)
        assert sentence in reason, (code, reason)
        assert not reason.startswith(STOPPED), (code, reason)


@every_exercise
def test_right_answers_in_other_styles_are_accepted_at_once(key):
    right = _answers(key)["right"]
    assert len(right) >= 2
    for code in right:
        start = time.process_time()
        tried = _tried(key, code)
        took = time.process_time() - start
        assert tried == (1, "Right."), (code, tried)
    # The first also sets up what TensorFlow runs for the first time.
    assert took < 3.0


@every_exercise
def test_nothing_is_no_answer(key):
    place = EXERCISES[key].placeholder
    mark, reason = _tried(key, place)
    assert mark == 0 and "not yet" in reason
    other = place.replace("): ...", "):\n    return ...")
    other = other.replace("= ...", "= None").replace(", ...", ", None")
    assert _tried(key, other)[0] == 0


# What students write by mistake in place of `return result`, and what they are told.
SLIPS = {
    "result = 0.5": "A function returns None: end it with return",
    "print(0.5)": "A function returns None: end it with return",
    "return 'one half'": "received str: return",
    "return lambda: 0.5": "received function: return",
    "return [[1.0, 2.0], [3.0]]": "received list: return",
    "return 1j": "received complex: return",
    "return float('nan')": "is NaN or infinite",
    "return np.full((2, 3, 5), 0.5)": "2 x 3 x 5 numbers, wrong",
    "return nothing_of_this_name": "The answer raised an error: NameError: name 'noth",
    "raise SystemExit": "The answer raised an error: SystemExit",
    "import time; time.sleep(9)": "It did not finish within 0.1 seconds.",
}
# What is said where an answer returns several values.
SEVERAL = {
    ("01_dcgan", 4): "Return a dict",
    ("02_cgan", 4): "Return ten indices",
    ("03_sagan", 2): "Return two arrays",
    ("04_cyclegan", 4): "Return two losses",
    ("06_since_2017", 5): "Return two numbers",
}


@every_exercise
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_ends_in_one_sentence(key, slip):
    code = re.sub(r"\): \.\.\..*", f"):\n    {slip}", EXERCISES[key].placeholder)
    seconds = 0.1 if "sleep" in slip else 60
    marker = _marker(key)
    outcomes, reason = guarded(
        lambda: marker.measure(f"import numpy as np\n{code}", []), seconds
    )
    reason = reason or marker.judge(outcomes)[1]
    said = [SLIPS[slip]]
    if key in SEVERAL:
        # A list of two is taken for the two values, of a wrong shape.
        said += [SEVERAL[key], "numbers, wrong"]
    assert any(words in reason for words in said), reason
    assert len(reason) <= LONGEST_REASON and reason.endswith(".")


def test_a_notebook_says_the_same_as_the_grader(capsys):
    check = theory_checks.wasserstein
    for answer, sentence in (
        (lambda x: x, "The answer raised an error: TypeError: "),
        (lambda x, y: {}, "Expected numbers for 4 points, received dict: return "),
        (lambda x, y: x[99], "The answer raised an error: IndexError: "),
    ):
        assert not check(answer)
        (line,) = capsys.readouterr().out.splitlines()
        assert line.startswith(sentence)


def test_the_guard_leaves_no_trace_and_works_in_threads():
    before = signal.getsignal(signal.SIGALRM)
    assert guarded(lambda: time.sleep(5), seconds=0.05)[1].startswith("It did not")
    assert guarded(lambda: 7) == (7, "")
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(guarded, lambda: 7).result() == (7, "")
        failed = pool.submit(guarded, lambda: [][1]).result()
        assert failed[1].startswith("The answer raised an error: IndexError")


def test_two_mistakes_in_two_functions_are_both_named(capsys):
    check = theory_checks.best_discriminator
    assert not check(lambda p, q: q / (p + q), lambda p, q: 0.0 * p[0])
    assert not capsys.readouterr().out.startswith("D* is swapped")
    _, value = check.right
    assert not check(lambda p, q: q / (p + q), lambda p, q: -value(p, q))
    swapped, sign, *_ = capsys.readouterr().out.splitlines()
    assert swapped.startswith("D* is swapped") and sign.startswith("The value has the")
    # One of them is not written yet.
    assert not check(lambda p, q: q / (p + q), lambda p, q: None)
    assert capsys.readouterr().out.startswith("D* is swapped")


def test_whatever_is_no_numbers_gets_no_mark():
    marker = _marker(("00_why_gans_fail", 2))
    right = marker.measure(_answers(("00_why_gans_fail", 2))["right"][0], [])
    assert marker.judge(right) == (1, "Right.")
    for forged in (
        *(None, 4, "Right.", [], [*right, *right], [None], [{"4 points": {}}]),
        [{"4 points": [[1.0], []]}],
    ):
        assert marker.judge(forged) == (0, NO_NUMBERS)
    assert marker.judge([{"right": True}]) == (0, "4 points: not yet.")


def test_every_answer_is_one_to_an_exercise():
    given = {(name, int(n)) for name, numbers in ANSWERS.items() for n in numbers}
    assert given == set(EXERCISES)
    called = "\n".join(exercise.check for exercise in EXERCISES.values())
    assert all(f"{name}(" in called for name in CHECKS)


@every_check
def test_every_mistake_has_its_own_outcome(check, capsys):
    assert len(check.mistakes) >= 3
    outcomes = [check.outcome(check.right)]
    outcomes += [check.outcome(answer) for answer in check.mistakes.values()]
    for i, outcome in enumerate(outcomes):
        assert not any(agree(outcome, other) for other in outcomes[:i])
    for sentence, answer in check.mistakes.items():
        assert not check(*(answer if isinstance(answer, tuple) else (answer,)))
        first, *lines = capsys.readouterr().out.splitlines()
        assert first == sentence and len(first) <= LONGEST_REASON
        assert any(line.endswith(", wrong") for line in lines)


def test_a_check_says_what_was_expected_where_it_does_not_know_the_mistake(capsys):
    doubled = {"It is doubled.": lambda x: 2 * x}
    rows = np.arange(12.0).reshape(3, 4)
    check = Check(lambda f: {"one": f(1.0), "rows": f(rows)}, lambda x: x, doubled)
    assert check(lambda x: ops.convert_to_tensor(x, "float32"))
    assert capsys.readouterr().out.splitlines() == [
        "one: expected 1, yours 1, right",
        "rows: expected 3 x 4 numbers, yours the same, right",
    ]
    for answer, lines in (
        (lambda x: 2 * x, ["It is doubled.", "one: expected 1, yours 2, wrong"]),
        (
            lambda x: x[..., :2] if np.ndim(x) else x,
            ["one: expected 1, yours 1, right"],
        ),
        (
            lambda x: np.nan * x,
            [
                "one is NaN or infinite: look for a division by 0, or for a logarithm "
                "or a root of a number that has none.",
                "one: expected 1, yours nan, wrong",
            ],
        ),
        (lambda x: None, ["one: not yet"]),
    ):
        assert not check(answer)
        output = capsys.readouterr().out.splitlines()
        assert output[: len(lines)] == lines
    check(lambda x: x + 100.0 * (x == 6))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "rows: expected 6 at [1, 2], yours 106, wrong"
    check(lambda x: x[..., :2] if np.ndim(x) else x)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "rows: expected 3 x 4 numbers, yours 3 x 2 numbers, wrong"


def test_gradients_in_stubs_are_those_of_keras_variables():
    generator, discriminator = stubs.generator(0.5), stubs.discriminator(2.0)
    found = stubs.loss_and_gradients(
        "loss",
        lambda generator, discriminator: ops.mean(
            ops.square(discriminator(generator(step_checks.LATENT)))
        ),
        generator=generator,
        discriminator=discriminator,
    )
    colours = step_checks.LATENT.mean(axis=1)
    logits = 2.0 * 0.5 * colours + 0.3
    np.testing.assert_allclose(found["loss, loss"], np.mean(logits**2), rtol=1e-5)
    np.testing.assert_allclose(
        [
            found["loss, gradient in generator"],
            found["loss, gradient in discriminator"],
        ],
        [np.mean(2 * logits * 2.0 * colours), np.mean(2 * logits * 0.5 * colours)],
        rtol=1e-5,
    )


def test_the_right_attention_and_projection_are_the_layers():
    from gankit.layers import SelfAttention2D
    from gankit.networks import cgan

    layer = SelfAttention2D(pool=True, value_reduction=1, dtype="float32")
    x = np.random.default_rng(1).normal(size=(1, 4, 6, 8)).astype("float32")
    layer(x)
    layer.gamma.assign(1.0)
    layer.output_convolution.kernel.assign(np.eye(8).reshape(1, 1, 8, 8))
    parts = (layer.query, layer.key, layer.value)
    parts = [ops.convert_to_numpy(part(x))[0] for part in parts]
    np.testing.assert_allclose(
        layer_checks.pooled_attention.right(*parts),
        ops.convert_to_numpy(layer(x) - x)[0],
        atol=1e-5,
    )

    rng = np.random.default_rng(2)
    features, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    added = cgan.projection(features, labels, 10, spectral_norm=False)
    network = keras.Model([features, labels], added)
    table = rng.normal(size=(10, 6)).astype("float32")
    network.set_weights([table])
    given = rng.normal(size=(5, 6)).astype("float32"), np.array([3, 1, 9, 0, 3])
    np.testing.assert_allclose(
        layer_checks.projection.right(given[0], np.zeros(6), 0.0, table, given[1]),
        ops.convert_to_numpy(network(list(given)))[:, 0],
        rtol=1e-4,
    )


def test_the_right_scores_of_few_images_are_the_librarys():
    real, fake = few_image_checks.REAL, few_image_checks.FAKE
    for k in few_image_checks.NEIGHBOURS:
        expected = metrics.prdc(real=real, fake=fake, k=k).recall
        assert few_image_checks.recall.right(real, fake, k) == expected
    np.testing.assert_allclose(
        few_image_checks.kid.right(real, fake),
        metrics.kernel_distance(real, fake).mean,
    )


def test_the_right_spectral_call_is_the_layers():
    from gankit.layers import SpectralNormalization

    kernel, vector = kernel_checks.KERNEL, kernel_checks.VECTOR
    wrapped = keras.layers.Conv2D(6, 3, use_bias=False)
    layer = SpectralNormalization(wrapped, use_bias=False)
    layer.build((None, 8, 8, 4))
    wrapped.kernel.assign(kernel)
    layer.vector_u.assign(vector)
    normalized, new_vector = kernel_checks.spectral_call.right(kernel, vector)
    patches = np.random.default_rng(1).normal(size=(1, 8, 8, 4)).astype("float32")
    expected = ops.conv(patches, ops.convert_to_tensor(normalized, "float32"))
    np.testing.assert_allclose(layer(patches, training=True), expected, atol=1e-4)
    np.testing.assert_allclose(layer.vector_u, new_vector, atol=1e-5)


def test_the_right_norm_is_that_of_the_convolution_as_one_matrix():
    kernel, side = kernel_checks.STRIPED, 4
    rows = []
    for pixel in np.eye(side * side * 4).reshape(-1, side, side, 4):
        shifted = [
            np.roll(pixel, (-i, -j), (0, 1)) @ kernel[i, j]
            for i in range(3)
            for j in range(3)
        ]
        rows.append(np.sum(shifted, axis=0).ravel())
    np.testing.assert_allclose(
        kernel_checks.convolution_norm.right(kernel, side), np.linalg.norm(rows, 2)
    )


def test_the_right_bias_of_means_is_that_of_drawn_sets():
    rng = np.random.default_rng(0)
    features = sagan_checks.FEATURES
    drawn = rng.choice(features, (2, 3000, 20)).mean(axis=2)
    found = ((drawn[0] - drawn[1]) ** 2).sum(axis=1).mean()
    right = sagan_checks.mean_bias.right(features, 20)
    np.testing.assert_allclose(found, right, rtol=0.05)


def test_the_right_clipping_is_that_of_keras():
    from gankit.constraints import WeightClipping

    given, gradients = constraint_checks.WEIGHTS, constraint_checks.GRADIENTS
    clipping = WeightClipping(constraint_checks.BOUND)
    weights = {name: keras.Variable(given[name], dtype="float32") for name in gradients}
    for weight in weights.values():
        weight.constraint = clipping
    optimizer = keras.optimizers.SGD(constraint_checks.RATE)
    slopes = [ops.convert_to_tensor(g, "float32") for g in gradients.values()]
    optimizer.apply(slopes, [*weights.values()])
    right = constraint_checks.clipped_step.right(
        given, gradients, constraint_checks.RATE, constraint_checks.BOUND
    )
    for name, weight in weights.items():
        np.testing.assert_allclose(right[name], weight.numpy(), atol=1e-8)
    assert right["moving_mean"] is given["moving_mean"]


def test_the_right_steps_are_the_trainers():
    from gankit.trainers import GAN, ConditionalGAN

    latent, images = step_checks.LATENT, step_checks.IMAGES
    loss = losses.get("non_saturating")
    for conditional, check, batch in (
        (False, step_checks.discriminator_step, (step_checks.PIXELS, latent)),
        (
            True,
            step_checks.conditional_discriminator_step,
            (images, step_checks.LABELS, latent),
        ),
    ):
        players = (
            stubs.generator(conditional=conditional),
            stubs.discriminator(conditional=conditional),
        )
        game = SimpleNamespace(
            generator=players[0],
            discriminator=players[1],
            sample_latent=lambda n: latent,
            adversarial_loss=loss,
            penalize=lambda *arguments: None,
            _discriminator_loss=loss.discriminator,
        )
        if conditional:
            trained = ConditionalGAN.discriminator_loss(game, batch[:2])
        else:
            trained = GAN.discriminator_loss(game, images)
            trained_generator = GAN.generator_loss(game, images)
            right = step_checks.generator_step.right(*players, latent)
            np.testing.assert_allclose(
                float(trained_generator), float(right), rtol=1e-6
            )
        right = check.right(*players, *batch)
        np.testing.assert_allclose(float(trained), float(right), rtol=1e-6)


def test_the_course_needs_no_keras():
    tried = (
        "import sys, gankit.course.exercises.mistakes\nprint('keras' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", tried], capture_output=True)
    assert result.stdout.strip() == b"False"
