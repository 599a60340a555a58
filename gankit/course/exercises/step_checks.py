"""Checks of steps: what a player minimises, written from networks and a batch.

The networks are those of `gankit.course.exercises.stubs`. A check looks at the loss and at the
gradient in each network.
"""

import numpy as np
from keras import ops

from gankit import losses
from gankit.course.exercises import stubs
from gankit.course.exercises.loss_checks import SUMMED, SWAPPED, cross_entropies
from gankit.course.exercises.mistakes import Check, Mistake, copies

_RANDOM = np.random.default_rng(0)
LATENT = _RANDOM.normal(size=(4, 3)).astype("float32")
# Dark, middling and bright ones, so that the images of a batch differ.
PIXELS = _RANDOM.integers(0, 64, (4, stubs.SIDE, stubs.SIDE, 1)).astype("uint8")
PIXELS += np.array([0, 20, 120, 190], "uint8").reshape(4, 1, 1, 1)
IMAGES = PIXELS.astype("float32") / 127.5 - 1.0
LABELS = np.array([3, 0, 7, 1], "int32")
LEAKS = (
    "The loss's gradient reaches the generator: stop it at the fakes with "
    "ops.stop_gradient."
)
TO_BE_FOUND_OUT = "The labels are swapped: this teaches the generator to be found out."
NO_GRADIENT = (
    "The loss has no gradient: compute it with keras.ops from what the networks give, "
    "and return the tensor."
)
STOPPED = (
    "No gradient reaches the generator: in its own turn nothing may be stopped or "
    "turned into NumPy on the way."
)

_sg = ops.stop_gradient
_generator_loss = losses.non_saturating_generator_loss


# The two turns of the plain game: notebook 01.


def _scaled(images):
    return ops.cast(images, "float32") / 127.5 - 1.0


def _same(images):
    return images


def _turn(scale=_scaled, of_fake=_same, stop=_sg, loss=cross_entropies, **options):
    def turn(generator, discriminator, images, latent):
        real, fake = scale(images), of_fake(stop(generator(latent)))
        return loss(discriminator(real), discriminator(fake), **options)

    return turn


discriminator_turn = Check(
    lambda answer: stubs.outcome(
        "discriminator's turn",
        lambda generator, discriminator: answer(
            generator, discriminator, *copies(PIXELS, LATENT)
        ),
        generator=stubs.generator(),
        discriminator=stubs.discriminator(),
    ),
    _turn(loss=losses.non_saturating_discriminator_loss),
    Mistake(LEAKS, _turn(stop=_same)),
    Mistake(
        "Images arrive in [0, 255], the network expects [-1, 1]: divide by 127.5 and "
        "subtract 1.",
        _turn(scale=_same),
    ),
    Mistake(
        "Images are brought to [0, 1], the network expects [-1, 1].",
        _turn(scale=lambda images: images / 255.0),
    ),
    Mistake(
        "The fakes are brought to [-1, 1] as well: they are there already.",
        _turn(of_fake=_scaled),
    ),
    Mistake(SWAPPED, _turn(real_label=0.0, fake_label=1.0)),
    Mistake(SUMMED, _turn(reduce=ops.sum)),
    Mistake(NO_GRADIENT, lambda *given: _sg(_turn()(*given))),
    Mistake(
        "The loss is stopped, and not the fakes: nothing reaches the discriminator "
        "from them.",
        _turn(loss=lambda real, fake: cross_entropies(real, _sg(fake))),
    ),
)


def _move(loss=_generator_loss, stop=_same):
    return lambda generator, discriminator, latent: loss(
        discriminator(stop(generator(latent)))
    )


generator_turn = Check(
    lambda answer: stubs.outcome(
        "generator's turn",
        lambda generator, discriminator: answer(
            generator, discriminator, *copies(LATENT)
        ),
        generator=stubs.generator(),
        discriminator=stubs.discriminator(),
    ),
    _move(),
    Mistake(STOPPED, _move(stop=_sg)),
    Mistake(NO_GRADIENT, lambda *given: _sg(_move()(*given))),
    Mistake(
        TO_BE_FOUND_OUT,
        _move(lambda logits: ops.mean(ops.softplus(logits))),
    ),
    Mistake(
        "This is the loss of the minimax game, which saturates: use -log D(G(z)).",
        _move(losses.minimax_generator_loss),
    ),
    Mistake(SUMMED, _move(lambda logits: ops.sum(ops.softplus(-logits)))),
)

