"""Checks of translation: losses, the turn of both players, patches, the pool."""

import functools

import numpy as np
from keras import ops

from gankit import losses
from gankit.course.exercises import stubs
from gankit.course.exercises.loss_checks import SWAPPED
from gankit.course.exercises.mistakes import Check, either_wrong, pair
from gankit.course.exercises.step_checks import LEAKS
from gankit.losses.translation import l1, l2

_RANDOM = np.random.default_rng(0)
# Domain B is brighter and has less contrast.
A, B = _RANDOM.uniform(-1.0, 1.0, (2, 3, stubs.SIDE, stubs.SIDE, 3)).astype("float32")
B = 0.5 * B + 0.4
CYCLE_WEIGHT, IDENTITY_WEIGHT = 10.0, 5.0
# Grey levels of the images a and b.
CONSTANTS = ((0.5, -0.25), (0.0, 0.2), (1.0, 1.0))


def _by_hand(distance=lambda x, y: np.abs(x - y).mean(), first=1.0, second=1.0):
    def cycle(a, b):
        return first * distance(-(a / 2 + 0.1), a) + second * distance(-b / 2 + 0.1, b)

    return cycle


cycle_loss = Check(
    {
        f"a = {a}, b = {b}": (np.full((2, 2), a), np.full((2, 2), b))
        for a, b in CONSTANTS
    },
    _by_hand(),
    {
        "The differences are summed over the pixels: take the mean.": (
            _by_hand(lambda x, y: np.abs(x - y).sum())
        ),
        "The differences are squared: the cycle loss is L1, their absolute values.": (
            _by_hand(lambda x, y: ((x - y) ** 2).mean())
        ),
        "Only the cycle from A is there: add the cycle from B.": _by_hand(second=0.0),
        "Only the cycle from B is there: add the cycle from A.": _by_hand(first=0.0),
        "The two cycles are averaged, not added.": _by_hand(first=0.5, second=0.5),
        "The order is wrong: a passes G first and then F, and b the other way round.": (
            lambda a, b: _by_hand()(b, a)
        ),
        "Translations are compared with their inputs, G(a) with a: compare the "
        "reconstruction F(G(a)) with a.": (
            lambda a, b: np.abs(a / 2 + 0.1 - a).mean() + np.abs(-b - b).mean()
        ),
    },
)


def _translator(
    adversarial=losses.least_squares_generator_loss,
    distance=l1,
    weights=(CYCLE_WEIGHT, IDENTITY_WEIGHT),
    identity=lambda g_ab, a, b: (g_ab(b), b),
    cycle=lambda g_ab, g_ba, fake, a, b: (g_ba(fake), a),
    stop=lambda fake: fake,
):
    def loss(g_ab, g_ba, d_b, a, b):
        fake = stop(g_ab(a))
        return (
            adversarial(d_b(fake))
            + weights[0] * distance(*cycle(g_ab, g_ba, fake, a, b))
            + weights[1] * distance(*identity(g_ab, a, b))
        )

    return loss


TRANSLATOR_MISTAKES = {
    "The generator's target is 1, not 0: the discriminator should take the "
    "translation for real.": _translator(lambda d: l2(d, 0.0) / 2),
    "The adversarial term lacks its factor 1/2.": _translator(lambda d: l2(d, 1.0)),
    "The adversarial term is summed over patches: take the mean.": (
        _translator(lambda logits: ops.sum(ops.square(logits - 1.0)) / 2)
    ),
    "This is a cross-entropy: use least squares.": (
        _translator(losses.non_saturating_generator_loss)
    ),
    "Differences are squared: cycle and identity are L1.": _translator(distance=l2),
    "The differences are summed over the pixels: take the mean.": (
        _translator(distance=lambda x, y: ops.sum(ops.abs(x - y)))
    ),
    "The weights are swapped: the cycle loss has 10, the identity loss 5.": (
        _translator(weights=(IDENTITY_WEIGHT, CYCLE_WEIGHT))
    ),
    "The identity loss is computed from a: G should leave images of B unchanged.": (
        _translator(identity=lambda g_ab, a, b: (g_ab(a), a))
    ),
    "The translation passes G again: reconstruct a with F.": (
        _translator(cycle=lambda g_ab, g_ba, fake, a, b: (g_ab(fake), a))
    ),
    "The reconstruction is compared with b: the images are not paired, compare it "
    "with a.": _translator(cycle=lambda g_ab, g_ba, fake, a, b: (g_ba(fake), b)),
    "The gradient is stopped at the translation: G learns nothing from the "
    "adversarial loss and the cycle loss.": _translator(stop=ops.stop_gradient),
}


class Pool:
    """A pool that replaces the first image of a batch by an older translation."""

    def query(self, images):
        """The images with the first replaced; gradients pass the others."""
        older = ops.full((1, *images.shape[1:]), -0.7, "float32")
        return ops.concatenate([older, ops.cast(images[1:], "float32")])


def _discriminator(
    fakes=lambda pool, fake: pool.query(fake),
    reals=lambda pool, b: b,
    stop=ops.stop_gradient,
    half=0.5,
    real_label=1.0,
    fake_label=0.0,
):
    def loss(d_b, g_ab, pool, a, b):
        fake_logits = d_b(stop(fakes(pool, g_ab(a))))
        real_logits = d_b(reals(pool, b))
        return half * (l2(real_logits, real_label) + l2(fake_logits, fake_label))

    return loss


