"""Checks of the losses of translators between two domains."""

import numpy as np
from keras import ops

from gankit import losses
from gankit.course.exercises import stubs
from gankit.course.exercises.loss_checks import SWAPPED
from gankit.course.exercises.mistakes import Check, Mistake
from gankit.course.exercises.step_checks import LEAKS, NO_GRADIENT

_RANDOM = np.random.default_rng(0)
# B is the brighter domain, and has less contrast.
A, B = _RANDOM.uniform(-1.0, 1.0, (2, 3, stubs.SIDE, stubs.SIDE, 3)).astype("float32")
B = 0.5 * B + 0.4
CYCLE_WEIGHT, IDENTITY_WEIGHT = 10.0, 5.0
# Grey pictures of one value each: a and b.
CONSTANTS = ((0.5, -0.25), (0.0, 0.2), (1.0, 1.0))


def _by_hand(distance=lambda x, y: np.abs(x - y).mean(), first=1.0, second=1.0):
    def cycle(a, b):
        back = distance(-(a / 2 + 0.1), a)
        there = distance(-b / 2 + 0.1, b)
        return first * back + second * there

    return cycle


cycle_loss = Check(
    lambda answer: {
        f"a = {a}, b = {b}": answer(np.full((2, 2), a), np.full((2, 2), b))
        for a, b in CONSTANTS
    },
    _by_hand(),
    Mistake(
        "The differences are summed over the pixels: take the mean.",
        _by_hand(lambda x, y: np.abs(x - y).sum()),
    ),
    Mistake(
        "The differences are squared: the cycle loss is L1, their absolute values.",
        _by_hand(lambda x, y: ((x - y) ** 2).mean()),
    ),
    Mistake("Only the way from A is there: add the way from B.", _by_hand(second=0.0)),
    Mistake("Only the way from B is there: add the way from A.", _by_hand(first=0.0)),
    Mistake("The two ways are averaged, not added.", _by_hand(first=0.5, second=0.5)),
    Mistake(
        "The order is wrong: a goes through G first and then through F, b the other "
        "way.",
        lambda a, b: _by_hand()(b, a),
    ),
    Mistake(
        "Nothing comes back: translations are compared with their inputs, G(a) with a.",
        lambda a, b: np.abs(a / 2 + 0.1 - a).mean() + np.abs(-b - b).mean(),
    ),
)


def _batch():
    # As tensors: torch subtracts no array from a tensor with a gradient.
    return [ops.convert_to_tensor(images) for images in (A, B)]


def _l1(x, y):
    return ops.mean(ops.abs(x - y))


def _l2(x, y):
    return ops.mean(ops.square(x - y))


def _translator(
    adversarial=losses.least_squares_generator_loss,
    distance=_l1,
    weights=(CYCLE_WEIGHT, IDENTITY_WEIGHT),
    same=lambda g_ab, a, b: (g_ab(b), b),
    back=lambda g_ab, g_ba, fake, a: (g_ba(fake), a),
    stop=lambda fake: fake,
):
    def loss(g_ab, g_ba, d_b, a, b):
        fake = stop(g_ab(a))
        cycle = distance(*back(g_ab, g_ba, fake, a))
        identity = distance(*same(g_ab, a, b))
        return adversarial(d_b(fake)) + weights[0] * cycle + weights[1] * identity

    return loss


