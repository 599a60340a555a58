"""Penalties on the gradient of a critic or discriminator.

All functions here call the network in inference mode, Keras's default. Each output
then depends only on its own image, as both papers require. In training mode, batch
normalisation would mix the images of a batch; the papers' networks have none.
"""

import keras
from keras import ops

from gankit.backend.gradients import input_gradient


def gradient_penalty(critic, real, fake, *, seed_generator, weight=10.0, center=1.0):
    """Penalises slopes that differ from `center` between real and generated images.

    It is `weight * E[(||grad f(x)|| - center)^2]`, where each x is drawn uniformly from
    the line between a real image and a generated one.

    Args:
        critic: A network, or any function of images `(n, ...)` to one or several
            numbers per image. For a conditional critic, pass
            `lambda x: critic([x, labels])`.
        real: Real images `(n, ...)`.
        fake: Generated images `(n, ...)`.
        seed_generator: A `keras.random.SeedGenerator`, such as the model's.
        weight: The paper's lambda.
        center: The target slope; 0 for a zero-centred penalty.

    Returns:
        A float32 scalar.

    Reference:
        Gulrajani et al. 2017, equation 3 (https://arxiv.org/abs/1704.00028).
    """
    real = ops.convert_to_tensor(real, "float32")
    # One number in [0, 1] per image: a point between x and G(z).
    shape = (ops.shape(real)[0], *[1] * (len(real.shape) - 1))
    share = keras.random.uniform(shape, seed=seed_generator)
    between = share * real + (1.0 - share) * ops.cast(fake, "float32")
    # The square root has no derivative at 0, and a critic may be flat.
    slope = ops.sqrt(_squared_slope(critic, between) + 1e-12)
    return weight * ops.mean(ops.square(slope - center))


def r1_penalty(discriminator, real, *, weight=10.0):
    """Penalises slopes at real images: `weight / 2 * E[||grad D(x)||^2]`.

    Args:
        discriminator: A network, or any function of images `(n, ...)` to one or
            several logits per image.
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
    """Computes the slope of a critic at each image: the norm of its gradient.

    The largest slope is a lower bound of the critic's Lipschitz constant.

    Args:
        function: A network, or any function of images `(n, ...)` to one number per
            image that depends only on that image. Networks with batch normalisation in
            training mode do not qualify.
        images: Images `(n, ...)`.

    Returns:
        float32 tensor `(n,)`.
    """
    images = ops.convert_to_tensor(images, "float32")
    return ops.stop_gradient(ops.sqrt(_squared_slope(function, images)))


def _squared_slope(function, images):
    """Computes the squared norm of the gradient at each image, (n,)."""
    gradient = input_gradient(function, images)
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(images.shape))))