DISCRIMINATOR_MISTAKES = {
    LEAKS: _discriminator(stop=lambda fake: fake),
    "The pool is not used: give the discriminator what pool.query returns for the "
    "fakes.": _discriminator(fakes=lambda pool, fake: fake),
    "The real images go through the pool, too: it is for the fakes only.": (
        _discriminator(reals=lambda pool, b: pool.query(b))
    ),
    "The factor 1/2 is missing in the discriminator's loss.": _discriminator(half=1.0),
    SWAPPED: _discriminator(real_label=0.0, fake_label=1.0),
    "The discriminator of B gets images of A: translate them first.": (
        _discriminator(fakes=lambda pool, fake: pool.query(A))
    ),
}


_RIGHT = _translator(), _discriminator()
MISTAKES = either_wrong(_RIGHT, TRANSLATOR_MISTAKES, DISCRIMINATOR_MISTAKES)


def _turn(translator, discriminator):
    def losses_of_both(g_ab, g_ba, d_b, pool, a, b):
        return translator(g_ab, g_ba, d_b, a, b), discriminator(d_b, g_ab, pool, a, b)

    return losses_of_both


def _without_gradient(*arguments):
    return [ops.stop_gradient(loss) for loss in _turn(*_RIGHT)(*arguments)]


def _measure_turn(answer):
    def loss(player, g_ab, g_ba, d_b):
        # Tensors, as torch cannot subtract an array from a tensor with a gradient.
        batch = map(ops.convert_to_tensor, (A, B))
        returned = answer(g_ab, g_ba, d_b, Pool(), *batch)
        return pair(returned, "Return two losses, the translator's first.")[player]

    outcome = {}
    for player, what in enumerate(("translator", "discriminator")):
        outcome |= stubs.loss_and_gradients(
            what,
            functools.partial(loss, player),
            g_ab=stubs.translator(0.5, 0.1),
            g_ba=stubs.translator(1.6, -0.3),
            d_b=stubs.patch_discriminator(),
        )
    return outcome


turn = Check(
    _measure_turn,
    _turn(*_RIGHT),
    {
        **{sentence: _turn(*both) for sentence, both in MISTAKES.items()},
        "The two losses are in the wrong order: first the translator's, then the "
        "discriminator's.": lambda *arguments: _turn(*_RIGHT)(*arguments)[::-1],
        "The losses have no gradient: compute them with keras.ops from the outputs of "
        "the networks, and return the tensors.": _without_gradient,
    },
)


# What a logit of a patch discriminator sees, and what a pool keeps.

# Kernels and strides of each layer, the first layer first.
NETWORKS = {
    "patches of CycleGAN": ([4, 4, 4, 4, 4], [2, 2, 2, 1, 1]),
    "one layer": ([7], [3]),
    "three others": ([3, 5, 2], [1, 3, 2]),
}


def _field(wider=lambda kernel, jump, stride: (kernel - 1) * jump, start=1):
    def field(kernels, strides):
        side, jump = start, 1
        for kernel, stride in zip(kernels, strides, strict=True):
            side, jump = side + wider(kernel, jump, stride), jump * stride
        return side

    return field


receptive_field = Check(
    NETWORKS,
    _field(),
    {
        "The strides are left out: a step in a later map is several pixels of the "
        "image.": _field(lambda kernel, jump, stride: kernel - 1),
        "A layer's own stride widens its patch: only those of earlier layers do.": (
            _field(lambda kernel, jump, stride: (kernel - 1) * jump * stride)
        ),
        "Each layer adds its whole kernel: it adds one pixel less, times the step.": (
            _field(lambda kernel, jump, stride: kernel * jump)
        ),
        "One pixel is missing: without layers a patch has one.": _field(start=0),
        "The layers are in the wrong order: the first one is next to the image.": (
            lambda kernels, strides: _field()(kernels[::-1], strides[::-1])
        ),
        "The kernels are multiplied: each layer adds pixels.": lambda k, s: np.prod(k),
    },
)

# Sizes of a pool, and the fakes that came since.
POOLS = ((50, 0), (50, 4), (10, 25), (1, 2))


def _share_kept(chance=lambda size: 0.5 / size):
    return lambda size, fakes: (1 - chance(size)) ** fakes


share_kept = Check(
    {f"a pool of {size}, {fakes} fakes later": (size, fakes) for size, fakes in POOLS},
    _share_kept(),
    {
        "Only every other fake enters: 1/2 is missing.": _share_kept(lambda n: 1 / n),
        "This is the share that has left, not kept.": lambda *x: 1 - _share_kept()(*x),
        "The chances to leave are added: the image must survive every fake, so "
        "multiply the chances to stay.": lambda size, fakes: 1 - fakes * 0.5 / size,
        "The pool is no queue: an image leaves by chance, not after a fixed number.": (
            lambda size, fakes: float(fakes < size)
        ),
        "The place is left out: a fake that enters replaces one image of the pool.": (
            _share_kept(lambda size: 0.5)
        ),
    },
)