translator_loss = Check(
    lambda answer: stubs.outcome(
        "translator",
        lambda g_ab, g_ba, d_b: answer(g_ab, g_ba, d_b, *_batch()),
        g_ab=stubs.translator(0.5, 0.1),
        g_ba=stubs.translator(1.6, -0.3),
        d_b=stubs.patch_discriminator(),
    ),
    _translator(),
    Mistake(
        "The discriminator's target for the generator is 1, not 0: it is to take the "
        "translation for real.",
        _translator(lambda logits: ops.mean(ops.square(logits)) / 2),
    ),
    Mistake(
        "The adversarial term lacks its factor 1/2.",
        _translator(lambda logits: ops.mean(ops.square(logits - 1.0))),
    ),
    Mistake(
        "The adversarial term is summed over patches: take the mean.",
        _translator(lambda logits: ops.sum(ops.square(logits - 1.0)) / 2),
    ),
    Mistake(
        "This is a cross-entropy: the discriminator's loss here is least squares.",
        _translator(losses.non_saturating_generator_loss),
    ),
    Mistake(
        "The differences are squared: cycle and identity loss are L1.",
        _translator(distance=_l2),
    ),
    Mistake(
        "The differences are summed over the pixels: take the mean.",
        _translator(distance=lambda x, y: ops.sum(ops.abs(x - y))),
    ),
    Mistake(
        "The weights are swapped: the cycle's is 10, the identity's 5.",
        _translator(weights=(IDENTITY_WEIGHT, CYCLE_WEIGHT)),
    ),
    Mistake(
        "The identity loss is taken of a: G is to leave alone what is in B already.",
        _translator(same=lambda g_ab, a, b: (g_ab(a), a)),
    ),
    Mistake(
        "The way back leads through G again: it is F that brings a translation back.",
        _translator(back=lambda g_ab, g_ba, fake, a: (g_ab(fake), a)),
    ),
    Mistake(
        "The cycle is compared with b: there are no pairs, compare with the a that it "
        "began with.",
        lambda g_ab, g_ba, d_b, a, b: _translator(
            back=lambda g_ab, g_ba, fake, a: (g_ba(fake), b)
        )(g_ab, g_ba, d_b, a, b),
    ),
    Mistake(
        "The translation is stopped: adversarial and cycle loss teach G nothing then.",
        _translator(stop=ops.stop_gradient),
    ),
    Mistake(NO_GRADIENT, lambda *given: ops.stop_gradient(_translator()(*given))),
)


class Pool:
    """A pool that has an older translation for the first of a batch."""

    def query(self, images):
        """Images with the first exchanged; gradients pass the others."""
        older = ops.full((1, *images.shape[1:]), -0.7, "float32")
        return ops.concatenate([older, ops.cast(images[1:], "float32")])


def _judge(
    shown=lambda pool, fake: pool.query(fake),
    kept=lambda pool, b: b,
    stop=ops.stop_gradient,
    half=0.5,
):
    def loss(d_b, g_ab, pool, a, b):
        fake = stop(shown(pool, g_ab(a)))
        real = d_b(kept(pool, b))
        return half * (_l2(real, 1.0) + ops.mean(ops.square(d_b(fake))))

    return loss


judge_loss = Check(
    lambda answer: stubs.outcome(
        "discriminator",
        lambda d_b, g_ab: answer(d_b, g_ab, Pool(), *_batch()),
        d_b=stubs.patch_discriminator(),
        g_ab=stubs.translator(0.5, 0.1),
    ),
    _judge(),
    Mistake(LEAKS, _judge(stop=lambda fake: fake)),
    Mistake(
        "The pool is passed by: show the discriminator what pool.query gives for the "
        "fakes.",
        _judge(shown=lambda pool, fake: fake),
    ),
    Mistake(
        "The real images go through the pool, too: it is for the fakes alone.",
        _judge(kept=lambda pool, b: pool.query(b)),
    ),
    Mistake("The factor 1/2 is missing.", _judge(half=1.0)),
    Mistake(
        SWAPPED,
        lambda d_b, g_ab, pool, a, b: (
            0.5 * ops.mean(ops.square(d_b(b)))
            + 0.5 * _l2(d_b(ops.stop_gradient(pool.query(g_ab(a)))), 1.0)
        ),
    ),
    Mistake(
        "The discriminator of B is shown images of A: translate them first.",
        _judge(shown=lambda pool, fake: pool.query(A)),
    ),
    Mistake(NO_GRADIENT, lambda *given: ops.stop_gradient(_judge()(*given))),
)