# The discriminator's turn with labels: notebook 02.


def _told(made=lambda y: y, judged=lambda y: y, stop=_sg, **options):
    def turn(generator, discriminator, images, labels, latent):
        fake = stop(generator([latent, made(labels)]))
        real_logits = discriminator([images, labels])
        return cross_entropies(
            real_logits, discriminator([fake, judged(labels)]), **options
        )

    return turn


told_turn = Check(
    lambda answer: stubs.outcome(
        "discriminator's turn",
        lambda generator, discriminator: answer(
            generator, discriminator, *copies(IMAGES, LABELS, LATENT)
        ),
        generator=stubs.generator(told=True),
        discriminator=stubs.discriminator(told=True),
    ),
    _told(),
    Mistake(LEAKS, _told(stop=_same)),
    Mistake(
        "The generator is told 0 for every image: hand it the labels of the batch.",
        _told(made=ops.zeros_like),
    ),
    Mistake(
        "The fakes are judged as images of class 0: hand the discriminator the labels "
        "that they were made from.",
        _told(judged=ops.zeros_like),
    ),
    Mistake(SWAPPED, _told(real_label=0.0, fake_label=1.0)),
    Mistake(SUMMED, _told(reduce=ops.sum)),
    Mistake(NO_GRADIENT, lambda *given: _sg(_told()(*given))),
)

# Augmentation: notebook 05.


def _augment(images):
    """What stands for the augmentation: half the contrast, and darker."""
    return 0.5 * ops.cast(images, "float32") - 0.2


def _augmented(of_real, of_fake, stop=_sg, **options):
    def turn(generator, discriminator, augment, images, latent):
        real, fake = of_real(augment)(images), of_fake(augment)(stop(generator(latent)))
        return cross_entropies(discriminator(real), discriminator(fake), **options)

    return turn


def _with(augment):
    return augment


def _without(augment):
    return _same


augmented_discriminator_turn = Check(
    lambda answer: stubs.outcome(
        "discriminator's turn",
        lambda generator, discriminator: answer(
            generator, discriminator, _augment, *copies(IMAGES, LATENT)
        ),
        generator=stubs.generator(),
        discriminator=stubs.discriminator(),
    ),
    _augmented(_with, _with),
    Mistake(
        "Only real images are augmented: the generator will learn to make augmented "
        "ones.",
        _augmented(_with, _without),
    ),
    Mistake(
        "Only the fakes are augmented: the discriminator tells them by that alone.",
        _augmented(_without, _with),
    ),
    Mistake("Nothing is augmented.", _augmented(_without, _without)),
    Mistake(LEAKS, _augmented(_with, _with, stop=_same)),
    Mistake(SWAPPED, _augmented(_with, _with, real_label=0.0, fake_label=1.0)),
    Mistake(SUMMED, _augmented(_with, _with, reduce=ops.sum)),
    Mistake(NO_GRADIENT, lambda *given: _sg(_augmented(_with, _with)(*given))),
)


def _augmented_move(of_fake=_with, loss=_generator_loss, stop=_same):
    return lambda generator, discriminator, augment, latent: loss(
        discriminator(of_fake(augment)(stop(generator(latent))))
    )


augmented_generator_turn = Check(
    lambda answer: stubs.outcome(
        "generator's turn",
        lambda generator, discriminator: answer(
            generator, discriminator, _augment, *copies(LATENT)
        ),
        generator=stubs.generator(),
        discriminator=stubs.discriminator(),
    ),
    _augmented_move(),
    Mistake(
        "The fakes are not augmented in the generator's turn: it plays against another "
        "discriminator than is trained.",
        _augmented_move(_without),
    ),
    Mistake(
        "No gradient passes the augmentation to the generator: leave the fakes tensors "
        "and stop nothing.",
        _augmented_move(stop=_sg),
    ),
    Mistake(
        TO_BE_FOUND_OUT,
        _augmented_move(loss=lambda logits: ops.mean(ops.softplus(logits))),
    ),
    Mistake(SUMMED, _augmented_move(loss=lambda x: ops.sum(ops.softplus(-x)))),
    Mistake(NO_GRADIENT, lambda *given: _sg(_augmented_move()(*given))),
)
