"""Scores that the experiments share."""

import numpy as np

from gankit.metrics import Score, Scorer, classifier_for

# Samples that are scored: enough for three digits, few enough for seconds.
COUNT = 1000


def adversarial_scores(model, data, history):
    """Scores of an unconditional GAN that need no other network.

    Args:
        model: A `gankit.GAN`.
        data: The `gankit.datasets.ImageData` it was trained on.
        history: Its history, as `gankit.history.read` gives it.

    Returns:
        List of `gankit.metrics.Score`: the losses at the end, and what the
        discriminator makes of training, held-out and generated images.
    """
    fake = model.sample(COUNT, seed=1)
    return [*_final_losses(history), *_discriminator_scores(model, data, fake)]


def classifier_scorer(data, folder=None):
    """Scores samples by a small classifier of the data set, which needs no network.

    Args:
        data: The `gankit.datasets.ImageData` that the model is trained on, with labels
            and test images.
        folder: The data folder, where the classifier is kept once it is trained.

    Returns:
        A `gankit.metrics.Scorer` against the first test images, at most 1,000 and so
        many that as many others are left for its baseline: of the test images and,
        after these, of the validation images, which neither network was trained on.
    """
    extractor = classifier_for(data, folder=folder).extractor
    test = data.test.images
    spare = (
        test
        if data.validation is None
        else np.concatenate([test, data.validation.images])
    )
    n = min(COUNT, len(test), len(spare) // 2)
    return Scorer(
        test[:n], extractor, value_range=(0, 255), other_real=spare[n : 2 * n]
    )


def _final_losses(history):
    rows = max(1, len(history["step"]) // 10)
    steps = int(history["step"][-1])
    note = f"mean of the last {rows} logged epochs of fit(), to step {steps}"
    return [
        Score(name, float(np.mean(history[name][-rows:])), warnings=(note,))
        for name in ("d_loss", "g_loss")
    ]


def _discriminator_scores(model, data, fake):
    scores = []
    for what, images, is_real in (
        ("training images", data.train.images[:COUNT], True),
        ("held-out images", data.test.images[:COUNT], True),
        ("generated images", fake, False),
    ):
        logits = model.discriminator.predict(
            images.astype("float32") / 127.5 - 1.0, batch_size=256, verbose=0
        )
        counts = {"n_real" if is_real else "n_fake": len(images)}
        signed = logits if is_real else -logits
        scores.append(
            Score(
                f"discriminator cross-entropy, {what}",
                float(np.mean(np.logaddexp(0.0, -signed.astype("float64")))),
                **counts,
            )
        )
        scores.append(
            Score(
                f"discriminator accuracy, {what}",
                float(np.mean(signed > 0)),
                **counts,
            )
        )
    return scores
