"""Scores of GANs of few images that need no network besides the GAN's own."""

import numpy as np

from gankit.experiments.scoring.adversarial import auc_scores, logits_of
from gankit.metrics import Score
from gankit.metrics.classifiers.scores import share_score

# Outputs above these values mean "real"; for the other losses above 0.
HALFWAY = {"least_squares": 0.5}


def discriminator_scores(model, train, held_out, fake):
    """Scores how well the discriminator tells real images from generated ones.

    Unlike the function of this name in `gankit.experiments.scoring.adversarial` it
    gives accuracies for every loss.

    Args:
        model: A `gankit.GAN` whose discriminator has no batch statistics.
        train: Training images, uint8 `(n, height, width, channels)`, prepared as in
            training.
        held_out: Other images of the same kind, or `None`.
        fake: Samples.

    Returns:
        List of `gankit.metrics.Score`: the AUC for each kind of real images, and the
        accuracy for each kind of images. An image counts as real if its output is above
        1/2, halfway between the targets, for the least-squares loss and above 0 for all
        others.
    """
    sets = {"training images": train}
    if held_out is not None:
        sets["held-out images"] = held_out
    real = {kind: logits_of(model, images) for kind, images in sets.items()}
    fake = logits_of(model, fake, generated=True)
    halfway = HALFWAY.get(model.loss_name, 0.0)
    scores = auc_scores(real, fake)
    right = {kind: logits > halfway for kind, logits in real.items()}
    right["generated images"] = fake <= halfway
    for kind, which in right.items():
        name = f"discriminator accuracy, {kind}"
        count = {"n_fake" if kind == "generated images" else "n_real": len(which)}
        scores.append(share_score(name, which.sum(), len(which), **count))
    return scores


def roughness(history):
    """Roughness of the generator's loss during training.

    Args:
        history: As `gankit.files.read_history` gives it.

    Returns:
        List with one `gankit.metrics.Score`: the mean absolute second difference of the
        logged losses, divided by their mean. Empty if fewer than three were logged, or
        if one is not positive, as with the hinge loss.
    """
    losses = history["g_loss"]
    if len(losses) < 3 or np.min(losses) <= 0:
        return []
    value = np.mean(np.abs(np.diff(losses, n=2))) / np.mean(losses)
    note = f"of {len(losses):,} losses, each a mean of as many steps"
    return [Score("roughness of g_loss", float(value), warnings=(note,))]


def spreads(fake, real):
    """Variety of samples, as multiples of the variety of real images.

    Args:
        fake: Samples, uint8 `(m, height, width, channels)`.
        real: Real images, `(n, height, width, channels)`.

    Returns:
        List of `gankit.metrics.Score`: the root mean square distance between two
        images, near 0 if all samples are the same; and the standard deviations of
        brightness, contrast and saturation, above 1 if a jitter of the real images
        leaked into the samples.
    """
    count = {"n_real": len(real), "n_fake": len(fake)}
    fake, real = (images.astype("float32") for images in (fake, real))
    measures = {
        # The root mean square distance up to a factor, which cancels.
        "pairwise distance": lambda x: np.sqrt(np.var(x, axis=0, ddof=1).sum()),
        "spread of brightness": lambda x: np.std(x.mean((1, 2, 3))),
        "spread of contrast": lambda x: np.std(x.std((1, 2, 3))),
        "spread of saturation": lambda x: np.std(x.std(axis=3).mean((1, 2))),
    }
    return [
        Score(f"{name}, relative to real", float(of(fake) / of(real)), **count)
        for name, of in measures.items()
    ]
