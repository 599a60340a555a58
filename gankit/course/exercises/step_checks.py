"""Checks of training steps: the loss of one player, and the step of an optimizer.

The networks are those of `gankit.course.exercises.stubs`. A check of a loss compares
it and its gradient in each network.
"""

import functools

import numpy as np
from keras import ops

from gankit import losses
from gankit.course.exercises import stubs
from gankit.course.exercises.loss_checks import SUMMED, SWAPPED, cross_entropies
from gankit.course.exercises.mistakes import Check, copies, numbers

_RANDOM = np.random.default_rng(0)
LATENT = _RANDOM.normal(size=(4, 3)).astype("float32")
# Dark, medium and bright images, so that the images of a batch differ.
PIXELS = _RANDOM.integers(0, 64, (4, stubs.SIDE, stubs.SIDE, 1)).astype("uint8")
PIXELS += np.array([0, 20, 120, 190], "uint8").reshape(4, 1, 1, 1)
IMAGES = PIXELS.astype("float32") / 127.5 - 1.0
LABELS = np.array([3, 0, 7, 1], "int32")
LEAKS = (
    "The loss's gradient reaches the generator: stop it at the fakes with "
    "ops.stop_gradient."
)
UNMASKED = "The labels are swapped: this teaches the generator to be detected as fake."

_sg = ops.stop_gradient


def _measure(what, *arguments, conditional=False):
    """Measures an answer that is called with both networks and `arguments`."""
    return lambda answer: stubs.loss_and_gradients(
        what,
        lambda generator, discriminator: answer(
            generator, discriminator, *copies(*arguments)
        ),
        generator=stubs.generator(conditional=conditional),
        discriminator=stubs.discriminator(conditional=conditional),
    )


def no_gradient(loss):
    """The mistake of an answer that computes `loss` without a gradient."""
    return {
        "The loss has no gradient: compute it with keras.ops from the outputs of the "
        "networks, and return the tensor.": lambda *arguments: _sg(loss(*arguments))
    }


def _discriminator_mistakes(loss):
    """The mistakes of every discriminator's loss, which `loss(**options)` builds."""
    return {
        LEAKS: loss(stop=_identity),
        SWAPPED: loss(real_label=0.0, fake_label=1.0),
        SUMMED: loss(reduce=ops.sum),
        **no_gradient(loss()),
    }


def _generator_mistakes(loss):
    """The mistakes of every generator's loss, which `loss(of_logits)` builds."""
    return {
        UNMASKED: loss(lambda logits: ops.mean(ops.softplus(logits))),
        SUMMED: loss(lambda logits: ops.sum(ops.softplus(-logits))),
        **no_gradient(loss()),
    }


def _identity(images):
    return images


def _discriminator(
    reals=_identity, fakes=_identity, stop=_sg, loss=cross_entropies, **options
):
    def discriminator_loss(generator, discriminator, *arguments):
        *_, images, latent = arguments
        fake = fakes(stop(generator(latent)))
        return loss(discriminator(reals(images)), discriminator(fake), **options)

    return discriminator_loss


def _generator(
    loss=losses.non_saturating_generator_loss, fakes=_identity, stop=_identity
):
    def generator_loss(generator, discriminator, *arguments):
        return loss(discriminator(fakes(stop(generator(arguments[-1])))))

    return generator_loss


# The two losses of the plain GAN: notebook 01.


def _scale(images):
    return ops.cast(images, "float32") / 127.5 - 1.0


_plain = functools.partial(_discriminator, reals=_scale)

discriminator_step = Check(
    _measure("discriminator's turn", PIXELS, LATENT),
    _plain(loss=losses.non_saturating_discriminator_loss),
    {
        **_discriminator_mistakes(_plain),
        "Images arrive in [0, 255], the network expects [-1, 1]: divide by 127.5 and "
        "subtract 1.": _discriminator(),
        "Images are scaled to [0, 1], the network expects [-1, 1]: divide by 127.5 and "
        "subtract 1.": _discriminator(reals=lambda x: x / 255.0),
        "The fakes are scaled as well: they are already in [-1, 1].": _plain(
            fakes=_scale
        ),
        "The gradient of the loss is stopped instead of the fakes: the discriminator "
        "learns nothing from them.": (
            _plain(loss=lambda real, fake: cross_entropies(real, _sg(fake)))
        ),
    },
)

generator_step = Check(
    _measure("generator's turn", LATENT),
    _generator(),
    {
        **_generator_mistakes(_generator),
        "No gradient reaches the generator: in its own loss, stop nothing and keep the "
        "fakes tensors.": _generator(stop=_sg),
        "This is the loss of the minimax game, which saturates: use -log D(G(z)).": (
            _generator(losses.minimax_generator_loss)
        ),
    },
)

# One step of RMSprop, with epsilon under the root or after it: notebook 01.

