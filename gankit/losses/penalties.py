"""Penalties on the gradient of a critic or discriminator, and its slopes measured.

Each calls its network as it is, which in Keras means inference mode: an output then
depends on its own image alone, as both papers need. Batch normalisation in training
mode would mix the images of a batch; the papers' networks have none.
"""

import keras
from keras import ops

from gankit.backend.gradients import input_gradient


def gradient_penalty(critic, real, fake, *, seed_generator, weight=10.0, center=1.0):
    """Penalises slopes other than `center` between real and generated images.

    `weight * E[(||grad f(x)|| - center)^2]` at points x drawn uniformly from the line
    between a real image and a generated one, a new point for each pair.

    Args:
        critic: A network, or any function of images `(n, ...)` to one number, or
            several, per image; a condition is bound by
            `lambda x: critic([x, labels])`.
        real: Real images `(n, ...)`.
        fake: Generated images, as many.
        seed_generator: A `keras.random.SeedGenerator`, such as a model's own.
        weight: The paper's lambda.
        center: The slope that costs nothing; 0 for a zero-centred penalty.

    Returns:
        A float32 scalar.

    Reference:
        Gulrajani et al. 2017, equation 3 (https://arxiv.org/abs/1704.00028).
    """
    real = ops.convert_to_tensor(real, "float32")
    # Uniform, one number per image: the line from x to G(z), and nothing beyond.
    shape = (ops.shape(real)[0], *[1] * (len(real.shape) - 1))
    share = keras.random.uniform(shape, seed=seed_generator)
    between = share * real + (1.0 - share) * ops.cast(fake, "float32")
    # The root has no derivative at zero, where a critic may well be flat.
    slope = ops.sqrt(_squared_slope(critic, between) + 1e-12)
    return weight * ops.mean(ops.square(slope - center))


def r1_penalty(discriminator, real, *, weight=10.0):
    """Penalises any slope at real images: `weight / 2 * E[||grad D(x)||^2]`.

    Args:
        discriminator: A network, or any function of images `(n, ...)` to one logit,
            or several, per image.
        real: Real images `(n, ...)`.
        weight: The paper's gamma.

    Returns:
        A float32 scalar.

    Reference:
        Mescheder et al. 2018, equation 9 (https://arxiv.org/abs/1801.04406).
    """
    real = ops.convert_to_tensor(real, "float32")
    return 0.5 * weight * ops.mean(_squared_slope(discriminator, real))


def slopes(function, images):
    """How steep a critic is at each image: the norm of its gradient.

    A critic of the Wasserstein distance must nowhere be steeper than one bound; the
    largest slope found is a lower limit of its Lipschitz constant.

    Args:
        function: A network, or any function of images `(n, ...)` to one number per
            image, none of which depends on another image. For a network in training
            mode with batch normalisation this does not hold.
        images: Images `(n, ...)`.

    Returns:
        float32 tensor `(n,)`.
    """
    images = ops.convert_to_tensor(images, "float32")
    return ops.stop_gradient(ops.sqrt(_squared_slope(function, images)))


def _squared_slope(function, images):
    """The squared norm of the gradient at each image, (n,)."""
    gradient = input_gradient(function, images)
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(images.shape))))
