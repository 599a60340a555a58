"""Penalties on the gradient of a critic or discriminator.

A penalty is called as `penalty(discriminator, real, fake)` and returns a float32 scalar
to add to the discriminator's loss. `GAN`, `ConditionalGAN` and subclasses of
`AdversarialModel` take a list of them, `penalties=[R1(10.0)]`, and do the rest.

All functions here call the network in inference mode, Keras's default. Each output
then depends only on its own image, as all papers require. In training mode, batch
normalisation would mix the images of a batch; the papers' networks have none.
"""

import abc

import keras
from keras import ops

from gankit.backend import device
from gankit.backend.arguments import check_number, check_real
from gankit.backend.gradients import input_gradient


class Penalty(abc.ABC):
    """Base class of the penalties.

    Args:
        every: Lazy regularisation: the trainer computes the penalty only in every
            `every`-th update of the discriminator, the first included, and multiplies
            it by `every`. A direct call always computes it, and does not multiply.

    Attributes:
        name: The name under which a trainer logs the penalty.

    Raises:
        ValueError: If `every` is not a whole number of at least 1.

    Reference:
        Lazy regularisation: Karras et al. 2020, appendix B
        (https://arxiv.org/abs/1912.04958).
    """

    def __init__(self, *, every=1):
        self.every = check_number("every", every, 1)

    def __call__(self, discriminator, real, fake):
        """Computes the penalty, a float32 scalar.

        Args:
            discriminator: A network, or any function of images `(n, ...)` to one or
                several logits per image. For a conditional one, pass
                `lambda x: discriminator([x, labels])`.
            real: Real images `(n, ...)`.
            fake: Generated images `(n, ...)`.
        """
        return self.at(discriminator, self.points(real, fake))

    @abc.abstractmethod
    def points(self, real, fake):
        """Returns the float32 images `(n, ...)` at which the slope is penalised."""

    def at(self, discriminator, points):
        """Returns the penalty on the slopes at `points`, a float32 scalar."""
        return self.of_slopes(_squared_slope(discriminator, points))

    @abc.abstractmethod
    def of_slopes(self, squares):
        """Returns the penalty on slopes whose squares are `squares` `(n,)`."""

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("gankit")
class GradientPenalty(Penalty):
    """Penalises slopes that differ from `center` between real and generated images.

    It is `weight * E[(||grad f(x)|| - center)^2]`, where each x is drawn uniformly from
    the line between a real image and a generated one.

    Args:
        weight: The paper's lambda, above 0.
        center: The target slope, at least 0; 0 for a zero-centred penalty.
        every: As in `Penalty`.
        seed: Integer seed of the points; `None` chooses one at random.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        Gulrajani et al. 2017, equation 3 (https://arxiv.org/abs/1704.00028).
    """

    name = "gradient_penalty"

    def __init__(self, weight=10.0, center=1.0, *, every=1, seed=None):
        super().__init__(every=every)
        self.weight = check_real("weight", weight, above=0)
        self.center = check_real("center", center, at_least=0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def points(self, real, fake):
        real, fake = _float32(real), _float32(fake)
        # One number in [0, 1] per image: a point between x and G(z).
        ones = [1] * (len(real.shape) - 1)
        share = device.draw(
            lambda n: keras.random.uniform((n, *ones), seed=self.seed_generator),
            ops.shape(real)[0],
        )
        return share * real + (1.0 - share) * fake

    def of_slopes(self, squares):
        # The square root has no derivative at 0, and a critic may be flat.
        slope = ops.sqrt(squares + 1e-12)
        return self.weight * ops.mean(ops.square(slope - self.center))

    def get_config(self):
        return {
            "weight": self.weight,
            "center": self.center,
            "every": self.every,
            "seed": self.seed,
        }


class _ZeroCentred(Penalty):
    """Penalises slopes: `gamma / 2 * E[||grad D(x)||^2]`."""

    def __init__(self, gamma, *, every=1):
        super().__init__(every=every)
        self.gamma = check_real("gamma", gamma, above=0)

    def of_slopes(self, squares):
        return 0.5 * self.gamma * ops.mean(squares)

    def get_config(self):
        return {"gamma": self.gamma, "every": self.every}


@keras.saving.register_keras_serializable("gankit")
class R1(_ZeroCentred):
    """Penalises slopes at real images: `gamma / 2 * E[||grad D(x)||^2]`.

    Args:
        gamma: The paper's gamma, above 0.
        every: As in `Penalty`.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        Mescheder et al. 2018, equation 9 (https://arxiv.org/abs/1801.04406).
    """

    name = "r1"

    def points(self, real, fake):
        return _float32(real)


@keras.saving.register_keras_serializable("gankit")
class R2(_ZeroCentred):
    """Penalises slopes at generated images: `gamma / 2 * E[||grad D(G(z))||^2]`.

    Args:
        gamma, every: As in `R1`.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        Mescheder et al. 2018, equation 10 (https://arxiv.org/abs/1801.04406).
    """

    name = "r2"

    def points(self, real, fake):
        return _float32(fake)


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
    return ops.stop_gradient(ops.sqrt(_squared_slope(function, _float32(images))))


def _squared_slope(function, images):
    """Computes the squared norm of the gradient at each image, (n,)."""
    gradient = input_gradient(function, images)
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(images.shape))))


def _float32(images):
    # In bfloat16, squares and their sums would be too coarse.
    return ops.cast(ops.convert_to_tensor(images), "float32")
