"""Checks of images: their range, their variety, and the discriminator's verdict."""

import numpy as np
from keras import ops

from gankit.callbacks.doctor.findings import Sign

# The bound of images in [-1, 1], with a margin for rounding.
RANGE = 1.01
# Levels of 0 to 255 that look black.
BLACK = 32
# A discriminator has won if its loss is below this share of that of one that guesses.
WON = 0.03


def to_float(tensor):
    """Converts a tensor to a float32 NumPy array."""
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def data_range(images, given, domain=""):
    """Checks whether real images differ and have the range of a tanh.

    Args:
        images: Images as the networks receive them, float32.
        given: The same images as `fit()` receives them.
        domain: Words that name their domain, if there are two.
    """
    distinct = len({image.tobytes() for image in given})
    yield Sign(
        "data",
        f"Of {len(given)} images{domain} that were looked at only {distinct} differ"
        f"{', and each has one colour' if not np.ptp(given, axis=(1, 2)).any() else ''}"
        ": there is little to learn but to repeat them. Check how the images were "
        "read, and that none is repeated.",
        f"variety{domain}",
        holds=2 * distinct <= len(given),
    )
    yield Sign(
        "data",
        f"The images{domain} are uint8 with no value above {given.max()}: as uint8 "
        "means 0 to 255, the networks see black alone. Scale them with "
        "gankit.datasets.to_uint8(images, (0, images.max())).",
        f"scale{domain}",
        holds=given.dtype == np.uint8 and 0 < given.max() < BLACK,
    )
    low, high = images.min(), images.max()
    # Images without negative values are in [0, 1], unless they are bright uint8 images.
    bright = given.dtype == np.uint8 and given.min() > 127
    halved = low >= 0 and not bright
    yield Sign(
        "data",
        f"The images{domain} reach the networks with values from {low:.4g} to "
        f"{high:.4g}, but a generator's tanh gives -1 to 1: the range alone tells real "
        "from fake. Pass images as uint8, 0 to 255, which gankit scales, or scale them "
        "to [-1, 1].",
        domain,
        holds=not (-RANGE <= low <= high <= RANGE and not halved),
    )


def sample_range(real, fake):
    """Checks whether samples have the range of real images."""
    low, high = fake.min(), fake.max()
    values = f"Samples have values from {low:.3g} to {high:.3g}, but the images'"
    yield Sign(
        "range",
        f"{values} end at -1 and 1: the range alone tells them from real images, and "
        "sample() clips it. End the generator with a tanh.",
        holds=max(-low, high) > RANGE,
    )
    # If a tenth of real pixels is dark, a generator that could would make dark pixels.
    yield Sign(
        "range",
        f"{values} begin at -1: the generator cannot produce their dark half. End it "
        "with a tanh, not with a sigmoid or ReLU.",
        holds=bool(low >= 0 and np.mean(real < -0.5) > 0.1),
        patient=True,
    )


def collapse(real, fake):
    """Checks whether samples are all alike."""
    # The variance over images is half of the mean squared distance of pairs.
    spread = np.sqrt(fake.var(axis=0).sum() / max(real.var(axis=0).sum(), 1e-12))
    contrast = [np.sqrt(x.var(axis=(1, 2, 3)).mean()) for x in (fake, real)]
    # Similar grey samples have not collapsed: the generator has not learnt yet.
    formed = contrast[0] > 0.5 * contrast[1] or np.abs(fake).mean() > 0.9
    yield Sign(
        "collapse",
        f"Samples have collapsed: two of them differ by {spread:.1%} of what two real "
        "images do, as the generator turns all latents into one picture. Start again "
        "with a lower learning rate for the generator, more discriminator_steps or "
        "another loss.",
        holds=bool(formed and spread < 0.2),
        patient=True,
    )


def verdict(real_logits, fake_logits, losses):
    """Checks whether the discriminator confuses real and fake, or has won.

    Args:
        real_logits: Its logits for real images, `(n, ...)`.
        fake_logits: Its logits for as many samples.
        losses: The `gankit.losses.AdversarialLoss`, or `None`.
    """
    real, fake = (
        to_float(logits).reshape(len(logits), -1).mean(axis=1)
        for logits in (real_logits, fake_logits)
    )
    # 1 if every real image has a higher logit than every sample, -1 for the reverse.
    order = np.sign(real[:, None] - fake).mean()
    # The Wasserstein loss is 0 at equilibrium, so it has no scale to compare with.
    scale = loss = 0.0
    if losses is not None:
        scale = losses.discriminator_equilibrium
        loss = float(to_float(losses.discriminator(real_logits, fake_logits)))
    yield Sign(
        "swapped",
        "The discriminator rates samples above real images: its loss rewards the "
        "mistake. Check whether real and fake are swapped in it: as arguments, as "
        "labels (real is 1) or in the sign of a Wasserstein loss.",
        # A discriminator that is fooled does no worse than one that guesses.
        holds=bool(order < -0.8 and (scale <= 0 or loss > 1.2 * scale)),
        patient=True,
    )
    if scale <= 0:
        return
    yield Sign(
        "discriminator_won",
        f"The discriminator has won: its loss is {loss:.2g}, and would be {scale:.3g} "
        "if it could not tell real from fake. Such certainty leaves the generator a "
        "useless gradient, and with the minimax loss none at all. Lower the "
        "discriminator's learning rate or raise the generator's, smooth the labels "
        "(real_label=0.9), or train on more images.",
        holds=loss < WON * scale,
        patient=True,
    )
