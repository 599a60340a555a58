"""Networks that compute next to nothing, to check losses and steps with.

Each is linear in its one weight, so that a check takes milliseconds, nothing is
trained, and what a loss and its gradients come to can be worked out by hand. They are
called as networks are: `generator(latent, training=True)`, and with labels
`generator([latent, labels])`.
"""

from keras import ops

from gankit.backend.gradients import input_gradient
from gankit.course.exercises.mistakes import Misuse

SIDE = 4


class Stub:
    """A network with one trainable weight.

    Args:
        function: `(weight, inputs) -> outputs`, both float32 tensors; with labels
            `(weight, inputs, labels)`, the labels int32 `(n,)`.
        weight: The weight, a number or a scalar tensor.
        told: Whether it takes `[inputs, labels]`.
    """

    def __init__(self, function, weight, *, told=False):
        self.function = function
        self.weight = weight
        self.told = told

    def __call__(self, inputs, training=None):
        """Computes outputs, in training and in inference alike.

        Raises:
            Misuse: If a network with labels gets none, or others than whole numbers
                `(n,)`; or if one without gets some.
        """
        if not self.told and isinstance(inputs, list | tuple):
            raise Misuse(
                f"A network that takes one batch was called with {len(inputs)}: call "
                "it with that batch alone."
            )
        if not self.told:
            return self.function(self.weight, _float32(inputs))
        if not isinstance(inputs, list | tuple) or len(inputs) != 2:
            raise Misuse(
                "A network was not told the labels: call it with a list, inputs and "
                "labels, both players alike."
            )
        inputs, labels = inputs
        if len(labels.shape) != 1 or len(inputs.shape) < 2:
            raise Misuse(
                "A network expects a list [inputs, labels] with labels (n,), received "
                f"the shapes {tuple(inputs.shape)} and {tuple(labels.shape)}."
            )
        return self.function(self.weight, _float32(inputs), ops.cast(labels, "int32"))

    def with_weight(self, weight):
        """The same network with another weight."""
        return Stub(self.function, weight, told=self.told)


def generator(weight=0.5, *, told=False):
    """A generator whose images have one colour each.

    Args:
        weight: Its weight.
        told: Whether it takes `[latents, labels]`.

    Returns:
        A `Stub` from latents `(n, d)` to images `(n, 4, 4, 1)`, the weight times the
        latent's mean, and a fiftieth of the label.
    """

    def images(weight, latents, labels=None):
        colour = weight * ops.mean(latents, axis=1)
        if labels is not None:
            colour = colour + 0.02 * ops.cast(labels, "float32")
        shape = (ops.shape(latents)[0], SIDE, SIDE, 1)
        return ops.broadcast_to(ops.reshape(colour, (-1, 1, 1, 1)), shape)

    return Stub(images, weight, told=told)


def discriminator(weight=2.0, *, told=False):
    """A discriminator that goes by brightness.

    Args:
        weight: Its weight.
        told: Whether it takes `[images, labels]`.

    Returns:
        A `Stub` from images `(n, h, w, c)` to logits `(n, 1)`: the weight times the
        image's mean, and 0.3; with labels a tenth of them besides.
    """

    def logits(weight, images, labels=None):
        found = weight * ops.mean(images, axis=(1, 2, 3)) + 0.3
        if labels is not None:
            found = found + 0.1 * ops.cast(labels, "float32")
        return ops.expand_dims(found, -1)

    return Stub(logits, weight, told=told)


def patch_discriminator(weight=1.5):
    """A discriminator of pixels: images `(n, h, w, c)` to logits `(n, h, w, 1)`.

    Each logit is the weight times its pixel's mean, less 0.2.
    """
    return Stub(
        lambda weight, images: weight * ops.mean(images, -1, keepdims=True) - 0.2,
        weight,
    )


def translator(weight, shift):
    """A generator from images to images: the weight times the pixel, and a shift."""
    return Stub(lambda weight, images: weight * images + shift, weight)


def outcome(what, loss, **networks):
    """What a loss comes to, and the gradient at the weight of each network.

    Args:
        what: Whose loss it is.
        loss: Function of networks, given by name, that returns a scalar.
        **networks: Each a `Stub`.

    Returns:
        A dict for `gankit.course.exercises.mistakes.Check`: the loss, and its gradient in each
        network by name; zero where the loss does not depend on the network, or was
        computed in such a way that no gradient can be taken. `None` in place of a loss
        that is not there yet.
    """
    value = loss(**networks)
    if value is None or value is ...:
        return {f"{what}, loss": None}
    weights = ops.convert_to_tensor([n.weight for n in networks.values()], "float32")

    def total(weights):
        moved = {
            name: network.with_weight(weights[i])
            for i, (name, network) in enumerate(networks.items())
        }
        # The second term ties in what the loss does not depend on.
        return ops.sum(_float32(loss(**moved))) + 0.0 * ops.sum(weights)

    gradients = ops.stop_gradient(input_gradient(total, weights))
    gradients = dict(zip(networks, ops.convert_to_numpy(gradients), strict=True))
    return {
        f"{what}, loss": value,
        **{f"{what}, gradient in {name}": g for name, g in gradients.items()},
    }


def _float32(x):
    return ops.cast(x, "float32")
