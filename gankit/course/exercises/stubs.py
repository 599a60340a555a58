"""Networks with one weight, to check losses and steps with.

Each is linear in its weight. So a check takes milliseconds, nothing is trained, and a
loss and its gradients can be computed by hand. They are called like real networks:
`generator(latent, training=True)`, and with labels `generator([latent, labels])`.
"""

from keras import ops

from gankit.backend.gradients import input_gradient
from gankit.course.exercises.guard import Misuse
from gankit.course.exercises.mistakes import numbers

SIDE = 4


class Stub:
    """A network with one trainable weight.

    Args:
        function: `(weight, inputs) -> outputs`, both float32 tensors; of a conditional
            network `(weight, inputs, labels)`, the labels int32 `(n,)`.
        weight: The weight, a number or a scalar tensor.
        conditional: Whether it takes `[inputs, labels]`.
    """

    def __init__(self, function, weight, *, conditional=False):
        self.function = function
        self.weight = weight
        self.conditional = conditional

    def __call__(self, inputs, training=None):
        """Computes the outputs, which are the same in training and in inference.

        Raises:
            Misuse: If a conditional network gets no labels, or labels that are not
                `(n,)`; or if an unconditional network gets labels.
        """
        is_list = isinstance(inputs, list | tuple)
        if not self.conditional:
            if is_list:
                raise Misuse(
                    "A network that takes one batch was called with a list of "
                    f"{len(inputs)}: call it with that batch alone."
                )
            return self.function(self.weight, _float32(inputs))
        if not is_list or len(inputs) != 2:
            raise Misuse(
                "A network did not get the labels: call both networks with a list of "
                "inputs and labels."
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
        return Stub(self.function, weight, conditional=self.conditional)


def generator(weight=0.5, *, conditional=False):
    """A generator of images in one colour each.

    Args:
        weight: Its weight.
        conditional: Whether it takes `[latents, labels]`.

    Returns:
        A `Stub` from latents `(n, d)` to images `(n, 4, 4, 1)`: the weight times the
        latent's mean, plus 0.02 times the label.
    """

    def images(weight, latents, labels=None):
        colour = weight * ops.mean(latents, axis=1)
        if labels is not None:
            colour = colour + 0.02 * ops.cast(labels, "float32")
        shape = (ops.shape(latents)[0], SIDE, SIDE, 1)
        return ops.broadcast_to(ops.reshape(colour, (-1, 1, 1, 1)), shape)

    return Stub(images, weight, conditional=conditional)


def discriminator(weight=2.0, *, conditional=False):
    """A discriminator that looks at brightness.

    Args:
        weight: Its weight.
        conditional: Whether it takes `[images, labels]`.

    Returns:
        A `Stub` from images `(n, h, w, c)` to logits `(n, 1)`: the weight times the
        image's mean, plus 0.3, plus 0.1 times the label.
    """

    def logits(weight, images, labels=None):
        brightness = weight * ops.mean(images, axis=(1, 2, 3)) + 0.3
        if labels is not None:
            brightness = brightness + 0.1 * ops.cast(labels, "float32")
        return ops.expand_dims(brightness, -1)

    return Stub(logits, weight, conditional=conditional)


def patch_discriminator(weight=1.5):
    """A discriminator of pixels: images `(n, h, w, c)` to logits `(n, h, w, 1)`.

    Each logit is the weight times its pixel's mean, minus 0.2.
    """
    return Stub(
        lambda weight, images: weight * ops.mean(images, -1, keepdims=True) - 0.2,
        weight,
    )


def translator(weight, shift):
    """A generator from images to images: the weight times the pixel, plus a shift."""
    return Stub(lambda weight, images: weight * images + shift, weight)


def loss_and_gradients(what, loss, **networks):
    """Computes a loss and its gradient with respect to the weight of each network.

    Args:
        what: Description of the loss.
        loss: Function that takes the networks as keyword arguments and returns a
            scalar.
        **networks: Each a `Stub`.

    Returns:
        A dict for `gankit.course.exercises.mistakes.Check`: the loss, and its gradient
        in each network by name. The gradient is zero where the loss does not depend on
        the network, or was computed without gradients. The loss is `None` where there
        is no answer yet.
    """
    value = numbers(f"{what}, loss", loss(**networks))
    if value is None:
        return {f"{what}, loss": None}
    weights = ops.convert_to_tensor([n.weight for n in networks.values()], "float32")

    def total(weights):
        replaced = {
            name: network.with_weight(weights[i])
            for i, (name, network) in enumerate(networks.items())
        }
        # The second term connects weights on which the loss does not depend.
        return ops.sum(_float32(loss(**replaced))) + 0.0 * ops.sum(weights)

    gradients = ops.stop_gradient(input_gradient(total, weights))
    gradients = dict(zip(networks, ops.convert_to_numpy(gradients), strict=True))
    return {
        f"{what}, loss": value,
        **{f"{what}, gradient in {name}": g for name, g in gradients.items()},
    }


def _float32(x):
    return ops.cast(x, "float32")
