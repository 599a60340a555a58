"""What GANs of few images are measured by that needs no network beside their own."""

import numpy as np

from gankit.experiments.scoring.adversarial import auc_scores, logits_of
from gankit.metrics import Score
from gankit.metrics.classifiers.scores import share_score

# Values of a discriminator above which it takes an image for real; elsewhere 0.
HALFWAY = {"least_squares": 0.5}


def discriminator_scores(model, train, held_out, fake):
    """What the discriminator makes of images, each kind prepared as in the game.

    Unlike `gankit.experiments.scoring.adversarial.discriminator_scores` it gives accuracies for
    every loss.

    Args:
        model: A `gankit.GAN` whose discriminator judges each image by itself.
        train: Training images, uint8 `(n, height, width, channels)`.
        held_out: Others of the same kind, or `None`.
        fake: Samples.

    Returns:
        List of `gankit.metrics.Score`: AUC for each kind of real images, accuracies
        for all kinds. An image counts as real above 1/2 where that is halfway between
        the targets of the loss, else above 0.
    """
    sets = {"training images": train}
    if held_out is not None:
        sets["held-out images"] = held_out
    logits = {what: logits_of(model, images) for what, images in sets.items()}
    generated = logits_of(model, fake, generated=True)
    halfway = HALFWAY.get(model.loss_name, 0.0)
    scores = auc_scores(logits, generated)
    right = {what: real > halfway for what, real in logits.items()}
    right["generated images"] = generated <= halfway
    for what, which in right.items():
        name = f"discriminator accuracy, {what}"
        count = {"n_fake" if what == "generated images" else "n_real": len(which)}
        scores.append(share_score(name, which.sum(), len(which), **count))
    return scores


def roughness(history):
    """How rough the generator's loss went.

    Args:
        history: As `gankit.files.read_history` gives it.

    Returns:
        List with one `gankit.metrics.Score`: the mean size of the second difference
        of the logged losses, divided by their mean. Empty where fewer than three were
        logged, or where the mean, as that of the hinge loss, may be anything.
    """
    losses = history["g_loss"]
    if len(losses) < 3 or np.min(losses) <= 0:
        return []
    value = np.mean(np.abs(np.diff(losses, n=2))) / np.mean(losses)
    note = f"of {len(losses):,} losses, each a mean of as many steps"
    return [Score("roughness of g_loss", float(value), warnings=(note,))]


def spreads(fake, real):
    """How much samples differ from each other, as multiples of what real images do.

    Args:
        fake: Samples, uint8 `(m, height, width, channels)`.
        real: Real images, `(n, height, width, channels)`.

    Returns:
        List of `gankit.metrics.Score`: the root mean square distance of two pictures,
        near 0 where all samples are the same; and the standard deviations of their
        brightness, contrast and saturation, above 1 where a jitter of the real images
        leaked into the samples.
    """
    count = {"n_real": len(real), "n_fake": len(fake)}
    fake, real = (images.astype("float32") for images in (fake, real))
    measures = {
        # The root of the mean squared distance of two pictures, up to one factor.
        "pairwise distance": lambda x: np.sqrt(np.var(x, axis=0, ddof=1).sum()),
        "spread of brightness": lambda x: np.std(x.mean((1, 2, 3))),
        "spread of contrast": lambda x: np.std(x.std((1, 2, 3))),
        "spread of saturation": lambda x: np.std(x.std(axis=3).mean((1, 2))),
    }
    return [
        Score(f"{name}, relative to real", float(of(fake) / of(real)), **count)
        for name, of in measures.items()
    ]
