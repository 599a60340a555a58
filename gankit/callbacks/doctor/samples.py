"""Signs in the images: range, samples that are alike, what is made of them."""

import numpy as np
from keras import ops

from gankit.callbacks.doctor.findings import Sign

# The bound of images in [-1, 1], with room for rounding.
RANGE = 1.01


def to_float(tensor):
    """A tensor as a float32 NumPy array."""
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def data_range(images, given):
    """Real images of another range than a tanh's.

    Args:
        images: Images as the networks get them, float32.
        given: The same as `fit()` gets them.
    """
    low, high = images.min(), images.max()
    # Bright images in uint8 may all lie above 0; others that do come in [0, 1].
    bright = given.dtype == np.uint8 and given.min() > 127
    halved = low >= 0 and not bright
    yield Sign(
        "data",
        f"The images reach the networks with values from {low:.4g} to {high:.4g}, but "
        "a generator's tanh gives -1 to 1: the range alone tells real from fake. Pass "
        "images as uint8, 0 to 255, which the step scales, or scale them to [-1, 1].",
        holds=not (-RANGE <= low <= high <= RANGE and not halved),
    )


def sample_range(real, fake):
    """Samples of another range than the images'."""
    low, high = fake.min(), fake.max()
    values = f"Samples have values from {low:.3g} to {high:.3g}, but the images'"
    yield Sign(
        "range",
        f"{values} end at -1 and 1: the range alone tells them from real, and sample() "
        "cuts it off. End the generator with a tanh.",
        holds=max(-low, high) > RANGE,
    )
    # A tenth of the pixels is enough for a generator that could to go there.
    yield Sign(
        "range",
        f"{values} begin at -1: the generator cannot make their dark half. End it with "
        "a tanh, not with a sigmoid or ReLU.",
        holds=bool(low >= 0 and np.mean(real < -0.5) > 0.1),
        patient=True,
    )


def collapse(real, fake):
    """Samples that are all alike."""
    # The variance over images is half their mean squared distance in pairs.
    spread = np.sqrt(fake.var(axis=0).sum() / max(real.var(axis=0).sum(), 1e-12))
    contrast = [np.sqrt(x.var(axis=(1, 2, 3)).mean()) for x in (fake, real)]
    # Grey samples that are alike have not begun yet, rather than collapsed.
    formed = contrast[0] > 0.5 * contrast[1] or np.abs(fake).mean() > 0.9
    yield Sign(
        "collapse",
        f"Samples have collapsed: two of them differ by {spread:.1%} of what two real "
        "images do, as the generator makes one picture of all latents. Start anew with "
        "a lower learning rate for the generator, more discriminator_steps or another "
        "loss.",
        holds=bool(formed and spread < 0.2),
        patient=True,
    )


def verdict(real_logits, fake_logits, game):
    """A discriminator that mistakes one for the other, or has won.

    Args:
        real_logits: Its answers to real images, `(n, ...)`.
        fake_logits: Its answers to as many samples.
        game: The `gankit.losses.AdversarialLoss`, or `None`.
    """
    real, fake = (
        to_float(logits).reshape(len(logits), -1).mean(axis=1)
        for logits in (real_logits, fake_logits)
    )
    # 1 where every real image is rated above every sample, -1 the other way round.
    order = np.sign(real[:, None] - fake).mean()
    # Where it cannot tell, a Wasserstein loss is 0: there is no scale to win on.
    scale = game.discriminator_equilibrium if game else 0
    loss = float(to_float(game.discriminator(real_logits, fake_logits))) if game else 0
    yield Sign(
        "swapped",
        "The discriminator rates samples above real images: its loss rewards the "
        "mistake. Look for real and fake interchanged in it, as arguments, as labels "
        "(real is 1) or in the sign of a Wasserstein loss.",
        # One that is fooled is about as bad as one that guesses, and no worse.
        holds=bool(order < -0.8 and (scale <= 0 or loss > 1.2 * scale)),
        patient=True,
    )
    if scale <= 0:
        return
    yield Sign(
        "discriminator_won",
        f"The discriminator has won: its loss is {loss:.2g}, and would be {scale:.3g} "
        "if it could not tell. So sure a judge leaves the generator a useless "
        "gradient, with the minimax loss none at all. Lower the discriminator's "
        "learning rate or raise the generator's, smooth the labels (real_label=0.9), "
        "or train on more images.",
        holds=loss < 0.03 * scale,
        patient=True,
    )