RATE, RHO, WEIGHT = 1e-3, 0.9, 1e-4
# The gradient, the mean square before, epsilon, whether it is under the root.
STEPS = {
    "gradient 2e-07, epsilon 1e-07 under the root": (2e-7, 1e-14, 1e-7, True),
    "gradient 2e-07, epsilon 1e-07 after the root": (2e-7, 1e-14, 1e-7, False),
    "gradient 2e-07, epsilon 1e-20 under the root": (2e-7, 1e-14, 1e-20, True),
    "gradient -0.1, epsilon 0.01 under the root": (-0.1, 0.04, 0.01, True),
}


def _moved(answer):
    """How far a weight moves, in learning rates."""
    ends = {
        what: numbers(
            what, answer(WEIGHT, gradient, square, RATE, RHO, epsilon, inside)
        )
        for what, (gradient, square, epsilon, inside) in STEPS.items()
    }
    return {w: end if end is None else (end - WEIGHT) / RATE for w, end in ends.items()}


def _under(square, epsilon):
    return np.sqrt(square + epsilon)


def _after(square, epsilon):
    return np.sqrt(square) + epsilon


def _without(square, epsilon):
    return np.sqrt(square)


def _rmsprop(
    if_inside=_under,
    if_outside=_after,
    mean=lambda square, gradient, rho: rho * square + (1 - rho) * gradient**2,
    sign=-1.0,
    start=1.0,
):
    def step(weight, gradient, square, rate, rho, epsilon, inside):
        root = if_inside if inside else if_outside
        divisor = root(mean(square, gradient, rho), epsilon)
        return start * weight + sign * rate * gradient / divisor

    return step


rmsprop_step = Check(
    _moved,
    _rmsprop(),
    {
        "The places are swapped: epsilon is under the root if `inside`, else it is "
        "added to the root.": _rmsprop(_after, _under),
        "Epsilon is always under the root: use `inside`.": _rmsprop(_under, _under),
        "Epsilon is never under the root: use `inside`.": _rmsprop(_after, _after),
        "Epsilon is missing.": _rmsprop(_without, _without),
        "The root is missing: the divisor is a root.": _rmsprop(np.add, np.add),
        "The gradient is divided by the old mean square: update that first.": (
            _rmsprop(mean=lambda square, gradient, rho: square)
        ),
        "The shares are swapped: rho belongs to the old mean square, 1 - rho to the "
        "new square.": _rmsprop(
            mean=lambda square, gradient, rho: (1 - rho) * square + rho * gradient**2
        ),
        "The gradient is not squared in the mean square.": _rmsprop(
            mean=lambda square, gradient, rho: rho * square + (1 - rho) * abs(gradient)
        ),
        "The step goes up the gradient: subtract it.": _rmsprop(sign=1.0),
        "This is the step alone: add it to the weight.": _rmsprop(start=0.0),
    },
)

# The discriminator's loss with labels: notebook 02.


def _conditional(
    generator_labels=_identity, fake_labels=_identity, stop=_sg, **options
):
    def discriminator_loss(generator, discriminator, images, labels, latent):
        fake = stop(generator([latent, generator_labels(labels)]))
        real_logits = discriminator([images, labels])
        fake_logits = discriminator([fake, fake_labels(labels)])
        return cross_entropies(real_logits, fake_logits, **options)

    return discriminator_loss


conditional_discriminator_step = Check(
    _measure("discriminator's turn", IMAGES, LABELS, LATENT, conditional=True),
    _conditional(),
    {
        **_discriminator_mistakes(_conditional),
        "The generator gets the label 0 for every image: pass it the labels of the "
        "batch.": _conditional(generator_labels=ops.zeros_like),
        "The discriminator gets the label 0 for every fake: pass it the labels that "
        "they were generated from.": _conditional(fake_labels=ops.zeros_like),
    },
)

# Augmentation: notebook 05.


def _augment(images):
    """Stands for the augmentation: half the contrast, and darker."""
    return 0.5 * ops.cast(images, "float32") - 0.2


_augmented = functools.partial(_discriminator, reals=_augment, fakes=_augment)
_augmented_generator = functools.partial(_generator, fakes=_augment)

augmented_discriminator_step = Check(
    _measure("discriminator's turn", _augment, IMAGES, LATENT),
    _augmented(),
    {
        **_discriminator_mistakes(_augmented),
        "Only real images are augmented: the generator will learn to generate "
        "augmented images.": _discriminator(reals=_augment),
        "Only the fakes are augmented: the discriminator tells them by that alone.": (
            _discriminator(fakes=_augment)
        ),
        "Nothing is augmented.": _discriminator(),
    },
)


augmented_generator_step = Check(
    _measure("generator's turn", _augment, LATENT),
    _augmented_generator(),
    {
        **_generator_mistakes(_augmented_generator),
        "The fakes are not augmented in the generator's loss: its discriminator is "
        "trained on augmented images.": _generator(),
        "No gradient passes the augmentation to the generator: keep the fakes tensors "
        "and stop nothing.": _augmented_generator(stop=_sg),
    },
)
